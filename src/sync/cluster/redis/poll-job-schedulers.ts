/** Rounds on BullMQ: one job scheduler for each tenant, which makes its `poll` jobs and outlives the process that began it. */

import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { PollInterval, PollJobSchedulers } from '../jobs.ts'
import { shardOf } from '../shards.ts'
import type { JobQueues, PollJob } from './jobs.ts'

/** Of one process at a time; others wait in line, since ten thousand tenants may begin at once. */
const atOnce = 32

export function bullPollJobSchedulers(
  queues: JobQueues,
  { clock, timers, log }: { readonly clock: () => number; readonly timers: Timers; readonly log: Log }
): PollJobSchedulers {
  /** By tenant, the newest wish; null: to end. */
  const wanted = new Map<string, PollInterval | null>()
  let running = 0

  return {
    start(tenant, pace) {
      wanted.set(tenant, pace)
      work()
    },
    stop(tenant) {
      wanted.set(tenant, null)
      work()
    }
  }

  function work(): void {
    while (running < atOnce) {
      const next = wanted.entries().next().value
      if (next === undefined) return
      wanted.delete(next[0])
      running += 1
      void set(...next)
        // Whoever began the rounds sees that no poll comes, and begins them again.
        .catch((error) => log.warn({ tenant: next[0], ...redactError(error) }, 'rounds could not be set'))
        .then(() => {
          running -= 1
          work()
        })
    }
  }

  function set(tenant: string, pace: PollInterval | null): Promise<void> {
    return queues.use(shardOf(tenant), async (queue) => {
      // BullMQ keeps the hours of a scheduler that it has, and we begin anew where they are not ours.
      await queue.removeJobScheduler(tenant)
      if (pace === null) return
      const { everyMs: every, nextDueAt: nextAt } = pace
      const startDate = Math.ceil(clock() + Math.max(0, nextAt - timers.now()))
      const data: PollJob = { kind: 'poll', tenant }
      await queue.upsertJobScheduler(tenant, { every, startDate }, { name: 'poll', data })
    })
  }
}
