/** Office hours as the form holds them: a line of times for each day, and a line for each day of one's own. */
import type { Schemas } from '../api/client.ts'

export type OfficeHours = Schemas['OfficeHours']

export const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type WeekDay = (typeof weekDays)[number]

export interface HoursValues {
  /** `08:00-12:00, 13:00-17:00`; empty: closed. */
  readonly week: Readonly<Record<WeekDay, string>>
  /** Empty: no holidays. */
  readonly country: string
  readonly bridge: boolean
  /** When it closes on the day before a public holiday; empty: as on other days. */
  readonly dayBefore: string
  /** `2026-12-23 12:00 Christmas lunch`, a line each. */
  readonly add: string
  /** Days, with blanks between. */
  readonly remove: string
  /** Empty: nothing diverts outside. */
  readonly outside: string
}

const usual = '08:00-17:00'

export function hoursValuesOf(held: OfficeHours | null): HoursValues {
  const week = (day: WeekDay) =>
    held === null
      ? day === 'sat' || day === 'sun'
        ? ''
        : usual
      : (held.week[day] ?? []).map((span) => span.join('-')).join(', ')
  const { holidays } = held ?? {}
  return {
    week: Object.fromEntries(weekDays.map((day) => [day, week(day)])) as Record<WeekDay, string>,
    country: holidays?.country ?? '',
    bridge: holidays?.bridge === 'closed',
    dayBefore: holidays?.dayBefore?.until ?? '',
    add: (holidays?.add ?? [])
      .map(({ date, name, until }) => [date, until, name].filter((part) => part !== undefined).join(' '))
      .join('\n'),
    remove: (holidays?.remove ?? []).join(' '),
    outside: held?.outside ?? ''
  }
}

/** What the form does not show stays as it is held. */
export function hoursOf(values: HoursValues, held: OfficeHours | null): OfficeHours {
  const { bridge: _, dayBefore: __, add: ___, remove: ____, country: _____, ...kept } = held?.holidays ?? {}
  const own = daysOf(values.add)
  const removed = values.remove.split(/[\s,;]+/).filter((day) => day !== '')
  const holidays = {
    ...kept,
    ...(values.country !== '' && { country: values.country }),
    ...(values.bridge && { bridge: 'closed' as const }),
    ...(values.dayBefore !== '' && { dayBefore: { until: values.dayBefore } }),
    ...(own.length > 0 && { add: own }),
    ...(removed.length > 0 && { remove: removed })
  }
  const { holidays: _holidays, ...rest } = held ?? {}
  return {
    ...rest,
    week: Object.fromEntries(
      weekDays.map((day) => [day, spansIn(values.week[day])] as const).filter(([, spans]) => spans.length > 0)
    ),
    ...(Object.keys(holidays).length > 0 && { holidays }),
    outside: values.outside === '' ? null : values.outside
  }
}

/** `8-12, 13-17` becomes `08:00-12:00, 13:00-17:00`; what is no times stays as it is written. */
export function tidySpans(text: string): string {
  return text
    .split(',')
    .map((span) => span.split(/[-–]/).map(tidyTime).join('-'))
    .filter((span) => span !== '')
    .join(', ')
}

function tidyTime(text: string): string {
  const [, hours, minutes = '00'] = /^\s*(\d{1,2})(?:[.:]?(\d{2}))?\s*$/.exec(text) ?? []
  return hours === undefined ? text.trim() : `${hours.padStart(2, '0')}:${minutes}`
}

function spansIn(text: string): string[][] {
  const tidy = tidySpans(text)
  return tidy === '' ? [] : tidy.split(', ').map((span) => span.split('-'))
}

function daysOf(text: string) {
  return text
    .split('\n')
    .map((line) => /^\s*(\S+)(?:\s+(\d\d:\d\d))?\s*(.*?)\s*$/.exec(line))
    .flatMap((found) => {
      const [, date, until, name = ''] = found ?? []
      return date === undefined ? [] : [{ date, name: name || date, ...(until !== undefined && { until }) }]
    })
}
