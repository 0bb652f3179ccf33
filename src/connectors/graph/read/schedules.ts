/** Reads availability by getSchedule: twenty mailboxes to a call, seen with the rights of one of them, the anchor. */
import { toCalendarEvent } from '../../../domain/availability.ts'
import type { BusyStatus, CalendarEvent, Instant, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import { isMidnight } from '../../../lib/time-zone.ts'
import type { Target } from '../../connector.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import type { GraphClient } from '../client/graph-client.ts'
import { parseDateTimeTimeZone, parseShowAs } from './calendar-events.ts'

/** The availability of one mailbox, or why there is none. */
export type ScheduleResult = readonly CalendarEvent[] | RemoteError

export interface ScheduleReaderDeps {
  readonly client: GraphClient
  readonly errorOf: (answer: GraphResponse, mailbox: string) => RemoteError
}

/** How many mailboxes of a batch are tried as anchor in one read. Those that failed come last in the next. */
const maxAnchors = 3

export class ScheduleReader {
  readonly #deps: ScheduleReaderDeps
  /** Mailboxes that could not be the anchor, the latest last. */
  readonly #failedAnchors = new Set<string>()

  constructor(deps: ScheduleReaderDeps) {
    this.#deps = deps
  }

  /** Of at most twenty targets; one result for each, in order. Never rejects. */
  async read(
    targets: readonly Target[],
    window: Span,
    signal: AbortSignal
  ): Promise<readonly ScheduleResult[]> {
    const { client, errorOf } = this.#deps
    const faults = new Map<Target, RemoteError>()
    for (const anchor of this.#anchorsOf(targets)) {
      const mailbox = anchor.mailbox.toLowerCase()
      const path = schedulePath(anchor)
      const [answer] = await client.send(
        [{ mailbox, path, body: questionOf(targets, window, coarseIntervalMinutes(window)) }],
        signal
      )
      this.#failedAnchors.delete(mailbox)
      if (answer === undefined || answer instanceof RemoteError) return targets.map(() => answer ?? noAnchor)
      if (answer.status === 200) return this.#readDetails(anchor, targets, answer.body, window, signal)
      this.#failedAnchors.add(mailbox)
      const error = errorOf(answer, anchor.mailbox)
      if (error.scope === 'connection') return targets.map(() => error)
      faults.set(anchor, error)
      if (signal.aborted) break
    }
    return targets.map((target) => faults.get(target) ?? noAnchor)
  }

  #anchorsOf(targets: readonly Target[]): Target[] {
    const failed = [...this.#failedAnchors]
    const rank = ({ mailbox }: Target) => failed.indexOf(mailbox.toLowerCase())
    return [...targets].sort((a, b) => rank(a) - rank(b)).slice(0, maxAnchors)
  }

  /** For mailboxes whose view is busy but whose items were left out, the view is requested again, finely. */
  async #readDetails(
    anchor: Target,
    targets: readonly Target[],
    body: unknown,
    window: Span,
    signal: AbortSignal
  ): Promise<readonly ScheduleResult[]> {
    const { client, errorOf } = this.#deps
    const schedules = targets.map((target) => parseSchedule(body, target))
    const viewOnly = targets.filter((_, index) => schedules[index] === null)
    if (viewOnly.length === 0) return schedules.map((schedule) => schedule ?? unreadable('scheduleItems'))
    const request = {
      mailbox: anchor.mailbox.toLowerCase(),
      path: schedulePath(anchor),
      body: questionOf(viewOnly, window, viewIntervalMinutes)
    }
    const [answer] = await client.send([request], signal)
    const viewOf = (target: Target): ScheduleResult => {
      if (answer === undefined || answer instanceof RemoteError) return answer ?? unreadable('value')
      if (answer.status !== 200) return errorOf(answer, anchor.mailbox)
      return parseAvailabilityView(answer.body, target, window.start)
    }
    return targets.map((target, index) => schedules[index] ?? viewOf(target))
  }
}

const noAnchor = new RemoteError(
  'unreachable',
  'No mailbox that was asked could show the availability of the others. It is tried again with others; correct those that fail.'
)

function schedulePath({ mailbox }: Target): string {
  return `/users/${encodeURIComponent(mailbox)}/calendar/getSchedule`
}

function questionOf(targets: readonly Target[], window: Span, intervalMinutes: number) {
  const time = (instant: number) => ({
    dateTime: new Date(instant).toISOString().slice(0, 19),
    timeZone: 'UTC'
  })
  return {
    schedules: targets.map(({ mailbox }) => mailbox),
    startTime: time(window.start),
    endTime: time(Math.ceil(window.end / 1000) * 1000),
    availabilityViewInterval: intervalMinutes
  }
}

/** The view string is hardly used (it writes workingElsewhere as free): the coarser, the shorter. */
function coarseIntervalMinutes(window: Span): number {
  return Math.min(Math.max(Math.floor((window.end - window.start) / 60_000), 5), 1440)
}

const viewIntervalMinutes = 15

/**
 * The schedule of one mailbox in the reply to all; null where only the view shows busy time. `scheduleItems` is
 * optional (learn.microsoft.com/graph/api/resources/scheduleinformation), so a mailbox without it does not count as free.
 */
export function parseSchedule(body: unknown, target: Target): ScheduleResult | null {
  const found = findSchedule(body, target)
  if (found instanceof RemoteError) return found
  const { index, schedule } = found
  const { error, scheduleItems, availabilityView } = schedule
  if (error !== undefined && error !== null)
    return mailboxError(membersOf(error).responseCode, target.mailbox)
  const isBusy = typeof availabilityView === 'string' && /[1-9]/.test(availabilityView)
  if (isBusy && (!Array.isArray(scheduleItems) || scheduleItems.length === 0)) return null
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

/** Graph gives back the addresses that it was asked for. */
function findSchedule(
  body: unknown,
  target: Target
): { readonly index: number; readonly schedule: Readonly<Record<string, unknown>> } | RemoteError {
  const { value } = membersOf(body)
  if (!Array.isArray(value)) return unreadable('value')
  const wanted = target.mailbox.toLowerCase()
  const index = value.findIndex((entry) => {
    const { scheduleId } = membersOf(entry)
    return typeof scheduleId === 'string' && scheduleId.toLowerCase() === wanted
  })
  return index === -1 ? unreadable('scheduleId') : { index, schedule: membersOf(value[index]) }
}

/** Digits of `availabilityView` (outlook-get-free-busy-schedule); any other is busy. */
const viewDigits: ReadonlyMap<string, BusyStatus | null> = new Map([
  ['0', null],
  ['1', 'tentative'],
  ['2', 'busy'],
  ['3', 'oof'],
  ['4', 'workingElsewhere']
])

/** Events out of the view, one for each run of a digit, as finely as `viewIntervalMinutes`. */
function parseAvailabilityView(body: unknown, target: Target, start: Instant): ScheduleResult {
  const found = findSchedule(body, target)
  if (found instanceof RemoteError) return found
  const { error, availabilityView } = found.schedule
  if (error !== undefined && error !== null)
    return mailboxError(membersOf(error).responseCode, target.mailbox)
  if (typeof availabilityView !== 'string' || !/^[0-9]{1,10000}$/.test(availabilityView))
    return unreadable(`value[${found.index}].availabilityView`)
  const at = (digit: number) => start + digit * viewIntervalMinutes * 60_000
  const runs = [...availabilityView.matchAll(/(\d)\1*/g)]
  return runs.flatMap(({ 0: run, 1: digit = '', index }) => {
    const busy = viewDigits.has(digit) ? viewDigits.get(digit) : 'busy'
    if (busy === null || busy === undefined) return []
    const item = { subject: '', start: at(index), end: at(index + run.length), busy, private: false }
    return toCalendarEvent({ id: `view-${at(index)}`, ...item }, (instant) =>
      isMidnight(target.timeZone, instant)
    )
  })
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
      `${mailbox} shows its availability to no one: share it. (${code})`
    )
  }
  if (/^ErrorServerBusy$/i.test(code)) {
    return new RemoteError('throttled', 'Microsoft 365 asks for fewer requests. It is tried again by itself.')
  }
  const known = knownScheduleCodes.find((each) => each.toLowerCase() === code.toLowerCase())
  const shown = known !== undefined || /^\d{4}$/.test(code) ? ` (${known ?? code})` : ''
  return new RemoteError(
    'unreachable',
    `Microsoft 365 could not say when ${mailbox} is busy${shown}. No action is needed: Hanvisa tries again.`
  )
}

/** Of Exchange's availability service (web-service-reference/responsecode): shown where there is nothing better to say. */
const knownScheduleCodes = [
  'ErrorFreeBusyGenerationFailed',
  'ErrorMailboxLogonFailed',
  'ErrorProxyRequestNotAllowed',
  'ErrorProxyRequestProcessingFailed',
  'ErrorTimeoutExpired'
]

function unreadable(member: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `${member} of Graph's getSchedule is missing or not as documented, so the calendar was not read: report it.`
  )
}
