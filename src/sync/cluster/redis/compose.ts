/** Sync on Redis put together: the controller of a worker's shards, and the client for API replicas. */

import { machineTimers } from '../../../lib/timers.ts'
import {
  openSyncController,
  type Sync,
  type SyncController,
  type SyncOptions
} from '../../sync-controller.ts'
import { leasedShards } from '../shards.ts'
import { openSyncClient, type SyncClientDeps } from '../sync-client.ts'
import type { SyncRedisClients } from './clients.ts'
import { redisConnectionStatuses } from './connection-status.ts'
import { createJobWorkers, type JobWorkers } from './job-worker.ts'
import { bullSyncJobs, openJobQueues } from './jobs.ts'
import { redisLeases } from './leases.ts'
import { bullPollJobSchedulers } from './poll-job-schedulers.ts'

type SyncClientOptions = Omit<SyncClientDeps, 'jobs' | 'connectionStatuses' | 'clock' | 'timers'> &
  Pick<SyncOptions, 'clock' | 'timers'>
type SyncControllerOptions = Omit<SyncOptions, 'publishStatus' | 'openShards' | 'pollJobSchedulers'>

/** Sync for whoever is asked: nothing is read in this process for it, but to test a connection. */
export function openRedisSyncClient(options: SyncClientOptions, { failFast }: SyncRedisClients): Sync {
  const { clock = Date.now, timers = machineTimers, log } = options
  const queues = openJobQueues(failFast, log)
  const client = openSyncClient({
    ...options,
    clock,
    timers,
    jobs: bullSyncJobs(queues),
    connectionStatuses: redisConnectionStatuses(failFast, log)
  })
  return {
    ...client,
    async close() {
      await client.close()
      await queues.close()
    }
  }
}

/** Keeps this process' share of the tenants until it is closed. */
export async function openRedisSyncController(
  options: SyncControllerOptions,
  { failFast, blocking }: SyncRedisClients
): Promise<Pick<SyncController, 'close'>> {
  const { clock = Date.now, timers = machineTimers, log } = options
  const queues = openJobQueues(failFast, log)
  const statuses = redisConnectionStatuses(failFast, log)
  const rounds = bullPollJobSchedulers(queues, { clock, timers, log })
  const openShards = leasedShards(redisLeases('shards', { client: failFast, timers, log }))
  const controller: Promise<SyncController> = openSyncController({
    ...options,
    publishStatus: (tenant, published) => statuses.publish(tenant, published),
    pollJobSchedulers: rounds,
    openShards: (holder) =>
      openShards({
        onAcquired(shard) {
          holder.onAcquired(shard)
          work().start(shard)
        },
        // Jobs go back to the queue when their tenants are closed, so neither can wait for the other.
        async onReleased(shard) {
          await Promise.all([work().stop(shard), holder.onReleased(shard)])
        }
      })
  })
  let begun: JobWorkers | null = null
  const work = () => {
    begun ??= createJobWorkers(blocking, controller, rounds, log)
    return begun
  }
  const { close } = await controller
  return {
    async close() {
      await close()
      await queues.close()
    }
  }
}
