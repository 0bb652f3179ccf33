/** The keys of sync on Redis. Those that one command or script touches share a hash tag, so that a cluster keeps them together. */
import { shardName } from '../shards.ts'

/** The living, when names were last held, then the names in their order. */
export function leaseKeys(group: string, names: readonly string[]): string[] {
  const root = `{hanvisa:leases:${group}}`
  return [`${root}:living`, `${root}:last-held`, ...names.map((name) => `${root}:of:${name}`)]
}

/** BullMQ's prefix for the queue of one shard. */
export function queuePrefix(shard: number): string {
  return `{hanvisa:${shardName(shard)}}`
}

export const queueName = 'sync'

/** The state of one of a tenant's connections, as its owner publishes it. */
export function connectionStateKey(tenant: string, connection: string): string {
  return `hanvisa:{${tenant}}:connection-state:${connection}`
}
