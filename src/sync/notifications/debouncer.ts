/** Debounces notifications: the first has its calendar read at once, those that follow within two seconds once more together. */
import type { Timers } from '../../lib/timers.ts'
import type { Priority } from '../queue/queue.ts'

export const debounceMs = 2_000

/** An edit may be what mends a read that failed; one that fails on and on is not repeated for every edit. */
export function notificationPriority(failures: number): Priority {
  return failures < 2 ? 'soon' : 'poll'
}

/** Queues a calendar, and resolves to whether it is queued. */
export type EnqueueTarget = (key: string) => Promise<boolean>

export class NotificationDebouncer {
  readonly #timers: Timers
  readonly #enqueue: EnqueueTarget
  /** Notified of too soon after the last read: how to cancel the next. */
  #delayed: Map<string, () => void> | null = null
  /** Queued, however long that takes (the server may have asked for a pause): that read sees what is notified meanwhile. */
  #queued: Set<string> | null = null

  constructor(timers: Timers, enqueue: EnqueueTarget) {
    this.#timers = timers
    this.#enqueue = enqueue
  }

  /** `readStartedAt`: when its last read began, on the monotonic clock. */
  notify(key: string, readStartedAt: number): void {
    if (this.#delayed?.has(key) || this.#queued?.has(key)) return
    const waitMs = readStartedAt + debounceMs - this.#timers.now()
    if (waitMs <= 0) {
      this.#queue(key)
      return
    }
    this.#delayed ??= new Map()
    const cancel = this.#timers.after(waitMs, () => {
      this.#delayed?.delete(key)
      this.#queue(key)
    })
    this.#delayed.set(key, cancel)
  }

  /** A read of it begins: what is notified from now on is not in it. */
  onReadStart(key: string): void {
    this.#queued?.delete(key)
  }

  forget(key: string): void {
    this.#delayed?.get(key)?.()
    this.#delayed?.delete(key)
    this.#queued?.delete(key)
  }

  clear(): void {
    for (const cancel of this.#delayed?.values() ?? []) cancel()
    this.#delayed = null
    this.#queued = null
  }

  #queue(key: string): void {
    this.#queued ??= new Set()
    this.#queued.add(key)
    void this.#enqueue(key).then((isQueued) => {
      if (!isQueued) this.#queued?.delete(key)
    })
  }
}
