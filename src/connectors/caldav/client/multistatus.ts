/** Reads multistatus replies (RFC 4918 section 13) as they arrive: one DavResponse after the other, no document is held. */
import { RemoteError } from '../../../errors.ts'
import { readXml, type Visitor } from '../../net/xml-reader.ts'
import { davDialect, invalidDavReply } from './dav-dialect.ts'

export interface DavProperty {
  /** Of a property that holds text. */
  readonly text: string
  /** Of one that holds addresses, as they are written. */
  readonly hrefs: readonly string[]
  /** The local names of what is in it; of `comp` elements their `name`. */
  readonly children: readonly string[]
}

/** What is said of one resource. */
export interface DavResponse {
  readonly href: string
  /** Of the resource as a whole; null where its properties have their own. */
  readonly status: number | null
  /** Those with a status of success, by local name. */
  readonly properties: ReadonlyMap<string, DavProperty>
  /** The others' status. */
  readonly refused: ReadonlyMap<string, number>
}

/** Resources of one reply. */
const maxResponses = 50_000

/** Throws RemoteError, `protocol_error` for what is no multistatus. Never with what was read. */
export async function readMultistatus(
  chunks: AsyncIterable<Uint8Array>,
  contentType: string | null,
  onResponse: (response: DavResponse) => void
): Promise<void> {
  const visitor = new MultistatusVisitor(onResponse)
  await readXml(chunks, visitor, davDialect, { contentType: contentType ?? undefined })
  if (!visitor.isMultistatus) throw invalidDavReply('is no multistatus')
}

/** A `propstat` before its status is known: that may stand before its properties or after them. */
interface OpenPropstat {
  readonly properties: Map<string, DavProperty>
  status: number
}

/** By local names: prefixes vary, and no two properties that are asked for share one. */
class MultistatusVisitor implements Visitor {
  isMultistatus = false
  readonly #onResponse: (response: DavResponse) => void
  readonly #path: string[] = []
  #count = 0
  #href = ''
  #status: number | null = null
  #properties = new Map<string, DavProperty>()
  #refused = new Map<string, number>()
  #propstat: OpenPropstat | null = null
  #hrefs: string[] = []
  #children: string[] = []

  constructor(onResponse: (response: DavResponse) => void) {
    this.#onResponse = onResponse
  }

  open(name: string, depth: number, attributes: Readonly<Record<string, string>>): void {
    this.#path.push(name)
    if (depth === 1) this.isMultistatus = name === 'multistatus'
    else if (depth === 2 && name === 'response') this.#beginResponse()
    else if (depth === 3 && name === 'propstat') this.#propstat = { properties: new Map(), status: 0 }
    else if (depth === 5 && this.#path[3] === 'prop') {
      this.#hrefs = []
      this.#children = []
    } else if (depth === 6) this.#children.push(name === 'comp' ? (attributes.name ?? '') : name)
  }

  close(name: string, depth: number, text: string): void {
    const parent = this.#path[depth - 2]
    this.#path.pop()
    if (!this.isMultistatus) return
    if (depth === 2 && name === 'response') this.#endResponse()
    else if (depth === 3 && parent === 'response') this.#closeInResponse(name, text)
    else if (depth === 4 && name === 'status' && this.#propstat !== null)
      this.#propstat.status = statusOf(text)
    else if (depth === 5 && parent === 'prop' && this.#propstat !== null) {
      this.#propstat.properties.set(name, { text, hrefs: this.#hrefs, children: this.#children })
    } else if (depth >= 6 && name === 'href') this.#hrefs.push(text.trim())
  }

  #beginResponse(): void {
    this.#count += 1
    if (this.#count > maxResponses) throw invalidDavReply(`holds more than ${maxResponses} resources`)
    this.#href = ''
    this.#status = null
    this.#properties = new Map()
    this.#refused = new Map()
  }

  #closeInResponse(name: string, text: string): void {
    if (name === 'href') this.#href = text.trim()
    else if (name === 'status') this.#status = statusOf(text)
    else if (name === 'propstat' && this.#propstat !== null) {
      const { properties, status } = this.#propstat
      for (const [property, value] of properties) {
        if (status >= 200 && status < 300) this.#properties.set(property, value)
        else this.#refused.set(property, status)
      }
      this.#propstat = null
    }
  }

  #endResponse(): void {
    this.#onResponse({
      href: this.#href,
      status: this.#status,
      properties: this.#properties,
      refused: this.#refused
    })
  }
}

/** `HTTP/1.1 404 Not Found`; 0 where it is none. */
function statusOf(line: string): number {
  return Number(/^\s*HTTP\/[\d.]+\s+(\d{3})/i.exec(line)?.[1] ?? 0)
}

/** A path that can be compared: what is percent-encoded by one server and not by another is the same (RFC 3986 section 6.2.2). */
export function comparablePath(pathname: string): string {
  return pathname.split('/').map(comparableSegment).join('/')
}

function comparableSegment(segment: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(segment))
  } catch {
    return segment
  }
}

/**
 * The address that a reply of `base` names. An address of another host is refused: a reply must not say where the password is
 * sent. Throws RemoteError.
 */
export function resolveHref(href: string, base: string): URL {
  const from = new URL(base)
  if (href === '' || !URL.canParse(href, base)) throw invalidDavReply('names a resource by no address')
  const url = new URL(href, base)
  // A server behind a proxy that ends TLS may write http for its own host.
  if (url.host === from.host && url.protocol === 'http:') url.protocol = from.protocol
  if (url.origin === from.origin) {
    url.username = ''
    url.password = ''
    url.hash = ''
    return url
  }
  throw new RemoteError(
    'protocol_error',
    `${from.host} says that calendars are at another host, to which the password is not sent: if ${shownOrigin(url)} is right, write it as the address of the server.`
  )
}

/** Of an address that a server named. */
export function shownOrigin({ protocol, host }: URL): string {
  return /^[a-z0-9.:[\]-]{1,100}$/.test(host) ? `${protocol}//${host}/` : 'that host'
}

/** The last segment of a path, decoded, lower case: of a principal's the account's name. */
export function lastSegment(pathname: string): string {
  const segment = pathname.split('/').filter(Boolean).at(-1) ?? ''
  try {
    return decodeURIComponent(segment).toLowerCase()
  } catch {
    return segment.toLowerCase()
  }
}
