/** The requests that are sent, as XML. */
import type { Span } from '../../../domain/calendar-event.ts'
import type { EwsVersion } from '../client/versions.ts'
import { calendarViewFields } from '../read/calendar-view-response.ts'

/** Whose rights a call is made with. UPN is for those whose sign-in name is no address of theirs. */
export interface ConnectingSid {
  readonly by: 'SmtpAddress' | 'PrimarySmtpAddress' | 'PrincipalName'
  readonly name: string
}

const schemas = {
  soap: 'http://schemas.xmlsoap.org/soap/envelope/',
  types: 'http://schemas.microsoft.com/exchange/services/2006/types',
  messages: 'http://schemas.microsoft.com/exchange/services/2006/messages'
}

/** `body` is an operation's element, with the prefixes m and t. Without a version there is no header at all. */
export function soapEnvelope(
  body: string,
  version: EwsVersion | null,
  impersonated: ConnectingSid | null
): string {
  const server = version === null ? '' : `<t:RequestServerVersion Version="${version.schema}"/>`
  const owner =
    impersonated === null
      ? ''
      : `<t:ExchangeImpersonation><t:ConnectingSID><t:${impersonated.by}>${escapeXml(impersonated.name)}</t:${impersonated.by}></t:ConnectingSID></t:ExchangeImpersonation>`
  const header = server + owner === '' ? '' : `<s:Header>${server}${owner}</s:Header>`
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${schemas.soap}" xmlns:t="${schemas.types}" xmlns:m="${schemas.messages}">${header}<s:Body>${body}</s:Body></s:Envelope>`
}

/** Times without any shift: what comes back is UTC (time zone of the request, TimeZone element). */
const utc =
  '<t:TimeZone><t:Bias>0</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>'

/** At most 100 mailboxes. */
export function availabilityRequest(
  mailboxes: readonly string[],
  { start, end }: Span,
  view: 'Detailed' | 'FreeBusy'
): string {
  const asked = mailboxes.map(
    (mailbox) =>
      `<t:MailboxData><t:Email><t:Address>${escapeXml(mailbox)}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType><t:ExcludeConflicts>false</t:ExcludeConflicts></t:MailboxData>`
  )
  // Of this window, too, only the second is read: whole seconds, outward.
  const from = new Date(Math.floor(start / 1000) * 1000).toISOString().slice(0, 19)
  const to = new Date(Math.ceil(end / 1000) * 1000).toISOString().slice(0, 19)
  return `<m:GetUserAvailabilityRequest>${utc}<m:MailboxDataArray>${asked.join('')}</m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>${from}</t:StartTime><t:EndTime>${to}</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>60</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>${view}</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>`
}

/**
 * The calendar of a mailbox, by its primary address (learn.microsoft.com/exchange/client-developer/web-service-reference/distinguishedfolderid);
 * for null of the impersonated one. An account that the server does not let impersonate has a calendar of its own: named, it cannot stand for another's.
 */
function calendarFolder(mailbox: string | null): string {
  const owner =
    mailbox === null ? '' : `<t:Mailbox><t:EmailAddress>${escapeXml(mailbox)}</t:EmailAddress></t:Mailbox>`
  return `<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar">${owner}</t:DistinguishedFolderId></m:ParentFolderIds>`
}

/** Of a mailbox's calendar, whatever its folder is called there. */
export function calendarViewRequest(mailbox: string | null, { start, end }: Span, most: number): string {
  const properties = calendarViewFields.map((field) => `<t:FieldURI FieldURI="${field}"/>`).join('')
  const range = `StartDate="${new Date(start).toISOString()}" EndDate="${new Date(end).toISOString()}"`
  return `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>${properties}</t:AdditionalProperties></m:ItemShape><m:CalendarView MaxEntriesReturned="${most}" ${range}/>${calendarFolder(mailbox)}</m:FindItem>`
}

/** What the calendar holds as it is stored, series as their masters: a page from this offset. */
export function storedItemsRequest(mailbox: string | null, offset: number, most: number): string {
  const wanted = ['calendar:Start', 'calendar:End', 'calendar:CalendarItemType']
  const properties = wanted.map((field) => `<t:FieldURI FieldURI="${field}"/>`).join('')
  return `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>${properties}</t:AdditionalProperties></m:ItemShape><m:IndexedPageItemView MaxEntriesReturned="${most}" Offset="${offset}" BasePoint="Beginning"/>${calendarFolder(mailbox)}</m:FindItem>`
}

/**
 * Of the impersonated mailbox's calendar. One edit gives several notifications; FreeBusyChanged besides, for what Exchange
 * books by itself. Notices hold ids alone.
 */
export function subscribeRequest(): string {
  const types = ['Created', 'Modified', 'Deleted', 'Moved', 'FreeBusyChanged'].map(
    (type) => `<t:EventType>${type}Event</t:EventType>`
  )
  return `<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="calendar"/></t:FolderIds><t:EventTypes>${types.join('')}</t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`
}

export function unsubscribeRequest(subscription: string): string {
  return `<m:Unsubscribe><m:SubscriptionId>${escapeXml(subscription)}</m:SubscriptionId></m:Unsubscribe>`
}

/** At most 200 subscriptions, for 1 to 30 minutes. */
export function streamRequest(subscriptions: readonly string[], minutes: number): string {
  const ids = subscriptions.map((id) => `<t:SubscriptionId>${escapeXml(id)}</t:SubscriptionId>`)
  return `<m:GetStreamingEvents><m:SubscriptionIds>${ids.join('')}</m:SubscriptionIds><m:ConnectionTimeout>${minutes}</m:ConnectionTimeout></m:GetStreamingEvents>`
}

/** What XML 1.0 cannot hold is no part of an address either: `isAddress` is asked before. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Whether the server may be asked for it at all: an entry that is no address would spoil the batch for the others. */
export function isSmtpAddress(mailbox: string): boolean {
  return mailbox.length <= 320 && /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(mailbox) && !/[<>"]/.test(mailbox)
}
