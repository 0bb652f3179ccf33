/** The times of one VEVENT: when it begins, how long it lasts, how it recurs. */
import { UnreadableEvent } from './errors.ts'
import type { FileZones } from './file-zones.ts'
import type { RawComponent } from './parse-components.ts'
import {
  type CalendarDuration,
  type CalendarPeriod,
  type CalendarTime,
  parseProperty,
  propertiesNamed,
  type RuleProperty,
  readDuration,
  readKeyword,
  readParameter,
  readRules,
  readText,
  readTime,
  readTimes,
  wholeDays
} from './properties.ts'

export interface VEvent {
  readonly raw: RawComponent
  readonly uid: string
  readonly sequence: number
  readonly start: CalendarTime
  readonly end: CalendarTime | CalendarDuration | null
  readonly rules: readonly RuleProperty[]
  readonly exRules: readonly RuleProperty[]
  readonly exDates: readonly CalendarTime[]
  readonly rDates: readonly (CalendarTime | CalendarPeriod)[]
  /** Which occurrence of its series this one replaces. */
  readonly replaces: CalendarTime | null
  readonly andFuture: boolean
}

const DAY = 86_400_000
/** RFC 3339 writes years in four digits. */
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59)

/** Throws UnreadableEvent where the event cannot be placed in time. */
export function readVEvent(raw: RawComponent, zones: FileZones): VEvent {
  const replaces = readTime(raw, 'RECURRENCE-ID')
  const cancelled = readKeyword(raw, 'STATUS') === 'CANCELLED'
  // What is called off need not say when it would have been.
  const start = readTime(raw, 'DTSTART') ?? (cancelled ? replaces : null)
  if (start === null) throw new UnreadableEvent(raw.line, 'the event has no DTSTART')
  const end = readTime(raw, 'DTEND') ?? readDuration(raw)
  const [from, to] = asDays(raw, start, end, zones)
  return {
    raw,
    uid: readText(raw, 'UID').slice(0, 300),
    sequence: Number.parseInt(readText(raw, 'SEQUENCE'), 10) || 0,
    start: from,
    end: to,
    rules: readRules(raw, 'RRULE'),
    exRules: readRules(raw, 'EXRULE'),
    exDates: propertiesNamed(raw, 'EXDATE').flatMap((content) =>
      readTimes(content).map((when) => startOf(when))
    ),
    rDates: propertiesNamed(raw, 'RDATE').flatMap(readTimes),
    replaces,
    andFuture: replaces !== null && isRange(raw)
  }
}

export function startOf(when: CalendarTime | CalendarPeriod): CalendarTime {
  return 'start' in when ? when.start : when
}

/**
 * How long an occurrence lasts. What DTEND gives is an exact duration, the same for all occurrences; what DURATION gives
 * may count days (RFC 5545 section 3.8.5.3). DTEND is exclusive, and a day that ends on itself, as some programs write
 * it, is one day.
 */
export function durationOf(
  start: CalendarTime,
  end: CalendarTime | CalendarDuration | null,
  zones: FileZones
): CalendarDuration {
  if (start.isDate) {
    if (end === null) return { days: 1, time: 0 }
    const days = 'days' in end ? wholeDays(end) : Math.ceil((end.wall - start.wall) / DAY)
    return { days: Math.max(1, days), time: 0 }
  }
  if (end === null) return { days: 0, time: 0 }
  if ('days' in end) return end
  return { days: 0, time: Math.max(0, zones.instant(end) - zones.instant(start)) }
}

/** The end of an occurrence that begins then. */
export function endOf(
  start: CalendarTime,
  instant: number,
  length: CalendarDuration,
  zones: FileZones
): number {
  const days = length.days === 0 ? instant : zones.instantAt(start, start.wall + length.days * DAY)
  return Math.max(instant, Math.min(END_OF_TIME, days + length.time))
}

/** At least as long as any occurrence, in milliseconds: to know how early one may begin that is still running. */
export function maxDurationMs(length: CalendarDuration): number {
  return Math.max(0, length.days * DAY + length.time) + DAY
}

/**
 * Exchange marks whole days beside times that are local midnights, in whatever zone they are written (MS-OXCICAL,
 * X-MICROSOFT-CDO-ALLDAYEVENT).
 */
function asDays(
  raw: RawComponent,
  start: CalendarTime,
  end: CalendarTime | CalendarDuration | null,
  zones: FileZones
): [CalendarTime, CalendarTime | CalendarDuration | null] {
  if (start.isDate || readKeyword(raw, 'X-MICROSOFT-CDO-ALLDAYEVENT') !== 'TRUE') return [start, end]
  const asDay = (time: CalendarTime, wall: number) => ({
    ...time,
    wall,
    isDate: true,
    isUtc: false,
    zone: null
  })
  const first = asDay(start, zones.midnightOf(start) ?? Math.floor(start.wall / DAY) * DAY)
  if (end === null || !('wall' in end)) return [first, end]
  return [first, asDay(end, zones.midnightOf(end) ?? Math.ceil(end.wall / DAY) * DAY)]
}

function isRange(raw: RawComponent): boolean {
  const content = propertiesNamed(raw, 'RECURRENCE-ID')[0]
  const property = content === undefined ? null : parseProperty(content)
  return property !== null && (readParameter(property, 'range') ?? '').toUpperCase() === 'THISANDFUTURE'
}
