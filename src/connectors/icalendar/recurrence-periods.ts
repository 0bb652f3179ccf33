/** The periods of one recurrence rule (years, months, weeks … by FREQ and INTERVAL), and what each of them gives. */
import { type Wall, wallOf } from '../../lib/time-zone.ts'
import { frequencies, type RecurrenceRule, type RuleWeekday } from './parse-recurrence-rule.ts'
import type { WorkBudget } from './work-budget.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const WEEK = 7 * DAY
const unitMs = { WEEKLY: WEEK, DAILY: DAY, HOURLY: HOUR, MINUTELY: MINUTE, SECONDLY: SECOND } as const
/** How many days are looked at in a period, by frequency; of a year with BYMONTH only those months'. */
const daysLookedAt = { YEARLY: 366, MONTHLY: 31, WEEKLY: 7, DAILY: 1, HOURLY: 0, MINUTELY: 0, SECONDLY: 0 }
const END_OF_TIME = wallOf(10_000, 1, 1)
/** More seconds than there are from the year 1 to 9999. */
const MAX_UNITS = 400_000_000_000

/** A rule with what it leaves to DTSTART filled in. */
export class RecurrencePeriods {
  /** Each period gives exactly one time, as DTSTART is. */
  readonly giveOneEach: boolean
  readonly #rule: RecurrenceRule
  readonly #budget: WorkBudget
  /** DTSTART. */
  readonly #wall: Wall
  readonly #first: Date
  /** Of the frequency, from YEARLY, 0. */
  readonly #rank: number
  readonly #weekdays: readonly RuleWeekday[] | null
  readonly #months: readonly number[] | null
  readonly #monthDays: readonly number[] | null
  readonly #hours: readonly number[] | null
  readonly #minutes: readonly number[] | null
  readonly #seconds: readonly number[] | null
  /** Of a day, where each day's are the same. */
  readonly #timesOfDay: readonly number[] | null

  constructor(
    rule: RecurrenceRule,
    start: { readonly wall: Wall; readonly isDate: boolean },
    budget: WorkBudget
  ) {
    const { frequency, byDay, byMonth, byMonthDay, byYearDay, byWeekNumber } = rule
    const first = new Date(start.wall)
    const rank = frequencies.indexOf(frequency)
    this.#rule = rule
    this.#budget = budget
    this.#wall = start.wall
    this.#first = first
    this.#rank = rank
    const hasNoDay = byDay === null && byMonthDay === null && byYearDay === null
    const byWeekday =
      hasNoDay && (frequency === 'WEEKLY' || (frequency === 'YEARLY' && byWeekNumber !== null))
    const byDate = hasNoDay && byWeekNumber === null && rank <= 1
    this.#weekdays = byWeekday ? [{ weekday: weekdayOf(start.wall), ordinal: 0 }] : byDay
    this.#monthDays = byDate ? [first.getUTCDate()] : byMonthDay
    this.#months = byDate && rank === 0 ? (byMonth ?? [first.getUTCMonth() + 1]) : byMonth
    // "MUST be ignored" for a DATE (section 3.3.10).
    const time = start.isDate ? { byHour: null, byMinute: null, bySecond: null } : rule
    this.#hours = time.byHour ?? (rank < 4 ? [first.getUTCHours()] : null)
    this.#minutes = time.byMinute ?? (rank < 5 ? [first.getUTCMinutes()] : null)
    this.#seconds = time.bySecond ?? (rank < 6 ? [first.getUTCSeconds()] : null)
    const byParts = [byDay, byMonth, byMonthDay, byYearDay, byWeekNumber, rule.bySetPosition]
    const isPlain = [...byParts, time.byHour, time.byMinute, time.bySecond].every((part) => part === null)
    this.giveOneEach = isPlain && rank >= 2
    this.#timesOfDay = rank < 4 ? this.#combine(this.#hours!, this.#minutes!, this.#seconds!) : null
  }

  /** The beginning of a period: its first day, or its first second where it is shorter. Null after the year 9999. */
  beginOf(index: number): Wall | null {
    const { frequency, interval } = this.#rule
    const steps = index * interval
    if (!(steps <= MAX_UNITS)) return null
    const [year, month] = [this.#first.getUTCFullYear(), this.#first.getUTCMonth() + 1]
    const wall =
      frequency === 'YEARLY'
        ? wallOf(year + steps, 1, 1)
        : frequency === 'MONTHLY'
          ? wallOf(year + Math.floor((month - 1 + steps) / 12), ((month - 1 + steps) % 12) + 1, 1)
          : this.#firstBegin(frequency) + steps * unitMs[frequency]
    return wall < END_OF_TIME ? wall : null
  }

  /** The last period that begins at or before a local time. */
  indexAt(wall: Wall): number {
    const { frequency, interval } = this.#rule
    if (frequency === 'YEARLY' || frequency === 'MONTHLY') {
      const at = new Date(wall)
      const years = at.getUTCFullYear() - this.#first.getUTCFullYear()
      if (frequency === 'YEARLY') return Math.floor(years / interval)
      return Math.floor((years * 12 + at.getUTCMonth() - this.#first.getUTCMonth()) / interval)
    }
    return Math.floor((wall - this.#firstBegin(frequency)) / (unitMs[frequency] * interval))
  }

  /** The first period that begins at or after a local time. */
  indexFrom(wall: Wall): number {
    const index = this.indexAt(wall)
    const begin = this.beginOf(index)
    return begin === null || begin >= wall ? index : index + 1
  }

  /** Of a period within a day: the next time at which it could give anything; null when this one could. */
  nextPossible(begin: Wall): Wall | null {
    if (this.#rank < 4) return null
    const at = new Date(begin)
    const day = floorTo(begin, DAY)
    if (this.#months?.includes(at.getUTCMonth() + 1) === false) {
      return wallOf(at.getUTCFullYear(), at.getUTCMonth() + 2, 1)
    }
    if (!this.#isGiven(day)) return day + DAY
    if (this.#hours?.includes(at.getUTCHours()) === false) return floorTo(begin, HOUR) + HOUR
    if (this.#rank === 4) return null
    if (this.#minutes?.includes(at.getUTCMinutes()) === false) return floorTo(begin, MINUTE) + MINUTE
    if (this.#rank === 5) return null
    return this.#seconds?.includes(at.getUTCSeconds()) === false ? begin + SECOND : null
  }

  /** What a period gives, ascending: days by times, or those of them that BYSETPOS picks. */
  *wallsIn(begin: Wall): Generator<Wall> {
    const months = this.#rank === 0 ? this.#months : null
    this.#budget.spend(months === null ? daysLookedAt[this.#rule.frequency] : months.length * 31)
    const days = this.#daysOf(begin)
    if (days.length === 0) return
    const times = this.#timesOfDay ?? this.#timesOf(new Date(begin))
    const size = days.length * times.length
    const wallAt = (index: number): Wall =>
      days[Math.floor(index / times.length)]! + times[index % times.length]!
    const positions = this.#rule.bySetPosition?.map((position) => position + (position > 0 ? -1 : size))
    const picked = positions?.filter((index) => index >= 0 && index < size).sort((a, b) => a - b)
    for (let next = 0; next < (picked?.length ?? size); next += 1) {
      this.#budget.spend(1)
      const index = picked?.[next] ?? next
      if (picked === undefined || index !== picked[next - 1]) yield wallAt(index)
    }
  }

  /** By their midnights. */
  #daysOf(begin: Wall): Wall[] {
    const at = new Date(begin)
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1]
    const { frequency } = this.#rule
    if (frequency === 'WEEKLY') return this.#daysWithin(begin, begin + WEEK)
    if (frequency === 'MONTHLY') return this.#daysWithin(begin, wallOf(year, month + 1, 1))
    if (frequency === 'DAILY') return this.#daysWithin(begin, begin + DAY)
    // nextPossible has passed over the days that are not given.
    if (frequency !== 'YEARLY') return [floorTo(begin, DAY)]
    if (this.#months === null) return this.#daysWithin(begin, wallOf(year + 1, 1, 1))
    return this.#months.flatMap((one) => this.#daysWithin(wallOf(year, one, 1), wallOf(year, one + 1, 1)))
  }

  #daysWithin(from: Wall, to: Wall): Wall[] {
    const days: Wall[] = []
    for (let day = from; day < to; day += DAY) if (this.#isGiven(day)) days.push(day)
    return days
  }

  /** The times of day of a period that is shorter than a day. */
  #timesOf(at: Date): number[] {
    return this.#combine(
      [at.getUTCHours()],
      this.#rank >= 5 ? [at.getUTCMinutes()] : this.#minutes!,
      this.#rank >= 6 ? [at.getUTCSeconds()] : this.#seconds!
    )
  }

  #combine(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): number[] {
    this.#budget.spend(hours.length * minutes.length * seconds.length)
    const times = hours.flatMap((hour) =>
      minutes.flatMap((minute) => seconds.map((second) => hour * HOUR + minute * MINUTE + second * SECOND))
    )
    // Second 60 of a minute is second 0 of the next.
    return seconds.includes(60) ? [...new Set(times)] : times
  }

  #isGiven(day: Wall): boolean {
    const { byYearDay, byWeekNumber, weekStart } = this.#rule
    const at = new Date(day)
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1]
    if (this.#months?.includes(month) === false) return false
    if (this.#monthDays !== null && !hasDay(this.#monthDays, day, wallOf(year, month, 1), endOfMonth(at))) {
      return false
    }
    if (byYearDay !== null && !hasDay(byYearDay, day, wallOf(year, 1, 1), wallOf(year + 1, 1, 1)))
      return false
    if (this.#weekdays !== null && !this.#weekdays.some((one) => this.#isWeekday(one, day))) return false
    if (byWeekNumber === null) return true
    const { number, weeksInYear } = weekOf(day, weekStart)
    return byWeekNumber.includes(number) || byWeekNumber.includes(number - weeksInYear - 1)
  }

  /** An ordinal counts within the month, or within the year in a yearly rule without BYMONTH. */
  #isWeekday({ weekday, ordinal }: RuleWeekday, day: Wall): boolean {
    if (weekdayOf(day) !== weekday) return false
    if (ordinal === 0) return true
    const at = new Date(day)
    const year = at.getUTCFullYear()
    const inYear = this.#rank === 0 && this.#rule.byMonth === null
    const begin = inYear ? wallOf(year, 1, 1) : wallOf(year, at.getUTCMonth() + 1, 1)
    const end = inYear ? wallOf(year + 1, 1, 1) : endOfMonth(at)
    if (ordinal > 0) return Math.floor((day - begin) / WEEK) + 1 === ordinal
    return -Math.floor((end - DAY - day) / WEEK) - 1 === ordinal
  }

  #firstBegin(frequency: keyof typeof unitMs): Wall {
    if (frequency !== 'WEEKLY') return floorTo(this.#wall, unitMs[frequency])
    return beginOfWeek(floorTo(this.#wall, DAY), this.#rule.weekStart)
  }
}

/** Days of a month or year count from 1, from its end from -1. `end` is the day after the last. */
function hasDay(numbers: readonly number[], day: Wall, begin: Wall, end: Wall): boolean {
  return (
    numbers.includes(Math.round((day - begin) / DAY) + 1) || numbers.includes(Math.round((day - end) / DAY))
  )
}

function endOfMonth(at: Date): Wall {
  return wallOf(at.getUTCFullYear(), at.getUTCMonth() + 2, 1)
}

function floorTo(wall: Wall, unit: number): Wall {
  return Math.floor(wall / unit) * unit
}

/** From Monday, 0. */
function weekdayOf(wall: Wall): number {
  // 1 January 1970 was a Thursday.
  return (((Math.floor(wall / DAY) + 3) % 7) + 7) % 7
}

function beginOfWeek(day: Wall, weekStart: number): Wall {
  return day - ((weekdayOf(day) - weekStart + 7) % 7) * DAY
}

/** The number of a day's week, and how many weeks that week's year has: week 1 holds 4 January (section 3.3.10). */
function weekOf(day: Wall, weekStart: number): { number: number; weeksInYear: number } {
  const week = beginOfWeek(day, weekStart)
  const year = new Date(week + 3 * DAY).getUTCFullYear()
  const first = beginOfWeek(wallOf(year, 1, 4), weekStart)
  const next = beginOfWeek(wallOf(year + 1, 1, 4), weekStart)
  return { number: Math.round((week - first) / WEEK) + 1, weeksInYear: Math.round((next - first) / WEEK) }
}
