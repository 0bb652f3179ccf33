/** Events from protocols that show availability only: missing flags are derived from times and busy status. */
import type { BusyStatus, CalendarEvent, Instant } from './calendar-event.ts'

export interface AvailabilityItem {
  readonly id: string
  /** Empty where it may not be seen. */
  readonly subject: string
  readonly start: Instant
  readonly end: Instant
  readonly busy: BusyStatus
  readonly private: boolean
}

const noCategories: readonly string[] = []

/**
 * getSchedule and GetUserAvailability lack flags. Midnight to midnight in the user's zone is all-day, Tentative is an
 * unanswered invitation; a declined one cannot be recognised.
 */
export function toCalendarEvent(
  item: AvailabilityItem,
  isMidnight: (instant: Instant) => boolean
): CalendarEvent {
  return {
    id: item.id,
    subject: item.subject,
    start: item.start,
    end: item.end,
    allDay: item.start < item.end && isMidnight(item.start) && isMidnight(item.end),
    busy: item.busy,
    visibility: item.private ? 'private' : 'normal',
    cancelled: false,
    response: item.busy === 'tentative' ? 'notResponded' : 'organizer',
    categories: noCategories
  }
}
