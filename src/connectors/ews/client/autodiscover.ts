/** Finds the EWS URL from a mail address: asks without secrets who answers, then signs in there, and nowhere else. */
import { resolveSrv } from 'node:dns/promises'
import { Agent, request } from 'undici'
import { RemoteError } from '../../../errors.ts'
import { type HttpClient, publicLookup, readBody } from '../../net/http-client.ts'
import { isExchangeOnline, onlineIsRetired } from '../ews-url.ts'
import { type Found, poxQuestion, readPox, readSoapSettings, soapQuestion } from './autodiscover-responses.ts'
import type { EwsReply, EwsTransport } from './transport.ts'

export interface DiscoverNeeds {
  /** Calls without secrets; refuses private addresses unless they are allowed. */
  readonly outbound: HttpClient
  /** Signs in at this URL; does not follow redirects. */
  readonly transportTo: (url: string) => EwsTransport
  readonly allowRetiring: boolean
  readonly allowHttp: boolean
  /** Where Autodiscover may be for a domain, likeliest first. */
  readonly placesFor?: (domain: string) => Promise<string[]>
  readonly signal: AbortSignal
}

/** Microsoft's own client goes no further either (AutodiscoverMaxRedirections). */
const mostHops = 10
const path = '/autodiscover/autodiscover.xml'

/** The URL that Autodiscover names. Throws RemoteError of scope `connection`. */
export async function discoverEws(address: string, needs: DiscoverNeeds): Promise<string> {
  const { placesFor = usualPlaces } = needs
  const seen = new Set<string>()
  const reasons: string[] = []
  let asked = address
  let places = await placesFor(domainOf(asked))
  while (places.length > 0) {
    const place = places.shift()!
    if (seen.has(`${place} ${asked}`)) continue
    if (seen.size >= mostHops) break
    seen.add(`${place} ${asked}`)
    const found = await askAt(place, asked, needs, reasons)
    if (found === null) continue
    if (found.kind === 'url') return found.url
    if (found.kind === 'address') {
      asked = found.address
      places = await placesFor(domainOf(asked))
    } else if (found.url.startsWith('https://') || needs.allowHttp) places = [found.url, ...places]
  }
  const domain = domainOf(address)
  throw failed(
    `Autodiscover finds no EWS for ${domain}: see whether autodiscover.${domain} leads to the mail server, or write https://…/EWS/Exchange.asmx in url instead.${reasons.length === 0 ? '' : ` First trouble: ${reasons[0]}`}`
  )
}

/** Where Exchange's Autodiscover is, likeliest first (the search in Active Directory is for members of the domain alone). */
async function usualPlaces(domain: string): Promise<string[]> {
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
async function askAt(
  place: string,
  address: string,
  needs: DiscoverNeeds,
  reasons: string[]
): Promise<Found | null> {
  const url = checked(place, needs)
  if (url === null) return null
  const probed = url.protocol === 'http:' ? plainProbe(url, needs) : probe(url, needs)
  const answer = await probed.catch((error: unknown) => {
    if (!(error instanceof RemoteError) || needs.signal.aborted) throw error
    reasons.push(error.hint)
    return null
  })
  if (answer === null || answer.kind === 'redirect') return answer
  const transport = needs.transportTo(url.href)
  try {
    return (await bySoap(url, address, needs)) ?? (await byPox(transport, address, needs))
  } catch (error) {
    // A password that was refused once is not tried elsewhere: directories lock accounts.
    if (!(error instanceof RemoteError) || error.code === 'secret_invalid' || needs.signal.aborted)
      throw error
    return null
  } finally {
    transport.close()
  }
}

function checked(place: string, { allowRetiring }: DiscoverNeeds): URL | null {
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
  { outbound, signal }: DiscoverNeeds
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

/** Without TLS nobody is asked for anything but where to go; and that must be https again. */
async function plainProbe(
  url: URL,
  { allowHttp, signal }: DiscoverNeeds
): Promise<{ kind: 'redirect'; url: string } | null> {
  const dispatcher = new Agent(allowHttp ? {} : { connect: { lookup: publicLookup } })
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
async function bySoap(url: URL, address: string, needs: DiscoverNeeds): Promise<Found | null> {
  const service = new URL(url.href.replace(/\.xml$/i, '.svc'))
  const transport = needs.transportTo(service.href)
  try {
    const reply = await ask(transport, soapQuestion(address, service.href), needs.signal)
    return reply === null ? null : await readSoapSettings(reply.body, typeOf(reply))
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code === 'secret_invalid' || needs.signal.aborted)
      throw error
    return null
  } finally {
    transport.close()
  }
}

async function byPox(
  transport: EwsTransport,
  address: string,
  { signal }: DiscoverNeeds
): Promise<Found | null> {
  const reply = await ask(transport, poxQuestion(address), signal)
  return reply === null ? null : readPox(reply.body, typeOf(reply))
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
