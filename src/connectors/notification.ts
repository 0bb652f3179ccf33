/**
 * The port to notifications that come over the web: what is posted to `/notifications/…` becomes CalendarNotifications, if
 * it proves genuine.
 *
 * It knows no mailbox, no user and no store, and must be cheap: everyone who knows the address can post to it.
 */
import type { Instant } from '../domain/calendar-event.ts'
import type { NotificationEvent } from './connector.ts'

/** The calendar system notified something of one subscribed calendar. */
export interface CalendarNotification {
  readonly tenant: string
  /** `SubscribeRequest.targetId`. */
  readonly targetId: string
  readonly event: NotificationEvent
}

/**
 * `replayed`: the very same came before. `unknown`: genuine, but of nothing that is subscribed here. `not_kept`: refused, so
 * that it is sent again.
 */
export const dropReasons = ['malformed', 'invalid_signature', 'replayed', 'unknown', 'not_kept'] as const
export type DropReason = (typeof dropReasons)[number]

export interface NotificationVerifier {
  /** `body` is whatever JSON was posted. Never throws. */
  verify(body: unknown, now: Instant): VerifiedNotifications
}

export interface VerifiedNotifications {
  readonly accepted: readonly CalendarNotification[]
  /** How many were dropped, and why. */
  readonly dropped: ReadonlyMap<DropReason, number>
  /** What was accepted could not be kept: when it is sent again, it is no replay. */
  forget(): void
}
