/** Exchange's dateTimes as instants. Runs twice for every event of every read, so it reads digits and makes no objects. */
import type { Instant } from '../../../domain/calendar-event.ts'

const zero = 48
const minute = 60_000
const day = 86_400_000

/** To the second. Without an offset it is UTC, for that is asked for. Null when it is none. */
export function instantOfDateTime(text: string): Instant | null {
  const year = digitsAt(text, 0) * 100 + digitsAt(text, 2)
  const month = digitsAt(text, 5)
  const date = digitsAt(text, 8)
  const hour = digitsAt(text, 11)
  const minutes = digitsAt(text, 14)
  const second = digitsAt(text, 17)
  const offset = offsetOf(text, endOfFraction(text, 19))
  // Whatever is no digit makes its number NaN, which is in no range.
  const isInRange =
    year >= 1000 && month >= 1 && month <= 12 && date >= 1 && hour <= 23 && minutes <= 59 && second <= 59
  if (!isInRange || Number.isNaN(offset) || date > daysIn(year, month) || !isSeparated(text)) return null
  const seconds = (hour * 60 + minutes) * 60 + second
  return daysSinceEpoch(year, month, date) * day + seconds * 1000 - offset
}

/** `yyyy-mm-ddThh:mm:ss` */
function isSeparated(text: string): boolean {
  return (
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(7) === 45 &&
    text.charCodeAt(10) === 84 &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58
  )
}

/** Two digits; NaN where one is none. */
function digitsAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero
  const units = text.charCodeAt(at + 1) - zero
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : Number.NaN
}

/** Where one to nine digits after a point end; where no point stands, `at` itself. */
function endOfFraction(text: string, at: number): number {
  if (text.charCodeAt(at) !== 46) return at
  let end = at + 1
  while (end < text.length && text.charCodeAt(end) >= zero && text.charCodeAt(end) <= 57) end += 1
  return end === at + 1 || end > at + 10 ? text.length + 1 : end
}

/** Milliseconds that the text's clock is ahead of UTC; NaN where the rest is neither empty, `Z` nor an offset. */
function offsetOf(text: string, at: number): number {
  if (at === text.length) return 0
  const sign = text.charCodeAt(at)
  if (sign === 90 && at === text.length - 1) return 0
  if ((sign !== 43 && sign !== 45) || at !== text.length - 6 || text.charCodeAt(at + 3) !== 58)
    return Number.NaN
  const ahead = (digitsAt(text, at + 1) * 60 + digitsAt(text, at + 4)) * minute
  return sign === 43 ? ahead : -ahead
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Of the Gregorian calendar, counted in years that begin in March (H. Hinnant, "chrono-compatible low-level date algorithms"). */
function daysSinceEpoch(year: number, month: number, date: number): number {
  const marchYear = month <= 2 ? year - 1 : year
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1
  return marchYear * 365 + leapDays + dayOfYear - 719_468
}
