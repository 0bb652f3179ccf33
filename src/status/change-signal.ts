/** Wakes the long polls of a tenant at its next change: an entry of its log, or a transition. */
import type { Instant } from '../domain/calendar-event.ts'
import type { After } from '../lib/timers.ts'

/** A timer is set no farther ahead: the clock may be set. */
const MAX_TIMER_MS = 60_000

export interface ChangeSignalDeps {
  readonly nextTransition: () => Instant
  readonly clock: () => Instant
  readonly after: After
}

export class ChangeSignal {
  readonly #deps: ChangeSignalDeps
  readonly #waiters = new Set<() => void>()
  #count = 0
  #cancelTimer: (() => void) | null = null

  constructor(deps: ChangeSignalDeps) {
    this.#deps = deps
  }

  /** How often it has notified, so that a change between looking and waiting is not missed. */
  get count(): number {
    return this.#count
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0
  }

  notify(): void {
    this.#count++
    for (const wake of [...this.#waiters]) wake()
  }

  /** Resolves at the next change, when the time is over, or when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const cancel = this.#deps.after(milliseconds, wake)
      const waiters = this.#waiters
      signal.addEventListener('abort', wake, { once: true })
      waiters.add(wake)
      this.#armTimer()
      function wake(): void {
        cancel()
        signal.removeEventListener('abort', wake)
        waiters.delete(wake)
        resolve()
      }
    })
  }

  close(): void {
    this.#cancelTimer?.()
  }

  /** One timer for each tenant, and only while somebody waits: idle tenants cost nothing. */
  #armTimer(): void {
    const { nextTransition, clock, after } = this.#deps
    this.#cancelTimer?.()
    const milliseconds = Math.max(1, Math.min(nextTransition() - clock(), MAX_TIMER_MS))
    this.#cancelTimer = after(milliseconds, () => {
      this.#cancelTimer = null
      this.notify()
    })
  }
}
