/** Public holidays by country and year. */
import { holidayData } from './data.ts'

/** `public`: a red day. `bank`: banks are closed, and most offices. `optional`: many close early. */
export const holidayTypes = ['public', 'bank', 'optional'] as const
export type HolidayType = (typeof holidayTypes)[number]

export interface Holiday {
  /** `YYYY-MM-DD`. */
  readonly date: string
  /** In the country's own language. */
  readonly name: string
  readonly type: HolidayType
  /** `HH:MM` where the day is a holiday from then on; null: all of it. */
  readonly from: string | null
}

/** Those of a year, by date, one a day; empty where none are known. */
export type HolidaysOf = (country: string, year: number) => readonly Holiday[]

export const holidayCountries: readonly string[] = Object.keys(holidayData)

const known = new Map<string, readonly Holiday[]>()

export const nordicHolidays: HolidaysOf = (country, year) => {
  const key = `${country} ${year}`
  let holidays = known.get(key)
  if (holidays === undefined) {
    holidays = readLine(holidayData[country]?.[year] ?? '', year)
    known.set(key, holidays)
  }
  return holidays
}

function readLine(line: string, year: number): Holiday[] {
  if (line === '') return []
  return line.split('|').map((entry) => {
    const [day = '', kind = '', ...name] = entry.split(' ')
    const [type, from = null] = kind.split('@')
    return { date: `${year}-${day}`, type: type as HolidayType, from, name: name.join(' ') }
  })
}
