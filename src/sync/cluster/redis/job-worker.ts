/**
 * Processes the jobs of the shards that this process owns: a BullMQ worker for each shard while it is owned.
 *
 * A job is handed to the queue in memory, which knows fairness, delays and limits, and ends when its targets were read, or are
 * delayed. BullMQ gives the stalled jobs of a killed process to the shard's next owner. (That one reads all calendars
 * of the shard anyway: no read depends on a job alone.)
 */
import { type Job, WaitingError } from 'bullmq'
import { endsWithin } from '../../../lib/deadline.ts'
import { type Log, redactError } from '../../../lib/redact-error.ts'
import { nextSlice } from '../../../lib/time-slices.ts'
import type { JobResult, SyncController } from '../../sync-controller.ts'
import type { SyncJob } from '../jobs.ts'
import { shardOf } from '../shards.ts'
import type { SyncRedisClient } from './clients.ts'
import { queueName, queuePrefix } from './keys.ts'
import { ShardWorker } from './shard-worker.ts'

/** Jobs of a shard at a time. They wait for calendars, and cost next to nothing. */
const concurrency = 500
/** Of one tenant: beyond, its jobs end when their targets are queued, so that they never hold up another's. */
const concurrencyPerTenant = 50
/** The lock of a killed process' job ends within the first, and is found missing within twice the second. */
const lockDurationMs = 5_000
const stalledIntervalMs = 2_000
/** Processes may be killed over and over; that is no fault of the job's. */
const maxStalledCount = 1_000_000
/** Milliseconds that the next worker waits for the one before it. */
const maxOpenMs = 250
/** Milliseconds between two log entries of the same fault. */
const quietMs = 30_000

type JobTarget = Pick<SyncController, 'read' | 'onNotifications' | 'invalidateTenant' | 'onConnectionTested'>

export class JobWorkers {
  readonly #client: SyncRedisClient
  readonly #controller: () => Promise<JobTarget>
  readonly #log: Log
  readonly #workers = new Map<number, ShardWorker>()
  /** Shards whose worker's turn has not come yet. */
  readonly #starting = new Set<number>()
  #opened: Promise<void> = Promise.resolve()
  readonly #runningByTenant = new Map<string, number>()
  #quietUntil = Number.NEGATIVE_INFINITY

  constructor(client: SyncRedisClient, controller: () => Promise<JobTarget>, log: Log) {
    this.#client = client
    this.#controller = controller
    this.#log = log
  }

  /** Many shards may be acquired at the same time: their workers open one after the other, since each costs a millisecond or two. */
  start(shard: number): void {
    this.#starting.add(shard)
    this.#opened = this.#opened.then(() => this.#openInTurn(shard))
  }

  async #openInTurn(shard: number): Promise<void> {
    await nextSlice()
    if (!this.#starting.delete(shard)) return
    await endsWithin(this.#open(shard).waitUntilReady(), maxOpenMs)
  }

  #open(shard: number): ShardWorker {
    const worker = new ShardWorker(queueName, (job, token) => this.#process(job, token), {
      connection: this.#client,
      prefix: queuePrefix(shard),
      concurrency,
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount,
      runRetryDelay: 1_000,
      drainDelay: 5,
      skipVersionCheck: true
    })
    worker.on('error', (error) => this.#onError(shard, error))
    worker.on('failed', (job, error) =>
      this.#log.error({ shard, job: job?.name, ...redactError(error) }, 'a job failed')
    )
    this.#workers.set(shard, worker)
    return worker
  }

  /** Takes up no more at once. Resolves when what was begun has ended or is back in the queue. */
  async stop(shard: number): Promise<void> {
    this.#starting.delete(shard)
    const worker = this.#workers.get(shard)
    this.#workers.delete(shard)
    await worker?.stop()
  }

  /** All workers have the same fault at the same time, usually that Redis is away, which is logged elsewhere. */
  #onError(shard: number, error: Error): void {
    const now = performance.now()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + quietMs
    this.#log.warn({ shard, ...redactError(error) }, 'jobs cannot be taken up; trying again')
  }

  async #process(job: Job<SyncJob>, token: string | undefined): Promise<void> {
    const { tenant } = job.data
    const running = (this.#runningByTenant.get(tenant) ?? 0) + 1
    this.#runningByTenant.set(tenant, running)
    try {
      if ((await this.#run(job.data, running <= concurrencyPerTenant)) === 'done') return
    } finally {
      const left = this.#runningByTenant.get(tenant)! - 1
      if (left > 0) this.#runningByTenant.set(tenant, left)
      else this.#runningByTenant.delete(tenant)
    }
    await job.moveToWait(token)
    throw new WaitingError()
  }

  async #run(job: SyncJob, wait: boolean): Promise<JobResult> {
    const controller = await this.#controller()
    switch (job.kind) {
      case 'read':
        return controller.read(job.tenant, job.targets, job.priority, wait)
      case 'notification':
        // The calendar is read at once or within two seconds. An owner that takes over before then reads all calendars.
        await controller.onNotifications([job])
        return this.#doneIfOwner(job)
      case 'tenant':
        controller.invalidateTenant(job.tenant)
        return this.#doneIfOwner(job)
      case 'resume':
        controller.onConnectionTested(job.tenant, job.connection)
        return this.#doneIfOwner(job)
    }
  }

  /** A process that stood still may wake over a job when another has long taken over, and read everything before it came. */
  #doneIfOwner({ tenant }: SyncJob): JobResult {
    return this.#workers.has(shardOf(tenant)) ? 'done' : 'notOwner'
  }
}
