/** Hands calendars to threads that read them, one at a time each, and ends a thread that takes too long. */
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { UnreadableCalendar } from '../errors.ts'
import type { TextRead } from '../read-calendar.ts'
import { type Answer, type Job, READY } from './messages.ts'

interface Task {
  readonly tenant: string
  readonly job: Job
  readonly deadline: number
  settle(outcome: TextRead | Error): void
}

interface Thread {
  readonly worker: Worker
  task: Task | null
  /** It has loaded its program; only then does a deadline run. */
  ready: boolean
  /** While busy the deadline, while idle the end of its life. */
  timer: NodeJS.Timeout | undefined
}

const MOST_THREADS = 3
const IDLE = 60_000
const MEMORY_MB = 512
/** A calendar that took too long is not tried again for so long unless it has changed. */
const PAUSE = 3_600_000
const MOST_PAUSED = 1_000

// The threads are the process's, as its processors are: the connectors of all tenants share them.
const queue: Task[] = []
const threads = new Set<Thread>()
const paused = new Map<string, number>()

/**
 * Reads a calendar in another thread. Rejects with UnreadableCalendar, or with the signal's reason. `deadline` is in
 * milliseconds, from when a thread begins. A tenant has one thread at a time: its calendars delay nobody else's.
 */
export function readElsewhere(
  tenant: string,
  job: Job,
  deadline: number,
  signal: AbortSignal
): Promise<TextRead> {
  return new Promise((resolve, reject) => {
    if (isPaused(job)) {
      reject(tooLong(deadline))
      return
    }
    const abort = () => task.settle(signal.reason as Error)
    const task: Task = {
      tenant,
      job,
      deadline,
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
    serve()
  })
}

function serve(): void {
  const busy = new Set([...threads].map((thread) => thread.task?.tenant))
  for (const task of [...queue]) {
    if (busy.has(task.tenant)) continue
    const thread = [...threads].find((candidate) => candidate.task === null) ?? start()
    if (thread === null) return
    busy.add(task.tenant)
    queue.splice(queue.indexOf(task), 1)
    give(thread, task)
  }
}

function give(thread: Thread, task: Task): void {
  clearTimeout(thread.timer)
  thread.task = task
  if (thread.ready) limit(thread, task)
  // Whoever waits for the answer keeps the process alive; an idle thread does not.
  thread.worker.ref()
  thread.worker.postMessage(task.job)
}

function limit(thread: Thread, task: Task): void {
  thread.timer = setTimeout(() => {
    pause(task.job)
    end(thread)
    finish(thread, tooLong(task.deadline))
  }, task.deadline)
}

function finish(thread: Thread, outcome: TextRead | Error): void {
  clearTimeout(thread.timer)
  const { task } = thread
  thread.task = null
  if (threads.has(thread)) {
    thread.worker.unref()
    thread.timer = setTimeout(() => end(thread), IDLE).unref()
  }
  task?.settle(outcome)
  serve()
}

function start(): Thread | null {
  if (threads.size >= MOST_THREADS) return null
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB }
  })
  const thread: Thread = { worker, task: null, ready: false, timer: undefined }
  threads.add(thread)
  worker.on('message', (answer: Answer | typeof READY) => {
    if (answer === READY) {
      thread.ready = true
      if (thread.task !== null) limit(thread, thread.task)
      return
    }
    finish(thread, 'read' in answer ? answer.read : new UnreadableCalendar(answer.unreadable))
  })
  worker.once('error', (error: Error & { code?: string }) => {
    threads.delete(thread)
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    if (outOfMemory && thread.task !== null) pause(thread.task.job)
    finish(thread, outOfMemory ? new UnreadableCalendar('it takes too much memory to work out') : error)
  })
  return thread
}

function end(thread: Thread): void {
  threads.delete(thread)
  void thread.worker.terminate()
}

function isPaused(job: Job): boolean {
  return paused.size > 0 && (paused.get(hashOf(job)) ?? 0) > Date.now()
}

function pause(job: Job): void {
  const [oldest] = paused.keys()
  if (paused.size >= MOST_PAUSED && oldest !== undefined) paused.delete(oldest)
  paused.set(hashOf(job), Date.now() + PAUSE)
}

/** Nothing of a calendar is kept, and of this nothing can be read. */
function hashOf(job: Job): string {
  return createHash('sha256').update(job.bytes).digest('base64')
}

function tooLong(deadline: number): UnreadableCalendar {
  return new UnreadableCalendar(
    `it takes longer than ${deadline / 1000} s to work out (look at its recurrence rules)`
  )
}
