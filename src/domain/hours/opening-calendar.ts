/** When an office is open, day by day, with its holidays and the clock changes of its zone. */
import { firstInstantOf, offsetsOf } from '../../lib/time-zone.ts'
import type { Instant } from '../calendar-event.ts'
import { type Holiday, type HolidaysOf, nordicHolidays } from '../holidays/holidays.ts'
import { closedTypes, minutesOf, type OfficeHours, type OpeningSpan, officeDays } from './office-hours.ts'

/** Days since 1 January 1970, of a calendar on the wall. */
type Day = number

/** Minutes from midnight. */
type Opening = readonly [number, number]

interface DayPlan {
  readonly openings: readonly Opening[]
  /** Why the office is closed, or closes early; null: the week alone says so. */
  readonly holiday: string | null
  /** Minutes from which the holiday closes it. */
  readonly holidayFrom: number
  /** A holiday closes it although the week opens it. */
  readonly isTakenByHoliday: boolean
  /** A whole public holiday: the day before it may be short. */
  readonly isPublic: boolean
}

/** Closed, half-open. */
export interface Closing {
  readonly start: Instant
  readonly end: Instant
  /** The holiday that closes; null: the week does. */
  readonly holiday: string | null
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** A week without holidays has an opening; a closure by holidays alone is shorter than this. */
const MAX_DAYS_CLOSED = 400

/** What a single working day between closed days is called. */
const bridgeNames: Readonly<Record<string, string>> = {
  SE: 'klämdag',
  NO: 'inneklemt dag',
  DK: 'indeklemt dag',
  FI: 'välipäivä',
  IS: 'klemmudagur'
}

export class OpeningCalendar {
  readonly #hours: OfficeHours
  readonly #zone: string
  readonly #holidaysOf: HolidaysOf
  readonly #plans = new Map<Day, DayPlan>()
  readonly #added: ReadonlyMap<string, Holiday & { readonly until: string | null }>
  readonly #removed: ReadonlySet<string>

  constructor(hours: OfficeHours, zone: string, holidaysOf: HolidaysOf = nordicHolidays) {
    this.#hours = hours
    this.#zone = zone
    this.#holidaysOf = holidaysOf
    this.#removed = new Set(hours.holidays?.remove)
    this.#added = new Map(
      (hours.holidays?.add ?? []).map(({ date, name, until = null }) => [
        date,
        { date, name, type: 'bank', from: null, until }
      ])
    )
  }

  /** The closed time that the instant is in, to its very start and end; null: the office is open. */
  closingAt(instant: Instant): { readonly start: Instant; readonly end: Instant } | null {
    const pieces = this.closings(instant, instant + 1)
    const [piece] = pieces
    if (piece === undefined) return null
    let { start, end } = piece
    for (let days = 0; days < MAX_DAYS_CLOSED; days++) {
      const [before] = this.closings(start - 1, start)
      if (before === undefined) break
      start = before.start
    }
    for (let days = 0; days < MAX_DAYS_CLOSED; days++) {
      const [after] = this.closings(end, end + 1)
      if (after === undefined) break
      end = after.end
    }
    return { start, end }
  }

  /** The closed pieces that touch the span, each within one local day. */
  closings(from: Instant, until: Instant): Closing[] {
    const found: Closing[] = []
    for (let day = this.#dayOf(from); this.#instantOf(day, 0) < until; day++) {
      for (const closing of this.#closingsOf(day)) {
        if (closing.end > from && closing.start < until) found.push(closing)
      }
    }
    return found
  }

  /**
   * When the office opens next: its first opening of today where that is to come, else of the first later day that has one. After
   * a break for lunch it does not open, but goes on.
   */
  nextOpening(at: Instant): Instant | null {
    const today = this.#dayOf(at)
    for (let day = today; day < today + MAX_DAYS_CLOSED; day++) {
      const continued = this.#plan(day - 1).openings.at(-1)?.[1] === 1440
      const first = this.#plan(day).openings.find(([start]) => start > 0 || !continued)
      if (first === undefined) continue
      const opens = this.#instantOf(day, first[0])
      if (opens > at) return opens
    }
    return null
  }

  #closingsOf(day: Day): Closing[] {
    const { openings, holiday, holidayFrom } = this.#plan(day)
    const closings: Closing[] = []
    const close = (from: number, until: number, reason: string | null) => {
      const start = this.#instantOf(day, from)
      const end = this.#instantOf(day, until)
      if (start < end) closings.push({ start, end, holiday: reason })
    }
    let at = 0
    for (const [start, end] of [...openings, [1440, 1440] as Opening]) {
      if (start > at) {
        const border = holiday === null ? start : Math.min(Math.max(holidayFrom, at), start)
        close(at, border, null)
        close(border, start, holiday)
      }
      at = end
    }
    return closings
  }

  #plan(day: Day): DayPlan {
    const known = this.#plans.get(day)
    if (known !== undefined) return known
    const plan = this.#withBridge(day, this.#withDayBefore(day, this.#planWithoutNeighbours(day)))
    this.#plans.set(day, plan)
    return plan
  }

  #planWithoutNeighbours(day: Day): DayPlan {
    const { week, holidays = {} } = this.#hours
    // 1 January 1970 was a Thursday.
    const openings = toOpenings(week[officeDays[(((day + 3) % 7) + 7) % 7]!] ?? [])
    const holiday = this.#holidayOf(day)
    const until = holiday && this.#closesAt(holiday, holidays)
    if (holiday === null || until === null) {
      return { openings, holiday: null, holidayFrom: 0, isTakenByHoliday: false, isPublic: false }
    }
    const left = cutOpenings(openings, until)
    return {
      openings: left,
      holiday: holiday.name,
      holidayFrom: until,
      isTakenByHoliday: openings.length > 0 && left.length === 0,
      isPublic: holiday.type === 'public' && holiday.from === null
    }
  }

  #holidayOf(day: Day): (Holiday & { readonly until?: string | null }) | null {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    const added = this.#added.get(date)
    if (added !== undefined) return added
    const country = this.#hours.holidays?.country
    if (country === undefined || this.#removed.has(date)) return null
    return (
      this.#holidaysOf(country, Number(date.slice(0, 4))).find((holiday) => holiday.date === date) ?? null
    )
  }

  /** Minutes from midnight at which the holiday closes the office; null: it does not. */
  #closesAt(
    holiday: Holiday & { readonly until?: string | null },
    { closed = closedTypes, half }: NonNullable<OfficeHours['holidays']>
  ): number | null {
    if (holiday.until !== undefined) return holiday.until === null ? 0 : minutesOf(holiday.until)
    if (closed.includes(holiday.type)) return holiday.from === null ? 0 : minutesOf(holiday.from)
    return half?.types.includes(holiday.type) ? minutesOf(half.until) : null
  }

  #withDayBefore(day: Day, plan: DayPlan): DayPlan {
    const until = this.#hours.holidays?.dayBefore?.until
    if (until === undefined || plan.openings.length === 0) return plan
    const next = this.#planWithoutNeighbours(day + 1)
    const minutes = minutesOf(until)
    if (!next.isPublic || minutes === null || (plan.holiday !== null && plan.holidayFrom <= minutes))
      return plan
    return {
      ...plan,
      openings: cutOpenings(plan.openings, minutes),
      holiday: next.holiday,
      holidayFrom: minutes
    }
  }

  /** A week that is closed on one side closes nothing: a holiday must take one of the neighbours from it. */
  #withBridge(day: Day, plan: DayPlan): DayPlan {
    const { holidays } = this.#hours
    if (holidays?.bridge !== 'closed' || plan.openings.length === 0) return plan
    const before = this.#planWithoutNeighbours(day - 1)
    const after = this.#planWithoutNeighbours(day + 1)
    if (before.openings.length > 0 || after.openings.length > 0) return plan
    if (!before.isTakenByHoliday && !after.isTakenByHoliday) return plan
    const holiday = bridgeNames[holidays.country ?? ''] ?? 'bridge day'
    return { openings: [], holiday, holidayFrom: 0, isTakenByHoliday: true, isPublic: false }
  }

  #dayOf(instant: Instant): Day {
    return Math.floor((instant + offsetsOf(this.#zone)(instant)) / DAY_MS)
  }

  /** A time that the clock skips is the instant of the skip; one that it shows twice is the first. */
  #instantOf(day: Day, minutes: number): Instant {
    return firstInstantOf(this.#zone, day * DAY_MS + minutes * MINUTE_MS)
  }
}

function toOpenings(spans: readonly OpeningSpan[]): Opening[] {
  return spans.map(([from, until]): Opening => [minutesOf(from) ?? 0, minutesOf(until) ?? 0])
}

function cutOpenings(openings: readonly Opening[], until: number): Opening[] {
  return openings.flatMap(([start, end]): Opening[] => (start < until ? [[start, Math.min(end, until)]] : []))
}
