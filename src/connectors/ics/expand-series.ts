/** One series of events: its rules, dates, exceptions and replacements as occurrences (RFC 5545 section 3.8.5). */
import type { Span } from '../../domain/calendar-event.ts'
import type { Wall } from '../../lib/time-zone.ts'
import { UnreadableCalendar } from './errors.ts'
import type { FileZones } from './file-zones.ts'
import type { CalendarDuration, CalendarTime } from './properties.ts'
import { type Budget, wallsOf } from './recurrence.ts'
import { durationOf, endOf, maxDurationMs, startOf, type VEvent } from './vevent.ts'

export interface Occurrence extends Span {
  /** The event whose properties it has. */
  readonly event: VEvent
  readonly allDay: boolean
}

export interface Series {
  /** Null where the file holds only single occurrences of it, as an invitation to one of them does. */
  readonly master: VEvent | null
  readonly replacements: readonly VEvent[]
}

const DAY = 86_400_000

/** Events of one UID are a series. Of two that say the same the later version counts (SEQUENCE, then the place). */
export function seriesOf(events: readonly VEvent[], zones: FileZones): Series[] {
  const byUid = new Map<string, VEvent[]>()
  const series: Series[] = []
  for (const event of events) {
    if (event.uid === '') series.push({ master: event, replacements: [] })
    else byUid.set(event.uid, [...(byUid.get(event.uid) ?? []), event])
  }
  for (const same of byUid.values()) {
    const replacements = new Map<string, VEvent>()
    for (const event of same) {
      if (event.replaces === null) continue
      const key = `${event.replaces.isDate} ${zones.instant(event.replaces)}`
      const other = replacements.get(key)
      if (other === undefined || event.sequence >= other.sequence) replacements.set(key, event)
    }
    const masters = latest(same.filter((event) => event.replaces === null))
    const [master = null, ...others] = masters
    // Some programs give all their events one UID: all are kept, as strangers to each other.
    series.push({ master, replacements: [...replacements.values()] })
    series.push(...others.map((other) => ({ master: other, replacements: [] })))
  }
  return series
}

function latest(masters: readonly VEvent[]): VEvent[] {
  const sequence = Math.max(...masters.map((master) => master.sequence))
  const seen = new Map<Wall, VEvent>()
  for (const master of masters) {
    if (master.sequence === sequence) seen.set(master.start.wall, master)
  }
  return [...seen.values()]
}

/** The occurrences that touch the window, in no order. */
export function* occurrencesOf(
  series: Series,
  window: Span,
  zones: FileZones,
  budget: Budget
): Generator<Occurrence> {
  const { master, replacements } = series
  for (const event of replacements) {
    yield* expandEvent(event, window, zones, budget, master === null ? [event] : null)
  }
  if (master !== null) yield* expandEvent(master, window, zones, budget, [master, ...replacements])
}

/** `rules` null: the event's own time alone. Else what it gives by rules and dates, replaced by those after it. */
function* expandEvent(
  event: VEvent,
  window: Span,
  zones: FileZones,
  budget: Budget,
  rules: readonly VEvent[] | null
): Generator<Occurrence> {
  if (rules === null) {
    const start = zones.instant(event.start)
    const end = endOf(event.start, start, durationOf(event.start, event.end, zones), zones)
    if (touches({ start, end }, window)) yield { start, end, event, allDay: event.start.isDate }
    return
  }
  const [first, ...replacements] = rules
  if (first === undefined) return
  const ranges = rangesOf(replacements, zones)
  const excludedDates = new ExcludedDates(event.start, zones)
  for (const when of event.exDates) excludedDates.add(when)
  for (const replacement of replacements) if (replacement.replaces) excludedDates.add(replacement.replaces)

  const shift = Math.max(0, ...ranges.map((range) => Math.abs(range.shift)))
  const own = durationOf(event.start, event.end, zones)
  const periods = event.rDates.map((date) =>
    'start' in date ? durationOf(date.start, date.end, zones) : own
  )
  const most = Math.max(...[own, ...periods, ...ranges.map((range) => range.length)].map(maxDurationMs))
  // Two days: more than any zone is away from the wall.
  const range = { from: window.start - most - shift - 2 * DAY, to: window.end + shift + 2 * DAY }
  for (const rule of event.exRules) {
    for (const wall of wallsOf(rule, event.start, range, budget)) excludedDates.addWall(wall)
  }
  for (const { when, length } of startsOf(event, own, range, zones, budget)) {
    const start = zones.instant(when)
    if (excludedDates.has(when, start)) continue
    const later = ranges.findLast((candidate) => candidate.from <= start)
    if (later === undefined) {
      const span = { start, end: endOf(when, start, length, zones) }
      if (touches(span, window)) yield { ...span, event, allDay: when.isDate }
      continue
    }
    const moved = movedBy(later, when, start, zones)
    if (touches(moved, window)) yield { ...moved, event: later.event, allDay: later.event.start.isDate }
  }
}

interface Start {
  readonly when: CalendarTime
  readonly length: CalendarDuration
}

/** Every start of a series once, ascending within each source: DTSTART, the rules, the dates. */
function* startsOf(
  event: VEvent,
  length: CalendarDuration,
  range: { from: Wall; to: Wall },
  zones: FileZones,
  budget: Budget
): Generator<Start> {
  const seen = new Set<number>()
  const once = (when: CalendarTime): boolean => {
    const key = zones.instant(when)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
  if (once(event.start)) yield { when: event.start, length }
  for (const rule of event.rules) {
    const until =
      rule.until === null || rule.until === undefined ? null : untilOf(rule.until, event.start, zones)
    for (const wall of wallsOf(rule, event.start, range, budget)) {
      const when = { ...event.start, wall }
      if (until?.(wall, when)) break
      if (wall >= range.from && once(when)) yield { when, length }
    }
  }
  for (const date of event.rDates) {
    budget.steps -= 1
    if (budget.steps < 0) throw new UnreadableCalendar('it names too many single dates')
    const written = startOf(date)
    // A date among times is that day at the hour of the others, and a time among dates that day.
    const when = asKind(written, event.start)
    if (when.wall < range.from || when.wall > range.to || !once(when)) continue
    const own = 'start' in date && !event.start.isDate
    yield { when, length: own ? durationOf(date.start, date.end, zones) : length }
  }
}

/** Whether a wall time is past UNTIL, which is inclusive: a date among times is that whole day. */
function untilOf(
  until: { year: number; isDate: boolean; zone?: unknown; toString(): string },
  start: CalendarTime,
  zones: FileZones
): (wall: Wall, when: CalendarTime) => boolean {
  const text = until.toString()
  const isUtc = text.endsWith('Z')
  const limit = Date.parse(`${text.slice(0, 10)}T${until.isDate ? '23:59:59' : text.slice(11, 19)}Z`)
  if (Number.isNaN(limit)) return () => false
  if (start.isDate) return (wall) => wall > limit
  return isUtc && !until.isDate ? (_, when) => zones.instant(when) > limit : (wall) => wall > limit
}

function asKind(when: CalendarTime, start: CalendarTime): CalendarTime {
  if (when.isDate === start.isDate) return when
  const day = Math.floor(when.wall / DAY) * DAY
  return { ...start, wall: start.isDate ? day : day + (start.wall - Math.floor(start.wall / DAY) * DAY) }
}

interface Range {
  readonly from: number
  readonly shift: number
  readonly length: CalendarDuration
  readonly event: VEvent
}

/** RANGE=THISANDFUTURE: the change holds for all that follow, by the same distance (section 3.2.13). */
function rangesOf(replacements: readonly VEvent[], zones: FileZones): Range[] {
  return replacements
    .filter((event) => event.andFuture && event.replaces !== null)
    .map((event) => {
      const from = zones.instant(event.replaces!)
      const shift = zones.instant(event.start) - from
      return { from, shift, length: durationOf(event.start, event.end, zones), event }
    })
    .sort((a, b) => a.from - b.from)
}

function movedBy(range: Range, when: CalendarTime, start: number, zones: FileZones): Span {
  const { event, shift, length } = range
  // Days move by days, so that a change of the clock between them moves nothing.
  const wall = when.isDate
    ? when.wall + Math.round(shift / DAY) * DAY
    : zones.wallAt(event.start, start + shift)
  const moved = { ...event.start, wall }
  const from = when.isDate ? zones.instant(moved) : start + shift
  return { start: from, end: endOf(moved, from, length, zones) }
}

function touches(span: Span, window: Span): boolean {
  return span.start < window.end && (span.end > window.start || span.start >= window.start)
}

/** Occurrences that are gone, by instant or, where only a day is named, by day. */
class ExcludedDates {
  readonly #instants = new Set<number>()
  readonly #days = new Set<Wall>()
  readonly #start: CalendarTime
  readonly #zones: FileZones

  constructor(start: CalendarTime, zones: FileZones) {
    this.#start = start
    this.#zones = zones
  }

  add(when: CalendarTime): void {
    if (!this.#start.isDate && !when.isDate) this.#instants.add(this.#zones.instant(when))
    else this.#days.add(this.#dayOf(when))
  }

  addWall(wall: Wall): void {
    this.add({ ...this.#start, wall })
  }

  has(when: CalendarTime, instant: number): boolean {
    return (
      this.#instants.has(instant) ||
      (this.#days.size > 0 && this.#days.has(Math.floor(when.wall / DAY) * DAY))
    )
  }

  /** Of an all-day series some programs name the day by its midnight in UTC. */
  #dayOf(when: CalendarTime): Wall {
    const day = Math.floor(when.wall / DAY) * DAY
    if (!when.isUtc || when.wall === day) return day
    const local = this.#zones.wallAt({ ...when, isUtc: false, zone: null }, when.wall)
    return local % DAY === 0 ? local : day
  }
}
