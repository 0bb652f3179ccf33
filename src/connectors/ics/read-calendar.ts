/** One calendar's text as CalendarEvents: the whole reading, with no I/O. It runs in a thread of its own. */
import type { CalendarEvent, Instant, Span } from '../../domain/calendar-event.ts'
import type { CalendarRead, PartialRead } from '../connector.ts'
import { UnreadableCalendar, UnreadableEvent } from './errors.ts'
import { type EventFields, readEventFields } from './event-fields.ts'
import { type Occurrence, occurrencesOf, type Series, seriesOf } from './expand-series.ts'
import { type FileZones, fileZones } from './file-zones.ts'
import { findOwnerContext } from './owner-context.ts'
import { parseComponents, type RawComponent } from './parse-components.ts'
import type { Budget } from './recurrence.ts'
import { readVEvent, type VEvent } from './vevent.ts'

export interface ReadCalendarRequest {
  readonly text: string
  /** Only to find the owner's address in it. */
  readonly mailbox: string
  readonly timeZone: string
  readonly window: Span
  readonly subjects: boolean
  readonly limits: ReadLimits
}

export interface ReadLimits {
  /** Occurrences that touch the window. */
  readonly maxOccurrences: number
  /** Occurrences that have to be worked out to find them. */
  readonly maxSteps: number
}

export type ParsedCalendar = Pick<CalendarRead, 'events' | 'truncatedAt' | 'detail' | 'partialRead'>

/** Throws UnreadableCalendar. */
export function readCalendar(request: ReadCalendarRequest): ParsedCalendar {
  const { window, timeZone, limits } = request
  const calendars = parseComponents(request.text)
  const components = calendars.flatMap((calendar) => calendar.parts)
  const raw = components.filter(({ name }) => name === 'VEVENT')
  if (raw.length === 0 && components.some(({ name }) => name === 'VFREEBUSY')) {
    throw new UnreadableCalendar('it holds free/busy times and no events: publish the calendar itself')
  }
  const skipped: UnreadableEvent[] = []
  const budget = { steps: limits.maxSteps }
  const zones = fileZones(calendars, timeZone, new Date(window.end).getUTCFullYear() + 10)
  const series = seriesOf(eventsIn(raw, zones, skipped), zones)
  const setting = findOwnerContext(calendars, request.mailbox)
  const describe = memoize((event: VEvent) => readEventFields(event.raw, setting))

  const events: CalendarEvent[] = []
  for (const occurrence of expandAll(series, window, zones, budget)) {
    if (events.length === limits.maxOccurrences) {
      throw new UnreadableCalendar(
        `it has more than ${limits.maxOccurrences} occurrences in the time that is read`
      )
    }
    events.push(eventOf(occurrence, describe(occurrence.event)))
  }
  const saw = hasSubjects(events) ? 'subjects' : 'availability'
  return {
    events,
    truncatedAt: findTruncation(events, series, window, zones, budget, describe),
    detail: saw,
    partialRead: partialReadOf(skipped, zones, saw, request)
  }
}

/** The events that can be placed in time; the others go to `left`. */
function eventsIn(raw: readonly RawComponent[], zones: FileZones, skipped: UnreadableEvent[]): VEvent[] {
  return raw.flatMap((component) => {
    try {
      const event = readVEvent(component)
      zones.instant(event.start)
      return [event]
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error
      skipped.push(error)
      return []
    }
  })
}

function* expandAll(
  series: readonly Series[],
  window: Span,
  zones: FileZones,
  budget: Budget
): Generator<Occurrence> {
  for (const one of series) yield* occurrencesOf(one, window, zones, budget)
}

function eventOf({ start, end, allDay, event }: Occurrence, details: EventFields): CalendarEvent {
  return { id: `${event.uid}/${start}`, start, end, allDay, ...details }
}

/**
 * `CalendarRead.unreadAt`, over the events that count at all: cancelled, declined and empty ones neither end a run
 * nor carry it on.
 */
function findTruncation(
  events: readonly CalendarEvent[],
  series: readonly Series[],
  window: Span,
  zones: FileZones,
  budget: Budget,
  describe: (event: VEvent) => EventFields
): Instant | null {
  let last = Number.NEGATIVE_INFINITY
  for (const event of events) if (counts(event, event)) last = Math.max(last, event.end)
  if (last < window.end) return null
  try {
    for (const occurrence of expandAll(series, { start: last, end: last + 1 }, zones, budget)) {
      const unread = occurrence.start >= window.end && occurrence.end > last
      if (unread && counts(occurrence, describe(occurrence.event))) return last
    }
  } catch (error) {
    if (!(error instanceof UnreadableCalendar)) throw error
    // Too much to be worked out that far ahead: then nobody knows, which is what it says.
    return last
  }
  return null
}

function counts(span: Span, details: Pick<EventFields, 'cancelled' | 'response'>): boolean {
  return span.start < span.end && !details.cancelled && details.response !== 'declined'
}

/** What Outlook, Exchange and Google write for a subject when they publish availability alone. */
const placeholders = new Set(
  [
    ...['busy', 'free', 'tentative', 'away', 'out of office', 'working elsewhere'],
    ...['upptagen', 'ledig', 'preliminär', 'frånvarande', 'inte på kontoret', 'arbetar någon annanstans'],
    ...['opptatt', 'optaget', 'varattu']
  ].map((word) => word.normalize('NFC'))
)

function hasSubjects(events: readonly CalendarEvent[]): boolean {
  if (events.length === 0) return true
  return events.some(({ subject }) => {
    const word = subject.trim().toLowerCase().normalize('NFC')
    return word !== '' && !placeholders.has(word)
  })
}

function partialReadOf(
  skipped: readonly UnreadableEvent[],
  zones: FileZones,
  saw: ParsedCalendar['detail'],
  request: ReadCalendarRequest
): PartialRead | null {
  const [firstLeft] = skipped
  if (firstLeft !== undefined) {
    const many = skipped.length === 1 ? '1 event is' : `${skipped.length} events are`
    const hint = `${many} left out because the calendar file is wrong there: line ${firstLeft.line}: ${firstLeft.message}. The others are read.`
    return { code: 'protocol_error', hint }
  }
  const [line] = zones.unknown
  if (line !== undefined) {
    const hint = `Line ${line} of the calendar file names a time zone that is neither known nor defined in the file: such times are read as in ${request.timeZone}.`
    return { code: 'protocol_error', hint }
  }
  if (saw === 'availability' && request.subjects) {
    const hint =
      'The calendar is published without subjects, so triggers cannot match: publish it with full details, or use availability rules.'
    return { code: 'subject_not_readable', hint }
  }
  return null
}

function memoize<In extends object, Out>(make: (key: In) => Out): (key: In) => Out {
  const made = new WeakMap<In, Out>()
  return (key) => {
    let value = made.get(key)
    if (value === undefined) {
      value = make(key)
      made.set(key, value)
    }
    return value
  }
}
