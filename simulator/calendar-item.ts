/** What a simulated calendar holds, and the mailbox around it: free of any protocol. */
import type { Hosting } from './hosting.ts'

export const showAsValues = ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown'] as const

export const sensitivities = ['normal', 'personal', 'private', 'confidential'] as const

export const responseStatuses = [
  'none',
  'organizer',
  'accepted',
  'tentative',
  'declined',
  'notResponded'
] as const

/** What somebody may see of a calendar, from nothing to everything. */
export const rights = ['none', 'freeBusy', 'limitedDetails', 'reviewer', 'fullAccess'] as const

export type Right = (typeof rights)[number]

export interface NamedAddress {
  readonly name: string
  readonly address: string
}

/** An event as a test or a person describes it. */
export interface EventInput {
  /** Unique in its mailbox; made unless given. Never changes. */
  readonly id?: string
  readonly subject?: string
  readonly location?: string
  /** RFC 3339 with `Z` or an offset; of an all-day event a date, `2026-11-23`. Of a series: its first occurrence. */
  readonly start: string
  /** As `start`; of an all-day event the day after its last. */
  readonly end: string
  readonly allDay?: boolean
  readonly showAs?: (typeof showAsValues)[number]
  readonly sensitivity?: (typeof sensitivities)[number]
  readonly cancelled?: boolean
  readonly response?: (typeof responseStatuses)[number]
  readonly categories?: readonly string[]
  readonly organizer?: NamedAddress
  readonly recurrence?: Recurrence
}

/** What may differ between the occurrences of a series, and what every event has. */
export interface EventContent {
  readonly subject: string
  readonly location: string
  readonly showAs: (typeof showAsValues)[number]
  readonly sensitivity: (typeof sensitivities)[number]
  readonly cancelled: boolean
  readonly response: (typeof responseStatuses)[number]
  readonly categories: readonly string[]
  readonly organizer: NamedAddress
}

export interface CalendarItem extends EventContent {
  readonly id: string
  readonly allDay: boolean
  /** Epoch milliseconds; of an all-day event the midnights as if UTC were everywhere (they float). */
  readonly start: number
  readonly end: number
  readonly recurrence: CompiledRecurrence | null
  /** The mailbox's counter when this was last written: the source of change keys and ETags. */
  readonly change: number
  readonly created: number
  readonly modified: number
  /** As it was put, for whoever asks what is there. */
  readonly input: EventInput
}

export interface Mailbox {
  readonly tenant: string
  readonly address: string
  readonly objectId: string
  readonly userPrincipalName: string
  readonly aliases: readonly string[]
  readonly displayName: string
  readonly timeZone: string
  readonly hosting: Hosting
  readonly rights: Readonly<Record<string, Right>>
  readonly events: Map<string, CalendarItem>
  /** Counts every write to the mailbox. */
  change: number
}

export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday'
] as const

export type Weekday = (typeof weekdays)[number]

/** Simple: the event's own start is the first occurrence, and the mailbox's zone is the series' zone. */
export interface Recurrence {
  readonly every: 'day' | 'week'
  /** Every second day, every third week. 1 unless given. */
  readonly interval?: number
  /** Of a weekly series; the weekday of its start unless given. */
  readonly days?: readonly Weekday[]
  /** The last date on which an occurrence may begin. */
  readonly until?: string
  readonly count?: number
  /** Dates whose occurrence was deleted. */
  readonly skip?: readonly string[]
  /** Exceptions, by the date on which the occurrence would have begun. */
  readonly changes?: Readonly<Record<string, OccurrenceChange>>
}

export interface OccurrenceChange extends Partial<Omit<EventContent, 'organizer'>> {
  /** RFC 3339 with offset; of an all-day series a date. Both or neither. */
  readonly start?: string
  readonly end?: string
}

export interface CompiledRecurrence {
  readonly input: Recurrence
  /** Days since 1970-01-01, inclusive. */
  readonly first: number
  readonly last: number
  readonly interval: number
  /** Numbers of weekdays, Monday being 0; all seven of a daily series. */
  readonly days: ReadonlySet<number>
  readonly weekly: boolean
  readonly skip: ReadonlySet<number>
  readonly changes: ReadonlyMap<number, CompiledChange>
  /** The instants that were reckoned already, by day. */
  readonly starts: Map<number, number>
}

export interface CompiledChange {
  readonly content: Partial<EventContent>
  readonly span: { readonly start: number; readonly end: number } | null
}
