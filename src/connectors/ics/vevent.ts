/** The times of one VEVENT: when it begins, how long it lasts, how it recurs. */
import type ICAL from 'ical.js'
import { UnreadableEvent } from './errors.ts'
import type { FileZones } from './file-zones.ts'
import type { RawComponent } from './parse-components.ts'
import {
  all,
  daysOf,
  type Length,
  lengthOf,
  parameter,
  parsed,
  ruleIn,
  textOf,
  type When,
  type WhenPeriod,
  whenOf,
  whensIn,
  wordOf
} from './properties.ts'
import { checkRule } from './recurrence.ts'

export interface VEvent {
  readonly raw: RawComponent
  readonly uid: string
  readonly sequence: number
  readonly start: When
  readonly end: When | Length | null
  readonly rules: readonly ICAL.Recur[]
  readonly exRules: readonly ICAL.Recur[]
  readonly exDates: readonly When[]
  readonly rDates: readonly (When | WhenPeriod)[]
  /** Which occurrence of its series this one replaces. */
  readonly replaces: When | null
  readonly andFuture: boolean
}

const DAY = 86_400_000

/** Throws UnreadableEvent where the event cannot be placed in time. */
export function vEventOf(raw: RawComponent): VEvent {
  const replaces = whenOf(raw, 'RECURRENCE-ID')
  const cancelled = wordOf(raw, 'STATUS') === 'CANCELLED'
  // What is called off need not say when it would have been.
  const start = whenOf(raw, 'DTSTART') ?? (cancelled ? replaces : null)
  if (start === null) throw new UnreadableEvent(raw.line, 'the event has no DTSTART')
  const end = whenOf(raw, 'DTEND') ?? lengthOf(raw)
  const [from, to] = asDays(raw, start, end)
  return {
    raw,
    uid: textOf(raw, 'UID').slice(0, 300),
    sequence: Number.parseInt(textOf(raw, 'SEQUENCE'), 10) || 0,
    start: from,
    end: to,
    rules: rulesOf(raw, 'RRULE', from),
    exRules: rulesOf(raw, 'EXRULE', from),
    exDates: all(raw, 'EXDATE').flatMap((content) => whensIn(content).map((when) => startOf(when))),
    rDates: all(raw, 'RDATE').flatMap(whensIn),
    replaces,
    andFuture: replaces !== null && isRange(raw)
  }
}

export function startOf(when: When | WhenPeriod): When {
  return 'start' in when ? when.start : when
}

/**
 * How long an occurrence lasts. What DTEND gives is an exact duration, the same for all occurrences; what DURATION gives
 * may count days (RFC 5545 section 3.8.5.3). DTEND is exclusive, and a day that ends on itself, as some programs write
 * it, is one day.
 */
export function lengthFrom(start: When, end: When | Length | null, zones: FileZones): Length {
  if (start.isDate) {
    if (end === null) return { days: 1, time: 0 }
    const days = 'days' in end ? daysOf(end) : Math.ceil((end.wall - start.wall) / DAY)
    return { days: Math.max(1, days), time: 0 }
  }
  if (end === null) return { days: 0, time: 0 }
  if ('days' in end) return end
  return { days: 0, time: Math.max(0, zones.instant(end) - zones.instant(start)) }
}

/** The end of an occurrence that begins then. */
export function endOf(start: When, instant: number, length: Length, zones: FileZones): number {
  if (length.days === 0) return Math.max(instant, instant + length.time)
  return Math.max(instant, zones.instantAt(start, start.wall + length.days * DAY) + length.time)
}

/** At least as long as any occurrence, in milliseconds: to know how early one may begin that is still running. */
export function longest(length: Length): number {
  return Math.max(0, length.days * DAY + length.time) + DAY
}

/** Exchange marks whole days beside times that are midnights (MS-OXCICAL, X-MICROSOFT-CDO-ALLDAYEVENT). */
function asDays(raw: RawComponent, start: When, end: When | Length | null): [When, When | Length | null] {
  if (start.isDate || wordOf(raw, 'X-MICROSOFT-CDO-ALLDAYEVENT') !== 'TRUE') return [start, end]
  if (start.wall % DAY !== 0) return [start, end]
  if (end !== null && 'wall' in end && (end.wall % DAY !== 0 || end.zone !== start.zone)) return [start, end]
  return [{ ...start, isDate: true, isUtc: false, zone: null }, end]
}

function rulesOf(raw: RawComponent, name: string, start: When): ICAL.Recur[] {
  return all(raw, name).map((content) => {
    const rule = ruleIn(content)
    checkRule(rule, start, content.line)
    return rule
  })
}

function isRange(raw: RawComponent): boolean {
  const content = all(raw, 'RECURRENCE-ID')[0]
  const property = content === undefined ? null : parsed(content)
  return property !== null && (parameter(property, 'range') ?? '').toUpperCase() === 'THISANDFUTURE'
}
