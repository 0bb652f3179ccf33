/** Sync of a replica, its parts put together on Redis: the keeper of its shards, and the desk for what it is asked. */

import { machineTimers } from '../../../lib/timers.ts'
import { type Keeper, openSync, type Sync, type SyncOptions } from '../../sync-controller.ts'
import { leasedShards } from '../shards.ts'
import { type DeskNeeds, openDesk } from '../sync-client.ts'
import type { Clients } from './clients.ts'
import { redisBoard } from './connection-status.ts'
import { type ShardWork, shardWork } from './job-worker.ts'
import { bullJobs, openQueues } from './jobs.ts'
import { redisLeases } from './leases.ts'
import { bullRounds } from './poll-schedules.ts'

type DeskOptions = Omit<DeskNeeds, 'jobs' | 'board' | 'clock' | 'timers'> &
  Pick<SyncOptions, 'clock' | 'timers'>
type KeeperOptions = Omit<SyncOptions, 'post' | 'openShards' | 'rounds'>

/** Sync for whoever is asked: nothing is read in this process for it, but to test a connection. */
export function replicaDesk(options: DeskOptions, { quick }: Clients): Sync {
  const { clock = Date.now, timers = machineTimers, log } = options
  const queues = openQueues(quick, log)
  const desk = openDesk({ ...options, clock, timers, jobs: bullJobs(queues), board: redisBoard(quick, log) })
  return {
    ...desk,
    async close() {
      await desk.close()
      await queues.close()
    }
  }
}

/** Keeps this process' share of the tenants until it is closed. */
export async function replicaKeeper(
  options: KeeperOptions,
  { quick, patient }: Clients
): Promise<Pick<Keeper, 'close'>> {
  const { clock = Date.now, timers = machineTimers, log } = options
  const queues = openQueues(quick, log)
  const board = redisBoard(quick, log)
  const rounds = bullRounds(queues, { clock, timers, log })
  const openShards = leasedShards(redisLeases('shards', { client: quick, timers, log }))
  const keeper: Promise<Keeper> = openSync({
    ...options,
    post: (tenant, posted) => board.post(tenant, posted),
    rounds,
    openShards: (holder) =>
      openShards({
        taken(shard) {
          holder.taken(shard)
          work().begin(shard)
        },
        // Jobs go back to the queue when their tenants are closed, so neither can wait for the other.
        async ended(shard) {
          await Promise.all([work().end(shard), holder.ended(shard)])
        }
      })
  })
  let begun: ShardWork | null = null
  const work = () => {
    begun ??= shardWork(patient, keeper, rounds, log)
    return begun
  }
  const { close } = await keeper
  return {
    async close() {
      await close()
      await queues.close()
    }
  }
}
