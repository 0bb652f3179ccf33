/** The queue of a single process: lines in memory, tenants in a ring, slots that a deadline frees. */

import type { Timers } from '../../lib/timers.ts'
import { type CompletionWaiters, createCompletionWaiters } from './completion-waiters.ts'
import {
  BatchCancelled,
  type BatchResult,
  BatchTimeout,
  type BatchWorker,
  type Delay,
  type Priority,
  type SyncQueue
} from './queue.ts'

export interface QueueLimits {
  /** Batches that are read at the same time, of all tenants; at most half of them of tenants that failed last. */
  readonly maxRunning: number
  /** Batches of one tenant: 1 until it has answered, and again after it failed as a whole. */
  readonly maxRunningPerTenant: number
  /** Targets that wait in one tenant's line. */
  readonly maxWaitingPerTenant: number
  /** Milliseconds that one batch may take. */
  readonly deadlineMs: number
  /** Milliseconds that a worker has, once it was aborted, to say what came of it; then its slot is freed. */
  readonly graceMs: number
}

/** Reads wait for the network, so slots are cheap, and there are enough for a hundred far sides that hang. */
export const queueLimits: QueueLimits = {
  maxRunning: 256,
  maxRunningPerTenant: 16,
  maxWaitingPerTenant: 100_000,
  deadlineMs: 60_000,
  graceMs: 2_000
}

interface Held {
  readonly until: number
  readonly by: Delay['source']
}

/** One tenant's line. */
interface Line {
  readonly tenant: string
  readonly ahead: Set<string>
  readonly behind: Set<string>
  /** Targets that wait for the end of their own pause. */
  readonly later: Map<string, Priority>
  readonly pauses: Map<string, Held>
  pause: Held | null
  /** Whether the far side has answered since the line began or was last paused: if not, one batch tries it. */
  answers: boolean
  /** Whether its last batch failed as a whole. */
  fails: boolean
  readonly reading: Set<string>
  readonly again: Map<string, Priority>
  readonly jobs: Set<AbortController>
  readonly awaited: CompletionWaiters
  wake: (() => void) | null
}

/** What no verdict was given of is read again: a calendar that notices tell of, nobody else would have read. */
const afterSilence: Delay = { delayMs: 5_000, source: 'us' }

/** Pauses end on the quarter of a second, so that ten thousand of them are not ten thousand timers. */
const wakeGrain = 250

export function createFairQueue(worker: BatchWorker, limits: QueueLimits, timers: Timers): SyncQueue {
  const lines = new Map<string, Line>()
  /** Lines from which a batch could be taken at once, in the order of their turns. */
  const ring = new Set<Line>()
  /** Those among them that failed last. They wait apart: if they hang, they must not hold every slot. */
  const failing = new Set<Line>()
  let retries = 0
  let retryNext = false
  const running = new Set<Promise<void>>()
  let closed = false

  return {
    async add(tenant, targets, haste) {
      if (closed || targets.length === 0) return 0
      const line = lines.get(tenant) ?? begin(tenant)
      if (haste === 'now' && line.pause?.by === 'us') line.pause = null
      let taken = 0
      for (const target of targets) if (enter(line, target, haste)) taken += 1
      turn(line)
      return taken
    },
    async whenDone(tenant, targets) {
      const line = lines.get(tenant)
      if (line === undefined || line.pause !== null) return true
      return line.awaited.wait(targets.filter((target) => line.reading.has(target) || waits(line, target)))
    },
    async drop(tenant) {
      const line = lines.get(tenant)
      if (line !== undefined) end(line)
    },
    depth() {
      let waiting = 0
      for (const line of lines.values()) {
        waiting += line.ahead.size + line.behind.size + line.later.size + line.again.size
      }
      return { waiting, running: running.size }
    },
    async close() {
      closed = true
      for (const line of [...lines.values()]) end(line)
      await Promise.all(running)
    }
  }

  function begin(tenant: string): Line {
    const line: Line = {
      tenant,
      ahead: new Set(),
      behind: new Set(),
      later: new Map(),
      pauses: new Map(),
      pause: null,
      answers: false,
      fails: false,
      reading: new Set(),
      again: new Map(),
      jobs: new Set(),
      awaited: createCompletionWaiters(),
      wake: null
    }
    lines.set(tenant, line)
    return line
  }

  function end(line: Line): void {
    lines.delete(line.tenant)
    ring.delete(line)
    failing.delete(line)
    line.wake?.()
    for (const job of line.jobs) job.abort(new BatchCancelled('the line was dropped'))
    line.awaited.completeAll(false)
  }

  /** Puts one target in its place; false when the line is full. */
  function enter(line: Line, target: string, haste: Priority): boolean {
    if (line.reading.has(target)) {
      line.again.set(target, hastier(line.again.get(target), haste))
      return true
    }
    const held = line.pauses.get(target)
    const free = held === undefined || held.until <= timers.now() || (haste !== 'poll' && held.by === 'us')
    if (!free) {
      line.later.set(target, hastier(line.later.get(target), haste))
      return true
    }
    line.pauses.delete(target)
    line.later.delete(target)
    if (line.ahead.has(target)) return true
    if (line.behind.has(target)) {
      if (haste === 'poll') return true
      line.behind.delete(target)
    } else if (line.ahead.size + line.behind.size >= limits.maxWaitingPerTenant) {
      return false
    }
    ;(haste === 'poll' ? line.behind : line.ahead).add(target)
    return true
  }

  /** Brings a line's place in the ring and its alarm up to date, then starts what there is room for. */
  function turn(line: Line): void {
    if (lines.get(line.tenant) === line) place(line)
    start()
  }

  function place(line: Line): void {
    const paused = line.pause !== null && line.pause.until > timers.now()
    if (!paused) line.pause = null
    const room = line.jobs.size < (line.answers ? limits.maxRunningPerTenant : 1)
    const [own, other] = line.fails ? [failing, ring] : [ring, failing]
    other.delete(line)
    // Who stands in the ring already keeps the place.
    if (!paused && room && line.ahead.size + line.behind.size > 0) own.add(line)
    else own.delete(line)
    setAlarm(line)
  }

  function setAlarm(line: Line): void {
    line.wake?.()
    line.wake = null
    let earliest = line.pause?.until ?? Number.POSITIVE_INFINITY
    for (const target of line.later.keys()) {
      earliest = Math.min(earliest, line.pauses.get(target)?.until ?? 0)
    }
    if (earliest === Number.POSITIVE_INFINITY) return
    const wait = Math.ceil(Math.max(earliest - timers.now(), 1) / wakeGrain) * wakeGrain
    line.wake = timers.after(wait, () => {
      const now = timers.now()
      for (const [target, held] of line.pauses) if (held.until <= now) line.pauses.delete(target)
      for (const [target, haste] of line.later) if (!line.pauses.has(target)) enter(line, target, haste)
      turn(line)
    })
  }

  function start(): void {
    while (!closed && running.size < limits.maxRunning) {
      const line = next()
      if (line === undefined) return
      const batch = take(line, Math.max(1, worker.batchSize(line.tenant)))
      const job = new AbortController()
      line.jobs.add(job)
      const retry = line.fails ? 1 : 0
      retries += retry
      // Away and back in at the end: the next slot is another tenant's.
      ring.delete(line)
      failing.delete(line)
      place(line)
      const run: Promise<void> = read(line, batch, job).then(() => {
        running.delete(run)
        retries -= retry
        turn(line)
      })
      running.add(run)
    }
  }

  /** Whose turn it is. Tenants that failed take turns with those that did not, within their half of the slots. */
  function next(): Line | undefined {
    const line = ring.values().next().value
    const retry = 2 * retries < limits.maxRunning ? failing.values().next().value : undefined
    retryNext = !retryNext
    return retryNext ? (retry ?? line) : (line ?? retry)
  }

  function take(line: Line, size: number): string[] {
    const batch: string[] = []
    for (const from of [line.ahead, line.behind]) {
      for (const target of from) {
        if (batch.length === size) break
        from.delete(target)
        line.reading.add(target)
        batch.push(target)
      }
    }
    return batch
  }

  async function read(line: Line, batch: readonly string[], job: AbortController): Promise<void> {
    const verdict = await withinDeadline(line.tenant, batch, job)
    line.jobs.delete(job)
    for (const target of batch) line.reading.delete(target)
    if (lines.get(line.tenant) !== line) return
    obey(line, batch, verdict)
    for (const target of batch) {
      const haste = line.again.get(target)
      line.again.delete(target)
      if (haste !== undefined) enter(line, target, haste)
    }
    if (line.pause !== null) line.awaited.completeAll(true)
    else line.awaited.complete(batch.filter((target) => !waits(line, target)))
  }

  /** The worker's verdict; null when it gave none in time. It does not reject: trouble of a worker is such a null. */
  function withinDeadline(
    tenant: string,
    batch: readonly string[],
    job: AbortController
  ): Promise<BatchResult | null> {
    return new Promise((resolve) => {
      let cancel = timers.after(limits.deadlineMs, () =>
        job.abort(new BatchTimeout(`${limits.deadlineMs} ms have passed`))
      )
      job.signal.addEventListener('abort', () => {
        cancel()
        cancel = timers.after(limits.graceMs, () => resolve(null))
      })
      const settle = (verdict: BatchResult | null) => {
        cancel()
        resolve(verdict)
      }
      Promise.resolve()
        .then(() => worker.read(tenant, batch, job.signal))
        .then(settle, () => settle(null))
    })
  }

  function obey(line: Line, batch: readonly string[], verdict: BatchResult | null): void {
    const now = timers.now()
    line.answers = verdict?.tenant === null
    line.fails = !line.answers
    const targets = verdict?.targets ?? new Map(batch.map((target) => [target, afterSilence]))
    for (const [target, pause] of targets) {
      line.pauses.set(target, { until: now + pause.delayMs, by: pause.source })
      enter(line, target, 'poll')
    }
    if (verdict === null || verdict.tenant === null) return
    const until = now + verdict.tenant.delayMs
    if (line.pause === null || until > line.pause.until) line.pause = { until, by: verdict.tenant.source }
    for (const target of batch) enter(line, target, 'poll')
  }
}

function waits(line: Line, target: string): boolean {
  return line.ahead.has(target) || line.behind.has(target)
}

function hastier(a: Priority | undefined, b: Priority): Priority {
  if (a === undefined || a === 'poll') return b
  return a === 'now' || b === 'now' ? 'now' : 'soon'
}
