/** Those who wait for a tenant's next turn: an entry of its log, or a border in time. */
import type { Instant } from '../domain/calendar-event.ts'
import type { After } from '../lib/timers.ts'

export interface ChangeSignal {
  /** How often anything has turned, so that a turn between looking and waiting is not slept through. */
  readonly count: number
  readonly hasWaiters: boolean
  /** Wakes everybody. */
  notify(): void
  /** Waits for a turn, the end of the time, or the consumer's leaving. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>
  close(): void
}

/** A timer is set no farther ahead: the clock may be set. */
const MAX_TIMER_MS = 60_000

export interface ChangeSignalDeps {
  readonly nextTransition: () => Instant
  readonly clock: () => Instant
  readonly after: After
}

export function openChangeSignal({
  nextTransition: nextBorder,
  clock,
  after
}: ChangeSignalDeps): ChangeSignal {
  const waiters = new Set<() => void>()
  let count = 0
  let cancel: (() => void) | null = null

  return {
    get count() {
      return count
    },
    get hasWaiters() {
      return waiters.size > 0
    },
    notify,
    wait: (milliseconds, signal) =>
      new Promise<void>((resolve) => {
        const over = after(milliseconds, done)
        signal.addEventListener('abort', done, { once: true })
        waiters.add(done)
        armTimer()
        function done(): void {
          over()
          signal.removeEventListener('abort', done)
          waiters.delete(done)
          resolve()
        }
      }),
    close: () => cancel?.()
  }

  function notify(): void {
    count++
    for (const done of [...waiters]) done()
  }

  /** One timer for each tenant, and only while somebody waits: idle tenants cost nothing. */
  function armTimer(): void {
    cancel?.()
    cancel = after(Math.max(1, Math.min(nextBorder() - clock(), MAX_TIMER_MS)), () => {
      cancel = null
      notify()
    })
  }
}
