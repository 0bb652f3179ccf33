/** Series of events by day or by week, and the occurrences of every event that touch a window. */
import type { CalendarItem, EventContent, Mailbox } from './calendar-item.ts'
import { type CompiledChange, type CompiledRecurrence, type Recurrence, weekdays } from './calendar-item.ts'
import { dayMs, dayOf, instantOfLocal, localTimeOf, midnightOf, parseDate, parseRfc3339 } from './time.ts'

export interface SimulatedOccurrence {
  readonly event: CalendarItem
  /** The event itself, but for an exception. */
  readonly content: EventContent
  readonly kind: 'singleInstance' | 'occurrence' | 'exception'
  /** The day that identifies it in its series, as days since 1970-01-01; null outside a series. */
  readonly day: number | null
  /** True instants: an all-day event begins at its owner's midnight. */
  readonly start: number
  readonly end: number
  /** The same for an all-day event as midnights of UTC (they float); for others equal to start and end. */
  readonly floatingStart: number
  readonly floatingEnd: number
}

/** The compiled series, or a sentence on what is wrong with it. */
export function compileRecurrence(
  input: Recurrence,
  first: number,
  allDay: boolean
): CompiledRecurrence | string {
  const interval = input.interval ?? 1
  if (!Number.isInteger(interval) || interval < 1) return 'interval must be a whole number from 1'
  const until = input.until === undefined ? Number.POSITIVE_INFINITY : dayNumber(input.until)
  if (until === null) return `until: "${input.until}" is no date`
  const weekly = input.every === 'week'
  const named = input.days?.map((day) => weekdays.indexOf(day)) ?? [weekdayOf(first)]
  const days = new Set(weekly ? named : weekdays.keys())
  if (days.size === 0) return 'days must name at least one'
  const skip = new Set<number>()
  for (const date of input.skip ?? []) {
    const day = dayNumber(date)
    if (day === null) return `skip: "${date}" is no date`
    skip.add(day)
  }
  const changes = new Map<number, CompiledChange>()
  for (const [date, { start, end, ...content }] of Object.entries(input.changes ?? {})) {
    const day = dayNumber(date)
    if (day === null) return `changes: "${date}" is no date`
    if (start === undefined && end === undefined) {
      changes.set(day, { content, span: null })
      continue
    }
    const parse = allDay ? parseDate : parseRfc3339
    const span = { start: parse(start ?? ''), end: parse(end ?? '') }
    if (span.start === null || span.end === null || span.end < span.start) {
      return `changes of ${date}: start and end must both be given, in the form of the series`
    }
    changes.set(day, { content, span: { start: span.start, end: span.end } })
  }
  const open = { input, first, last: until, interval, days, weekly, skip, changes, starts: new Map() }
  return input.count === undefined ? open : { ...open, last: Math.min(until, lastOf(open, input.count)) }
}

/** All occurrences in the mailbox that touch `[from, to)`; those without length when they begin in it. */
export function occurrencesIn(mailbox: Mailbox, from: number, to: number): SimulatedOccurrence[] {
  const found: SimulatedOccurrence[] = []
  const keep: Keep = (event, content, kind, day, floatingStart, floatingEnd) => {
    const { allDay } = event
    const start = allDay ? midnightOf(floatingStart, mailbox.timeZone) : floatingStart
    const end = allDay ? midnightOf(floatingEnd, mailbox.timeZone) : floatingEnd
    if (start >= to || end < from || (end === from && start !== end)) return
    found.push({ event, content, kind, day, start, end, floatingStart, floatingEnd })
  }
  for (const event of mailbox.events.values()) {
    if (event.recurrence) series(mailbox, event, event.recurrence, from, to, keep)
    else keep(event, event, 'singleInstance', null, event.start, event.end)
  }
  return found
}

type Keep = (
  event: CalendarItem,
  content: EventContent,
  kind: SimulatedOccurrence['kind'],
  day: number | null,
  floatingStart: number,
  floatingEnd: number
) => void

function series(
  mailbox: Mailbox,
  event: CalendarItem,
  rule: CompiledRecurrence,
  from: number,
  to: number,
  keep: Keep
): void {
  const length = event.end - event.start
  // One day more on either side: zones differ from UTC by less than that.
  const begin = Math.max(rule.first, Math.floor((from - length) / dayMs) - 1)
  const end = Math.min(rule.last, Math.floor(to / dayMs) + 1)
  for (let day = begin; day <= end; day += 1) {
    if (rule.skip.has(day) || rule.changes.has(day) || !fallsOn(rule, day)) continue
    const start = startOn(mailbox, event, rule, day)
    keep(event, event, 'occurrence', day, start, start + length)
  }
  for (const [day, { content, span }] of rule.changes) {
    if (day > rule.last || rule.skip.has(day) || !fallsOn(rule, day)) continue
    const start = span?.start ?? startOn(mailbox, event, rule, day)
    keep(event, { ...event, ...content }, 'exception', day, start, span?.end ?? start + length)
  }
}

/** Where the occurrence of that day begins: the same time by the wall clock, whatever the season. */
function startOn(mailbox: Mailbox, event: CalendarItem, rule: CompiledRecurrence, day: number): number {
  const known = rule.starts.get(day)
  if (known !== undefined) return known
  const zone = event.allDay ? 'UTC' : mailbox.timeZone
  const timeOfDay = localTimeOf(event.start, zone) - dayOf(event.start, zone) * dayMs
  const start = instantOfLocal(day * dayMs + timeOfDay, zone)
  rule.starts.set(day, start)
  return start
}

function fallsOn(rule: Pick<CompiledRecurrence, 'first' | 'interval' | 'days' | 'weekly'>, day: number) {
  if (day < rule.first || !rule.days.has(weekdayOf(day))) return false
  const steps = rule.weekly ? weekOf(day) - weekOf(rule.first) : day - rule.first
  return steps % rule.interval === 0
}

function lastOf(rule: Pick<CompiledRecurrence, 'first' | 'interval' | 'days' | 'weekly'>, count: number) {
  let day = rule.first
  for (let left = count; ; day += 1) {
    if (fallsOn(rule, day)) left -= 1
    if (left <= 0) return day
  }
}

function dayNumber(date: string): number | null {
  const midnight = parseDate(date)
  return midnight === null ? null : midnight / dayMs
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7
}

function weekOf(day: number): number {
  return Math.floor((day + 3) / 7)
}
