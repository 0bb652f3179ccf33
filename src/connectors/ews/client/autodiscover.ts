/** Finds the EWS URL from a mail address: asks without secrets who answers, then signs in there, and nowhere else. */
import { resolveSrv } from 'node:dns/promises'
import { Agent, request } from 'undici'
import { RemoteError } from '../../../errors.ts'
import { isExchangeOnline, onlineIsRetired } from '../../ews-url.ts'
import { type AddressPolicy, withoutBrackets } from '../../net/address-policy.ts'
import { type HttpClient, readBody } from '../../net/http-client.ts'
import {
  type AutodiscoverResult,
  getUserSettingsRequest,
  poxRequest,
  readGetUserSettings,
  readPoxResponse
} from './autodiscover-responses.ts'
import type { EwsReply, EwsTransport } from './transport.ts'

export interface AutodiscoverDeps {
  /** Calls without secrets; refuses private addresses unless they are allowed. */
  readonly outbound: HttpClient
  /** Signs in at this URL; does not follow redirects. */
  readonly transportTo: (url: string) => EwsTransport
  readonly allowRetiring: boolean
  readonly addressPolicy: AddressPolicy
  /** Where Autodiscover may be for a domain, likeliest first. */
  readonly urlsFor?: (domain: string) => Promise<string[]>
  readonly signal: AbortSignal
}

/** Microsoft's own client goes no further either (AutodiscoverMaxRedirections). */
const maxHops = 10
const path = '/autodiscover/autodiscover.xml'

/** The URL that Autodiscover names. Throws RemoteError of scope `connection`. */
export async function discoverEws(address: string, deps: AutodiscoverDeps): Promise<string> {
  const { urlsFor: placesFor = candidateUrls } = deps
  const seen = new Set<string>()
  const reasons: string[] = []
  /** What an Exchange said of the address: that is why, whatever befell the other URLs. */
  let unknown: { host: string; isRedirected: boolean; code: string } | null = null
  let asked = address
  let urls = await placesFor(domainOf(asked))
  while (urls.length > 0) {
    const place = urls.shift()!
    if (seen.has(`${place} ${asked}`)) continue
    if (seen.size >= maxHops) break
    seen.add(`${place} ${asked}`)
    const found = await discoverAt(place, asked, deps, reasons)
    if (found === null) continue
    if (found.kind === 'url') return found.url
    if (found.kind === 'unknown') {
      unknown ??= { host: new URL(place).host, isRedirected: asked !== address, code: found.code }
      continue
    }
    if (found.kind === 'address') {
      asked = found.address
      urls = await placesFor(domainOf(asked))
    } else if (found.url.startsWith('https://') || deps.addressPolicy.allowsHttp) urls = [found.url, ...urls]
  }
  if (unknown !== null) {
    throw failed(
      `Autodiscover at ${unknown.host} knows no mailbox of ${unknown.isRedirected ? `the address that ${address} leads to` : address} (ErrorCode ${unknown.code}): write the address of a mailbox that is on this Exchange in autodiscover, or https://…/EWS/Exchange.asmx in url instead.`
    )
  }
  const domain = domainOf(address)
  throw failed(
    `Autodiscover finds no EWS for ${domain}: see whether autodiscover.${domain} leads to the mail server, or write https://…/EWS/Exchange.asmx in url instead.${reasons.length === 0 ? '' : ` First error: ${reasons[0]}`}`
  )
}

/** Where Exchange's Autodiscover is, likeliest first (the search in Active Directory is for members of the domain alone). */
async function candidateUrls(domain: string): Promise<string[]> {
  const usual = ['https://autodiscover.', 'https://', 'http://autodiscover.'].map(
    (before) => `${before}${domain}${path}`
  )
  const records = await resolveSrv(`_autodiscover._tcp.${domain}`).catch(() => [])
  const named = records
    .sort((one, other) => one.priority - other.priority)
    .slice(0, 2)
    .map(({ name, port }) => `https://${name}${port === 443 ? '' : `:${port}`}${path}`)
  return [...usual, ...named]
}

/** What this place says; null where it is none of Exchange's. */
async function discoverAt(
  place: string,
  address: string,
  deps: AutodiscoverDeps,
  reasons: string[]
): Promise<AutodiscoverResult | null> {
  const url = checked(place, deps)
  if (url === null) return null
  const probed = url.protocol === 'http:' ? plainProbe(url, deps) : probe(url, deps)
  const answer = await probed.catch((error: unknown) => {
    if (!(error instanceof RemoteError) || deps.signal.aborted) throw error
    reasons.push(error.hint)
    return null
  })
  if (answer === null || answer.kind === 'redirect') return answer
  const transport = deps.transportTo(url.href)
  try {
    const bySoap = await askSoap(url, address, deps)
    return bySoap !== null && bySoap.kind !== 'unknown'
      ? bySoap
      : ((await askPox(transport, address, deps)) ?? bySoap)
  } catch (error) {
    // A password that was refused once is not tried elsewhere: directories lock accounts.
    if (!(error instanceof RemoteError) || error.code === 'secret_invalid' || deps.signal.aborted) throw error
    return null
  } finally {
    transport.close()
  }
}

function checked(place: string, { allowRetiring }: AutodiscoverDeps): URL | null {
  if (!URL.canParse(place)) return null
  const url = new URL(place)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  if (isExchangeOnline(url.hostname) && !allowRetiring) {
    throw failed(`Autodiscover leads to Exchange Online. ${onlineIsRetired}.`)
  }
  return url
}

/** Without a secret: who asks for one is likely to be Exchange; a web site says "not found". */
async function probe(
  url: URL,
  { outbound, signal }: AutodiscoverDeps
): Promise<{ kind: 'redirect'; url: string } | { kind: 'here' } | null> {
  const reply = await outbound.fetch(url.href, {
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)])
  })
  const location = reply.headers.get('location')
  if (reply.status >= 300 && reply.status < 400 && location !== null && URL.canParse(location, url.href)) {
    await reply.body?.cancel()
    return { kind: 'redirect', url: new URL(location, url.href).href }
  }
  await readBody(reply, 1024 * 1024)
  return reply.status === 401 ? { kind: 'here' } : null
}

/** Without TLS only a redirect is requested, and its target must be https. */
async function plainProbe(
  url: URL,
  { addressPolicy, signal }: AutodiscoverDeps
): Promise<{ kind: 'redirect'; url: string } | null> {
  const refusal = addressPolicy.refusalOf(withoutBrackets(url.hostname))
  if (refusal !== null) throw refusal
  const dispatcher = new Agent({ connect: { lookup: addressPolicy.lookup } })
  try {
    const reply = await request(url, {
      dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)])
    })
    await reply.body.dump({ limit: 65_536 })
    const { location } = reply.headers
    const moved = reply.statusCode >= 301 && reply.statusCode <= 308 && typeof location === 'string'
    return moved && /^https:/i.test(location) ? { kind: 'redirect', url: location } : null
  } catch (error) {
    if (signal.aborted) throw failed('Autodiscover did not answer in time. It is tried again by itself.')
    if (error instanceof RemoteError) throw error
    return null
  } finally {
    dispatcher.destroy().catch(() => {})
  }
}

/** 2010 and later. Null where there is none: then it is POX. */
async function askSoap(
  url: URL,
  address: string,
  deps: AutodiscoverDeps
): Promise<AutodiscoverResult | null> {
  const service = new URL(url.href.replace(/\.xml$/i, '.svc'))
  const transport = deps.transportTo(service.href)
  try {
    const reply = await ask(transport, getUserSettingsRequest(address, service.href), deps.signal)
    return reply === null ? null : await readGetUserSettings(reply.body, typeOf(reply))
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code === 'secret_invalid' || deps.signal.aborted) throw error
    return null
  } finally {
    transport.close()
  }
}

async function askPox(
  transport: EwsTransport,
  address: string,
  { signal }: AutodiscoverDeps
): Promise<AutodiscoverResult | null> {
  const reply = await ask(transport, poxRequest(address), signal)
  return reply === null ? null : readPoxResponse(reply.body, typeOf(reply))
}

async function ask(transport: EwsTransport, body: string, signal: AbortSignal): Promise<EwsReply | null> {
  const headers = { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Hanvisa' }
  const reply = await transport.call({ headers, body, signal })
  if (reply.status === 200) return reply
  await reply.discard()
  return null
}

function typeOf(reply: EwsReply): string | undefined {
  const type = reply.headers['content-type']
  return typeof type === 'string' ? type : undefined
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

function failed(hint: string): RemoteError {
  return new RemoteError('unreachable', hint, { scope: 'connection' })
}
