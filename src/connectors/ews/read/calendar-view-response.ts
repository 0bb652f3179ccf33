/** The reply to FindItem with CalendarView as CalendarEvents. */
import type { CalendarEvent, Instant, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { isMidnight, offsetsOf, startOfDay } from '../../../lib/time-zone.ts'
import type { Visitor } from '../../net/xml-reader.ts'
import { copyText } from '../soap/copy-text.ts'
import { instantOfDateTime } from '../soap/date-time.ts'
import { toBusyStatus, toResponse, toVisibility } from '../soap/enum-mapping.ts'
import { createStatusReader, malformedElement, type ResponseStatus } from '../soap/response.ts'
import { maxEventsPerCalendar, tooManyEventsError } from '../soap/soap-dialect.ts'

export interface CalendarViewReader extends Visitor {
  readonly events: readonly CalendarEvent[]
  /** Null where nothing was answered. */
  readonly status: ResponseStatus | null
  /** False where the view was cut. */
  readonly isComplete: boolean
  readonly fault: RemoteError | null
  /** Whether a series was expanded: an Occurrence or Exception was shown. */
  readonly hasOccurrence: boolean
  /** Series as they are stored, which a view must not show. */
  readonly masters: readonly Span[]
  /** Items, whatever they are. */
  readonly count: number
}

/** The fields that are read; all are of the schema of 2007 SP1, and none costs the server a look at the item itself. */
export const calendarViewFields = [
  'item:Subject',
  'item:Sensitivity',
  'item:Categories',
  'calendar:Start',
  'calendar:End',
  'calendar:IsAllDayEvent',
  'calendar:LegacyFreeBusyStatus',
  'calendar:IsCancelled',
  'calendar:MyResponseType',
  'calendar:CalendarItemType'
] as const

/** `zone` is that of the calendar's owner (IANA): it says where whole days begin. */
export function calendarViewReader(zone: string): CalendarViewReader {
  const events: CalendarEvent[] = []
  const statusReader = createStatusReader()
  let answered = false
  let whole = true
  let fault: RemoteError | null = null
  let hasOccurrence = false
  let count = 0
  const masters: Span[] = []
  let item: Record<string, string> | null = null
  let categories: string[] = []

  function finish(read: Record<string, string>): void {
    if (events.length >= maxEventsPerCalendar) throw tooManyEventsError()
    count += 1
    hasOccurrence ||= read.CalendarItemType === 'Occurrence' || read.CalendarItemType === 'Exception'
    const start = instantOfDateTime(read.Start ?? '')
    const end = instantOfDateTime(read.End ?? '')
    if (!read.ItemId) fault ??= malformedElement('ItemId')
    else if (start === null) fault ??= malformedElement('Start')
    else if (end === null || end < start) fault ??= malformedElement('End')
    // A server that answers with masters does not expand them: what a master says is not when its occurrences are.
    else if (read.CalendarItemType === 'RecurringMaster') {
      masters.push({ start, end })
      fault ??= unexpandedSeriesError('connection')
    } else events.push(eventOf(read, start, end, categories, zone))
  }

  // The depths are counted from the envelope: 5 the response message, 8 an item, 9 its members.
  return {
    events,
    masters,
    get hasOccurrence() {
      return hasOccurrence
    },
    get count() {
      return count
    },
    get status() {
      return answered ? statusReader.status() : null
    },
    get isComplete() {
      return whole
    },
    get fault() {
      return fault
    },
    open(name, depth, attributes) {
      if (depth === 8 && name === 'CalendarItem') {
        item = {}
        categories = []
      } else if (depth === 9 && name === 'ItemId' && item !== null) item.ItemId = attributes.Id ?? ''
      else if (depth === 6 && name === 'RootFolder') whole = attributes.IncludesLastItemInRange !== 'false'
      else if (depth === 7) statusReader.open(name, attributes)
      else if (depth === 5) answered = true
    },
    close(name, depth, text) {
      if (depth === 9) {
        if (item !== null && name !== 'ItemId') item[name] = text
      } else if (depth === 10) {
        if (item !== null && name === 'String' && text !== '') categories.push(copyText(text))
      } else if (depth === 8) {
        if (item !== null) finish(item)
        item = null
      } else if (depth === 6 || depth === 7) statusReader.close(name, text)
    }
  }
}

/** calendarview.md: "single calendar items and all occurrences". Some servers that speak EWS give masters instead. */
export function unexpandedSeriesError(scope: RemoteError['scope']): RemoteError {
  return new RemoteError(
    'protocol_error',
    "This server does not expand series into occurrences in FindItem with CalendarView: set the connection's access to delegate, which reads by GetUserAvailability, and grant the account Reviewer on the calendars.",
    { scope }
  )
}

function eventOf(
  read: Record<string, string>,
  start: Instant,
  end: Instant,
  categories: readonly string[],
  zone: string
): CalendarEvent {
  const busy = toBusyStatus(read.LegacyFreeBusyStatus ?? '')
  const allDay = read.IsAllDayEvent === 'true' || read.IsAllDayEvent === '1'
  const first = allDay ? midnightNear(zone, start) : start
  return {
    id: copyText(read.ItemId ?? ''),
    subject: copyText(read.Subject ?? ''),
    start: first,
    end: allDay ? Math.max(midnightNear(zone, end), midnightNear(zone, first + 86_400_000)) : end,
    allDay,
    busy,
    visibility: toVisibility(read.Sensitivity ?? ''),
    cancelled: read.IsCancelled === 'true' || read.IsCancelled === '1',
    response: toResponse(read.MyResponseType ?? '', busy),
    categories
  }
}

/** Whole days are kept as the midnights of the zone in which they were entered; the day that is meant is the nearest. */
function midnightNear(zone: string, instant: Instant): Instant {
  if (isMidnight(zone, instant)) return instant
  const noon = instant + 43_200_000
  const wall = new Date(noon + offsetsOf(zone)(noon))
  return startOfDay(zone, wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate())
}
