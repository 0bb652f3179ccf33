/** What Autodiscover is asked and what it answers: by SOAP (2010 and later), and as plain XML (POX, 2007 too). */

import { readXml } from '../../net/xml-reader.ts'
import { escapeXml } from '../soap/requests.ts'
import { soapDialect } from '../soap/soap-dialect.ts'

export type AutodiscoverResult =
  | { readonly kind: 'url'; readonly url: string }
  /** Ask for this address instead. */
  | { readonly kind: 'address'; readonly address: string }
  /** Ask there instead. */
  | { readonly kind: 'redirect'; readonly url: string }
  /** Exchange knows no mailbox of this address, or nothing of it; `code` is what it said. */
  | { readonly kind: 'unknown'; readonly code: string }

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const service = 'http://schemas.microsoft.com/exchange/2010/Autodiscover'

export function getUserSettingsRequest(address: string, to: string): string {
  const user = `<a:User><a:Mailbox>${escapeXml(address)}</a:Mailbox></a:User>`
  return autodiscoverEnvelope(user, ['ExternalEwsUrl', 'InternalEwsUrl'], to)
}

/** GetUserSettings for these User elements. */
export function autodiscoverEnvelope(users: string, settings: readonly string[], to: string): string {
  const wanted = settings.map((name) => `<a:Setting>${name}</a:Setting>`).join('')
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${soap}" xmlns:a="${service}" xmlns:w="http://www.w3.org/2005/08/addressing"><s:Header><a:RequestedServerVersion>Exchange2010</a:RequestedServerVersion><w:Action>${service}/Autodiscover/GetUserSettings</w:Action><w:To>${escapeXml(to)}</w:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users>${users}</a:Users><a:RequestedSettings>${wanted}</a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>`
}

export function poxRequest(address: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>${escapeXml(address)}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`
}

/** Null where nothing is said that leads on. Throws as readXml does. */
export async function readGetUserSettings(
  chunks: Chunks,
  contentType: string | undefined
): Promise<AutodiscoverResult | null> {
  const settings = new Map<string, string>()
  let inUser = false
  let code = ''
  let target = ''
  let name = ''
  const visitor = {
    open(element: string) {
      if (element === 'UserResponse') inUser = true
    },
    close(element: string, _depth: number, text: string) {
      if (element === 'UserResponse') inUser = false
      if (!inUser) return
      if (element === 'ErrorCode') code = text.trim()
      else if (element === 'RedirectTarget') target = text.trim()
      else if (element === 'Name') name = text.trim()
      else if (element === 'Value') settings.set(name, text.trim())
    }
  }
  await readXml(chunks, visitor, soapDialect, { contentType })
  if (code === 'RedirectAddress') return addressed(target)
  if (code === 'RedirectUrl') return target === '' ? null : { kind: 'redirect', url: target }
  // errorcode-soap.md: "The user that was passed in the request is invalid".
  if (code === 'InvalidUser') return { kind: 'unknown', code }
  return named(settings.get('ExternalEwsUrl') || settings.get('InternalEwsUrl'))
}

/** As readSoapSettings. What is meant for those outside comes first; 2007 names it ASUrl. */
export async function readPoxResponse(
  chunks: Chunks,
  contentType: string | undefined
): Promise<AutodiscoverResult | null> {
  const urls = new Map<string, string>()
  const types: string[] = []
  let action = ''
  let code = ''
  let address = ''
  let redirect = ''
  const visitor = {
    open(element: string) {
      if (element === 'Protocol') types.push('')
    },
    close(element: string, _depth: number, text: string) {
      const value = text.trim()
      if (element === 'Protocol') types.pop()
      else if (element === 'Type' && types.length > 0) types[types.length - 1] = value
      else if (element === 'Action') action = value.toLowerCase()
      else if (element === 'ErrorCode') code = value
      else if (element === 'RedirectAddr') address = value
      else if (element === 'RedirectUrl') redirect = value
      else if ((element === 'EwsUrl' || element === 'ASUrl') && value !== '' && types.length > 0) {
        const key = `${types[0]} ${element}`
        if (!urls.has(key)) urls.set(key, value)
      }
    }
  }
  await readXml(chunks, visitor, soapDialect, { contentType })
  if (action === 'redirectaddr') return addressed(address)
  if (action === 'redirecturl') return redirect === '' ? null : { kind: 'redirect', url: redirect }
  if (unknownAddressCodes.has(code)) return { kind: 'unknown', code }
  const order = ['EXPR', 'EXCH', 'WEB'].flatMap((type) => [`${type} EwsUrl`, `${type} ASUrl`])
  return named(order.map((key) => urls.get(key)).find((url) => url !== undefined))
}

/** [MS-OXDSCLI] 2.2.4.1.1.3.2, ErrorCode: "The email address cannot be found", and twice "Bad Address". */
const unknownAddressCodes = new Set(['500', '501', '602'])

function addressed(address: string): AutodiscoverResult | null {
  return /^[^\s@<>"]{1,64}@[A-Za-z0-9.-]{1,255}$/.test(address) ? { kind: 'address', address } : null
}

function named(url: string | undefined): AutodiscoverResult | null {
  return url !== undefined && URL.canParse(url) ? { kind: 'url', url } : null
}
