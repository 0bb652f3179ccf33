/** How one tenant's connection fares as a whole: what hits it is hit by everybody who is read over it. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Timers } from '../../lib/timers.ts'
import { type NotificationsState, noNotifications } from '../notifications/target-subscriptions.ts'
import type { Delay } from '../queue/queue.ts'
import { retryDelay } from '../queue/retry-policy.ts'

export const connectionStates = ['absent', 'untried', 'working', 'failing'] as const

/** Plain JSON: other processes are told of it. */
export interface ConnectionState {
  /** `absent`: there is none. `untried`: nothing was read over it since it was opened. */
  readonly state: (typeof connectionStates)[number]
  /** When that state began. */
  readonly since: Instant
  readonly fault: { readonly code: SyncCode; readonly hint: string } | null
  /** When it is tried again after a failure. */
  readonly nextReadAt: Instant | null
  readonly notifications: NotificationsState
}

/** What a tenant has that has no connection. */
export function absentConnection(since: Instant): ConnectionState {
  return { state: 'absent', since, fault: null, nextReadAt: null, notifications: noNotifications }
}

/** `changedAt`: which connection it is that fares so. Null: there is none. */
export interface PublishedStatus {
  readonly state: ConnectionState
  readonly changedAt: Instant | null
}

export interface ConnectionHealth {
  readonly state: ConnectionState
  /** What keeps everybody from being read at present. */
  readonly fault: RemoteError | null
  onOpened(): void
  onClosed(): void
  /** Says whether it failed before. */
  recordSuccess(): boolean
  /** How long to stay away; says whether it is another trouble than before. */
  recordFailure(error: RemoteError): { readonly pause: Delay; readonly news: boolean }
  /** An operator does not wait for the end of our own pause. */
  endOwnPause(): void
  /** The notices are in another state. */
  publish(): void
  close(): void
}

/** Milliseconds between two tellings. */
const tellingInterval = 1_000

/** `tell` is called with every new state, though not more often than once in a second; `now` can be asked at any time. */
export function createConnectionHealth(
  notices: () => NotificationsState,
  tell: (state: ConnectionState) => void,
  {
    clock,
    timers,
    random
  }: { readonly clock: () => Instant; readonly timers: Timers; readonly random: () => number }
): ConnectionHealth {
  let state: ConnectionState['state'] = 'absent'
  let since = clock()
  let trouble: RemoteError | null = null
  let failures = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let by: Delay['source'] = 'us'
  let toldAt = Number.NEGATIVE_INFINITY
  let cancelTelling: (() => void) | null = null
  let closed = false

  return {
    get state() {
      return present()
    },
    get fault() {
      return trouble
    },
    onOpened: () => become('untried', null),
    onClosed: () => become('absent', null),
    recordSuccess() {
      const failedBefore = state === 'failing'
      become('working', null)
      return failedBefore
    },
    recordFailure(error) {
      const now = timers.now()
      // Batches that were on their way together failed once.
      if (pausedUntil <= now) failures += 1
      const news = trouble?.code !== error.code || trouble.hint !== error.hint
      const pause = retryDelay(error, failures, random())
      become('failing', error)
      if (now + pause.delayMs > pausedUntil) {
        pausedUntil = now + pause.delayMs
        by = pause.source
      }
      return { pause, news }
    },
    endOwnPause() {
      if (by === 'us') pausedUntil = timers.now()
      turned()
    },
    publish: turned,
    close() {
      closed = true
      cancelTelling?.()
    }
  }

  function present(): ConnectionState {
    const left = pausedUntil - timers.now()
    return {
      state,
      since,
      fault: trouble === null ? null : { code: trouble.code, hint: trouble.hint },
      nextReadAt: trouble !== null && left > 0 ? Math.ceil(clock() + left) : null,
      notifications: notices()
    }
  }

  function turned(): void {
    if (closed || cancelTelling !== null) return
    const wait = Math.max(0, toldAt + tellingInterval - timers.now())
    cancelTelling = timers.after(wait, () => {
      cancelTelling = null
      toldAt = timers.now()
      tell(present())
    })
  }

  function become(next: ConnectionState['state'], error: RemoteError | null): void {
    // That it goes on working is no news.
    if (next !== 'working' || state !== 'working') turned()
    if (next !== state) since = clock()
    state = next
    trouble = error
    if (next === 'failing') return
    failures = 0
    pausedUntil = Number.NEGATIVE_INFINITY
  }
}
