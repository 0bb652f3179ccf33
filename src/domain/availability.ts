/** Events from protocols that tell only availability: what such a protocol does not say is read from what it does. */
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

/** How servers in the Nordic languages and English begin the subject of a meeting that its organiser called off. */
const cancelledMark = /^(?:Canceled|Cancelled|Inställt|Avlyst|Aflyst|Peruutettu):/iu

const noCategories: readonly string[] = []

/** Looks closer only at subjects with a colon in about the right place: this is asked of every event of every poll. */
function isCalledOff(subject: string): boolean {
  const colon = subject.indexOf(':')
  return colon >= 6 && colon <= 16 && cancelledMark.test(subject.slice(0, colon + 1).normalize('NFC'))
}

/**
 * getSchedule and GetUserAvailability lack flags. Midnight to midnight in the user's zone is all-day, a subject that
 * begins `Inställt:` is cancelled, Tentative is an invitation that nobody answered; declined cannot be known.
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
    cancelled: isCalledOff(item.subject),
    response: item.busy === 'tentative' ? 'notResponded' : 'organizer',
    categories: noCategories
  }
}
