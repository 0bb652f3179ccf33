/**
 * The jobs of the shards that this process keeps, done: a BullMQ worker for each shard while it is held.
 *
 * A job is handed to the line in memory, which knows fairness, pauses and budgets, and ends when its targets were read, or
 * stand in the line on a pause. A process that is killed leaves its jobs to whoever keeps the shard next: BullMQ finds them
 * stalled. (That one reads all calendars of the shard anyway: nothing hangs on a job alone.)
 */
import { type Job as BullJob, WaitingError, Worker } from 'bullmq'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { JobResult, SyncController } from '../../sync-controller.ts'
import type { PollJobSchedulers, SyncJob } from '../jobs.ts'
import { shardOf } from '../shards.ts'
import type { SyncRedisClient } from './clients.ts'
import type { PollJob } from './jobs.ts'
import { queueName, queuePrefix } from './keys.ts'

export interface JobWorkers {
  start(shard: number): void
  /** Takes up no more at once. Resolves when what was begun has ended or is back in the queue. */
  stop(shard: number): Promise<void>
}

/** Jobs of a shard that are in hand at a time. They wait for calendars, and cost next to nothing. */
const concurrency = 500
/** Of one tenant: beyond, its jobs end when their targets stand in the line, so that they never hold up another's. */
const concurrencyPerTenant = 50
/** Milliseconds. The lock of a killed process' job ends within the first, and is found missing within twice the second. */
const lockDuration = 5_000
const stalledInterval = 2_000
/** Processes may be killed over and over; that is no fault of the job's. */
const maxStalledCount = 1_000_000
/** Milliseconds between two complaints. */
const quiet = 30_000
/** Milliseconds that a worker has to close. */
const patience = 5_000

export function createJobWorkers(
  client: SyncRedisClient,
  kept: Promise<Pick<SyncController, 'poll' | 'read' | 'onNotifications' | 'invalidateTenant'>>,
  rounds: PollJobSchedulers,
  log: Log
): JobWorkers {
  const workers = new Map<number, Worker>()
  const held = new Map<string, number>()
  let quietUntil = Number.NEGATIVE_INFINITY

  return {
    start(shard) {
      const worker = new Worker<SyncJob | PollJob>(queueName, (job, token) => work(job, token), {
        connection: client,
        prefix: queuePrefix(shard),
        concurrency: concurrency,
        lockDuration,
        stalledInterval,
        maxStalledCount,
        runRetryDelay: 1_000,
        drainDelay: 5,
        skipVersionCheck: true
      })
      worker.on('error', (error) => tell(shard, error))
      worker.on('failed', (job, error) =>
        log.error({ shard, job: job?.name, ...redactError(error) }, 'a job failed')
      )
      workers.set(shard, worker)
    },
    async stop(shard) {
      const worker = workers.get(shard)
      workers.delete(shard)
      if (worker === undefined) return
      const closed = worker.close().catch(() => {})
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience)
      })
      // With Redis away it closes when that comes back: it takes nothing up any more, and its jobs are found stalled.
      await Promise.race([closed, late])
      clearTimeout(timer)
    }
  }

  /** All of them have the same trouble at the same time, as a rule that Redis is away, which others tell. */
  function tell(shard: number, error: Error): void {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + quiet
    log.warn({ shard, ...redactError(error) }, 'jobs cannot be taken up; trying again')
  }

  async function work(job: BullJob<SyncJob | PollJob>, token: string | undefined): Promise<void> {
    const { tenant } = job.data
    const count = (held.get(tenant) ?? 0) + 1
    held.set(tenant, count)
    try {
      const done = await runJob(job.data, count <= concurrencyPerTenant)
      if (done === 'gone') rounds.stop(tenant)
      if (done !== 'elsewhere') return
    } finally {
      const left = held.get(tenant)! - 1
      if (left > 0) held.set(tenant, left)
      else held.delete(tenant)
    }
    await job.moveToWait(token)
    throw new WaitingError()
  }

  async function runJob(job: SyncJob | PollJob, wait: boolean): Promise<JobResult> {
    const keeper = await kept
    switch (job.kind) {
      case 'poll':
        return keeper.poll(job.tenant, wait)
      case 'read':
        return keeper.read(job.tenant, job.targets, job.priority, wait)
      case 'news':
        // Heard, it is read at once or within two seconds; whoever takes over before reads everything.
        await keeper.onNotifications([job])
        return doneOrElsewhere(job)
      case 'tenant':
        keeper.invalidateTenant(job.tenant)
        return doneOrElsewhere(job)
    }
  }

  /** A process that stood still may wake over a job when another has long taken over, and read everything before it came. */
  function doneOrElsewhere({ tenant }: SyncJob): JobResult {
    return workers.has(shardOf(tenant)) ? 'done' : 'elsewhere'
  }
}
