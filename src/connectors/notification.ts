/**
 * The port to notices that come over the web: what is posted to `/notices/…` becomes Notices, if it proves genuine.
 *
 * It knows no mailbox, no user and no store, and costs next to nothing: whoever knows the address can post to it.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { WatchNews } from './connector.ts'

/** The far side said something of one watched calendar. */
export interface Notice {
  readonly tenant: string
  /** `Watched.name`. */
  readonly target: string
  readonly news: 'changed' | WatchNews
}

/** `replayed`: the very same was heard before. `unknown`: genuine, but of nothing that is watched here. */
export const dropReasons = ['malformed', 'forged', 'replayed', 'unknown'] as const
export type DropReason = (typeof dropReasons)[number]

export interface NoticeGate {
  /** `body` is whatever JSON was posted. Never throws. */
  receive(body: unknown, now: Instant): Received
}

export interface Received {
  readonly genuine: readonly Notice[]
  /** How many were dropped, and why. */
  readonly dropped: ReadonlyMap<DropReason, number>
}
