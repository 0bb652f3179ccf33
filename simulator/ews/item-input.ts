/** A CalendarItem out of a request as the mailboxes take events: fields, all-day dates, series by day or week. */

import type { EventInput } from '../calendar-item.ts'
import { type Recurrence, type Weekday, weekdays } from '../calendar-item.ts'
import { zoneNamed } from '../graph/preferences.ts'
import { localTimeOf } from '../time.ts'
import { ItemError } from './envelope.ts'
import { all, descendantAt, textAt, type XmlElement } from './xml.ts'
import { instantIn } from './zones.ts'

type Written<T> = { -readonly [Member in keyof T]?: T[Member] }
export type ItemFields = Written<EventInput>

const showAs: Readonly<Record<string, EventInput['showAs']>> = {
  Free: 'free',
  Tentative: 'tentative',
  Busy: 'busy',
  OOF: 'oof',
  WorkingElsewhere: 'workingElsewhere',
  NoData: 'unknown'
}

/** Only what stands in the element. `zone` is the context's, `home` the mailbox's: all-day dates are its. */
export function fieldsOf(element: XmlElement, zone: string | null, home: string): ItemFields {
  const fields: ItemFields = {}
  const text = (name: string) => textAt(element, name)
  const named = descendantAt(element, 'StartTimeZone')?.attributes.Id ?? text('StartTimeZoneId')
  const own = (named === undefined ? null : zoneNamed(named)) ?? zone ?? (named === undefined ? null : home)
  const subject = text('Subject')
  if (subject !== undefined) fields.subject = subject
  const location = text('Location') ?? textAt(element, 'EnhancedLocation', 'DisplayName')
  if (location !== undefined) fields.location = location
  const sensitivity = text('Sensitivity')?.toLowerCase()
  if (sensitivity !== undefined) fields.sensitivity = sensitivity as NonNullable<EventInput['sensitivity']>
  const busy = text('LegacyFreeBusyStatus')
  if (busy !== undefined) {
    const known = Object.hasOwn(showAs, busy) ? showAs[busy] : undefined
    if (known === undefined) throw wrong('LegacyFreeBusyStatus')
    fields.showAs = known
  }
  const categories = descendantAt(element, 'Categories')
  if (categories) fields.categories = all(categories, 'String').map((each) => each.text)
  const allDay = text('IsAllDayEvent')
  if (allDay !== undefined) fields.allDay = allDay === 'true' || allDay === '1'
  for (const [name, member] of [
    ['Start', 'start'],
    ['End', 'end']
  ] as const) {
    const written = text(name)
    if (written === undefined) continue
    const instant = instantIn(own, written)
    if (instant === null) throw wrong(name)
    fields[member] = new Date(instant).toISOString()
  }
  const recurrence = descendantAt(element, 'Recurrence')
  if (recurrence) fields.recurrence = recurrenceOf(recurrence)
  if (fields.allDay) datesOf(fields, home)
  return fields
}

/** Of an all-day event the dates of its times, the last one rounded up. */
export function datesOf(fields: ItemFields, home: string): void {
  const date = (text: string, last: boolean) => {
    const instant = Date.parse(text)
    if (/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(instant)) return text
    const wall = localTimeOf(instant, home)
    const day = last ? Math.ceil(wall / 86_400_000) : Math.floor(wall / 86_400_000)
    return new Date(day * 86_400_000).toISOString().slice(0, 10)
  }
  if (fields.start !== undefined) fields.start = date(fields.start, false)
  if (fields.end !== undefined) fields.end = date(fields.end, true)
  if (fields.start !== undefined && fields.end !== undefined && fields.end <= fields.start) {
    fields.end = new Date(Date.parse(fields.start) + 86_400_000).toISOString().slice(0, 10)
  }
}

function recurrenceOf(element: XmlElement): Recurrence {
  const daily = descendantAt(element, 'DailyRecurrence')
  const weekly = descendantAt(element, 'WeeklyRecurrence')
  const pattern = daily ?? weekly
  if (!pattern) {
    throw new ItemError('ErrorInvalidRecurrence', 'The simulator knows daily and weekly recurrences only.')
  }
  const days = (textAt(weekly, 'DaysOfWeek') ?? '').toLowerCase().split(' ')
  const known = days.filter((day): day is Weekday => weekdays.some((each) => each === day))
  const until = textAt(element, 'EndDateRecurrence', 'EndDate')?.slice(0, 10)
  const count = textAt(element, 'NumberedRecurrence', 'NumberOfOccurrences')
  return {
    every: daily ? 'day' : 'week',
    interval: Number(textAt(pattern, 'Interval') ?? 1),
    ...(weekly && known.length > 0 ? { days: known } : {}),
    ...(until === undefined ? {} : { until }),
    ...(count === undefined ? {} : { count: Number(count) })
  }
}

function wrong(name: string): ItemError {
  return new ItemError('ErrorInvalidPropertySet', `Set action is invalid for property ${name}.`)
}
