/** One event's rules, dates, exceptions and replacements as occurrences in a window (RFC 5545 section 3.8.5). */
import type { Span } from '../../domain/calendar-event.ts'
import type { Wall } from '../../lib/time-zone.ts'
import { UnreadableEvent } from './errors.ts'
import { ExcludedDates } from './excluded-dates.ts'
import { expandRecurrenceRule, isEmptyRule, type WallRange } from './expand-recurrence-rule.ts'
import type { FileZones } from './file-zones.ts'
import type { EventSource } from './group-series.ts'
import type { RuleUntil } from './parse-recurrence-rule.ts'
import type { CalendarDuration, CalendarTime, RuleProperty } from './properties.ts'
import { durationOf, endOf, maxDurationMs, startOf, type VEvent } from './vevent.ts'
import type { WorkBudget } from './work-budget.ts'

export interface Occurrence extends Span {
  /** The event whose properties it has. */
  readonly event: VEvent
  readonly allDay: boolean
}

const DAY = 86_400_000

/** The occurrences that touch the window, in no order. Throws UnreadableEvent and TooMuchWork. */
export function* expandEvent(
  source: EventSource,
  window: Span,
  zones: FileZones,
  budget: WorkBudget
): Generator<Occurrence> {
  const { event, recurs, replacements } = source
  const own = durationOf(event.start, event.end, zones)
  if (!recurs) {
    const start = zones.instant(event.start)
    const span = { start, end: endOf(event.start, start, own, zones) }
    if (touches(span, window)) yield { ...span, event, allDay: event.start.isDate }
    return
  }
  const ranges = rangesOf(replacements, zones)
  const range = rangeToExpand(event, own, ranges, window, zones)
  const excludedDates = excludedFrom(source, range, zones, budget)
  for (const { time, duration } of startsOf(event, own, range, zones, budget)) {
    const start = zones.instant(time)
    if (excludedDates.has(time, start)) continue
    const later = ranges.findLast((candidate) => candidate.from <= start)
    if (later === undefined) {
      const span = { start, end: endOf(time, start, duration, zones) }
      if (touches(span, window)) yield { ...span, event, allDay: time.isDate }
      continue
    }
    const moved = movedBy(later, time, start, zones)
    if (touches(moved, window)) yield { ...moved, event: later.event, allDay: later.event.start.isDate }
  }
}

/** Local times from which an occurrence may still touch the window. */
function rangeToExpand(
  event: VEvent,
  own: CalendarDuration,
  ranges: readonly FutureRange[],
  window: Span,
  zones: FileZones
): WallRange {
  let longest = maxDurationMs(own)
  let shift = 0
  for (const date of event.rDates) {
    if ('start' in date) longest = Math.max(longest, maxDurationMs(durationOf(date.start, date.end, zones)))
  }
  for (const range of ranges) {
    longest = Math.max(longest, maxDurationMs(range.duration))
    shift = Math.max(shift, Math.abs(range.shift))
  }
  // Two days: more than any zone is away from UTC.
  return { from: window.start - longest - shift - 2 * DAY, to: window.end + shift + 2 * DAY }
}

function excludedFrom(
  { event, replacements }: EventSource,
  range: WallRange,
  zones: FileZones,
  budget: WorkBudget
): ExcludedDates {
  const excludedDates = new ExcludedDates(event.start, zones)
  for (const time of event.exDates) excludedDates.add(time)
  for (const { replaces } of replacements) if (replaces !== null) excludedDates.add(replaces)
  for (const property of event.exRules) {
    for (const time of expandRule(property, event.start, range, zones, budget)) excludedDates.add(time)
  }
  return excludedDates
}

interface OccurrenceStart {
  readonly time: CalendarTime
  readonly duration: CalendarDuration
}

/** Every start of a series once, ascending within each source: DTSTART, the rules, the dates. */
function* startsOf(
  event: VEvent,
  duration: CalendarDuration,
  range: WallRange,
  zones: FileZones,
  budget: WorkBudget
): Generator<OccurrenceStart> {
  const seen = new Set<number>()
  const isNew = (time: CalendarTime): boolean => {
    const size = seen.size
    return seen.add(zones.instant(time)).size > size
  }
  for (const { rule, name, line } of event.rules) {
    if (isEmptyRule(rule, event.start, budget)) {
      throw new UnreadableEvent(line, `${name} gives nothing: there are no such days or times`)
    }
  }
  if (isNew(event.start)) yield { time: event.start, duration }
  for (const property of event.rules) {
    for (const time of expandRule(property, event.start, range, zones, budget)) {
      if (isNew(time)) yield { time, duration }
    }
  }
  for (const date of event.rDates) {
    budget.spend(1)
    // A date among times is that day at the hour of the others, and a time among dates that day.
    const time = asKind(startOf(date), event.start, zones)
    if (time.wall < range.from || time.wall > range.to || !isNew(time)) continue
    const isPeriod = 'start' in date && !event.start.isDate
    yield { time, duration: isPeriod ? durationOf(date.start, date.end, zones) : duration }
  }
}

/** The times that a rule gives within the range and until UNTIL, which is inclusive. */
function* expandRule(
  { rule }: RuleProperty,
  start: CalendarTime,
  range: WallRange,
  zones: FileZones,
  budget: WorkBudget
): Generator<CalendarTime> {
  const until = rule.until === null ? null : lastOf(rule.until, start, zones)
  const to = Math.min(range.to, until?.wall ?? Number.POSITIVE_INFINITY)
  for (const wall of expandRecurrenceRule(rule, start, { from: range.from, to }, budget)) {
    const time = { ...start, wall }
    if (until?.instant !== null && until !== null && zones.instant(time) > until.instant) return
    yield time
  }
}

/** The last local time that UNTIL allows. For an UNTIL in UTC of a local series that is only a bound, and `instant` is exact. */
function lastOf(
  until: RuleUntil,
  start: CalendarTime,
  zones: FileZones
): { wall: Wall; instant: number | null } {
  const day = Math.floor(until.wall / DAY) * DAY
  if (start.isDate) {
    // Exchange writes the last day of an all-day series as its local midnight in UTC.
    return { wall: zones.midnightOf({ ...start, ...until, zone: null }) ?? day, instant: null }
  }
  if (until.isDate) return { wall: day + DAY - 1, instant: null }
  if (!until.isUtc || start.isUtc) return { wall: until.wall, instant: null }
  return { wall: zones.wallAt(start, until.wall) + DAY, instant: until.wall }
}

function asKind(time: CalendarTime, start: CalendarTime, zones: FileZones): CalendarTime {
  if (time.isDate === start.isDate) return time
  const day = Math.floor(time.wall / DAY) * DAY
  if (start.isDate) return { ...start, wall: zones.midnightOf(time) ?? day }
  return { ...start, wall: day + (start.wall - Math.floor(start.wall / DAY) * DAY) }
}

/** RANGE=THISANDFUTURE: the change holds for all that follow, by the same distance (section 3.2.13). */
interface FutureRange {
  readonly from: number
  readonly shift: number
  readonly duration: CalendarDuration
  readonly event: VEvent
}

function rangesOf(replacements: readonly VEvent[], zones: FileZones): FutureRange[] {
  return replacements
    .filter((event) => event.andFuture && event.replaces !== null)
    .map((event) => {
      const from = zones.instant(event.replaces!)
      const shift = zones.instant(event.start) - from
      return { from, shift, duration: durationOf(event.start, event.end, zones), event }
    })
    .sort((a, b) => a.from - b.from)
}

function movedBy(range: FutureRange, time: CalendarTime, start: number, zones: FileZones): Span {
  const { event, shift, duration } = range
  // Days move by days, so that a change of the clock between them moves nothing.
  const wall = time.isDate
    ? time.wall + Math.round(shift / DAY) * DAY
    : zones.wallAt(event.start, start + shift)
  const moved = { ...event.start, wall }
  const from = time.isDate ? zones.instant(moved) : start + shift
  return { start: from, end: endOf(moved, from, duration, zones) }
}

function touches(span: Span, window: Span): boolean {
  return span.start < window.end && (span.end > window.start || span.start >= window.start)
}
