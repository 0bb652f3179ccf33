/** Jobs on their way to Redis: what cannot be handed over now waits here, each once, and goes when it can. */
import { endsWithin, withDeadline } from '../../lib/deadline.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { SyncJob, SyncJobs } from './jobs.ts'

/** Of different jobs; what a notification more than these is about is found by the next reconciliation. */
const maxWaiting = 100_000
/** Jobs handed over in one go. */
const maxPerCall = 1_000
/** Milliseconds. Graph requires an answer within seconds, and delays notifications to a slow address. */
const maxPutMs = 1_000
const retryMs = 1_000
const callTimeoutMs = 5_000

/** The jobs wait in this process alone, so a caller that can repeat the request should do so. */
export class JobsNotKept extends Error {
  override readonly name = 'JobsNotKept'
}

export class Outbox {
  readonly #jobs: SyncJobs
  readonly #timers: Timers
  readonly #log: Log
  /** By what they say: a thousand notifications of one calendar are one. */
  readonly #waiting = new Map<string, SyncJob>()
  #sending: Promise<void> | null = null
  #cancelRetry: (() => void) | null = null
  #refused = 0
  #closed = false

  constructor(jobs: SyncJobs, { timers, log }: { readonly timers: Timers; readonly log: Log }) {
    this.#jobs = jobs
    this.#timers = timers
    this.#log = log
  }

  /** Resolves when they are kept in Redis. Rejects with JobsNotKept where that takes long; they go there later all the same. */
  async put(jobs: readonly SyncJob[]): Promise<void> {
    const keys = jobs.map((job) => JSON.stringify(job))
    for (const [index, key] of keys.entries()) {
      const job = jobs[index]
      if (job === undefined || this.#waiting.has(key)) continue
      if (this.#waiting.size < maxWaiting) this.#waiting.set(key, job)
      else this.#refused += 1
    }
    const wasRefused = this.#refused > 0
    const inTime = await endsWithin(this.#send(), maxPutMs, this.#timers.after)
    if (!inTime || wasRefused || keys.some((key) => this.#waiting.has(key))) {
      throw new JobsNotKept('the jobs are not in Redis yet')
    }
  }

  /** As `put`, for jobs that no caller requests again. */
  async post(jobs: readonly SyncJob[]): Promise<void> {
    await this.put(jobs).catch(() => {})
  }

  /** Resolves when they are kept, or cannot be. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    this.#cancelRetry = null
    if (this.#waiting.size > 0) await endsWithin(this.#send(), callTimeoutMs, this.#timers.after)
  }

  /** Resolves when everything is handed over, or could not be. */
  #send(): Promise<void> {
    if (this.#cancelRetry !== null) return Promise.resolve()
    this.#sending ??= this.#handOver().finally(() => {
      this.#sending = null
    })
    return this.#sending
  }

  async #handOver(): Promise<void> {
    while (this.#waiting.size > 0) {
      const taken = [...this.#waiting].slice(0, maxPerCall)
      for (const [key] of taken) this.#waiting.delete(key)
      try {
        const added = this.#jobs.add(taken.map(([, job]) => job))
        await withDeadline(added, callTimeoutMs, this.#timers.after)
      } catch (error) {
        for (const [key, job] of taken) this.#waiting.set(key, job)
        this.#onFailure(error)
        return
      }
    }
    if (this.#refused > 0) {
      const facts = { refused: this.#refused }
      this.#log.warn(facts, 'there were too many jobs to keep: reconciliations find what they were about')
    }
    this.#refused = 0
  }

  #onFailure(error: unknown): void {
    const facts = { waiting: this.#waiting.size, ...redactError(error) }
    this.#log.warn(facts, 'jobs could not be handed over; trying again')
    if (this.#closed) return
    this.#cancelRetry = this.#timers.after(retryMs, () => {
      this.#cancelRetry = null
      void this.#send()
    })
  }
}
