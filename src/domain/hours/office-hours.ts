/** Office hours of a tenant or a user: when the office is open, on which holidays it is not, and what holds outside. */
import { AVAILABLE } from '../diversion.ts'
import { type HolidayType, holidayCountries } from '../holidays/holidays.ts'

export const officeDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type OfficeDay = (typeof officeDays)[number]

/** From the one until just before the other, `HH:MM` on the wall; `24:00` ends the day. */
export type OpeningSpan = readonly [string, string]

export interface ExtraHoliday {
  /** `YYYY-MM-DD`. */
  readonly date: string
  readonly name: string
  /** `HH:MM` when the office closes; absent: it is closed all day. */
  readonly until?: string
}

export interface HolidayPolicy {
  /** ISO 3166-1. It is not the language's and not the zone's: it is stated, or there are no public holidays. */
  readonly country?: string
  /** Types of holidays on which the office is closed; public and bank unless stated. */
  readonly closed?: readonly HolidayType[]
  /** On days of these types the office closes at `until`. */
  readonly half?: { readonly types: readonly HolidayType[]; readonly until: string }
  /** When the office closes on the day before a public holiday. */
  readonly dayBefore?: { readonly until: string }
  /** A single working day between a holiday and another closed day. */
  readonly bridge?: 'closed'
  readonly add?: readonly ExtraHoliday[]
  /** Days, `YYYY-MM-DD`, that are none here. */
  readonly remove?: readonly string[]
}

export interface OfficeHours {
  /** IANA name; absent: the user's, else the tenant's. */
  readonly zone?: string
  /** A day that is not stated is closed. */
  readonly week: Readonly<Partial<Record<OfficeDay, readonly OpeningSpan[]>>>
  readonly holidays?: HolidayPolicy
  /** The diversion that holds outside; null: none, and the hours say only when the next opening is. */
  readonly outside: string | null
}

export const closedTypes: readonly HolidayType[] = ['public', 'bank']

export interface HoursFault {
  /** As `week/mon/0`. */
  readonly field: string
  readonly message: string
}

/** Minutes from midnight. Null: it is no `HH:MM` up to 24:00. */
export function minutesOf(time: string): number | null {
  const parts = /^(\d\d):(\d\d)$/.exec(time)
  if (parts === null) return null
  const minutes = 60 * Number(parts[1]) + Number(parts[2])
  return Number(parts[2]) < 60 && minutes <= 1440 ? minutes : null
}

/** Everything that is wrong beyond the shape. `codes`: of the catalogue. */
export function validateOfficeHours(hours: OfficeHours, codes: ReadonlySet<string>): HoursFault[] {
  const { week, holidays = {}, outside } = hours
  const faults = officeDays.flatMap((day) => validateSpans(`week/${day}`, week[day] ?? []))
  if (officeDays.every((day) => (week[day] ?? []).length === 0)) {
    faults.push({ field: 'week', message: 'has no opening: write one, or leave office hours out' })
  }
  if (outside !== null && !codes.has(outside)) {
    faults.push({ field: 'outside', message: `names "${outside}", which the catalogue lacks` })
  }
  if (outside === AVAILABLE) {
    faults.push({ field: 'outside', message: 'cannot be "available": write null for no diversion' })
  }
  const { country, half, dayBefore, add = [], remove = [] } = holidays
  if (country !== undefined && !holidayCountries.includes(country)) {
    const known = holidayCountries.join(', ')
    faults.push({
      field: 'holidays/country',
      message: `"${country}" is not known: write one of ${known}, or state the days in "add"`
    })
  }
  const times: [string, string | undefined][] = [
    ['holidays/half/until', half?.until],
    ['holidays/dayBefore/until', dayBefore?.until],
    ...add.map(({ until }, index): [string, string | undefined] => [`holidays/add/${index}/until`, until])
  ]
  for (const [field, time] of times) {
    if (time !== undefined && minutesOf(time) === null) faults.push({ field, message: noTime(time) })
  }
  const days: [string, string][] = [
    ...add.map(({ date }, index): [string, string] => [`holidays/add/${index}/date`, date]),
    ...remove.map((date, index): [string, string] => [`holidays/remove/${index}`, date])
  ]
  for (const [field, date] of days) {
    if (!isDay(date)) faults.push({ field, message: `"${date}" is no day: write one such as 2026-12-30` })
  }
  return faults
}

function validateSpans(field: string, spans: readonly OpeningSpan[]): HoursFault[] {
  let last = 0
  return spans.flatMap(([from, until], index): HoursFault[] => {
    const start = minutesOf(from)
    const end = minutesOf(until)
    const place = `${field}/${index}`
    if (start === null || end === null) {
      return [{ field: place, message: noTime(start === null ? from : until) }]
    }
    if (start >= end) {
      return [
        { field: place, message: 'ends before it begins: over midnight are two, up to 24:00 and from 00:00' }
      ]
    }
    if (start < last) return [{ field: place, message: 'begins before the one before it ends' }]
    last = end
    return []
  })
}

function noTime(time: string): string {
  return `"${time}" is no time: write one from 00:00 to 24:00`
}

function isDay(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(date)
}
