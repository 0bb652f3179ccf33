/** An occurrence in the shape of Graph's `event` (v1.0), member by member, so that only what is selected is made. */
import type { Mailbox } from '../calendar-item.ts'
import type { SimulatedOccurrence } from '../recurrence.ts'
import { dayMs } from '../time.ts'
import { floatingTime, type Preferences, timeIn } from './preferences.ts'

interface Context {
  readonly mailbox: Mailbox
  readonly preferences: Preferences
}

const answered = {
  none: 'none',
  organizer: 'organizer',
  accepted: 'accepted',
  tentative: 'tentativelyAccepted',
  declined: 'declined',
  notResponded: 'notResponded'
} as const
const never = '0001-01-01T00:00:00Z'

const members = {
  createdDateTime: ({ event }: SimulatedOccurrence) => fine(event.created),
  lastModifiedDateTime: ({ event }: SimulatedOccurrence) => fine(event.modified),
  changeKey: ({ event }: SimulatedOccurrence, { mailbox }: Context) =>
    graphChangeKeyOf(mailbox, event.change),
  categories: ({ content: { categories } }: SimulatedOccurrence) => categories,
  transactionId: () => null,
  originalStartTimeZone: (_: SimulatedOccurrence, { mailbox }: Context) => mailbox.timeZone,
  originalEndTimeZone: (_: SimulatedOccurrence, { mailbox }: Context) => mailbox.timeZone,
  iCalUId: (occurrence: SimulatedOccurrence, { mailbox }: Context) =>
    `040000008200E00074C5B7101A82E008${hex(`${mailbox.objectId}/${keyOf(occurrence)}`)}`,
  uid: ({ event }: SimulatedOccurrence, { mailbox }: Context) =>
    `040000008200E00074C5B7101A82E008${hex(`${mailbox.objectId}/${event.id}`)}`,
  reminderMinutesBeforeStart: () => 15,
  isReminderOn: () => true,
  hasAttachments: () => false,
  subject: ({ content: { subject } }: SimulatedOccurrence) => subject,
  bodyPreview: () => '',
  importance: () => 'normal',
  sensitivity: ({ content: { sensitivity } }: SimulatedOccurrence) => sensitivity,
  isAllDay: ({ event }: SimulatedOccurrence) => event.allDay,
  isCancelled: ({ content: { cancelled } }: SimulatedOccurrence) => cancelled,
  isOrganizer: ({ content: { response } }: SimulatedOccurrence) =>
    response === 'organizer' || response === 'none',
  responseRequested: () => true,
  seriesMasterId: (occurrence: SimulatedOccurrence, { mailbox, preferences }: Context) =>
    occurrence.day === null ? null : graphIdOf(mailbox, occurrence.event.id, preferences),
  showAs: ({ content: { showAs } }: SimulatedOccurrence) => showAs,
  type: ({ kind }: SimulatedOccurrence) => kind,
  webLink: (occurrence: SimulatedOccurrence, { mailbox, preferences }: Context) =>
    `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(
      graphIdOf(mailbox, keyOf(occurrence), preferences)
    )}&exvsurl=1&path=/calendar/item`,
  onlineMeetingUrl: () => null,
  isOnlineMeeting: () => false,
  onlineMeetingProvider: () => 'unknown',
  allowNewTimeProposals: () => true,
  occurrenceId: ({ event, day }: SimulatedOccurrence) =>
    day === null ? null : `OID.${event.id}.${dateOf(day)}`,
  isDraft: () => false,
  hideAttendees: () => false,
  responseStatus: ({ content: { response }, event }: SimulatedOccurrence) => ({
    response: answered[response],
    time: response === 'organizer' || response === 'none' ? never : fine(event.modified)
  }),
  body: (_: SimulatedOccurrence, { preferences }: Context) => ({
    contentType: preferences.plainText ? 'text' : 'html',
    content: ''
  }),
  start: (occurrence: SimulatedOccurrence, { preferences }: Context) =>
    occurrence.event.allDay
      ? floatingTime(occurrence.floatingStart, preferences)
      : timeIn(occurrence.start, preferences),
  end: (occurrence: SimulatedOccurrence, { preferences }: Context) =>
    occurrence.event.allDay
      ? floatingTime(occurrence.floatingEnd, preferences)
      : timeIn(occurrence.end, preferences),
  location: ({ content: { location } }: SimulatedOccurrence) => locationOf(location),
  locations: ({ content: { location } }: SimulatedOccurrence) =>
    location === ''
      ? []
      : [{ displayName: location, locationType: 'default', uniqueId: location, uniqueIdType: 'private' }],
  // The pattern stands on the series' master, which a calendarView never shows.
  recurrence: () => null,
  attendees: () => [],
  organizer: ({ content: { organizer } }: SimulatedOccurrence) => ({ emailAddress: organizer }),
  onlineMeeting: () => null
} as const
export type EventMember = keyof typeof members | 'id'

/** Of `Calendars.ReadBasic.All` all but these. */
const notBasic = new Set<string>(['body', 'bodyPreview', 'hasAttachments'])
const names = new Set<string>(['id', ...Object.keys(members)])

/** The members to make, in order; a name that `event` lacks is returned as it is. */
export function selection(select: string | null, basic: boolean): readonly EventMember[] | string {
  const wanted = select === null ? [...names] : select.split(',').map((name) => name.trim())
  const known = new Map([...names].map((name) => [name.toLowerCase(), name as EventMember]))
  const found: EventMember[] = []
  for (const name of wanted) {
    const member = known.get(name.toLowerCase())
    if (member === undefined) return name
    if (!(basic && notBasic.has(member))) found.push(member)
  }
  return found
}

/** `@odata.etag` and `id` always come back, whatever is selected. */
export function shapeEvent(
  occurrence: SimulatedOccurrence,
  selected: readonly EventMember[],
  context: Context
): Record<string, unknown> {
  const { mailbox, preferences } = context
  const shape: Record<string, unknown> = {
    '@odata.etag': `W/"${graphChangeKeyOf(mailbox, occurrence.event.change)}"`,
    id: graphIdOf(mailbox, keyOf(occurrence), preferences)
  }
  for (const member of selected) {
    if (member !== 'id') shape[member] = members[member](occurrence, context)
  }
  return shape
}

/** How ids begin, those that last and those that change when an item is moved. */
const immutable = 'AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A'
const mutable = 'AAMkADBi'

/** Of an event as it is stored, the key is its id. */
export function graphIdOf(
  mailbox: Mailbox,
  key: string,
  { immutableIds }: Pick<Preferences, 'immutableIds'>
): string {
  const encoded = Buffer.from(`${mailbox.objectId}\n${key}`).toString('base64url')
  return `${immutableIds ? immutable : mutable}${encoded}`
}

function keyOf({ event, day }: SimulatedOccurrence): string {
  return day === null ? event.id : `${event.id}\n${day}`
}

export function graphChangeKeyOf(mailbox: Mailbox, change: number): string {
  return Buffer.from(`${mailbox.objectId.slice(0, 8)}${String(change).padStart(10, '0')}`).toString('base64')
}

function locationOf(displayName: string) {
  return displayName === ''
    ? { displayName, locationType: 'default', uniqueIdType: 'unknown', address: {}, coordinates: {} }
    : { displayName, locationType: 'default', uniqueId: displayName, uniqueIdType: 'private' }
}

function fine(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 23)}0000Z`
}

function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase()
}
