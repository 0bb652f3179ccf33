/** The calendar server that a connector's contract is run over, and how its cases read from it. */
import type { Test } from 'tap'
import type { CalendarRead, Connector, ReadResult, Target } from '../../src/connectors/connector.ts'
import type { BusyStatus, CalendarEvent, Response, Visibility } from '../../src/domain/calendar-event.ts'
import { RemoteError } from '../../src/errors.ts'
import { hangSignal } from '../support/until.ts'

/** An event as the calendar's owner would enter it. */
export interface ContractEvent {
  readonly subject: string
  /** RFC 3339 in UTC; of an all-day event a date. Of a series: its first occurrence. */
  readonly start: string
  /** As `start`; of an all-day event the day after its last. */
  readonly end: string
  readonly allDay?: boolean
  /** `busy` unless given. */
  readonly busy?: BusyStatus
  readonly visibility?: Visibility
  readonly cancelled?: boolean
  /** `organizer` unless given. */
  readonly response?: Response
  readonly categories?: readonly string[]
  readonly daily?: {
    /** Without it the series has no end. */
    readonly count?: number
    /** Dates (in the calendar's zone) whose occurrence was deleted. */
    readonly deleted?: readonly string[]
    /** Occurrences that were moved, by the date on which they would have begun. */
    readonly moved?: Readonly<Record<string, { readonly start: string; readonly end: string }>>
  }
}

/** A calendar server and the connector that reads it. Calendars are independent of each other. */
export interface CalendarServer {
  readonly connector: Connector
  /** Creates the calendar again, with these events alone; returns what `Target.mailbox` names it by. */
  put(calendar: string, timeZone: string, events: readonly ContractEvent[]): Promise<string>
  /** What `Target.mailbox` would name a calendar by that is not there. */
  missing(calendar: string): string
  /** Brings trouble upon a calendar that was put, until the returned function is called. */
  trouble(kind: Trouble, calendar: string): Promise<() => void>
}

/** No answer at all; an answer that is no calendar; an answer that breaks off in the middle. */
export type Trouble = 'hangs' | 'garbage' | 'cut off'

export const day = 86_400_000
export const zone = 'Europe/Stockholm'
export const noon = Date.parse('2026-11-18T12:00:00Z')

export function meeting(subject: string): ContractEvent {
  return { subject, start: '2026-11-18T12:00:00Z', end: '2026-11-18T13:00:00Z' }
}

export function around(instant: number, days = 7) {
  return { start: instant - day, end: instant + days * day }
}

export function iso(instant: number): string {
  return new Date(instant).toISOString()
}

export async function readOne(
  t: Test,
  server: CalendarServer,
  calendar: string,
  events: readonly ContractEvent[],
  options: { timeZone?: string; window?: { start: number; end: number } } = {}
): Promise<CalendarRead> {
  const { timeZone = zone, window = around(noon) } = options
  const mailbox = await server.put(calendar, timeZone, events)
  const [reading] = await readFrom(server, [mailbox], { timeZone, window })
  if (reading?.outcome === 'read') return reading
  if (reading?.outcome === 'failed') throw reading.error
  throw t.fail('unchanged was not asked for')
}

export function readFrom(
  server: CalendarServer,
  mailboxes: readonly string[],
  options: { timeZone?: string; window?: { start: number; end: number }; signal?: AbortSignal } = {}
): Promise<readonly ReadResult[]> {
  const { timeZone = zone, window = around(noon), signal = hangSignal() } = options
  const targets = mailboxes.map((mailbox): Target => ({ mailbox, timeZone }))
  return server.connector.read({ targets, window, subjects: true, signal })
}

export function failure(t: Test, reading: ReadResult | undefined): RemoteError {
  t.equal(reading?.outcome, 'failed')
  if (reading?.outcome !== 'failed') throw new Error('the read should have failed')
  t.ok(reading.error instanceof RemoteError)
  return reading.error
}

export function subjectsOf(reading: ReadResult | undefined): string | readonly string[] {
  if (reading?.outcome === 'read') return reading.events.map(({ subject }) => subject)
  return reading?.outcome === 'failed' ? reading.error.code : 'unchanged'
}

/** One member of each event, by subject. */
export function memberBySubject<Member extends keyof CalendarEvent>(
  events: readonly CalendarEvent[],
  member: Member
) {
  return Object.fromEntries(events.map((event) => [event.subject, event[member]]))
}

/** In order of time. */
export function spans(events: readonly CalendarEvent[]): string[] {
  return events.map(({ start, end }) => `${iso(start)}/${iso(end)}`).sort()
}
