/** Which tenants this process owns: they are divided into shards, each owned by one process at a time. */
import { createHash } from 'node:crypto'
import type { Leases, OpenLeases } from './leases.ts'

/** Never to be changed: replicas of two versions must agree while one takes over from the other. */
export const shardCount = 32

/** From 0. */
export function shardOf(tenant: string): number {
  return createHash('sha256').update(tenant).digest().readUInt32BE() % shardCount
}

export interface ShardHandlers {
  /** From now on this process owns the shard's tenants, which it did not from the start. */
  onAcquired(shard: number): void
  /** No more. Resolves when nothing is done for them any more. */
  onReleased(shard: number): Promise<void>
}

export interface Shards {
  owns(shard: number): boolean
  count(): number
  /** Gives all up, so that others take them at once. */
  close(): Promise<void>
}

export type OpenShards = (handlers: ShardHandlers) => Shards

/** The only process there is owns everything, from the start. */
export const singleProcess: OpenShards = () => ({
  owns: () => true,
  count: () => shardCount,
  close: async () => {}
})

/** Shared among processes by leases. */
export class LeasedShards implements Shards {
  readonly #leases: Leases
  readonly #held = new Set<number>()

  constructor(openLeases: OpenLeases, handlers: ShardHandlers) {
    this.#leases = openLeases({
      names: () => shardNames,
      onAcquired: (name) => {
        const shard = shardNames.indexOf(name)
        this.#held.add(shard)
        handlers.onAcquired(shard)
      },
      onReleased: (name) => {
        const shard = shardNames.indexOf(name)
        this.#held.delete(shard)
        return handlers.onReleased(shard)
      }
    })
  }

  owns(shard: number): boolean {
    return this.#held.has(shard)
  }

  count(): number {
    return this.#held.size
  }

  close(): Promise<void> {
    return this.#leases.close()
  }
}

/** By shard. */
export const shardNames: readonly string[] = Array.from({ length: shardCount }, (_, shard) =>
  shardName(shard)
)

/** `s07` */
export function shardName(shard: number): string {
  return `s${String(shard).padStart(2, '0')}`
}
