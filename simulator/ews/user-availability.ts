/** GetUserAvailability: up to 100 mailboxes in one answer, each at the level that the caller may see. */

import type { Mailbox, Right } from '../calendar-item.ts'
import { ewsRefusal, isAskedAcross } from '../hosting.ts'
import { rightOfAddress } from '../mailboxes.ts'
import { occurrencesIn, type SimulatedOccurrence } from '../recurrence.ts'
import { dayMs } from '../time.ts'
import { ItemError, SoapFault } from './envelope.ts'
import { applyItemFault } from './injected-faults.ts'
import { legacyFreeBusyStatus } from './properties.ts'
import type { RequestContext } from './request-context.ts'
import { type RuleZone, readRuleZone, workingHoursIn } from './rule-zone.ts'
import { all, descendantAt, escapeText, spaces, textAt, type XmlElement } from './xml.ts'
import { zoneByRules } from './zones.ts'

const mostMailboxes = 100
const largestBody = 400_000
const mostEntries = 1000
const minute = 60_000
const views = ['MergedOnly', 'FreeBusy', 'FreeBusyMerged', 'Detailed', 'DetailedMerged']

interface Wanted {
  /** Instants. */
  readonly start: number
  readonly end: number
  /** Milliseconds. */
  readonly interval: number
  readonly view: string
  readonly written: (instant: number) => string
}

export async function getUserAvailability(context: RequestContext): Promise<string> {
  const { operation, call } = context
  if (Buffer.byteLength(call.body) > largestBody) {
    throw new SoapFault('ErrorRequestStreamTooBig', 'The request stream is larger than the allowed limit.')
  }
  const addresses = addressesIn(operation)
  if (addresses.length === 0) throw new SoapFault('ErrorMissingArgument', 'The mailbox data array is empty.')
  if (addresses.length > mostMailboxes) {
    const size = `The allowed size = ${mostMailboxes}; the actual size = ${addresses.length}.`
    throw new SoapFault(
      'ErrorMailboxDataArrayTooBig',
      `There are too many target users in the EmailAddress array. ${size}`
    )
  }
  const wanted = wantedOf(context)
  const answers: string[] = []
  for (const address of addresses) answers.push(await answerFor(context, wanted, address))
  return `<GetUserAvailabilityResponse xmlns="${spaces.messages}"><FreeBusyResponseArray>${answers.join('')}</FreeBusyResponseArray></GetUserAvailabilityResponse>`
}

export function addressesIn(operation: XmlElement): string[] {
  return all(descendantAt(operation, 'MailboxDataArray'), 'MailboxData').map(
    (each) => textAt(each, 'Email', 'Address') ?? ''
  )
}

async function answerFor(context: RequestContext, wanted: Wanted, address: string): Promise<string> {
  try {
    const mailbox = context.mailboxes.find(context.installation.tenant, address)
    await applyItemFault(context, 'getUserAvailability', mailbox, address)
    return freeBusy(context, wanted, mailbox, address)
  } catch (error) {
    if (error instanceof ItemError) return failed(context, error)
    throw error
  }
}

function freeBusy(
  context: RequestContext,
  wanted: Wanted,
  mailbox: Mailbox | undefined,
  address: string
): string {
  if (!mailbox || mailbox.hosting === 'absent' || !address.includes('@')) {
    const who = `<>SMTP:${address}`
    throw new ItemError(
      'ErrorMailRecipientNotFound',
      `Unable to resolve e-mail address ${who} to an Active Directory object.`
    )
  }
  if (mailbox.hosting === 'moveInProgress') {
    const { code, message } = ewsRefusal(mailbox.hosting)!
    throw new ItemError(code, message)
  }
  const right = isAskedAcross(mailbox.hosting) ? 'freeBusy' : rightOfAddress(mailbox, context.caller.address)
  if (right === 'none') {
    throw new ItemError('ErrorNoFreeBusyAccess', 'The caller does not have access to free/busy data.')
  }
  const occurrences = occurrencesIn(mailbox, wanted.start, wanted.end).sort((a, b) => a.start - b.start)
  if (occurrences.length > mostEntries) {
    const size = `The allowed size = ${mostEntries}; the actual size = ${occurrences.length}.`
    throw new ItemError('ErrorResultSetTooBig', `The result set contains too many calendar entries. ${size}`)
  }
  const view = lowered(wanted.view, right)
  const merged = /Merged/.test(view)
    ? `<MergedFreeBusy xmlns="${spaces.types}">${mergedView(context, occurrences, wanted)}</MergedFreeBusy>`
    : ''
  let rest = ''
  if (view !== 'MergedOnly') {
    const detailed = view.startsWith('Detailed')
    const events = occurrences.map((each) => eventOf(context, each, wanted, detailed ? right : null))
    const hours = workingHoursIn(mailbox.timeZone, new Date(wanted.start).getUTCFullYear())
    // Seen: without an event there is no array either.
    const array =
      events.length === 0
        ? ''
        : `<CalendarEventArray xmlns="${spaces.types}">${events.join('')}</CalendarEventArray>`
    rest = `${array}<WorkingHours xmlns="${spaces.types}">${hours}</WorkingHours>`
  }
  return `<FreeBusyResponse><ResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${spaces.types}">${view}</FreeBusyViewType>${merged}${rest}</FreeBusyView></FreeBusyResponse>`
}

/** The server says in the answer what it made of the view. */
function lowered(view: string, right: Right): string {
  return right === 'freeBusy' ? view.replace('Detailed', 'FreeBusy') : view
}

/** `right` is null where details are not wanted or not granted. */
function eventOf(
  { schema }: RequestContext,
  { content, event, kind, day, start, end }: SimulatedOccurrence,
  { written }: Wanted,
  right: Right | null
): string {
  let details = ''
  if (right !== null) {
    const { sensitivity, subject, location, response } = content
    const isPrivate = sensitivity === 'private' || sensitivity === 'confidential'
    const id = Buffer.from(`${event.id}/${day ?? ''}`)
      .toString('hex')
      .toUpperCase()
    const shown = isPrivate
      ? ''
      : `${right === 'limitedDetails' ? '' : `<ID>${id}</ID>`}<Subject>${escapeText(subject)}</Subject><Location>${escapeText(location)}</Location>`
    details = `<CalendarEventDetails>${shown}<IsMeeting>${response !== 'none' && response !== 'organizer'}</IsMeeting><IsRecurring>${day !== null}</IsRecurring><IsException>${kind === 'exception'}</IsException><IsReminderSet>true</IsReminderSet><IsPrivate>${isPrivate}</IsPrivate></CalendarEventDetails>`
  }
  return `<CalendarEvent><StartTime>${written(start)}</StartTime><EndTime>${written(end)}</EndTime><BusyType>${legacyFreeBusyStatus(content.showAs, schema)}</BusyType>${details}</CalendarEvent>`
}

/** The weightiest status in each interval. From 2013 on 4 is working elsewhere and 5 is no data. */
function mergedView(
  { installation }: RequestContext,
  occurrences: readonly SimulatedOccurrence[],
  wanted: Wanted
): string {
  const newer = installation.version.build[0] >= 15
  const digits = {
    free: 0,
    tentative: 1,
    busy: 2,
    oof: 3,
    workingElsewhere: newer ? 4 : 0,
    unknown: newer ? 5 : 4
  }
  // Working elsewhere has the highest digit of all and the lowest weight but one.
  const weights = { free: 0, workingElsewhere: 1, tentative: 2, busy: 3, oof: 4, unknown: 5 }
  const { start, end, interval } = wanted
  const view = new Uint8Array(Math.ceil((end - start) / interval))
  const weight = new Uint8Array(view.length)
  for (const { content, ...span } of occurrences) {
    const first = Math.max(0, Math.floor((span.start - start) / interval))
    const last = Math.min(view.length, Math.ceil((span.end - start) / interval))
    for (let place = first; place < last; place += 1) {
      if (weights[content.showAs] <= (weight[place] ?? 0)) continue
      weight[place] = weights[content.showAs]
      view[place] = digits[content.showAs]
    }
  }
  return view.join('')
}

function wantedOf(context: RequestContext): Wanted {
  const { operation, installation } = context
  const options = descendantAt(operation, 'FreeBusyViewOptions')
  const given = descendantAt(operation, 'TimeZone')
  const zone = given ? readRuleZone(given) : context.zone === null ? null : zoneByRules(context.zone)
  if (zone === null)
    throw new SoapFault('ErrorTimeZone', 'The time zone of the request is missing or invalid.')
  const start = timeIn(zone, textAt(options, 'TimeWindow', 'StartTime'))
  const end = timeIn(zone, textAt(options, 'TimeWindow', 'EndTime'))
  if (start === null || end === null) {
    throw new SoapFault('ErrorSchemaValidation', 'The request failed schema validation.')
  }
  if (end <= start) throw new SoapFault('ErrorInvalidTimeInterval', 'The time window ends before it begins.')
  const { mostDays } = installation.version
  if (end - start > mostDays * dayMs) {
    const limit = `The allowed limit = ${mostDays}; the actual limit = ${Math.ceil((end - start) / dayMs)}.`
    throw new SoapFault(
      'ErrorTimeIntervalTooBig',
      `The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. ${limit}`
    )
  }
  const view = textAt(options, 'RequestedView') ?? 'FreeBusy'
  if (!views.includes(view))
    throw new SoapFault('ErrorInvalidFreeBusyViewType', `${view} is no view to ask for.`)
  const interval = Number(textAt(options, 'MergedFreeBusyIntervalInMinutes') ?? 30)
  if (!Number.isInteger(interval) || interval < 5 || interval > 1440 || interval * minute > end - start) {
    throw new SoapFault(
      'ErrorInvalidMergedFreeBusyInterval',
      'MergedFreeBusyIntervalInMinutes must be from 5 to 1440 and no longer than the time window.'
    )
  }
  const offsets = installation.version.build[0] === 8
  return {
    start,
    end,
    interval: interval * minute,
    view,
    written: (instant) => writtenIn(zone, instant, offsets)
  }
}

function timeIn(zone: RuleZone, text: string | undefined): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.test(text ?? '')) return null
  const offset = /(Z|[+-]\d\d:\d\d)$/.test(text ?? '')
  const instant = Date.parse(offset ? (text ?? '') : `${text}Z`)
  if (Number.isNaN(instant)) return null
  return offset ? instant : zone.instantAt(instant)
}

/** In the request's zone: 2007 writes the offset, later ones do not. */
function writtenIn(zone: RuleZone, instant: number, offsets: boolean): string {
  const wall = zone.wallAt(instant)
  const time = new Date(wall).toISOString().slice(0, 19)
  if (!offsets) return time
  const minutes = Math.abs(wall - instant) / minute
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
  return `${time}${wall < instant ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}

/** `ErrorMailRecipientNotFound` was seen with this number, in 2007 and online. */
const numbers: Readonly<Record<string, string>> = { ErrorMailRecipientNotFound: '5009' }

function failed({ installation }: RequestContext, { code, message }: ItemError): string {
  const name = `${code.replace(/^Error/, '')}Exception`
  const full = `Microsoft.Exchange.InfoWorker.Common.Availability.${name}`
  const old = installation.version.build[0] === 8
  const text = old
    ? message
    : `${full}: ${message}\n. Name of the server where exception originated: EX01. LID: 44348`
  const number = numbers[code]
  const errors = `xmlns="${spaces.errors}"`
  const xml = `<ExceptionType ${errors}>${full}</ExceptionType>${number ? `<ExceptionCode ${errors}>${number}</ExceptionCode>` : ''}`
  return `<FreeBusyResponse><ResponseMessage ResponseClass="Error"><MessageText>${escapeText(text)}</MessageText><ResponseCode>${code}</ResponseCode><DescriptiveLinkKey>0</DescriptiveLinkKey><MessageXml>${xml}</MessageXml></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${spaces.types}">None</FreeBusyViewType></FreeBusyView></FreeBusyResponse>`
}
