/** Those who wait for a tenant's next turn: an entry of its log, or a border in time. */
import type { Instant } from '../domain/calendar-event.ts'
import type { After } from '../lib/timers.ts'

export interface Turns {
  /** How often anything has turned, so that a turn between looking and waiting is not slept through. */
  readonly count: number
  readonly awaited: boolean
  /** Wakes everybody. */
  turn(): void
  /** Waits for a turn, the end of the time, or the consumer's leaving. */
  next(milliseconds: number, signal: AbortSignal): Promise<void>
  close(): void
}

/** A timer is set no farther ahead: the clock may be set. */
const LONGEST_TIMER = 60_000

export interface TurnsNeeds {
  readonly nextBorder: () => Instant
  readonly clock: () => Instant
  readonly after: After
}

export function openTurns({ nextBorder, clock, after }: TurnsNeeds): Turns {
  const waiting = new Set<() => void>()
  let count = 0
  let cancel: (() => void) | null = null

  return {
    get count() {
      return count
    },
    get awaited() {
      return waiting.size > 0
    },
    turn,
    next: (milliseconds, signal) =>
      new Promise<void>((resolve) => {
        const over = after(milliseconds, done)
        signal.addEventListener('abort', done, { once: true })
        waiting.add(done)
        armTimer()
        function done(): void {
          over()
          signal.removeEventListener('abort', done)
          waiting.delete(done)
          resolve()
        }
      }),
    close: () => cancel?.()
  }

  function turn(): void {
    count++
    for (const done of [...waiting]) done()
  }

  /** One timer for each tenant, and only while somebody waits: idle tenants cost nothing. */
  function armTimer(): void {
    cancel?.()
    cancel = after(Math.max(1, Math.min(nextBorder() - clock(), LONGEST_TIMER)), () => {
      cancel = null
      turn()
    })
  }
}
