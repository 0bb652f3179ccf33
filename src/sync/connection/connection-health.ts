/** How one tenant's connection fares as a whole: what hits it is hit by everybody who is read over it. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Timers } from '../../lib/timers.ts'
import { type NoticesState, noNotices } from '../notifications/watch-manager.ts'
import type { Pause } from '../queue/queue.ts'
import { pauseAfter } from '../queue/retry-policy.ts'

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
  readonly notices: NoticesState
}

/** What a tenant has that has no connection. */
export function absentSince(since: Instant): ConnectionState {
  return { state: 'absent', since, fault: null, nextReadAt: null, notices: noNotices }
}

/** `changedAt`: which connection it is that fares so. Null: there is none. */
export interface Posted {
  readonly state: ConnectionState
  readonly changedAt: Instant | null
}

export interface Health {
  readonly now: ConnectionState
  /** What keeps everybody from being read at present. */
  readonly trouble: RemoteError | null
  opened(): void
  closed(): void
  /** Says whether it failed before. */
  answered(): boolean
  /** How long to stay away; says whether it is another trouble than before. */
  failed(error: RemoteError): { readonly pause: Pause; readonly news: boolean }
  /** An operator does not wait for the end of our own pause. */
  triedAnyway(): void
  /** The notices are in another state. */
  turned(): void
  close(): void
}

/** Milliseconds between two tellings. */
const tellingInterval = 1_000

/** `tell` is called with every new state, though not more often than once in a second; `now` can be asked at any time. */
export function openHealth(
  notices: () => NoticesState,
  tell: (state: ConnectionState) => void,
  {
    clock,
    timers,
    random
  }: { readonly clock: () => Instant; readonly timers: Timers; readonly random: () => number }
): Health {
  let state: ConnectionState['state'] = 'absent'
  let since = clock()
  let trouble: RemoteError | null = null
  let failures = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let by: Pause['by'] = 'us'
  let toldAt = Number.NEGATIVE_INFINITY
  let cancelTelling: (() => void) | null = null
  let closed = false

  return {
    get now() {
      return present()
    },
    get trouble() {
      return trouble
    },
    opened: () => become('untried', null),
    closed: () => become('absent', null),
    answered() {
      const failedBefore = state === 'failing'
      become('working', null)
      return failedBefore
    },
    failed(error) {
      const now = timers.now()
      // Batches that were on their way together failed once.
      if (pausedUntil <= now) failures += 1
      const news = trouble?.code !== error.code || trouble.hint !== error.hint
      const pause = pauseAfter(error, failures, random())
      become('failing', error)
      if (now + pause.milliseconds > pausedUntil) {
        pausedUntil = now + pause.milliseconds
        by = pause.by
      }
      return { pause, news }
    },
    triedAnyway() {
      if (by === 'us') pausedUntil = timers.now()
      turned()
    },
    turned,
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
      notices: notices()
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
