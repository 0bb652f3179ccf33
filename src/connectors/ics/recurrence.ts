/** The wall times that one recurrence rule gives, without walking all the years before those that are asked for. */
import type ICAL from 'ical.js'
import { type Wall, wallOf } from '../../lib/time-zone.ts'
import { UnreadableCalendar, UnreadableEvent } from './errors.ts'
import { timeFrom, wallFrom } from './properties.ts'

/** How much work a calendar may still cause. Shared by all its rules. */
export interface Budget {
  steps: number
}

const DAY = 86_400_000

/**
 * Wall times of the rule from about `from` (earlier ones may be among them) up to `to`, ascending. The start itself
 * is not among them unless the rule gives it. UNTIL is left to who asks: it may be an instant.
 */
export function* wallsOf(
  rule: ICAL.Recur,
  start: Start,
  range: { from: Wall; to: Wall },
  budget: Budget
): Generator<Wall> {
  const { count } = rule
  const begin = count ? start.wall : nearer(rule, start.wall, range.from)
  const hasPositions = rule.getComponent('BYSETPOS').length > 0
  let given = 0
  let last = Number.NEGATIVE_INFINITY
  for (const wall of (hasPositions ? positioned : plain)(rule, start, begin, budget)) {
    if (wall > range.to) return
    if (wall < start.wall || wall <= last) continue
    // RFC 5545 section 3.3.10: DTSTART always counts as the first, also where the rule does not give it.
    if (given === 0 && count && wall !== start.wall) given = 1
    given += 1
    if (count && given > count) return
    last = wall
    yield wall
  }
}

interface Start {
  readonly wall: Wall
  readonly isDate: boolean
}

function* plain(rule: ICAL.Recur, start: Start, begin: Wall, budget: Budget): Generator<Wall> {
  const iterator = endless(rule).iterator(timeFrom(begin, start.isDate))
  for (;;) {
    budget.steps -= 1
    if (budget.steps < 0) {
      throw new UnreadableCalendar('its recurrence rules give too many occurrences to be worked out')
    }
    const time = iterator.next()
    if (!time) return
    yield wallFrom(time)
  }
}

/**
 * BYSETPOS picks from what the rest of the rule gives within one period of FREQ (section 3.3.10). ical.js knows it
 * for months alone, and Outlook writes "the first Monday of September" by years.
 */
function* positioned(rule: ICAL.Recur, start: Start, begin: Wall, budget: Budget): Generator<Wall> {
  const positions = rule.getComponent('BYSETPOS').map(Number)
  const rest = endless(rule)
  delete rest.parts.BYSETPOS
  const day = new Date(start.wall).getUTCDate()
  const byDays = ['BYDAY', 'BYMONTHDAY', 'BYYEARDAY', 'BYWEEKNO'].some((part) => part in rest.parts)
  if (!byDays && rule.freq !== 'WEEKLY' && rule.freq !== 'DAILY') rest.setComponent('BYMONTHDAY', [day])
  // A whole period is needed to count from its beginning.
  const first = Math.max(periodOf(rule, begin), wallOf(1, 1, 1)) + (begin - Math.floor(begin / DAY) * DAY)
  let period = Number.NEGATIVE_INFINITY
  let set: Wall[] = []
  for (const wall of plain(rest, start, first, budget)) {
    const own = periodOf(rule, wall)
    if (own !== period) {
      yield* picked(set, positions)
      period = own
      set = []
    }
    set.push(wall)
  }
  yield* picked(set, positions)
}

function picked(set: readonly Wall[], positions: readonly number[]): Wall[] {
  const found = positions.map((position) => set.at(position > 0 ? position - 1 : position))
  return [...new Set(found)].filter((wall) => wall !== undefined).sort((a, b) => a - b)
}

/** The first day of the period that a wall time is in. */
function periodOf(rule: ICAL.Recur, wall: Wall): Wall {
  const at = new Date(wall)
  const midnight = Math.floor(wall / DAY) * DAY
  if (rule.freq === 'YEARLY') return wallOf(at.getUTCFullYear(), 1, 1)
  if (rule.freq === 'MONTHLY') return wallOf(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)
  // ical.js counts weekdays from Sunday, 1.
  if (rule.freq === 'WEEKLY') return midnight - ((at.getUTCDay() + 8 - rule.wkst) % 7) * DAY
  return midnight
}

/** A rule whose parts ical.js or RFC 5545 do not allow together throws only once it is used. */
export function checkRule(rule: ICAL.Recur, start: Start, line: number): void {
  if (rule.getComponent('BYSETPOS').length > 0 && /^(HOURLY|MINUTELY|SECONDLY)$/.test(rule.freq)) {
    throw new UnreadableEvent(line, 'BYSETPOS within hours is not understood')
  }
  try {
    endless(rule).iterator(timeFrom(start.wall, start.isDate))
  } catch {
    throw new UnreadableEvent(line, 'its recurrence rule contradicts itself')
  }
}

function endless(rule: ICAL.Recur): ICAL.Recur {
  const copy = rule.clone()
  copy.until = null
  copy.count = null
  return copy
}

/**
 * A later start, before `from`, from which the rule gives the same from there on. Days, weeks and the hour of the day
 * stay what they were; months and years are skipped by whole years, where the day is in each of them.
 */
function nearer(rule: ICAL.Recur, start: Wall, from: Wall): Wall {
  if (from <= start) return start
  const interval = Math.max(1, rule.interval)
  const days: Readonly<Record<string, number>> = {
    SECONDLY: interval,
    MINUTELY: interval,
    HOURLY: interval,
    DAILY: interval,
    WEEKLY: interval * 7
  }
  const step = days[rule.freq]
  if (step !== undefined) {
    const whole = Math.floor((from - start) / (step * DAY)) - 1
    return whole > 0 ? start + whole * step * DAY : start
  }
  const at = new Date(start)
  const leapDay = at.getUTCMonth() === 1 && at.getUTCDate() === 29
  const byWeekday = rule.getComponent('BYWEEKNO').length > 0 && rule.getComponent('BYDAY').length === 0
  if (leapDay || byWeekday) return start
  const years = Math.floor((new Date(from).getUTCFullYear() - at.getUTCFullYear() - 1) / interval) * interval
  return years > 0 ? at.setUTCFullYear(at.getUTCFullYear() + years) : start
}
