/** `POST /users/{id}/calendar/getSchedule`: free/busy of up to 20 addresses as the anchor user may see it. */

import type { Mailbox } from '../calendar-item.ts'
import { graphRefusal } from '../hosting.ts'
import { type Mailboxes, rightOfViewer } from '../mailboxes.ts'
import type { ProtocolResponse } from '../protocol-message.ts'
import { occurrencesIn, type SimulatedOccurrence } from '../recurrence.ts'
import { dayMs } from '../time.ts'
import { errorResponse } from './errors.ts'
import type { OpenedMailbox } from './opened-mailbox.ts'
import { type Preferences, readDateTimeTimeZone, readPreferences, timeIn } from './preferences.ts'

/** Documented; a tenant was once seen to take 100 (microsoft-graph-docs#7047), which nobody should lean on. */
const mostSchedules = 20
const longestWindow = 62 * dayMs
const mostEntries = 1000
const minute = 60_000

export function getSchedule({
  mailbox: anchor,
  call,
  ids,
  graphRoot,
  mailboxes
}: OpenedMailbox): ProtocolResponse {
  const bad = (code: string, message: string) => errorResponse(ids, 400, code, message)
  const preferences = readPreferences(call.headers.prefer)
  if (typeof preferences === 'string') {
    return bad('TimeZoneNotSupportedException', `This time zone is not supported: ${preferences}`)
  }
  const body = readBody(call.body)
  if (body === null) return bad('BadRequest', 'The body is no JSON object.')
  const { schedules } = body
  if (
    !Array.isArray(schedules) ||
    schedules.length === 0 ||
    !schedules.every((each) => typeof each === 'string')
  ) {
    return bad('ErrorInvalidParameter', 'schedules must be a list of SMTP addresses.')
  }
  if (schedules.length > mostSchedules) {
    const size = `The allowed size = ${mostSchedules}; the actual size = ${schedules.length}.`
    return bad(
      'ErrorMailboxDataArrayTooBig',
      `There are too many target users in the EmailAddress array. ${size}`
    )
  }
  const [start, end] = [readDateTimeTimeZone(body.starttime), readDateTimeTimeZone(body.endtime)]
  if (start === null)
    return bad('ErrorInvalidParameter', 'startTime must have dateTime and a known timeZone.')
  if (end === null) return bad('ErrorInvalidParameter', 'endTime must have dateTime and a known timeZone.')
  if (end <= start)
    return bad('ErrorInvalidTimeInterval', 'The time window is invalid: it ends before it begins.')
  if (end - start >= longestWindow) {
    return bad('ErrorTimeIntervalTooBig', 'The time window is too long. The allowed limit = 62 days.')
  }
  const interval = 'availabilityviewinterval' in body ? body.availabilityviewinterval : 30
  // Seen in the field: null is answered with 500 (microsoft-graph-docs#4494).
  if (interval === null)
    return errorResponse(ids, 500, 'ErrorInternalServerError', 'An internal server error occurred.')
  if (typeof interval !== 'number' || !Number.isInteger(interval) || interval < 5 || interval > 1440) {
    return bad(
      'ErrorInvalidMergedFreeBusyInterval',
      'availabilityViewInterval must be from 5 to 1440 minutes.'
    )
  }
  const window: Window = { start, end, interval: interval * minute, preferences }
  return {
    status: 200,
    headers: {
      'Cache-Control': 'private',
      'Content-Type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      ...(preferences.applied ? { 'Preference-Applied': preferences.applied } : {})
    },
    body: {
      '@odata.context': `${graphRoot}/v1.0/$metadata#Collection(microsoft.graph.scheduleInformation)`,
      value: schedules.map((address: string) => scheduleOf(address, anchor, mailboxes, window))
    }
  }
}

/** How many addresses a body names, for the count of requests. */
export function schedulesIn(text: string): number | null {
  const schedules = readBody(text)?.schedules
  return Array.isArray(schedules) ? schedules.length : null
}

interface Window {
  readonly start: number
  readonly end: number
  /** Milliseconds. */
  readonly interval: number
  readonly preferences: Preferences
}

function scheduleOf(address: string, anchor: Mailbox, mailboxes: Mailboxes, window: Window) {
  const failed = (responseCode: string, message: string) => ({
    scheduleId: address,
    error: { message, responseCode }
  })
  const mailbox = address.includes('@') ? mailboxes.find(anchor.tenant, address) : undefined
  if (!mailbox) {
    return failed('5009', `Unable to resolve e-mail address ${address} to an Active Directory object.`)
  }
  const isAcross = mailbox.hosting === 'onPremises' || mailbox.hosting === 'moveInProgress'
  if (!isAcross && graphRefusal(mailbox.hosting) !== null)
    return failed('ErrorMailboxLogonFailed', 'The mailbox cannot be opened.')
  const right = isAcross ? 'freeBusy' : rightOfViewer(mailbox, anchor)
  if (right === 'none')
    return failed('ErrorNoFreeBusyAccess', 'The caller may not see free/busy information.')
  const occurrences = occurrencesIn(mailbox, window.start, window.end).sort((a, b) => a.start - b.start)
  if (occurrences.length > mostEntries) {
    const size = `The allowed size = ${mostEntries}; the actual size = ${occurrences.length}.`
    return failed('5006', `The result set contains too many calendar entries. ${size}`)
  }
  return {
    scheduleId: address,
    availabilityView: availabilityView(occurrences, window),
    scheduleItems: occurrences.map((each) => itemOf(each, right !== 'freeBusy', window.preferences)),
    workingHours: {
      daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      startTime: '08:00:00.0000000',
      endTime: '17:00:00.0000000',
      timeZone: { name: mailbox.timeZone }
    }
  }
}

/** Subject and location need both a right to them and an event that is not private. */
function itemOf(occurrence: SimulatedOccurrence, details: boolean, preferences: Preferences) {
  const { start, end } = occurrence
  const { sensitivity, showAs, subject, location } = occurrence.content
  const isPrivate = sensitivity === 'private' || sensitivity === 'confidential'
  return {
    ...(details ? { isPrivate } : {}),
    status: showAs,
    ...(details && !isPrivate ? { subject, location } : {}),
    start: timeIn(start, preferences),
    end: timeIn(end, preferences)
  }
}

/** Working elsewhere is written as 0: the view does not show it (outlook-get-free-busy-schedule). */
const digits = { free: 0, workingElsewhere: 0, unknown: 0, tentative: 1, busy: 2, oof: 3 }

/** One digit for each interval, the last one cut off at the window's end: the weightiest status in it. */
function availabilityView(
  occurrences: readonly SimulatedOccurrence[],
  { start, end, interval }: Window
): string {
  const view = new Uint8Array(Math.ceil((end - start) / interval))
  for (const occurrence of occurrences) {
    const digit = digits[occurrence.content.showAs]
    const first = Math.max(0, Math.floor((occurrence.start - start) / interval))
    const last = Math.min(view.length, Math.ceil((occurrence.end - start) / interval))
    for (let at = first; at < last; at += 1) view[at] = Math.max(view[at] ?? 0, digit)
  }
  return view.join('')
}

/** Names of an action's parameters are compared without case: Microsoft's own samples write them both ways. */
function readBody(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toLowerCase(), each]))
  } catch {
    return null
  }
}
