/** Calendars for tests: text from lines, and its reading in a window around late November 2026. */
import {
  type ParsedCalendar,
  type ReadCalendarRequest,
  readCalendar
} from '../../../src/connectors/icalendar/read-calendar.ts'

export const parsedInstant = (text: string): number => Date.parse(text)

export const fortnight = {
  start: parsedInstant('2026-11-21T00:00:00Z'),
  end: parsedInstant('2026-12-06T00:00:00Z')
}

export function calendar(...lines: string[]): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Hanvisa//test//EN',
    ...lines,
    'END:VCALENDAR',
    ''
  ].join('\r\n')
}

let made = 0

export function event(...lines: string[]): string {
  made += 1
  const uid = lines.some((line) => line.startsWith('UID')) ? [] : [`UID:${made}@example.com`]
  return ['BEGIN:VEVENT', ...uid, ...lines, 'END:VEVENT'].join('\r\n')
}

export function read(text: string, request: Partial<ReadCalendarRequest> = {}): ParsedCalendar {
  return readCalendar({
    text,
    mailbox: 'calendar.ics',
    timeZone: 'Europe/Stockholm',
    window: fortnight,
    subjects: true,
    ownerAddresses: [],
    limits: {
      maxOccurrences: 10_000,
      maxEventOccurrences: 2_000,
      maxSteps: 20_000_000,
      maxEventSteps: 1_000_000
    },
    ...request
  })
}

/** `start/end subject` of each event, in order of time. */
export function shown(result: ParsedCalendar): string[] {
  const minute = (instant: number) => new Date(instant).toISOString().slice(0, 16)
  return [...result.events]
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, subject }) => `${minute(start)}/${minute(end)} ${subject}`.trim())
}
