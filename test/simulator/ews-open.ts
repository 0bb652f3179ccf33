/** A simulator with one tenant's Exchange, and requests to it as they go over the wire, by hand. */
import { Agent, fetch } from 'undici'
import type { EventInput } from '../../simulator/calendar-item.ts'
import type { AccountInput, InstallationInput } from '../../simulator/ews/installations.ts'
import { descendantAt, parseXml, type XmlElement } from '../../simulator/ews/xml.ts'
import type { MailboxInput } from '../../simulator/mailboxes.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/simulator.ts'

export const tenant = '7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f'
export const service: AccountInput = {
  user: 'svc-hanvisa',
  password: 'hemligt ✓',
  address: 'svc@example.se',
  impersonates: 'everybody'
}

export interface Asking {
  /** `Basic` of the service account unless given; null for none. */
  readonly authorization?: string | null
  readonly impersonate?: { readonly kind?: string; readonly name: string }
  /** Exchange2016 unless given; null for no such header. */
  readonly version?: string | null
  readonly zone?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

export interface EwsTestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Null when it is no XML. */
  readonly document: XmlElement | null
  /** The body's child. */
  readonly body: XmlElement | undefined
  /** Of a fault the code, else of the first message. */
  readonly code: string | undefined
}
type Headers = Awaited<ReturnType<typeof fetch>>['headers']

export interface OpenEws {
  readonly simulator: Simulator
  readonly agent: Agent
  put(mailbox: MailboxInput): void
  put(address: string, ...events: EventInput[]): void
  ask(operation: string, asking?: Asking): Promise<EwsTestAnswer>
  /** Whatever it is. */
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<EwsTestAnswer>
}

export async function openEws(
  t: { teardown(end: () => Promise<void>): void },
  installation: InstallationInput = {},
  options: SimulatorOptions = {}
): Promise<OpenEws> {
  const simulator = await startSimulator(options)
  const agent = new Agent({ connect: { ca: simulator.ca } })
  t.teardown(async () => {
    await agent.destroy()
    await simulator.close()
  })
  simulator.directories.put({
    id: tenant,
    domain: 'example.se',
    apps: [{ clientId: 'app', secret: 'right', roles: ['full_access_as_app'] }]
  })
  simulator.installations.put(tenant, { accounts: [service], ...installation })

  const post: OpenEws['post'] = async (path, body, headers = {}) => {
    const response = await fetch(new URL(path, simulator.origin), {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', ...headers },
      body,
      dispatcher: agent,
      redirect: 'manual'
    })
    const text = await response.text()
    const document = parseXml(text)
    const content = descendantAt(document ?? undefined, 'Body')?.children[0]
    return {
      status: response.status,
      headers: response.headers,
      text,
      document,
      body: content,
      code: content && codeIn(content)
    }
  }
  return {
    simulator,
    agent,
    post,
    ask: (operation, asking = {}) => {
      const { authorization = basic(service.user, service.password), path = '/EWS/Exchange.asmx' } = asking
      const sign: Record<string, string> = authorization === null ? {} : { authorization }
      return post(path, soapCall(operation, asking), { ...sign, ...asking.headers })
    },
    put: (mailbox: string | MailboxInput, ...events: EventInput[]) => {
      simulator.mailboxes.put(tenant, typeof mailbox === 'string' ? { address: mailbox, events } : mailbox)
    }
  }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

export function soapCall(
  operation: string,
  { version = 'Exchange2016', impersonate, zone }: Asking = {}
): string {
  const header = [
    version === null ? '' : `<t:RequestServerVersion Version="${version}"/>`,
    impersonate
      ? `<t:ExchangeImpersonation><t:ConnectingSID><t:${impersonate.kind ?? 'PrimarySmtpAddress'}>${impersonate.name}</t:${impersonate.kind ?? 'PrimarySmtpAddress'}></t:ConnectingSID></t:ExchangeImpersonation>`
      : '',
    zone ? `<t:TimeZoneContext><t:TimeZoneDefinition Id="${zone}"/></t:TimeZoneContext>` : ''
  ]
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header>${header.join('')}</s:Header><s:Body>${operation}</s:Body></s:Envelope>`
}

export const utc =
  '<t:TimeZone><t:Bias>0</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>'

export function availabilityBody(
  addresses: readonly string[],
  {
    view = 'Detailed',
    from = '2026-11-23T00:00:00',
    to = '2026-11-24T00:00:00',
    zone = utc,
    interval = '30'
  } = {}
): string {
  const data = addresses.map(
    (address) =>
      `<t:MailboxData><t:Email><t:Address>${address}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData>`
  )
  return `<m:GetUserAvailabilityRequest>${zone}<m:MailboxDataArray>${data.join('')}</m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>${from}</t:StartTime><t:EndTime>${to}</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>${interval}</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>${view}</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>`
}

export function calendarOf(address?: string): string {
  const mailbox =
    address === undefined ? '' : `<t:Mailbox><t:EmailAddress>${address}</t:EmailAddress></t:Mailbox>`
  return `<t:DistinguishedFolderId Id="calendar">${mailbox}</t:DistinguishedFolderId>`
}

export function itemShape(base: string, ...fields: string[]): string {
  const more = fields.map((field) => `<t:FieldURI FieldURI="${field}"/>`).join('')
  return `<m:ItemShape><t:BaseShape>${base}</t:BaseShape>${more && `<t:AdditionalProperties>${more}</t:AdditionalProperties>`}</m:ItemShape>`
}

export function view(
  folder: string,
  { from = '2026-11-23T00:00:00Z', to = '2026-11-24T00:00:00Z', most = '', shape = itemShape('Default') } = {}
): string {
  const cap = most && ` MaxEntriesReturned="${most}"`
  return `<m:FindItem Traversal="Shallow">${shape}<m:CalendarView${cap} StartDate="${from}" EndDate="${to}"/><m:ParentFolderIds>${folder}</m:ParentFolderIds></m:FindItem>`
}

/** `Name(Child,Child(Grandchild))`: everything that stands in it, in order, without values. */
export function outline({ name, children }: XmlElement): string {
  return children.length === 0 ? name : `${name}(${children.map(outline).join(',')})`
}

/** Every element by that name, however deep. */
export function every(element: XmlElement | null | undefined, name: string): XmlElement[] {
  if (!element) return []
  return [
    ...(element.name === name ? [element] : []),
    ...element.children.flatMap((child) => every(child, name))
  ]
}

export function texts(element: XmlElement | null | undefined, name: string): string[] {
  return every(element, name).map(({ text }) => text)
}

function codeIn(content: XmlElement): string | undefined {
  return every(content, 'ResponseCode')[0]?.text
}
