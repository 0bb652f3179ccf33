/** Hands calendars to workers that read them, one at a time each, and ends a worker that takes too long. */
import { Worker } from 'node:worker_threads'
import type { CalendarEvent } from '../../../domain/calendar-event.ts'
import { UnreadableCalendar } from '../errors.ts'
import type { ParsedCalendar } from '../read-calendar.ts'
import type { WorkerJob, WorkerRequest, WorkerResponse } from './messages.ts'

interface WorkerTask {
  readonly tenant: string
  readonly job: WorkerJob
  readonly deadlineMs: number
  /** What has come so far. */
  readonly events: CalendarEvent[]
  /** Of the calendar's bytes, once the worker has said it. */
  hash: string | null
  settle(outcome: ParsedCalendar | Error): void
}

interface PooledWorker {
  readonly worker: Worker
  task: WorkerTask | null
  /** It has loaded its program; only then does a deadline run. */
  isReady: boolean
  /** While busy the deadline, while idle the end of its life. */
  timer: NodeJS.Timeout | undefined
}

const maxWorkers = 3
const idleMs = 60_000
const maxMemoryMb = 512
/** A calendar that took too long is not tried again for so long unless it has changed. */
const rejectMs = 3_600_000
const maxRejected = 1_000
/** Smaller ones may lie in a buffer that others share, and copying them costs nothing. */
const minTransferred = 1_000_000

class WorkerPool {
  readonly #queue: WorkerTask[] = []
  readonly #workers = new Set<PooledWorker>()
  /** Hashes, each with when it may be tried again. Nothing of a calendar can be read from them. */
  readonly #rejectedUntil = new Map<string, number>()

  add(task: WorkerTask): void {
    this.#queue.push(task)
    this.#assignTasks()
  }

  remove(task: WorkerTask): void {
    const index = this.#queue.indexOf(task)
    if (index >= 0) this.#queue.splice(index, 1)
  }

  #assignTasks(): void {
    const busy = new Set([...this.#workers].map((pooled) => pooled.task?.tenant))
    for (const task of [...this.#queue]) {
      if (busy.has(task.tenant)) continue
      const pooled = [...this.#workers].find((candidate) => candidate.task === null) ?? this.#startWorker()
      if (pooled === null) return
      busy.add(task.tenant)
      this.remove(task)
      this.#assign(pooled, task)
    }
  }

  #assign(pooled: PooledWorker, task: WorkerTask): void {
    clearTimeout(pooled.timer)
    pooled.task = task
    if (pooled.isReady) this.#startDeadline(pooled, task)
    // Whoever waits for the answer keeps the process alive; an idle worker does not.
    pooled.worker.ref()
    const { bytes } = task.job
    const request: WorkerRequest = { job: task.job, rejected: this.#rejected() }
    const isTransferred = bytes.byteLength >= minTransferred && bytes.buffer instanceof ArrayBuffer
    pooled.worker.postMessage(request, isTransferred ? [bytes.buffer as ArrayBuffer] : [])
  }

  #startDeadline(pooled: PooledWorker, task: WorkerTask): void {
    pooled.timer = setTimeout(() => {
      this.#reject(task)
      this.#endWorker(pooled)
      this.#finish(pooled, deadlineError(task))
    }, task.deadlineMs)
  }

  #finish(pooled: PooledWorker, outcome: ParsedCalendar | Error): void {
    clearTimeout(pooled.timer)
    const { task } = pooled
    pooled.task = null
    if (this.#workers.has(pooled)) {
      pooled.worker.unref()
      pooled.timer = setTimeout(() => this.#endWorker(pooled), idleMs).unref()
    }
    task?.settle(outcome)
    this.#assignTasks()
  }

  #startWorker(): PooledWorker | null {
    if (this.#workers.size >= maxWorkers) return null
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb }
    })
    const pooled: PooledWorker = { worker, task: null, isReady: false, timer: undefined }
    this.#workers.add(pooled)
    worker.on('message', (response: WorkerResponse) => this.#onResponse(pooled, response))
    worker.once('error', (error: Error & { code?: string }) => {
      this.#workers.delete(pooled)
      const isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      if (isOutOfMemory && pooled.task !== null) this.#reject(pooled.task)
      this.#finish(
        pooled,
        isOutOfMemory ? new UnreadableCalendar('it takes too much memory to work out') : error
      )
    })
    return pooled
  }

  #onResponse(pooled: PooledWorker, response: WorkerResponse): void {
    const { task } = pooled
    if (response === 'ready') {
      pooled.isReady = true
      if (task !== null) this.#startDeadline(pooled, task)
    } else if (task === null) {
      // It was ended meanwhile.
    } else if (response === 'rejected') {
      this.#finish(pooled, deadlineError(task))
    } else if ('hash' in response) {
      task.hash = response.hash
    } else if ('unreadable' in response) {
      this.#finish(pooled, new UnreadableCalendar(response.unreadable))
    } else {
      task.events.push(...response.events)
      // Asked for one by one, they come in turns of the event loop of their own.
      if (response.rest === null) pooled.worker.postMessage('next' satisfies WorkerRequest)
      else this.#finish(pooled, { ...response.rest, events: task.events })
    }
  }

  #endWorker(pooled: PooledWorker): void {
    this.#workers.delete(pooled)
    void pooled.worker.terminate()
  }

  #rejected(): string[] {
    const now = Date.now()
    for (const [hash, until] of this.#rejectedUntil) if (until <= now) this.#rejectedUntil.delete(hash)
    return [...this.#rejectedUntil.keys()]
  }

  #reject({ hash }: WorkerTask): void {
    if (hash === null) return
    const [oldest] = this.#rejectedUntil.keys()
    if (this.#rejectedUntil.size >= maxRejected && oldest !== undefined) this.#rejectedUntil.delete(oldest)
    this.#rejectedUntil.set(hash, Date.now() + rejectMs)
  }
}

/** The workers are the process's, as its processors are: the connectors of all tenants share them. */
const pool = new WorkerPool()

/**
 * Reads a calendar in a worker, which takes over the job's bytes. Rejects with UnreadableCalendar, or with the signal's
 * reason. `deadlineMs` runs from when a worker begins. A tenant has one worker at a time: its calendars delay no other tenant's.
 */
export function runInWorker(
  tenant: string,
  job: WorkerJob,
  deadlineMs: number,
  signal: AbortSignal
): Promise<ParsedCalendar> {
  return new Promise((resolve, reject) => {
    const abort = () => task.settle(signal.reason as Error)
    const task: WorkerTask = {
      ...{ tenant, job, deadlineMs, events: [], hash: null },
      settle(outcome) {
        signal.removeEventListener('abort', abort)
        pool.remove(task)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
    }
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    pool.add(task)
  })
}

function deadlineError({ deadlineMs }: WorkerTask): UnreadableCalendar {
  return new UnreadableCalendar(
    `it takes longer than ${deadlineMs / 1000} s to work out (look at its recurrence rules)`
  )
}
