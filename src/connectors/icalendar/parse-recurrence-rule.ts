/** The text of a recurrence rule (RFC 5545 section 3.3.10) as its parts. Nothing is guessed: what is malformed is no rule. */
import { wallOf } from '../../lib/time-zone.ts'

/** From the longest period to the shortest. */
export const frequencies = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const
export type Frequency = (typeof frequencies)[number]

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

export interface RuleWeekday {
  /** From Monday, 0. */
  readonly weekday: number
  /** 0 where every such day is meant; negative numbers count from the end. */
  readonly ordinal: number
}

/** UNTIL as written: what it means depends on the zone of DTSTART. */
export interface RuleUntil {
  readonly wall: number
  readonly isDate: boolean
  readonly isUtc: boolean
}

/** Lists are sorted and hold each number once; null where the rule does not have the part. */
export interface RecurrenceRule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | null
  readonly until: RuleUntil | null
  /** From Monday, 0. */
  readonly weekStart: number
  readonly byMonth: readonly number[] | null
  readonly byWeekNumber: readonly number[] | null
  readonly byYearDay: readonly number[] | null
  readonly byMonthDay: readonly number[] | null
  readonly byDay: readonly RuleWeekday[] | null
  readonly byHour: readonly number[] | null
  readonly byMinute: readonly number[] | null
  readonly bySecond: readonly number[] | null
  readonly bySetPosition: readonly number[] | null
}

/** The message names parts of the grammar alone, never text of the calendar. */
export class InvalidRecurrenceRule extends Error {
  override readonly name = 'InvalidRecurrenceRule'
}

const knownParts = new Set([
  ...['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'RSCALE', 'SKIP'],
  ...['BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND', 'BYSETPOS']
])

/** Strings of the grammar are case-insensitive (RFC 5234 section 2.3). Throws InvalidRecurrenceRule. */
export function parseRecurrenceRule(text: string): RecurrenceRule {
  const parts = splitParts(text)
  const frequency = frequencies.find((name) => name === parts.get('FREQ'))
  if (frequency === undefined) throw new InvalidRecurrenceRule('FREQ is missing or unknown')
  // RFC 7529: other calendars, and days that move instead of being left out.
  if ((parts.get('RSCALE') ?? 'GREGORIAN') !== 'GREGORIAN') {
    throw new InvalidRecurrenceRule('RSCALE names another calendar than the Gregorian')
  }
  if ((parts.get('SKIP') ?? 'OMIT') !== 'OMIT')
    throw new InvalidRecurrenceRule('SKIP other than OMIT is not supported')
  return {
    frequency,
    interval: parseNumber(parts, 'INTERVAL') ?? 1,
    count: parseNumber(parts, 'COUNT'),
    until: parseUntil(parts.get('UNTIL')),
    weekStart: parseWeekday(parts.get('WKST') ?? 'MO', 'WKST'),
    byMonth: parseList(parts, 'BYMONTH', 1, 12),
    byWeekNumber: parseList(parts, 'BYWEEKNO', 1, 53, true),
    byYearDay: parseList(parts, 'BYYEARDAY', 1, 366, true),
    byMonthDay: parseList(parts, 'BYMONTHDAY', 1, 31, true),
    byDay: parseByDay(parts, frequency),
    byHour: parseList(parts, 'BYHOUR', 0, 23),
    byMinute: parseList(parts, 'BYMINUTE', 0, 59),
    // Second 60 is a leap second, which local times here do not have: it is the next minute's first.
    bySecond: parseList(parts, 'BYSECOND', 0, 60),
    bySetPosition: parseList(parts, 'BYSETPOS', 1, 366, true)
  }
}

type Parts = ReadonlyMap<string, string>

/** Exchange 2003 writes white space after commas (`BYDAY=MO, TU`), others a semicolon at the end. */
function splitParts(text: string): Parts {
  const parts = new Map<string, string>()
  for (const part of text.replace(/\s+/g, '').toUpperCase().split(';')) {
    if (part === '') continue
    const [name = '', value = '', ...more] = part.split('=')
    if (name.startsWith('X-')) continue
    if (!knownParts.has(name)) throw new InvalidRecurrenceRule('it has a part that RFC 5545 does not know')
    if (parts.has(name)) throw new InvalidRecurrenceRule(`${name} stands there twice`)
    if (value === '' || more.length > 0) throw new InvalidRecurrenceRule(`${name} has no proper value`)
    parts.set(name, value)
  }
  return parts
}

function parseNumber(parts: Parts, name: string): number | null {
  const value = parts.get(name)
  if (value === undefined) return null
  const number = /^\d{1,15}$/.test(value) ? Number(value) : 0
  if (number === 0) throw new InvalidRecurrenceRule(`${name} is no whole number from 1`)
  return number
}

function parseList(parts: Parts, name: string, min: number, max: number, signed = false): number[] | null {
  const value = parts.get(name)
  if (value === undefined) return null
  const numbers = value.split(',').map((item) => {
    const number = /^[+-]?\d{1,3}$/.test(item) ? Number(item) : Number.NaN
    const size = signed ? Math.abs(number) : number
    if (!(size >= min && size <= max))
      throw new InvalidRecurrenceRule(`${name} is not within ${min} to ${max}`)
    // Not -0, which would be another number in a set.
    return number + 0
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function parseByDay(parts: Parts, frequency: Frequency): RuleWeekday[] | null {
  // Numbers are not allowed in other rules; such days are read as every such day, which is what programs mean by them.
  const hasOrdinals = frequency === 'MONTHLY' || (frequency === 'YEARLY' && !parts.has('BYWEEKNO'))
  const days = parts.get('BYDAY')?.split(',') ?? null
  return (
    days?.map((item) => {
      const [, number = '', name = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(item) ?? []
      const size = Math.abs(Number(number))
      if (number !== '' && !(size >= 1 && size <= 53))
        throw new InvalidRecurrenceRule('BYDAY is not within 1 to 53')
      return { weekday: parseWeekday(name, 'BYDAY'), ordinal: hasOrdinals ? Number(number) : 0 }
    }) ?? null
  )
}

function parseWeekday(name: string, part: string): number {
  const weekday = weekdays.indexOf(name)
  if (weekday < 0) throw new InvalidRecurrenceRule(`${part} names no day of the week`)
  return weekday
}

function parseUntil(text: string | undefined): RuleUntil | null {
  if (text === undefined) return null
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(text)
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1, 7).map((part) => Number(part ?? 0))
  const wall = wallOf(year ?? 0, month ?? 0, day ?? 0, hour, minute, second)
  // A month, day or hour that there is not would run over into the next; second 60 may.
  const written = match === null ? '' : `${match[1]}-${match[2]}-${match[3]}`
  const isReal = match !== null && new Date(wallOf(year!, month!, day!)).toISOString().startsWith(written)
  if (!isReal || hour! > 23 || minute! > 59 || second! > 60) {
    throw new InvalidRecurrenceRule('UNTIL is no date and no time')
  }
  return { wall, isDate: match[4] === undefined, isUtc: match[7] === 'Z' }
}
