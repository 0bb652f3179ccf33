/** Fetches a calendar over HTTP: only if it has changed, and never more than the limit. */
import { RemoteError } from '../../errors.ts'
import type { HttpClient } from '../net/http-client.ts'
import { readBody } from '../net/http-client.ts'
import type { CalendarSource } from './calendar-source.ts'
import { charsetOf } from './decode.ts'
import type { FetchedCalendar } from './read-calendar-file.ts'

type Address = Extract<CalendarSource, { kind: 'url' }>
type Reply = Awaited<ReturnType<HttpClient['fetch']>>

export async function fetchCalendar(
  address: Address,
  outbound: HttpClient,
  known: string | undefined,
  limit: number,
  signal: AbortSignal
): Promise<FetchedCalendar | 'unchanged'> {
  const headers: Record<string, string> = {
    accept: 'text/calendar, text/*;q=0.5, */*;q=0.1',
    // Microsoft refuses calls that do not say who calls.
    'user-agent': 'Hanvisa',
    ...conditions(known)
  }
  if (address.authorization !== null) headers.authorization = address.authorization
  const reply = await outbound.fetch(address.url, { headers, signal })
  if (reply.status === 304 && known !== undefined) {
    await reply.body?.cancel()
    return 'unchanged'
  }
  if (reply.status !== 200) {
    await reply.body?.cancel()
    throw refusal(reply, address.host)
  }
  const bytes = await readBody(reply, limit)
  const contentType = reply.headers.get('content-type')
  return {
    bytes,
    charset: charsetOf(contentType),
    etag: versionOf(reply),
    isPage: /^\s*(text\/html|application\/xhtml)/i.test(contentType ?? '')
  }
}

/** ETag first, Last-Modified beside it, for servers that have but one (RFC 9110 section 13.1). */
function versionOf(reply: Reply): string | null {
  const etag = reply.headers.get('etag')
  const modified = reply.headers.get('last-modified')
  return etag === null && modified === null ? null : JSON.stringify([etag, modified])
}

function conditions(known: string | undefined): Record<string, string> {
  if (known === undefined) return {}
  try {
    const [etag, modified] = JSON.parse(known) as [unknown, unknown]
    return {
      ...(typeof etag === 'string' ? { 'if-none-match': etag } : {}),
      ...(typeof modified === 'string' ? { 'if-modified-since': modified } : {})
    }
  } catch {
    return {}
  }
}

function refusal(reply: Reply, host: string): RemoteError {
  const { status } = reply
  const retryAfter = retryAfterOf(reply.headers.get('retry-after'), Date.now())
  if (status === 401 || status === 403) {
    return new RemoteError(
      'access_denied',
      `${host} does not let this calendar be read (HTTP ${status}): publish it again and give the user's new address.`
    )
  }
  if (status === 404 || status === 410) {
    return new RemoteError(
      'mailbox_unknown',
      `${host} has no calendar at this address (HTTP ${status}): publish it again and give the user's new address.`
    )
  }
  if (status === 429 || status === 503) {
    return new RemoteError(
      'throttled',
      `${host} asks for fewer calls (HTTP ${status}). It is tried again by itself.`,
      {
        retryAfter
      }
    )
  }
  if (status >= 500) {
    return new RemoteError(
      'unreachable',
      `${host} is in trouble (HTTP ${status}). It is tried again by itself.`,
      {
        retryAfter
      }
    )
  }
  return new RemoteError(
    'protocol_error',
    `${host} answered HTTP ${status} where a calendar was expected: check the address.`
  )
}

const LONGEST_WAIT = 24 * 3_600_000

/** Seconds (decimals too, as Microsoft sends them) or an HTTP date; in milliseconds. */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (text === '') return undefined
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, Math.round(wait)))
}
