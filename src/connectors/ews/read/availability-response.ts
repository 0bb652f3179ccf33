/** The reply to GetUserAvailability as CalendarEvents: one answer for each mailbox, in the order of the request. */
import { toCalendarEvent } from '../../../domain/availability.ts'
import type { CalendarEvent, Instant } from '../../../domain/calendar-event.ts'
import type { RemoteError } from '../../../errors.ts'
import { isMidnight } from '../../../lib/time-zone.ts'
import type { Visitor } from '../../net/xml-reader.ts'
import { copyText } from '../soap/copy-text.ts'
import { instantOfDateTime } from '../soap/date-time.ts'
import { toBusyStatus } from '../soap/enum-mapping.ts'
import { createStatusReader, malformedElement, type ResponseStatus } from '../soap/response.ts'
import { maxEventsPerCalendar, tooManyEventsError } from '../soap/soap-dialect.ts'

/** What one mailbox showed. */
export interface Availability {
  readonly status: ResponseStatus
  /** FreeBusyViewType: what our rights are worth there. */
  readonly view: string
  readonly events: readonly CalendarEvent[]
  /** Where an event cannot be read: one that was left out would read as "available". */
  readonly fault: RemoteError | null
}

export interface AvailabilityReader extends Visitor {
  readonly found: readonly Availability[]
}

/** Shorter than any day, those of a clock change too. */
const minAllDayMs = 22 * 3_600_000

/** `zones` are those of the mailboxes, in the order of the request (IANA). */
export function availabilityReader(zones: readonly string[]): AvailabilityReader {
  const found: Availability[] = []
  const statusReader = createStatusReader()
  let view = ''
  let events: CalendarEvent[] = []
  let fault: RemoteError | null = null
  let inMailbox = false
  let inEvent = false
  let start: Instant | null = null
  let end: Instant | null = null
  let busy = ''
  let subject = ''
  let hidden = false

  function finish(): void {
    if (start === null || end === null || end < start) {
      fault ??= malformedElement(start === null ? 'StartTime' : 'EndTime')
      return
    }
    if (events.length >= maxEventsPerCalendar) throw tooManyEventsError()
    const zone = zones[found.length] ?? 'UTC'
    const long = end - start >= minAllDayMs
    events.push(
      toCalendarEvent(
        // Their own ids will not do: a series' occurrences share one.
        { id: String(events.length), subject, start, end, busy: toBusyStatus(busy), private: hidden },
        (instant) => long && isMidnight(zone, instant)
      )
    )
  }

  // The depths are counted from the envelope: 3 the response, 5 a mailbox, 8 an event, 10 its details.
  return {
    found,
    open(name, depth, attributes) {
      if (depth === 8) {
        if (name === 'CalendarEvent' && inMailbox) {
          inEvent = true
          start = end = null
          busy = subject = ''
          hidden = false
        } else statusReader.open(name, attributes)
      } else if (depth === 5 && name === 'FreeBusyResponse') {
        inMailbox = true
        statusReader.reset()
        view = ''
        events = []
        fault = null
      }
    },
    close(name, depth, text) {
      if (depth === 10) {
        if (!inEvent) return
        if (name === 'Subject') subject = copyText(text)
        else if (name === 'IsPrivate') hidden = text !== 'false' && text !== '0'
      } else if (depth === 9) {
        if (!inEvent) return
        if (name === 'StartTime') start = instantOfDateTime(text)
        else if (name === 'EndTime') end = instantOfDateTime(text)
        else if (name === 'BusyType') busy = text
      } else if (depth === 8) {
        if (!inEvent) statusReader.close(name, text)
        else {
          inEvent = false
          finish()
        }
      } else if (depth === 7) {
        if (name === 'FreeBusyViewType') view = text.trim()
        else if (name === 'ResponseCode') statusReader.close(name, text)
      } else if (depth === 5 && inMailbox) {
        inMailbox = false
        found.push({ status: statusReader.status(), view, events, fault })
      }
    }
  }
}
