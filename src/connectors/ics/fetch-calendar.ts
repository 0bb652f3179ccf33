/** Fetches a calendar over HTTP: only if it has changed, and never more than the limit. */
import { RemoteError } from '../../errors.ts'
import { retryAfterOf } from '../../lib/retry-after.ts'
import { charsetOf } from '../icalendar/decode.ts'
import type { HttpClient } from '../net/http-client.ts'
import { readBody } from '../net/http-client.ts'
import type { CalendarSource } from './calendar-source.ts'
import { type FetchedCalendar, tooLarge } from './read-calendar-file.ts'
import type { Validators } from './validators.ts'

type UrlSource = Extract<CalendarSource, { kind: 'url' }>
type Reply = Awaited<ReturnType<HttpClient['fetch']>>

export async function fetchCalendar(
  source: UrlSource,
  httpClient: HttpClient,
  { validators, knownEtag }: { validators: Validators; knownEtag: string | undefined },
  maxBytes: number,
  signal: AbortSignal
): Promise<FetchedCalendar | 'unchanged'> {
  const conditions = validators.conditionsOf(knownEtag)
  const headers: Record<string, string> = {
    accept: 'text/calendar, text/*;q=0.5, */*;q=0.1',
    // Microsoft refuses calls that do not say who calls.
    'user-agent': 'Hanvisa',
    ...conditions
  }
  if (source.authorization !== null) headers.authorization = source.authorization
  const reply = await call(source, httpClient, { headers, signal })
  if (reply.status === 304 && conditions !== null) {
    await reply.body?.cancel()
    return 'unchanged'
  }
  if (reply.status !== 200) {
    await reply.body?.cancel()
    throw refusal(reply, source)
  }
  const bytes = await readBody(reply, maxBytes, () => tooLarge(`The calendar at ${source.host}`, maxBytes))
  const contentType = reply.headers.get('content-type')
  return {
    bytes,
    charset: charsetOf(contentType),
    etag: validators.keep(reply.headers),
    mediaType: (contentType ?? '').trim().toLowerCase()
  }
}

/** webcal does not say whether it means http or https; only the latter keeps the address secret. */
async function call(
  source: UrlSource,
  httpClient: HttpClient,
  init: { headers: Record<string, string>; signal: AbortSignal }
): Promise<Reply> {
  try {
    return await httpClient.fetch(source.url, init)
  } catch (error) {
    if (!source.isWebcal || !(error instanceof RemoteError) || error.code !== 'unreachable') throw error
    throw new RemoteError(
      error.code,
      `${error.hint} A webcal:// address is read over https: where the server has http alone, write http:// in its place (which needs HANVISA_ALLOW_PRIVATE_TARGETS=1).`,
      { cause: error }
    )
  }
}

function refusal(reply: Reply, { host, authorization }: UrlSource): RemoteError {
  const { status } = reply
  const retryAfter = retryAfterOf(reply.headers.get('retry-after'), Date.now())
  if (status === 401 && authorization !== null) {
    return new RemoteError(
      'secret_invalid',
      `${host} refuses the user name and password that stand in the address (HTTP 401): correct them in the user's mailbox (https://name:password@…, with characters such as @ and / percent-encoded).`
    )
  }
  if (status === 401) {
    return new RemoteError(
      'access_denied',
      `${host} asks for a user name and password (HTTP 401): publish the calendar so that it needs none, or write them into the address (https://name:password@…).`
    )
  }
  if (status === 403) {
    return new RemoteError(
      'access_denied',
      `${host} does not let this calendar be read (HTTP 403): publish it again and give the user's new address.`
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
