/** Single properties by ical.js, with what real programs get wrong about them. */
import ICAL from 'ical.js'
import { type Wall, wallOf } from '../../lib/time-zone.ts'
import { UnreadableEvent } from './errors.ts'
import type { ContentLine, RawComponent } from './parse-components.ts'
import { InvalidRecurrenceRule, parseRecurrenceRule, type RecurrenceRule } from './parse-recurrence-rule.ts'

/** A date or a time as it is written: what it means is up to its zone. */
export interface CalendarTime {
  readonly wall: Wall
  /** A whole day. */
  readonly isDate: boolean
  readonly isUtc: boolean
  /** Null when floating. */
  readonly zone: string | null
  readonly line: number
}

/** Of a duration, RFC 5545 section 3.3.6: days follow the calendar, the rest the clock. */
export interface CalendarDuration {
  readonly days: number
  /** Milliseconds. */
  readonly time: number
}

export interface CalendarPeriod {
  readonly start: CalendarTime
  readonly end: CalendarTime | CalendarDuration | null
}

// Google wrote whole days as `DTSTART;TZID=US/Pacific:20041225`, without VALUE=DATE.
ICAL.design.strict = false

const DAY = 86_400_000

export function firstProperty(component: RawComponent, name: string): ContentLine | undefined {
  return component.properties.find((property) => property.name === name)
}

export function propertiesNamed(component: RawComponent, name: string): ContentLine[] {
  return component.properties.filter((property) => property.name === name)
}

/** ical.js takes time that grows by the square of the number of parameters. */
const MAX_LINE_LENGTH = 250_000

/** The property, or null where it cannot be parsed. */
export function parseProperty(content: ContentLine): ICAL.Property | null {
  if (content.text.length > MAX_LINE_LENGTH) return null
  try {
    const jCal: unknown = ICAL.parse.property(content.text)
    return Array.isArray(jCal) ? new ICAL.Property(jCal) : null
  } catch {
    return null
  }
}

/** The values of a property; none where it cannot be parsed. ical.js parses some values only when they are asked for. */
export function valuesOf(content: ContentLine): readonly unknown[] {
  try {
    return parseProperty(content)?.getValues() ?? []
  } catch {
    return []
  }
}

/** The text of the first such property, or '' where it is missing or cannot be parsed. */
export function readText(component: RawComponent, name: string): string {
  const content = firstProperty(component, name)
  if (content === undefined) return ''
  const [value] = valuesOf({ ...content, text: content.text.slice(0, MAX_LINE_LENGTH) })
  return typeof value === 'string' ? value : String(value ?? '')
}

/** A keyword, upper case. */
export function readKeyword(component: RawComponent, name: string): string {
  return readText(component, name).trim().toUpperCase()
}

/** The date or time of a property; null when it is not there or empty; throws UnreadableEvent. */
export function readTime(component: RawComponent, name: string): CalendarTime | null {
  const content = firstProperty(component, name)
  if (content === undefined || isEmpty(content)) return null
  const [when] = readTimes(content)
  if (when === undefined || 'start' in when) throw unreadable(content)
  return when
}

/**
 * All dates, times and periods of a property; those of RDATE and EXDATE are many. They are taken from jCal (RFC 7265):
 * ical.js's own Time makes a day of next year out of month 13.
 */
export function readTimes(content: ContentLine): (CalendarTime | CalendarPeriod)[] {
  if (isEmpty(content)) return []
  if (content.text.length > MAX_LINE_LENGTH) throw unreadable(content)
  try {
    const [, parameters, , ...values] = ICAL.parse.property(quoteZoneName(content.text)) as unknown as JCal
    const { tzid } = parameters
    const zone = typeof tzid === 'string' ? tzid : null
    return values.map((value) => {
      if (typeof value === 'string') return whenFrom(value, zone, content)
      const [start = '', end = ''] = value as readonly string[]
      const isLength = ICAL.Duration.isValueString(end)
      return {
        start: whenFrom(start, zone, content),
        end: isLength ? durationFrom(ICAL.Duration.fromString(end), content) : whenFrom(end, zone, content)
      }
    })
  } catch {
    throw unreadable(content)
  }
}

type JCal = readonly [name: string, parameters: Record<string, unknown>, type: string, ...values: unknown[]]

/** The DURATION of a component; null when it is not there. */
export function readDuration(component: RawComponent): CalendarDuration | null {
  const content = firstProperty(component, 'DURATION')
  if (content === undefined || isEmpty(content)) return null
  const [value] = valuesOf(content)
  if (!(value instanceof ICAL.Duration)) throw unreadable(content)
  return durationFrom(value, content)
}

/** A rule and where it stands. */
export interface RuleProperty {
  readonly rule: RecurrenceRule
  readonly name: string
  readonly line: number
}

/** The rules of RRULE or EXRULE. An empty one, as calendarlabs.com writes, is none. Throws UnreadableEvent. */
export function readRules(component: RawComponent, name: string): RuleProperty[] {
  return propertiesNamed(component, name).flatMap((content) => {
    const value = content.text.slice(content.text.lastIndexOf(':') + 1)
    if (/^[\s;]*$/.test(value)) return []
    try {
      return [{ rule: parseRecurrenceRule(value), name, line: content.line }]
    } catch (error) {
      if (!(error instanceof InvalidRecurrenceRule)) throw error
      throw new UnreadableEvent(content.line, `${name} cannot be read: ${error.message}`)
    }
  })
}

/** A parameter as one text. */
export function readParameter(property: ICAL.Property, name: string): string | null {
  const value: unknown = property.getParameter(name)
  const one: unknown = Array.isArray(value) ? value[0] : value
  return typeof one === 'string' ? one : null
}

const WHEN = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(Z?))?$/

function whenFrom(text: string, zone: string | null, content: ContentLine): CalendarTime {
  const match = WHEN.exec(text)
  if (match === null) throw unreadable(content)
  const isDate = match[4] === undefined
  const isUtc = match[7] === 'Z'
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six
  // A month or day that there is not would run over into the next.
  const runsOver = new Date(wallOf(year, month, day)).toISOString().slice(0, 10) !== text.slice(0, 10)
  if (runsOver || hour > 24 || minute > 59 || second > 60) throw unreadable(content)
  const wall = wallOf(year, month, day, hour, minute, second)
  return { wall, isDate, isUtc, zone: isUtc || isDate ? null : zone, line: content.line }
}

type Six = [number, number, number, number, number, number]

/** Longer than any event; what is beyond would leave the range of instants. */
const MAX_DAYS = 100 * 366

function durationFrom(duration: ICAL.Duration, content: ContentLine): CalendarDuration {
  const sign = duration.isNegative ? -1 : 1
  const { weeks, hours, minutes, seconds } = duration
  const days = weeks * 7 + duration.days
  const time = ((hours * 60 + minutes) * 60 + seconds) * 1000
  if (!(days + time / DAY <= MAX_DAYS)) throw unreadable(content)
  return { days: sign * days, time: sign * time }
}

/** Whole days of a length, for all-day events: at least one. */
export function wholeDays(length: CalendarDuration): number {
  return Math.max(1, length.days + Math.ceil(length.time / DAY))
}

/** Outlook 2003 does not quote a zone name with a colon: `TZID=(GMT+01:00) Stockholm:20260101T080000`. */
function quoteZoneName(text: string): string {
  const odd = /^([A-Za-z-]+;(?:[^":]*;)?TZID=)([^";]*:[^";]*):([0-9TZ,/]+)$/i.exec(text)
  return odd === null ? text : `${odd[1]}"${odd[2]}":${odd[3]}`
}

function isEmpty(content: ContentLine): boolean {
  return content.text.trimEnd().endsWith(':')
}

function unreadable(content: ContentLine): UnreadableEvent {
  return new UnreadableEvent(content.line, `${content.name} cannot be read`)
}
