/** What the adapters of sync on Redis are handed: connections made elsewhere, to one Redis or to a cluster. */
import type { Cluster, Redis } from 'ioredis'

export type SyncRedisClient = Redis | Cluster

export interface SyncRedisClients {
  /** Refuses within seconds when Redis does not answer. */
  readonly failFast: SyncRedisClient
  /** Waits for Redis however long it takes, as BullMQ's workers want it (maxRetriesPerRequest null). */
  readonly blocking: SyncRedisClient
}
