/** Instants as people of the language write them, in the recipient's zone. */
import type { Instant } from '../../domain/calendar-event.ts'
import { offsetsOf } from '../../lib/time-zone.ts'
import type { AlarmTexts } from './alarm-texts.ts'

interface MomentOptions {
  readonly zone: string
  readonly now: Instant
  readonly texts: Pick<AlarmTexts, 'locale' | 'time' | 'dayAndTime'>
}

/** The time alone where it is of today. */
export function formatMoment(at: Instant, { zone, now, texts }: MomentOptions): string {
  const offsetAt = offsetsOf(zone)
  const wall = new Date(at + offsetAt(at))
  const today = new Date(now + offsetAt(now))
  const time = texts.time(wall.getUTCHours(), String(wall.getUTCMinutes()).padStart(2, '0'))
  const isToday = wall.toISOString().slice(0, 10) === today.toISOString().slice(0, 10)
  return isToday ? time : texts.dayAndTime(formatDay(at, zone, texts.locale), time)
}

/** `1 december` */
export function formatDay(at: Instant, zone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, day: 'numeric', month: 'long' }).format(at)
}
