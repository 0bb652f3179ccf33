/** Replies in the shapes that Exchange writes, with contents of our own; and how tests read them. */
import { availabilityReader } from '../../../src/connectors/ews/read/availability-response.ts'
import { calendarViewReader } from '../../../src/connectors/ews/read/calendar-view-response.ts'
import { readSoap } from '../../../src/connectors/ews/soap/response.ts'
import type { XmlOptions } from '../../../src/connectors/net/xml-reader.ts'

export const repliesZone = 'Europe/Stockholm'
const types = 'http://schemas.microsoft.com/exchange/services/2006/types'
const messages = 'http://schemas.microsoft.com/exchange/services/2006/messages'

export function soapReply(body: string, header = ''): string {
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${header === '' ? '' : `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`
}

/** As 2010 and later say it; 2007 does not. */
export function server(major: number, minor: number, build = 0): string {
  return `<h:ServerVersionInfo MajorVersion="${major}" MinorVersion="${minor}" MajorBuildNumber="${build}" MinorBuildNumber="1" Version="V2_9" xmlns:h="${types}"/>`
}

export function fault(code: string, backOff?: number): string {
  const wait =
    backOff === undefined
      ? ''
      : `<t:MessageXml xmlns:t="${types}"><t:Value Name="BackOffMilliseconds"> ${backOff}\n</t:Value></t:MessageXml>`
  return soapReply(
    `<s:Fault><faultcode xmlns:a="${types}">a:${code}</faultcode><faultstring xml:lang="en-US">No.</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">\n ${code}</e:ResponseCode>${wait}</detail></s:Fault>`
  )
}

export interface AvailabilityEvent {
  readonly subject?: string
  readonly start: string
  readonly end: string
  readonly busy?: string
  readonly private?: boolean
}

export function mailbox(view: string, events: readonly AvailabilityEvent[]): string {
  const shown = events.map(({ subject, start, end, busy = 'Busy', private: hidden = false }) => {
    const detailElements =
      hidden || subject === undefined
        ? ''
        : `<ID>00AA</ID><Subject>${subject}</Subject><Location>R 1</Location>`
    const details = view.startsWith('Detailed')
      ? `<CalendarEventDetails>${detailElements}<IsMeeting>false</IsMeeting><IsRecurring>false</IsRecurring><IsException>false</IsException><IsReminderSet>false</IsReminderSet><IsPrivate>${hidden}</IsPrivate></CalendarEventDetails>`
      : ''
    return `<CalendarEvent><StartTime>${start}</StartTime><EndTime>${end}</EndTime><BusyType>${busy}</BusyType>${details}</CalendarEvent>`
  })
  const hours = `<WorkingHours xmlns="${types}"><TimeZone><Bias>-60</Bias><StandardTime><Bias>0</Bias><Time>03:00:00</Time></StandardTime></TimeZone><WorkingPeriodArray><WorkingPeriod><DayOfWeek>Monday</DayOfWeek><StartTimeInMinutes>480</StartTimeInMinutes><EndTimeInMinutes>1020</EndTimeInMinutes></WorkingPeriod></WorkingPeriodArray></WorkingHours>`
  return `<FreeBusyResponse><ResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${types}">${view}</FreeBusyViewType><CalendarEventArray xmlns="${types}">${shown.join('')}</CalendarEventArray>${hours}</FreeBusyView></FreeBusyResponse>`
}

export function refusedMailbox(code: string): string {
  return `<FreeBusyResponse><ResponseMessage ResponseClass="Error"><MessageText>Unable, says EX01.\r\n. LID: 1</MessageText><ResponseCode>${code}</ResponseCode><DescriptiveLinkKey>0</DescriptiveLinkKey><MessageXml><ExceptionType xmlns="http://schemas.microsoft.com/exchange/services/2006/errors">X</ExceptionType></MessageXml></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${types}">None</FreeBusyViewType></FreeBusyView></FreeBusyResponse>`
}

export function availabilityReply(...mailboxes: readonly string[]): string {
  return soapReply(
    `<GetUserAvailabilityResponse xmlns="${messages}"><FreeBusyResponseArray>${mailboxes.join('')}</FreeBusyResponseArray></GetUserAvailabilityResponse>`,
    server(15, 2, 1748)
  )
}

/** The members of one calendar item, as XML. */
export function item(id: string, members: string): string {
  return `<t:CalendarItem><t:ItemId Id="${id}" ChangeKey="DwAA"/>${members}</t:CalendarItem>`
}

export function calendarView(items: readonly string[], whole = true, code = 'NoError'): string {
  const folder = `<m:RootFolder TotalItemsInView="${items.length}" IncludesLastItemInRange="${whole}"><t:Items>${items.join('')}</t:Items></m:RootFolder>`
  return soapReply(
    `<m:FindItemResponse xmlns:m="${messages}" xmlns:t="${types}"><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="${code === 'NoError' ? 'Success' : 'Error'}"><m:ResponseCode>${code}</m:ResponseCode>${code === 'NoError' ? folder : ''}</m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse>`,
    server(15, 2, 1748)
  )
}

/** Cut into pieces of so many bytes. */
export function* pieces(reply: string | Buffer, size: number): Generator<Buffer> {
  const bytes = Buffer.from(reply)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

type Chunks = Parameters<typeof readSoap>[0]

export async function readAvailability(reply: string | Buffer | Chunks, options: XmlOptions = {}) {
  const reader = availabilityReader([repliesZone, repliesZone, repliesZone])
  const chunks = typeof reply === 'string' || Buffer.isBuffer(reply) ? pieces(reply, 11) : reply
  const response = await readSoap(chunks, 'GetUserAvailability', reader, options)
  return { ...response, found: reader.found }
}

export async function readCalendarView(reply: string | Buffer | Chunks, options: XmlOptions = {}) {
  const reader = calendarViewReader(repliesZone)
  const chunks = typeof reply === 'string' || Buffer.isBuffer(reply) ? pieces(reply, 11) : reply
  const response = await readSoap(chunks, 'FindItem', reader, options)
  return { ...response, reader }
}
