/** What the service and the threads that read calendars say to each other. */
import type { ParsedCalendar, ReadCalendarRequest } from '../read-calendar.ts'

export interface WorkerJob extends Omit<ReadCalendarRequest, 'text'> {
  readonly bytes: Uint8Array
  readonly charset: string | null
}

/** `unreadable` is a hint, free of the calendar's text. */
export type WorkerResponse = { readonly read: ParsedCalendar } | { readonly unreadable: string }

/** The first thing that a thread says. */
export const READY = 'ready'
