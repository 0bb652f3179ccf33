/** Whether a calendar goes on where what was read of it ends: what `CalendarRead.unreadAt` is made of. */
import type { CalendarEvent, Instant, Span } from '../domain/calendar-event.ts'

/** The end of the last event that counts; -Infinity where there is none. */
export function latestEnd(events: readonly CalendarEvent[]): Instant {
  return events.filter(counts).reduce((last, { end }) => Math.max(last, end), Number.NEGATIVE_INFINITY)
}

/** Whether an event that begins beyond the window holds at the instant. */
export function continuesAt(instant: Instant, events: readonly CalendarEvent[], window: Span): boolean {
  return events.some(
    (event) => counts(event) && event.start >= window.end && event.start <= instant && instant < event.end
  )
}

/** What was cancelled or declined never counts, so neither does it go on. */
function counts({ cancelled, response }: CalendarEvent): boolean {
  return !cancelled && response !== 'declined'
}
