/** A calendar event as every connector hands it over: one occurrence, in UTC instants, free of any protocol. */

export const busyStatuses = ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown'] as const
export type BusyStatus = (typeof busyStatuses)[number]

export const visibilities = ['normal', 'private', 'confidential'] as const
export type Visibility = (typeof visibilities)[number]

/** What the calendar's owner answered. `none`: no answer was requested, as in an event of one's own. */
export const responses = ['none', 'organizer', 'accepted', 'tentative', 'declined', 'notResponded'] as const
export type Response = (typeof responses)[number]

/** An instant: epoch milliseconds, UTC. */
export type Instant = number

/** Half-open: an instant belongs to it when `start <= instant < end`. */
export interface Span {
  readonly start: Instant
  readonly end: Instant
}

export interface CalendarEvent extends Span {
  /** The protocol's own id of this occurrence, or one that the connector makes. It is never stored. */
  readonly id: string
  /** Empty where it is missing or may not be seen. It is never stored and never logged. */
  readonly subject: string
  /** Whole days, midnight to midnight in the owner's zone; `start` and `end` already are those midnights. */
  readonly allDay: boolean
  readonly busy: BusyStatus
  readonly visibility: Visibility
  readonly cancelled: boolean
  readonly response: Response
  /** Outlook's categories, or those of RFC 5545 section 3.8.1.2. */
  readonly categories: readonly string[]
}
