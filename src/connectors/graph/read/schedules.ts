/** Reads availability by getSchedule: twenty mailboxes to a call, seen with the rights of one of them, the anchor. */
import { toCalendarEvent } from '../../../domain/availability.ts'
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { isMidnight } from '../../../lib/time-zone.ts'
import type { Target } from '../../connector.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import type { GraphClient } from '../client/graph-client.ts'
import { parseDateTimeTimeZone, parseShowAs } from './calendar-events.ts'

/** The availability of one mailbox, or why there is none. */
export type ScheduleResult = readonly CalendarEvent[] | RemoteError

export interface ScheduleReader {
  /** Of at most twenty targets; one Schedule for each, in order. Rejects never. */
  read(targets: readonly Target[], window: Span, signal: AbortSignal): Promise<readonly ScheduleResult[]>
}

/** How many mailboxes of a batch are tried as anchor in one read. Those that failed come last in the next. */
const maxAnchors = 3

export function createScheduleReader(deps: {
  client: GraphClient
  errorOf: (answer: GraphResponse, mailbox: string) => RemoteError
}): ScheduleReader {
  /** Mailboxes that could not be the anchor, the latest last. */
  const useless = new Set<string>()

  function anchorsOf(targets: readonly Target[]): Target[] {
    const failed = [...useless]
    const rank = ({ mailbox }: Target) => failed.indexOf(mailbox.toLowerCase())
    return [...targets].sort((a, b) => rank(a) - rank(b)).slice(0, maxAnchors)
  }

  return {
    async read(targets, window, signal) {
      const faults = new Map<Target, RemoteError>()
      for (const anchor of anchorsOf(targets)) {
        const mailbox = anchor.mailbox.toLowerCase()
        const path = `/users/${encodeURIComponent(anchor.mailbox)}/calendar/getSchedule`
        const [answer] = await deps.client.send(
          [{ mailbox, path, body: questionOf(targets, window) }],
          signal
        )
        useless.delete(mailbox)
        if (answer === undefined || answer instanceof RemoteError)
          return targets.map(() => answer ?? noAnchor)
        if (answer.status === 200) return targets.map((target) => parseSchedule(answer.body, target))
        useless.add(mailbox)
        const error = deps.errorOf(answer, anchor.mailbox)
        if (error.scope === 'connection') return targets.map(() => error)
        faults.set(anchor, error)
        if (signal.aborted) break
      }
      return targets.map((target) => faults.get(target) ?? noAnchor)
    }
  }
}

const noAnchor = new RemoteError(
  'unreachable',
  'No mailbox that was asked could show the availability of the others. It is tried again with others; correct those that fail.'
)

function questionOf(targets: readonly Target[], window: Span) {
  const time = (instant: number) => ({
    dateTime: new Date(instant).toISOString().slice(0, 19),
    timeZone: 'UTC'
  })
  const minutes = Math.floor((window.end - window.start) / 60_000)
  return {
    schedules: targets.map(({ mailbox }) => mailbox),
    startTime: time(window.start),
    endTime: time(Math.ceil(window.end / 1000) * 1000),
    // The view string is not used (it writes workingElsewhere as free): the coarser, the shorter.
    availabilityViewInterval: Math.min(Math.max(minutes, 5), 1440)
  }
}

/** Of one mailbox out of the reply to all. Graph gives back the addresses that it was asked for. */
export function parseSchedule(body: unknown, target: Target): ScheduleResult {
  const { value } = membersOf(body)
  if (!Array.isArray(value)) return unreadable('value')
  const wanted = target.mailbox.toLowerCase()
  const index = value.findIndex((entry) => {
    const { scheduleId } = membersOf(entry)
    return typeof scheduleId === 'string' && scheduleId.toLowerCase() === wanted
  })
  if (index === -1) return unreadable('scheduleId')
  const { error, scheduleItems } = membersOf(value[index])
  if (error !== undefined && error !== null)
    return mailboxError(membersOf(error).responseCode, target.mailbox)
  if (!Array.isArray(scheduleItems)) return unreadable(`value[${index}].scheduleItems`)
  const events: CalendarEvent[] = []
  for (const [position, item] of scheduleItems.entries()) {
    const { start, end, status, subject, isPrivate } = membersOf(item)
    const from = parseDateTimeTimeZone(start)
    const to = parseDateTimeTimeZone(end)
    const place = `value[${index}].scheduleItems[${position}]`
    if (from === null) return unreadable(`${place}.start`)
    if (to === null || to < from) return unreadable(`${place}.end`)
    const seen = {
      id: `${from}-${to}-${position}`,
      subject: typeof subject === 'string' ? subject : '',
      start: from,
      end: to,
      busy: parseShowAs(status),
      private: isPrivate === true
    }
    events.push(toCalendarEvent(seen, (instant) => isMidnight(target.timeZone, instant)))
  }
  return events
}

/** `responseCode` is a name of Exchange's or its number (msgraph-docs#11225); what is unknown may pass. */
function mailboxError(responseCode: unknown, mailbox: string): RemoteError {
  const code = String(responseCode ?? '')
  if (
    /^(5009|5016|ErrorMailRecipientNotFound|ErrorNonExistentMailbox|ErrorInvalidSmtpAddress)$/i.test(code)
  ) {
    return new RemoteError(
      'mailbox_unknown',
      `${mailbox} is no address of a mailbox here: correct the user's mailbox. (${code})`
    )
  }
  if (/^(5006|ErrorResultSetTooBig|ErrorTimeIntervalTooBig|ErrorFreeBusyDLLimitReached)$/i.test(code)) {
    return new RemoteError(
      'protocol_error',
      `${mailbox} has more entries than getSchedule shows (1,000): grant the application Calendars.Read, or thin the calendar out. (${code})`
    )
  }
  if (/^(ErrorNoFreeBusyAccess|ErrorAccessDenied)$/i.test(code)) {
    return new RemoteError(
      'access_denied',
      `${mailbox} shows nobody when it is busy: share its availability. (${code})`
    )
  }
  if (/^ErrorServerBusy$/i.test(code)) {
    return new RemoteError('throttled', 'Microsoft 365 asks for fewer requests. It is tried again by itself.')
  }
  const shown = /^\w{1,60}$/.test(code) ? ` (${code})` : ''
  return new RemoteError(
    'unreachable',
    `Microsoft 365 could not tell when ${mailbox} is busy${shown}. It is tried again by itself.`
  )
}

function unreadable(member: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${member} of Graph's getSchedule is missing or not as documented, so the calendar was not read: report it.`
  )
}
