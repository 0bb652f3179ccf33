/** Office hours of `hanvisa try`: the same on Monday to Friday, with a country's holidays. */
import { type OfficeHours, type OpeningSpan, validateOfficeHours } from '../domain/hours/office-hours.ts'

export interface PreviewHoursOptions {
  /** `08:00-17:00`; with a comma between several: `08:00-12:00,13:00-17:00`. */
  readonly hours?: string
  /** ISO 3166-1. */
  readonly country?: string
}

const OUTSIDE = 'gone-for-the-day'
const ALL_DAY: readonly OpeningSpan[] = [['00:00', '24:00']]

/** Null: none are asked for. A string says what is wrong with them. */
export function readPreviewHours({ hours, country }: PreviewHoursOptions): OfficeHours | string | null {
  if (hours === undefined && country === undefined) return null
  const spans: OpeningSpan[] = (hours ?? '').split(',').map((span) => {
    const [from = '', until = ''] = span.split('-').map((time) => time.trim())
    return [from, until]
  })
  const weekday = hours === undefined ? ALL_DAY : spans
  const weekend = hours === undefined ? ALL_DAY : []
  const week = {
    mon: weekday,
    tue: weekday,
    wed: weekday,
    thu: weekday,
    fri: weekday,
    sat: weekend,
    sun: weekend
  }
  const officeHours: OfficeHours = {
    week,
    ...(country !== undefined && { holidays: { country: country.toUpperCase() } }),
    outside: OUTSIDE
  }
  const [fault] = validateOfficeHours(officeHours, new Set([OUTSIDE]))
  if (fault === undefined) return officeHours
  return `${fault.field.startsWith('week') ? '--hours' : '--country'}: ${fault.message}`
}
