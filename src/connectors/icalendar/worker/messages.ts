/** What the service and the workers that read calendars send each other. */
import type { CalendarEvent } from '../../../domain/calendar-event.ts'
import type { ParsedCalendar, ReadCalendarRequest } from '../read-calendar.ts'

export interface WorkerJob extends Omit<ReadCalendarRequest, 'text'> {
  readonly bytes: Uint8Array
  readonly charset: string | null
}

export type WorkerRequest =
  /** `rejected` holds hashes of calendars that took too long and are not to be tried again yet. */
  { readonly job: WorkerJob; readonly rejected: readonly string[] } | 'next'

export type WorkerResponse =
  /** The first message of a worker. */
  | 'ready'
  /** The first answer to a job: of the bytes. */
  | { readonly hash: string }
  | 'rejected'
  /** A hint, free of the calendar's text. */
  | { readonly unreadable: string }
  /** Some of the events; `rest` is null until the last of them. The next are sent when they are asked for. */
  | { readonly events: readonly CalendarEvent[]; readonly rest: Omit<ParsedCalendar, 'events'> | null }
