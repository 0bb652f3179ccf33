/** The targets of one tenant in the queue: those that wait in two priorities, those delayed, and those being read. */
import type { Timers } from '../../lib/timers.ts'
import { CompletionWaiters } from './completion-waiters.ts'
import type { Delay, Priority } from './queue.ts'

/** A delay with its end on the monotonic clock. */
interface DelayUntil {
  readonly until: number
  readonly source: Delay['source']
}

/** Delays end on the quarter of a second, so that ten thousand of them are not ten thousand timers. */
const wakeGranularityMs = 250

export class TenantQueue {
  readonly tenant: string
  /** Aborts the batches that run. */
  readonly running = new Set<AbortController>()
  /** Whether the last batch failed as a whole. */
  lastFailed = false

  readonly #maxWaiting: number
  readonly #timers: Timers
  readonly #onWake: () => void
  readonly #high = new Set<string>()
  readonly #normal = new Set<string>()
  /** Targets that wait for the end of a delay of their own. */
  readonly #delayed = new Map<string, Priority>()
  readonly #delays = new Map<string, DelayUntil>()
  readonly #reading = new Set<string>()
  /** Targets that were added while they were being read. */
  readonly #requeued = new Map<string, Priority>()
  readonly #waiters = new CompletionWaiters()
  #pause: DelayUntil | null = null
  #cancelWake: (() => void) | null = null

  /** `onWake` is called when a delay has ended. */
  constructor(tenant: string, maxWaiting: number, timers: Timers, onWake: () => void) {
    this.tenant = tenant
    this.#maxWaiting = maxWaiting
    this.#timers = timers
    this.#onWake = onWake
  }

  /** How many targets wait, the delayed included. */
  get waiting(): number {
    return this.#high.size + this.#normal.size + this.#delayed.size + this.#requeued.size
  }

  /** Whether nothing would be lost if it were made anew. */
  get isEmpty(): boolean {
    return (
      this.waiting === 0 &&
      this.#reading.size === 0 &&
      this.running.size === 0 &&
      this.#delays.size === 0 &&
      this.#pause === null &&
      !this.lastFailed
    )
  }

  /** Whether a batch could be taken at once. */
  get isRunnable(): boolean {
    return !this.isPaused && this.#high.size + this.#normal.size > 0
  }

  get isPaused(): boolean {
    return this.#pause !== null && this.#pause.until > this.#timers.now()
  }

  /** False when as many wait as may. */
  enqueue(target: string, priority: Priority): boolean {
    if (this.#reading.has(target)) {
      this.#requeued.set(target, higherPriority(this.#requeued.get(target), priority))
      return true
    }
    const delay = this.#delays.get(target)
    const isFree =
      delay === undefined ||
      delay.until <= this.#timers.now() ||
      (priority !== 'poll' && delay.source === 'own')
    if (!isFree) {
      this.#delayed.set(target, higherPriority(this.#delayed.get(target), priority))
      return true
    }
    this.#delays.delete(target)
    this.#delayed.delete(target)
    if (this.#high.has(target)) return true
    if (this.#normal.has(target)) {
      if (priority === 'poll') return true
      this.#normal.delete(target)
    } else if (this.#high.size + this.#normal.size >= this.#maxWaiting) return false
    ;(priority === 'poll' ? this.#normal : this.#high).add(target)
    return true
  }

  /** The next targets, which count as being read from now on. */
  take(size: number): string[] {
    const batch: string[] = []
    for (const from of [this.#high, this.#normal]) {
      for (const target of from) {
        if (batch.length === size) break
        from.delete(target)
        this.#reading.add(target)
        batch.push(target)
      }
    }
    return batch
  }

  /** These are being read no more. */
  release(batch: readonly string[]): void {
    for (const target of batch) this.#reading.delete(target)
  }

  /** Has a target read again after its delay. */
  delay(target: string, { delayMs, source }: Delay): void {
    this.#delays.set(target, { until: this.#timers.now() + delayMs, source })
    this.enqueue(target, 'poll')
  }

  /** Those that were added while they were read wait again; those who waited for the others are resolved. */
  complete(batch: readonly string[]): void {
    for (const target of batch) {
      const priority = this.#requeued.get(target)
      this.#requeued.delete(target)
      if (priority !== undefined) this.enqueue(target, priority)
    }
    if (this.#pause !== null) this.#waiters.completeAll(true)
    else this.#waiters.complete(batch.filter((target) => !this.#waits(target)))
  }

  /** Of two pauses the longer holds. */
  pause({ delayMs, source }: Delay): void {
    const until = this.#timers.now() + delayMs
    if (this.#pause === null || until > this.#pause.until) this.#pause = { until, source }
  }

  endPause(): void {
    if (this.#pause?.source === 'own') this.#pause = null
  }

  /** As `SyncQueue.whenDone`. */
  whenDone(targets: readonly string[]): Promise<boolean> {
    if (this.#pause !== null) return Promise.resolve(true)
    return this.#waiters.wait(targets.filter((target) => this.#reading.has(target) || this.#waits(target)))
  }

  /** Wakes at the end of the delay that ends first. */
  reschedule(): void {
    this.#cancelWake?.()
    this.#cancelWake = null
    if (!this.isPaused) this.#pause = null
    let earliest = this.#pause?.until ?? Number.POSITIVE_INFINITY
    for (const target of this.#delayed.keys()) {
      earliest = Math.min(earliest, this.#delays.get(target)?.until ?? 0)
    }
    if (earliest === Number.POSITIVE_INFINITY) return
    const waitMs = Math.max(earliest - this.#timers.now(), 1)
    this.#cancelWake = this.#timers.after(Math.ceil(waitMs / wakeGranularityMs) * wakeGranularityMs, () => {
      const now = this.#timers.now()
      for (const [target, { until }] of this.#delays) if (until <= now) this.#delays.delete(target)
      for (const [target, priority] of this.#delayed) {
        if (!this.#delays.has(target)) this.enqueue(target, priority)
      }
      this.#onWake()
    })
  }

  /** Aborts what runs; those who wait resolve to false. */
  drop(reason: Error): void {
    this.#cancelWake?.()
    for (const batch of this.running) batch.abort(reason)
    this.#waiters.completeAll(false)
  }

  #waits(target: string): boolean {
    return this.#high.has(target) || this.#normal.has(target)
  }
}

function higherPriority(a: Priority | undefined, b: Priority): Priority {
  if (a === undefined || a === 'poll') return b
  return a === 'now' || b === 'now' ? 'now' : 'soon'
}
