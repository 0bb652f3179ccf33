/** Graph's events as CalendarEvents. Runs for every event of every read, so it looks at each member once. */
import type {
  BusyStatus,
  CalendarEvent,
  Instant,
  Response,
  Span,
  Visibility
} from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { ianaZone, isMidnight, localInstant, startOfDay } from '../../../lib/time-zone.ts'
import { membersOf } from '../client/batch-response.ts'

/** What is read of an event, as `$select` takes it. */
export const selectedProperties =
  'id,subject,start,end,isAllDay,showAs,sensitivity,isCancelled,responseStatus,categories'

/**
 * The events of one page (the body of a calendarView's answer, as parsed), days by the clock of `timeZone` (IANA).
 * Throws RemoteError `protocol_error` that names the member when an event cannot be read: one that was left out would
 * read as "available".
 */
export function parseCalendarEvents(page: unknown, timeZone: string): CalendarEvent[] {
  const { value } = membersOf(page)
  if (!Array.isArray(value)) throw unreadable('value')
  const events = new Array<CalendarEvent>(value.length)
  for (let index = 0; index < value.length; index += 1)
    events[index] = parseCalendarEvent(value[index], index, timeZone)
  return events
}

function parseCalendarEvent(item: unknown, index: number, timeZone: string): CalendarEvent {
  const event = membersOf(item)
  const { id, subject, categories } = event
  if (typeof id !== 'string') throw unreadable(`value[${index}].id`)
  if (typeof subject !== 'string' && subject !== null && subject !== undefined) {
    throw unreadable(`value[${index}].subject`)
  }
  const allDay = parseFlag(event.isAllDay, index, 'isAllDay')
  const span = allDay ? wholeDays(event.start, event.end, timeZone) : null
  const start = span?.start ?? parseDateTimeTimeZone(event.start)
  if (start === null) throw unreadable(`value[${index}].start`)
  const end = span?.end ?? parseDateTimeTimeZone(event.end)
  if (end === null || end < start) throw unreadable(`value[${index}].end`)
  const busy = parseShowAs(event.showAs)
  return {
    id,
    subject: subject ?? '',
    start,
    end,
    allDay,
    busy,
    visibility: parseSensitivity(event.sensitivity),
    cancelled: parseFlag(event.isCancelled, index, 'isCancelled'),
    response: parseResponseStatus(event.responseStatus, busy),
    categories: parseCategories(categories, index)
  }
}

function parseFlag(value: unknown, index: number, member: string): boolean {
  if (typeof value === 'boolean') return value
  if (value === null || value === undefined) return false
  throw unreadable(`value[${index}].${member}`)
}

/** Graph's spelling varies between its pages ("Busy", "busy"); what is new or missing is unknown. */
export function parseShowAs(showAs: unknown): BusyStatus {
  const known = statuses.get(showAs)
  if (known !== undefined) return known
  return (typeof showAs === 'string' && statuses.get(showAs.toLowerCase())) || 'unknown'
}

const statuses = new Map<unknown, BusyStatus>([
  ['free', 'free'],
  ['tentative', 'tentative'],
  ['busy', 'busy'],
  ['oof', 'oof'],
  ['workingElsewhere', 'workingElsewhere'],
  ['workingelsewhere', 'workingElsewhere']
])

/** `personal` hides nothing (outlook-get-free-busy-schedule). An unknown value counts as private. */
function parseSensitivity(sensitivity: unknown): Visibility {
  if (sensitivity === 'normal' || sensitivity === null || sensitivity === undefined) return 'normal'
  const known = typeof sensitivity === 'string' ? sensitivity.toLowerCase() : ''
  if (known === 'normal' || known === 'personal') return 'normal'
  return known === 'confidential' ? 'confidential' : 'private'
}

const responses = new Map<unknown, Response>([
  ['none', 'none'],
  ['organizer', 'organizer'],
  ['accepted', 'accepted'],
  ['tentativelyAccepted', 'tentative'],
  ['declined', 'declined'],
  ['notResponded', 'notResponded']
])

/** Where Graph does not say, Tentative counts as unanswered. */
function parseResponseStatus(responseStatus: unknown, busy: BusyStatus): Response {
  const known = responses.get(membersOf(responseStatus).response)
  return known ?? (busy === 'tentative' ? 'notResponded' : 'organizer')
}

const none: readonly string[] = []

function parseCategories(value: unknown, index: number): readonly string[] {
  if (value === null || value === undefined) return none
  if (!Array.isArray(value)) throw unreadable(`value[${index}].categories`)
  for (const category of value) {
    if (typeof category !== 'string') throw unreadable(`value[${index}].categories`)
  }
  return value.length === 0 ? none : value
}

/**
 * For an all-day event Graph sends dates: floating midnights, whatever zone they are written in, so they are the dates as
 * written, by the owner's clock. Where they are no midnights (some clients write an all-day event by their own clock), days of the
 * owner's that the instants fill exactly are those; else the date as written and as many days as it lasts. Null when
 * either is no time.
 */
function wholeDays(start: unknown, end: unknown, timeZone: string): Span | null {
  const first = localTimeOf(start)
  const last = localTimeOf(end)
  if (first === null || last === null || last < first) return null
  if (first % dayMs !== 0 || last % dayMs !== 0) {
    const [from, to] = [parseDateTimeTimeZone(start), parseDateTimeTimeZone(end)]
    const fills = (instant: Instant | null) => instant !== null && isMidnight(timeZone, instant)
    if (from !== null && to !== null && from < to && fills(from) && fills(to)) return { start: from, end: to }
  }
  const date = Math.floor(first / dayMs) * dayMs
  const days = Math.max(1, Math.round((last - first) / dayMs))
  return { start: midnightOf(date, timeZone), end: midnightOf(date + days * dayMs, timeZone) }
}

function midnightOf(localTime: number, timeZone: string): Instant {
  const date = new Date(localTime)
  return startOfDay(timeZone, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

/** `{ dateTime, timeZone }` of Graph as an instant; null when it is none. */
export function parseDateTimeTimeZone(value: unknown): Instant | null {
  const localTime = localTimeOf(value)
  if (localTime === null) return null
  const { timeZone } = membersOf(value)
  return timeZone === 'UTC' ? localTime : instantInZone(localTime, timeZone)
}

function localTimeOf(value: unknown): number | null {
  const { dateTime } = membersOf(value)
  return typeof dateTime === 'string' ? parseLocalTime(dateTime) : null
}

const dayMs = 86_400_000
const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?$/

/** Of `2026-11-23T11:00:00.0000000`, as if it were UTC; to the second, as calendars are. */
function parseLocalTime(text: string): number | null {
  if (!shape.test(text)) return null
  const year = four(text, 0)
  const month = two(text, 5)
  const dayOfMonth = two(text, 8)
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  if (year < 1000 || month < 1 || month > 12 || dayOfMonth < 1 || hour > 23 || minute > 59 || second > 59)
    return null
  const localTime = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second)
  return dayOfMonth > 28 && new Date(localTime).getUTCDate() !== dayOfMonth ? null : localTime
}

function two(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
}

function four(text: string, at: number): number {
  return two(text, at) * 100 + two(text, at + 2)
}

/** UTC was asked for; what comes in another zone all the same is still read right. */
function instantInZone(localTime: number, stated: unknown): Instant | null {
  if (typeof stated !== 'string') return null
  const zone = /^(?:tzone:\/\/Microsoft\/Utc|Coordinated Universal Time)$/i.test(stated)
    ? 'UTC'
    : ianaZone(stated)
  if (zone === null) return null
  const time = new Date(localTime)
  return localInstant(zone, {
    year: time.getUTCFullYear(),
    month: time.getUTCMonth() + 1,
    day: time.getUTCDate(),
    hour: time.getUTCHours(),
    minute: time.getUTCMinutes(),
    second: time.getUTCSeconds()
  })
}

function unreadable(member: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `Graph's ${member} is missing or not as documented, so the calendar was not read: report it, and look at that event in Outlook.`
  )
}
