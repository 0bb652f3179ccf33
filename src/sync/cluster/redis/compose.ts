/** Sync on Redis put together: the controller of a worker's shards, and the client for API replicas. */
import { machineTimers } from '../../../lib/timers.ts'
import type { Sync } from '../../sync.ts'
import { SyncController, type SyncOptions } from '../../sync-controller.ts'
import { AbandonedTenants } from '../abandoned-tenants.ts'
import { LeasedShards, type ShardHandlers, shardNames } from '../shards.ts'
import { SyncClient, type SyncClientDeps } from '../sync-client.ts'
import type { SyncRedisClients } from './clients.ts'
import { redisConnectionStatuses } from './connection-status.ts'
import { JobWorkers } from './job-worker.ts'
import { BullSyncJobs, JobQueues } from './jobs.ts'
import { readLeaseAges, redisLeases } from './leases.ts'

/** The group of the leases of shards. */
const shardGroup = 'shards'

type SyncClientOptions = Omit<
  SyncClientDeps,
  'jobs' | 'connectionStatuses' | 'onClose' | 'local' | 'clock' | 'timers'
> &
  Pick<SyncOptions, 'clock' | 'timers'>
type SyncControllerOptions = Omit<SyncOptions, 'publishStatus' | 'openShards'>

/**
 * Sync in a replica that answers calls: it reads no calendar in this process, except to test a connection. `local` is the controller in this
 * process, where there is one.
 */
export function openRedisSyncClient(
  options: SyncClientOptions,
  { failFast }: SyncRedisClients,
  local: SyncController | null = null
): Sync {
  const { clock = Date.now, timers = machineTimers, log } = options
  const queues = new JobQueues(failFast, log)
  const abandoned = new AbandonedTenants({
    ...options,
    clock,
    timers,
    readShardAges: () => readLeaseAges(failFast, shardGroup, shardNames)
  })
  return new SyncClient({
    ...options,
    clock,
    timers,
    jobs: new BullSyncJobs(queues),
    local,
    async onClose() {
      await abandoned.close()
      await queues.close()
    },
    connectionStatuses: redisConnectionStatuses(failFast, log)
  })
}

/** Owns this process' share of the tenants until it is closed. */
export function openRedisSyncController(
  options: SyncControllerOptions,
  { failFast, blocking }: SyncRedisClients
): Promise<SyncController> {
  const { timers = machineTimers, log } = options
  const statuses = redisConnectionStatuses(failFast, log)
  const openLeases = redisLeases(shardGroup, { client: failFast, timers, log })
  const controller: Promise<SyncController> = SyncController.open({
    ...options,
    publishStatus: (tenant, connection, published) => statuses.publish(tenant, connection, published),
    openShards: (handlers) => {
      const workers = new JobWorkers(blocking, () => controller, log)
      return new LeasedShards(openLeases, withJobWorkers(handlers, workers))
    }
  })
  return controller
}

/** While a shard is owned, its jobs are processed. */
function withJobWorkers(handlers: ShardHandlers, workers: JobWorkers): ShardHandlers {
  return {
    onAcquired(shard) {
      handlers.onAcquired(shard)
      workers.start(shard)
    },
    // Jobs go back to the queue when their tenants are closed, so neither can wait for the other.
    async onReleased(shard) {
      await Promise.all([workers.stop(shard), handlers.onReleased(shard)])
    }
  }
}
