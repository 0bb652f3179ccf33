/** From when until when somebody is absent, as days and times of their zone. */
import { dayOf, formatTime, instantAt, startOfDay } from '../i18n/format-time.ts'

export interface AbsenceSpan {
  readonly fromDay: string
  readonly fromTime: string
  readonly untilDay: string
  readonly untilTime: string
}

/** What is asked for most. */
export const spans = {
  tomorrow: (now: number, zone: string): AbsenceSpan => {
    const day = dayOf(startOfDay(now, 1, zone), zone)
    return { fromDay: day, fromTime: '08:00', untilDay: day, untilTime: '17:00' }
  },
  today: (now: number, zone: string): AbsenceSpan => ({
    ...startOf(now, zone),
    untilDay: dayOf(startOfDay(now, 1, zone), zone),
    untilTime: '00:00'
  }),
  monday: (now: number, zone: string): AbsenceSpan => ({
    ...startOf(now, zone),
    untilDay: dayOf(startOfDay(now, daysToMonday(now, zone), zone), zone),
    untilTime: '08:00'
  })
}

export function spanOf(from: string, until: string, zone: string): AbsenceSpan {
  return {
    fromDay: dayOf(Date.parse(from), zone),
    fromTime: timeOf(Date.parse(from), zone),
    untilDay: dayOf(Date.parse(until), zone),
    untilTime: timeOf(Date.parse(until), zone)
  }
}

export function instantsOf({ fromDay, fromTime, untilDay, untilTime }: AbsenceSpan, zone: string) {
  return {
    from: written(instantAt(fromDay, fromTime, zone)),
    until: written(instantAt(untilDay, untilTime, zone))
  }
}

function startOf(now: number, zone: string) {
  return { fromDay: dayOf(now, zone), fromTime: timeOf(now, zone) }
}

/** Swedish writes 24 hours, with a colon. */
function timeOf(instant: number, zone: string): string {
  return formatTime(instant, { language: 'sv', timeZone: zone })
}

/** On a Monday: seven. */
function daysToMonday(now: number, zone: string): number {
  // 0 is Sunday.
  const weekday = new Date(`${dayOf(now, zone)}T00:00:00Z`).getUTCDay()
  return (8 - weekday) % 7 || 7
}

function written(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+/, '')
}
