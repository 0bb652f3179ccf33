/** Which tenants this process keeps: they are divided into shards, each kept by one process at a time. */
import { createHash } from 'node:crypto'
import type { OpenLeases } from './leases.ts'

/** Never to be changed: replicas of two versions must agree while one takes over from the other. */
export const shardCount = 32

/** From 0. */
export function shardOf(tenant: string): number {
  return createHash('sha256').update(tenant).digest().readUInt32BE() % shardCount
}

export interface ShardKeeper {
  /** From now on this process keeps the shard's tenants, which it did not from the start. */
  taken(shard: number): void
  /** No more. Resolves when nothing is done for them any more. */
  ended(shard: number): Promise<void>
}

export interface Shards {
  holds(shard: number): boolean
  count(): number
  /** Gives all up, so that others take them at once. */
  close(): Promise<void>
}

export type OpenShards = (keeper: ShardKeeper) => Shards

/** The only process there is keeps everything, from the start. */
export const everyShard: OpenShards = () => ({
  holds: () => true,
  count: () => shardCount,
  close: async () => {}
})

/** Shared among processes by leases. */
export function leasedShards(openLeases: OpenLeases): OpenShards {
  const names = Array.from({ length: shardCount }, (_, shard) => nameOf(shard))
  return (keeper) => {
    const held = new Set<number>()
    const leases = openLeases({
      names: () => names,
      taken(name) {
        const shard = names.indexOf(name)
        held.add(shard)
        keeper.taken(shard)
      },
      ended(name) {
        const shard = names.indexOf(name)
        held.delete(shard)
        return keeper.ended(shard)
      }
    })
    return { holds: (shard) => held.has(shard), count: () => held.size, close: () => leases.close() }
  }
}

/** `s07` */
export function nameOf(shard: number): string {
  return `s${String(shard).padStart(2, '0')}`
}
