/** Sends requests to CalDAV servers: signed in, to no other host than the one stated, four at a time. */
import { setTimeout as pauseFor } from 'node:timers/promises'
import { RemoteError } from '../../../errors.ts'
import { untilAborted } from '../../../lib/deadline.ts'
import { digestOf } from '../../../lib/digest.ts'
import { Semaphore } from '../../../lib/semaphore.ts'
import { AuthCircuitBreaker, type SignInOutcome, type Sleep } from '../../net/auth-circuit-breaker.ts'
import type { HttpClient } from '../../net/http-client.ts'
import type { HttpResponse } from '../../net/send-request.ts'
import { type DavErrorContext, davStatusError, refusedPasswordError } from '../errors.ts'
import { type DavResponse, readMultistatus, resolveHref, shownOrigin } from './multistatus.ts'

/** Who signs in. */
export interface DavAccount {
  readonly user: string
  readonly password: string
  /** Whether it reads many users' calendars: then what is wrong with it concerns all of them. */
  readonly isShared: boolean
}

export interface DavRequest {
  readonly method: 'PROPFIND' | 'REPORT' | 'POST'
  readonly url: string
  readonly body: string
  /** RFC 4918 section 10.2. Always stated: where a default holds, servers differ. */
  readonly depth: '0' | '1'
  /** Of the body; XML unless stated. */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A reply of success. */
export interface DavReply {
  /** After redirects. */
  readonly url: string
  readonly contentType: string | null
  readonly body: AsyncIterable<Uint8Array>
}

export interface DavClientOptions {
  readonly httpClient: HttpClient
  readonly clock: () => number
  readonly sleep?: Sleep
  /** Milliseconds for one request and its reply. */
  readonly requestMs?: number
}

/** Servers tie up a worker for each request (SOGo's WOWorkersCount). */
const maxRequestsPerHost = 4
const maxRedirects = 5
const redirectStatuses = new Set([301, 302, 303, 307, 308])
/** Accounts and hosts that are kept track of; beyond that the oldest is forgotten. */
const maxKept = 20_000

export class DavClient {
  readonly #options: DavClientOptions
  readonly #sleep: Sleep
  readonly #requestMs: number
  /** By origin. */
  readonly #places = new Map<string, Semaphore>()
  /** By origin and account. */
  readonly #breakers = new Map<string, AuthCircuitBreaker>()

  constructor(options: DavClientOptions) {
    this.#options = options
    this.#sleep = options.sleep ?? ((milliseconds, signal) => pauseFor(milliseconds, undefined, { signal }))
    this.#requestMs = options.requestMs ?? 60_000
  }

  /** A refused password may be tried again at once. */
  resetSignIn(): void {
    this.#breakers.clear()
  }

  /** All responses of a multistatus, and the address that gave them. */
  async multistatus(
    account: DavAccount,
    request: DavRequest,
    context: DavErrorContext,
    signal: AbortSignal
  ): Promise<{ readonly url: string; readonly responses: readonly DavResponse[] }> {
    const responses: DavResponse[] = []
    const url = await this.request(account, request, context, signal, async (reply) => {
      await readMultistatus(reply.body, reply.contentType, (response) => void responses.push(response))
      return reply.url
    })
    return { url, responses }
  }

  /** Follows redirects within the host. `read` takes the whole body. Throws RemoteError, or the signal's reason. */
  async request<T>(
    account: DavAccount,
    request: DavRequest,
    context: DavErrorContext,
    signal: AbortSignal,
    read: (reply: DavReply) => Promise<T>
  ): Promise<T> {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(this.#requestMs)])
    const { origin } = new URL(request.url)
    const run = async () => {
      ends.throwIfAborted()
      const { url, response } = await this.#followRedirects(account, request, ends)
      try {
        if (!response.ok) throw davStatusError(response, account, context, this.#options.clock())
        const contentType = response.headers.get('content-type')
        return await read({ url, contentType, body: response.body ?? noBody() })
      } finally {
        await discard(response)
      }
    }
    try {
      // Who waits for a place leaves with the signal.
      return await untilAborted(this.#placesOf(origin).run(run), ends)
    } catch (error) {
      throw withScope(error, account)
    }
  }

  async #followRedirects(
    account: DavAccount,
    request: DavRequest,
    signal: AbortSignal
  ): Promise<{ url: string; response: HttpResponse }> {
    let { url } = request
    for (let redirects = 0; ; redirects++) {
      const response = await this.#sendSignedIn(account, { ...request, url }, signal)
      if (!redirectStatuses.has(response.status)) return { url, response }
      await discard(response)
      const location = response.headers.get('location') ?? ''
      if (redirects === maxRedirects || !URL.canParse(location, url))
        throw new RemoteError(
          'protocol_error',
          `${new URL(url).host} redirects to nowhere or in a circle: write the address at which it ends.`
        )
      const next = new URL(location, url)
      // RFC 6764 section 8: the password goes to another host only if the operator says so.
      if (next.host !== new URL(url).host)
        throw new RemoteError(
          'protocol_error',
          `${new URL(url).host} redirects to another host, to which the password is not sent: if ${shownOrigin(next)} is right, write it as the address of the server.`
        )
      url = resolveHref(location, url).href
    }
  }

  #sendSignedIn(account: DavAccount, request: DavRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { origin, host } = new URL(request.url)
    return this.#breakerOf(origin, account).attempt(
      signal,
      async (): Promise<SignInOutcome<HttpResponse>> => {
        const response = await this.#send(account, request, signal)
        if (response.status === 401) {
          const error = refusedPasswordError(host, response.headers.get('www-authenticate'), account)
          await discard(response)
          return { secret: 'refused', error }
        }
        // A redirect may come before the sign-in (Radicale's .well-known), 429 and 5xx from what stands before the server.
        const { status } = response
        const isAccepted = status === 207 || status === 200 || status === 403 || status === 404
        return { secret: isAccepted ? 'accepted' : 'unknown', value: response }
      }
    )
  }

  #send(
    { user, password }: DavAccount,
    { method, url, body, depth, contentType, headers }: DavRequest,
    signal: AbortSignal
  ): Promise<HttpResponse> {
    return this.#options.httpClient.send(url, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
        // Xandikos takes nothing else.
        'content-type': contentType ?? 'application/xml; charset=utf-8',
        accept: 'application/xml, text/xml, text/calendar;q=0.9, */*;q=0.1',
        'user-agent': 'Hanvisa',
        depth,
        ...headers
      },
      body,
      signal
    })
  }

  #placesOf(origin: string): Semaphore {
    return keep(this.#places, origin, () => new Semaphore(maxRequestsPerHost))
  }

  #breakerOf(origin: string, { user, password }: DavAccount): AuthCircuitBreaker {
    const key = digestOf(`${origin}\n${user}\n${password}`)
    const { clock } = this.#options
    return keep(this.#breakers, key, () => new AuthCircuitBreaker({ clock, sleep: this.#sleep }))
  }
}

function keep<T>(map: Map<string, T>, key: string, make: () => T): T {
  const held = map.get(key)
  if (held !== undefined) return held
  const [oldest] = map.keys()
  if (map.size >= maxKept && oldest !== undefined) map.delete(oldest)
  const made = make()
  map.set(key, made)
  return made
}

async function* noBody(): AsyncGenerator<Uint8Array> {}

/** A small rest is read, so that the connection can be used again; a large one ends it. */
async function discard(response: HttpResponse): Promise<void> {
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > 64 * 1024) break
    }
  } catch {
    // It was read before, or broke off: nothing is waited for any more.
  }
}

/** What keeps the server from being reached at all concerns every user of a shared account. A deadline may be one user's. */
function withScope(error: unknown, account: DavAccount): unknown {
  if (!(error instanceof RemoteError) || !account.isShared || error.scope === 'connection') return error
  const isConnections = error.code === 'proxy_refused' || (error.code === 'unreachable' && isUnreached(error))
  if (!isConnections) return error
  const { code, hint, retryAfter, cause } = error
  return new RemoteError(code, hint, { scope: 'connection', retryAfter, cause })
}

/** By the codes of Node and OpenSSL: name, connection, TLS. */
function isUnreached(error: RemoteError): boolean {
  let cause: unknown = error.cause
  for (let depth = 0; cause instanceof Error && depth < 10; depth++) {
    const code = String((cause as { code?: unknown }).code ?? '')
    if (
      /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$|CERT|SSL|TLS|EPROTO/.test(
        code
      )
    )
      return true
    cause = cause instanceof AggregateError ? (cause.errors[0] ?? cause.cause) : cause.cause
  }
  return false
}
