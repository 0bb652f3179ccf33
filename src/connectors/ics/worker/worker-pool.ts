/** Hands calendars to threads that read them, one at a time each, and ends a thread that takes too long. */
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { UnreadableCalendar } from '../errors.ts'
import type { ParsedCalendar } from '../read-calendar.ts'
import { READY, type WorkerJob, type WorkerResponse } from './messages.ts'

interface Task {
  readonly tenant: string
  readonly job: WorkerJob
  readonly deadlineMs: number
  settle(outcome: ParsedCalendar | Error): void
}

interface PooledWorker {
  readonly worker: Worker
  task: Task | null
  /** It has loaded its program; only then does a deadline run. */
  ready: boolean
  /** While busy the deadline, while idle the end of its life. */
  timer: NodeJS.Timeout | undefined
}

const maxWorkers = 3
const idleMs = 60_000
const maxMemoryMb = 512
/** A calendar that took too long is not tried again for so long unless it has changed. */
const rejectMs = 3_600_000
const maxRejected = 1_000

// The threads are the process's, as its processors are: the connectors of all tenants share them.
const queue: Task[] = []
const pool = new Set<PooledWorker>()
const rejectedUntil = new Map<string, number>()

/**
 * Reads a calendar in another thread. Rejects with UnreadableCalendar, or with the signal's reason. `deadline` is in
 * milliseconds, from when a thread begins. A tenant has one thread at a time: its calendars delay nobody else's.
 */
export function runInWorker(
  tenant: string,
  job: WorkerJob,
  deadlineMs: number,
  signal: AbortSignal
): Promise<ParsedCalendar> {
  return new Promise((resolve, reject) => {
    if (isRejected(job)) {
      reject(deadlineError(deadlineMs))
      return
    }
    const abort = () => task.settle(signal.reason as Error)
    const task: Task = {
      tenant,
      job,
      deadlineMs,
      settle(outcome) {
        signal.removeEventListener('abort', abort)
        if (queue.includes(task)) queue.splice(queue.indexOf(task), 1)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
    }
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    queue.push(task)
    assignTasks()
  })
}

function assignTasks(): void {
  const busy = new Set([...pool].map((pooled) => pooled.task?.tenant))
  for (const task of [...queue]) {
    if (busy.has(task.tenant)) continue
    const pooled = [...pool].find((candidate) => candidate.task === null) ?? startWorker()
    if (pooled === null) return
    busy.add(task.tenant)
    queue.splice(queue.indexOf(task), 1)
    assign(pooled, task)
  }
}

function assign(pooled: PooledWorker, task: Task): void {
  clearTimeout(pooled.timer)
  pooled.task = task
  if (pooled.ready) startDeadline(pooled, task)
  // Whoever waits for the answer keeps the process alive; an idle thread does not.
  pooled.worker.ref()
  pooled.worker.postMessage(task.job)
}

function startDeadline(pooled: PooledWorker, task: Task): void {
  pooled.timer = setTimeout(() => {
    rejectForNow(task.job)
    endWorker(pooled)
    finish(pooled, deadlineError(task.deadlineMs))
  }, task.deadlineMs)
}

function finish(pooled: PooledWorker, outcome: ParsedCalendar | Error): void {
  clearTimeout(pooled.timer)
  const { task } = pooled
  pooled.task = null
  if (pool.has(pooled)) {
    pooled.worker.unref()
    pooled.timer = setTimeout(() => endWorker(pooled), idleMs).unref()
  }
  task?.settle(outcome)
  assignTasks()
}

function startWorker(): PooledWorker | null {
  if (pool.size >= maxWorkers) return null
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb }
  })
  const pooled: PooledWorker = { worker, task: null, ready: false, timer: undefined }
  pool.add(pooled)
  worker.on('message', (answer: WorkerResponse | typeof READY) => {
    if (answer === READY) {
      pooled.ready = true
      if (pooled.task !== null) startDeadline(pooled, pooled.task)
      return
    }
    finish(pooled, 'read' in answer ? answer.read : new UnreadableCalendar(answer.unreadable))
  })
  worker.once('error', (error: Error & { code?: string }) => {
    pool.delete(pooled)
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    if (outOfMemory && pooled.task !== null) rejectForNow(pooled.task.job)
    finish(pooled, outOfMemory ? new UnreadableCalendar('it takes too much memory to work out') : error)
  })
  return pooled
}

function endWorker(pooled: PooledWorker): void {
  pool.delete(pooled)
  void pooled.worker.terminate()
}

function isRejected(job: WorkerJob): boolean {
  return rejectedUntil.size > 0 && (rejectedUntil.get(hashOf(job)) ?? 0) > Date.now()
}

function rejectForNow(job: WorkerJob): void {
  const [oldest] = rejectedUntil.keys()
  if (rejectedUntil.size >= maxRejected && oldest !== undefined) rejectedUntil.delete(oldest)
  rejectedUntil.set(hashOf(job), Date.now() + rejectMs)
}

/** Nothing of a calendar is kept, and of this nothing can be read. */
function hashOf(job: WorkerJob): string {
  return createHash('sha256').update(job.bytes).digest('base64')
}

function deadlineError(deadlineMs: number): UnreadableCalendar {
  return new UnreadableCalendar(
    `it takes longer than ${deadlineMs / 1000} s to work out (look at its recurrence rules)`
  )
}
