/** Injected faults, as EWS has them: faults of its own, pages in place of answers, and corrupted answers. */
import type { Mailbox } from '../calendar-item.ts'
import type { FaultEffect, Route } from '../faults.ts'
import type { ProtocolResponse } from '../protocol-message.ts'
import {
  errorResponseMessage,
  faultEnvelope,
  ItemError,
  named,
  responseMessages,
  SoapFault,
  soapResponse
} from './envelope.ts'
import type { ExchangeInstallation } from './installations.ts'
import type { RequestContext } from './request-context.ts'
import type { ExchangeVersion } from './versions.ts'
import { spaces } from './xml.ts'

/** The fault of one mailbox of a call that has many; only faults that name it do. */
export async function applyItemFault(
  { faults, installation, caller, call }: RequestContext,
  route: Route,
  mailbox: Mailbox | undefined,
  address: string
): Promise<void> {
  if (!faults.any) return
  const names = [address, ...(mailbox ? [mailbox.address, ...mailbox.aliases] : [])]
  const effect = await faults.apply(
    {
      tenant: [installation.tenant],
      clientId: caller.account,
      mailbox: names.map((each) => each.toLowerCase()),
      route,
      part: true
    },
    call.signal
  )
  if (effect === null) return
  const code = effect.kind === 'ews' || effect.kind === 'status' ? effect.code : undefined
  const message = effect.kind === 'ews' ? effect.message : undefined
  throw new ItemError(
    code ?? 'ErrorProxyRequestProcessingFailed',
    message ?? 'Unable to send cross-forest request: the request timed out.'
  )
}

/** Null when the answer is made as usual, and corrupted afterwards. */
export function faultAnswer(
  effect: FaultEffect | null,
  installation: ExchangeInstallation,
  operation: string
): ProtocolResponse | null {
  const { version } = installation
  if (effect?.kind === 'wrongTypes') return xmlAnswer(200, soapResponse(version, malformedResponse))
  if (effect?.kind === 'ews') {
    const { code, message, backOffMilliseconds, inMessages } = effect
    const fault = new SoapFault(code, message ?? defaultMessages[code] ?? 'An error has been ordered.', {
      ...(backOffMilliseconds === undefined ? {} : { BackOffMilliseconds: String(backOffMilliseconds) })
    })
    if (inMessages) return xmlAnswer(200, soapResponse(version, inside(operation, fault)))
    return xmlAnswer(500, faultEnvelope(version, fault))
  }
  if (effect?.kind !== 'status') return null
  if (effect.code !== undefined) {
    const fault = new SoapFault(effect.code, effect.message ?? defaultMessages[effect.code] ?? 'Ordered.')
    return withRetry(xmlAnswer(effect.status, faultEnvelope(version, fault)), effect.retryAfter)
  }
  return withRetry(errorPage(effect.status, 'The service is unavailable.'), effect.retryAfter)
}

const defaultMessages: Readonly<Record<string, string>> = {
  ErrorServerBusy: 'The server cannot service this request right now. Try again later.',
  ErrorExceededConnectionCount: 'You have exceeded the available concurrent connections for your account.',
  ErrorImpersonateUserDenied: 'The account does not have permission to impersonate the requested user.',
  ErrorNonExistentMailbox: 'The SMTP address has no mailbox associated with it.',
  ErrorInternalServerTransientError: 'An internal server error occurred. Try again later.',
  ErrorMailboxMoveInProgress: 'Mailbox move in progress. Try again later.',
  ErrorInternalServerError: 'An internal server error occurred. The operation failed.'
}

/** The error where the operation's result would stand: in every message of the answer. */
function inside(operation: string, { code, message, values }: SoapFault): string {
  if (operation !== 'GetUserAvailability')
    return responseMessages(operation, [errorResponseMessage(operation, { code, message }, '', values)])
  return `<GetUserAvailabilityResponse xmlns="${spaces.messages}"><FreeBusyResponseArray><FreeBusyResponse><ResponseMessage ResponseClass="Error"><MessageText>${message}</MessageText><ResponseCode>${code}</ResponseCode><DescriptiveLinkKey>0</DescriptiveLinkKey></ResponseMessage><FreeBusyView><FreeBusyViewType xmlns="${spaces.types}">None</FreeBusyViewType></FreeBusyView></FreeBusyResponse></FreeBusyResponseArray></GetUserAvailabilityResponse>`
}

/** A right answer, made wrong, or written otherwise. */
export function corruptAnswer(
  answer: ProtocolResponse,
  effect: FaultEffect | null,
  version: ExchangeVersion
): ProtocolResponse {
  if (effect?.kind === 'corruption') {
    const { corruption } = effect
    if (typeof corruption !== 'object') return { ...answer, corruption }
    return { ...answer, body: huge(corruption.huge, version) }
  }
  if (effect?.kind !== 'xml' || !Buffer.isBuffer(answer.body)) return answer
  const xml = answer.body.toString()
  const made = {
    reprefixed: () => Buffer.from(reprefixed(xml)),
    concatenated: () => Buffer.from(xml + xml),
    entities: () =>
      Buffer.from(`${bomb}${xml.replace(/^<\?xml[^>]*>/, '').replace(/<t?:?Subject>[^<]*/, '$&&i;')}`),
    deep: () => Buffer.from(soapResponse(version, `${'<m:x>'.repeat(100_000)}${'</m:x>'.repeat(100_000)}`)),
    wrongCharset: () => Buffer.from(xml.replace('utf-8', 'utf-16'), 'utf16le')
  }
  return { ...answer, body: made[effect.xml]() }
}

const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaa">${[...'bcdefghi']
  .map((name, place) => `<!ENTITY ${name} "${`&${'abcdefghi'[place]};`.repeat(16)}">`)
  .join('')}]>`

/** The same document to whoever reads namespaces. */
function reprefixed(xml: string): string {
  const names: Readonly<Record<string, string>> = {
    s: 'SOAP-ENV',
    soap: 'SOAP-ENV',
    m: 'ns1',
    t: 'ns2',
    h: 'ns3',
    e: 'ns4'
  }
  return xml
    .replace(/<(\/?)(s|soap|m|t|h|e):/g, (_, slash, prefix) => `<${slash}${names[prefix]}:`)
    .replace(/ xmlns:(s|soap|m|t|h|e)=/g, (_, prefix) => ` xmlns:${names[prefix]}=`)
}

/** Right to the last byte, and that much of it. */
async function* huge(bytes: number, version: ExchangeVersion): AsyncGenerator<Buffer> {
  const [before = '', after = ''] = soapResponse(version, '|').split('|')
  yield Buffer.from(
    `${before}<m:FindItemResponse ${named}><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:RootFolder TotalItemsInView="1" IncludesLastItemInRange="true"><t:Items>`
  )
  const one = `<t:CalendarItem><t:ItemId Id="AAMk" ChangeKey="DwAA"/><t:Subject>${'y'.repeat(64_000)}</t:Subject></t:CalendarItem>`
  for (let sent = 0; sent < bytes; sent += one.length) yield Buffer.from(one)
  yield Buffer.from(
    `</t:Items></m:RootFolder></m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse>${after}`
  )
}

const malformedResponse = `<m:FindItemResponse ${named}><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="Perhaps"><m:ResponseCode>17</m:ResponseCode><m:RootFolder TotalItemsInView="many" IncludesLastItemInRange="maybe"><t:Items><t:CalendarItem><t:Start>noon</t:Start><t:End/><t:IsAllDayEvent>2</t:IsAllDayEvent><t:LegacyFreeBusyStatus>Asleep</t:LegacyFreeBusyStatus></t:CalendarItem><t:Task/></t:Items></m:RootFolder></m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse>`

export function xmlAnswer(
  status: number,
  xml: string,
  headers: Readonly<Record<string, string>> = {}
): ProtocolResponse {
  return {
    status,
    headers: { 'Cache-Control': 'private', 'Content-Type': 'text/xml; charset=utf-8', ...headers },
    body: Buffer.from(xml)
  }
}

/** What IIS itself says. */
export function errorPage(
  status: number,
  text: string,
  headers: Readonly<Record<string, string | string[]>> = {}
): ProtocolResponse {
  return {
    status,
    headers: { 'Content-Type': 'text/html; charset=us-ascii', ...headers },
    body: Buffer.from(
      `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\r\n<HTML><HEAD><TITLE>${status}</TITLE></HEAD>\r\n<BODY><h2>${text}</h2></BODY></HTML>\r\n`
    )
  }
}

function withRetry(answer: ProtocolResponse, retryAfter: string | undefined): ProtocolResponse {
  if (retryAfter === undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'Retry-After': retryAfter } }
}
