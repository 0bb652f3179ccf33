/** What the service and the threads that read calendars say to each other. */
import type { TextRead, ToRead } from '../read-calendar.ts'

export interface Job extends Omit<ToRead, 'text'> {
  readonly bytes: Uint8Array
  readonly charset: string | null
}

/** `unreadable` is a hint, free of the calendar's text. */
export type Answer = { readonly read: TextRead } | { readonly unreadable: string }

/** The first thing that a thread says. */
export const READY = 'ready'
