/** What the adapters of sync on Redis are handed: connections made elsewhere, to one Redis or to a cluster. */
import type { Cluster, Redis } from 'ioredis'

export type RedisClient = Redis | Cluster

export interface Clients {
  /** Refuses within seconds when Redis does not answer. */
  readonly quick: RedisClient
  /** Waits for Redis however long it takes, as BullMQ's workers want it (maxRetriesPerRequest null). */
  readonly patient: RedisClient
}
