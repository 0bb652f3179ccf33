/** Local times of recipients: when messages wait, and when the digest is due. Days have 23, 24 or 25 hours. Pure. */
import type { Instant } from '../domain/calendar-event.ts'
import { localInstant, offsetsOf } from '../lib/time-zone.ts'
import type { AlarmQuietHours } from '../storage/alarms.ts'

/** A day of the calendar. Months count from 1. */
interface LocalDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** `07:30`, from 00:00 to 23:59. */
export const TIME_PATTERN = '^([01]\\d|2[0-3]):[0-5]\\d$'

/** Whether messages wait at that instant. */
export function isQuiet(quiet: AlarmQuietHours, zone: string, at: Instant): boolean {
  const today = localDay(zone, at)
  const isOvernight = quiet.to <= quiet.from
  // Those that began yesterday may last until today.
  return [dayAfter(today, -1), today].some((day) => {
    if (!quiet.days.includes(weekday(day))) return false
    const begin = instantAt(zone, day, quiet.from)
    const end = instantAt(zone, isOvernight ? dayAfter(day, 1) : day, quiet.to)
    return begin <= at && at < end
  })
}

/** The local day whose digest is due at that instant, as `2026-12-01`, and since when; null: today's is not due yet. */
export function digestDayAt(
  time: string,
  zone: string,
  at: Instant
): { readonly day: string; readonly since: Instant } | null {
  const today = localDay(zone, at)
  const since = instantAt(zone, today, time)
  return since <= at ? { day: nameOf(today), since } : null
}

function localDay(zone: string, at: Instant): LocalDay {
  const wall = new Date(at + offsetsOf(zone)(at))
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() }
}

function dayAfter({ year, month, day }: LocalDay, days: number): LocalDay {
  const date = new Date(Date.UTC(year, month - 1, day + days))
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

/** 1 is Monday, 7 is Sunday. */
function weekday({ year, month, day }: LocalDay): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7
}

function instantAt(zone: string, day: LocalDay, time: string): Instant {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return localInstant(zone, { ...day, hour, minute, second: 0 })
}

function nameOf({ year, month, day }: LocalDay): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}
