/**
 * The port to notices that come over the web: what is posted to `/notifications/…` becomes Notices, if it proves genuine.
 *
 * It knows no mailbox, no user and no store, and costs next to nothing: whoever knows the address can post to it.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { LifecycleEvent } from './connector.ts'

/** The far side said something of one watched calendar. */
export interface CalendarNotification {
  readonly tenant: string
  /** `Watched.name`. */
  readonly targetId: string
  readonly event: 'changed' | LifecycleEvent
}

/** `replayed`: the very same was heard before. `unknown`: genuine, but of nothing that is watched here. */
export const dropReasons = ['malformed', 'invalid_signature', 'replayed', 'unknown'] as const
export type DropReason = (typeof dropReasons)[number]

export interface NotificationVerifier {
  /** `body` is whatever JSON was posted. Never throws. */
  verify(body: unknown, now: Instant): VerifiedNotifications
}

export interface VerifiedNotifications {
  readonly accepted: readonly CalendarNotification[]
  /** How many were dropped, and why. */
  readonly dropped: ReadonlyMap<DropReason, number>
}
