/** What carries EWS calls: connections that are kept, belong to one identity, and sign in no more than they must. */
import { setTimeout as pauseFor } from 'node:timers/promises'
import { RemoteError } from '../../../errors.ts'
import type { AddressPolicy } from '../../net/address-policy.ts'
import { AuthCircuitBreaker, type SignInOutcome, type Sleep } from '../../net/auth-circuit-breaker.ts'
import type { ClockMonitor } from '../../net/clock-monitor.ts'
import { createAuthenticator, drainBody, type EwsAuth } from '../auth/sign-in.ts'
import { parseWwwAuthenticate } from '../auth/www-authenticate.ts'
import { ConnectionPool } from './connection-pool.ts'
import { createHttp1Connection, type Http1Connection, type Http1Response } from './http1-connection.ts'
import { ConnectionClosedError, toNetworkError } from './network-error.ts'
import type { Environment } from './proxy.ts'
import { isRedirect, redirectOf } from './redirect.ts'
import { type ConnectionStep, connectionSteps, createSocketOpener } from './socket.ts'

export interface EwsTransportOptions {
  readonly url: string
  readonly auth: EwsAuth
  readonly addressPolicy: AddressPolicy
  /** PEM: a private authority, or the server's very certificate. Trusted besides the public authorities. */
  readonly ca?: string
  /** At most so many calls at a time, without those that hang. Below Exchange's EWSMaxConcurrency (10, 27). */
  readonly connections?: number
  /** `same-server` (the default) follows within the server; `none` hands 3xx over, as Autodiscover needs it. */
  readonly redirects?: 'same-server' | 'none'
  /** Epoch milliseconds. */
  readonly clock?: () => number
  readonly sleep?: Sleep
  /** For HTTPS_PROXY and NO_PROXY; no proxy unless given. */
  readonly environment?: Environment
  readonly clockMonitor?: ClockMonitor
  /** Called with each step towards the server that has succeeded. */
  readonly onStep?: (step: ConnectionStep) => void
}

export interface EwsRequest {
  readonly method?: 'GET' | 'POST'
  /** Names in lower case; without those of the connection, of the body's length and of signing in. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | string
  /** Ends the call, the reading of the body included. */
  readonly signal: AbortSignal
  /** For X-AnchorMailbox: the address whose server is to be reached. */
  readonly anchorMailbox?: string
  /** It hangs for minutes (streaming): over a connection of its own, so that it takes none from other calls. */
  readonly isHanging?: boolean
}

export interface EwsReply {
  /** Never 401; 3xx only where redirects are not followed. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /**
   * As it streams in, and undecoded: ask for no `accept-encoding`, or undo it. The connection is busy until the end; to
   * break off ends it. Throws RemoteError.
   */
  readonly body: AsyncIterable<Buffer>
  /** Instead of reading the body. */
  discard(): Promise<void>
}

export interface EwsTransport {
  /** Rejects with a RemoteError alone, of scope `connection` but for a mailbox that cannot stand in a header. */
  call(request: EwsRequest): Promise<EwsReply>
  /** The steps that lead to this server. */
  readonly steps: readonly ConnectionStep[]
  /** How often the server has sent something: what stands still while calls wait is a server that hangs. */
  readonly answerCount: number
  /** After a refused sign-in calls are refused here for some minutes; the operator's test may try at once. */
  resetSignIn(): void
  /** Ends every connection, those in use too. */
  close(): void
}

/** Throws RemoteError `unreachable` where the URL is none that may be called. */
export function openEwsTransport(options: EwsTransportOptions): EwsTransport {
  return new PooledTransport(options)
}

interface Leg extends EwsRequest {
  readonly path: string
}

class PooledTransport implements EwsTransport {
  readonly #options: EwsTransportOptions
  readonly #url: URL
  readonly #authenticator: ReturnType<typeof createAuthenticator>
  readonly #circuitBreaker: AuthCircuitBreaker
  readonly #calls: ConnectionPool
  readonly #hanging: ConnectionPool
  #answerCount = 0

  constructor(options: EwsTransportOptions) {
    const url = parseUrl(options.url, options.addressPolicy)
    const clock = options.clock ?? Date.now
    const sleep = options.sleep ?? ((milliseconds, signal) => pauseFor(milliseconds, undefined, { signal }))
    const openSocket = createSocketOpener({ ...options, url, environment: options.environment ?? {} })
    const open = async (signal: AbortSignal) => createHttp1Connection(url.origin, await openSocket(signal))
    this.#options = options
    this.#url = url
    this.#authenticator = createAuthenticator(options.auth, url.host, clock)
    this.#circuitBreaker = new AuthCircuitBreaker({ clock, sleep })
    this.#calls = new ConnectionPool(options.connections ?? 4, open)
    this.#hanging = new ConnectionPool(Number.POSITIVE_INFINITY, open)
  }

  get steps(): readonly ConnectionStep[] {
    return connectionSteps({ url: this.#url, environment: this.#options.environment ?? {} })
  }

  get answerCount(): number {
    return this.#answerCount
  }

  async call(request: EwsRequest): Promise<EwsReply> {
    try {
      return await this.#followRedirects(request)
    } catch (error) {
      throw toNetworkError(this.#url.host, error)
    }
  }

  resetSignIn(): void {
    this.#circuitBreaker.reset()
  }

  close(): void {
    this.#calls.close()
    this.#hanging.close()
  }

  async #followRedirects(request: EwsRequest): Promise<EwsReply> {
    const { pathname, search, origin } = this.#url
    let path = pathname + search
    const seen = new Set<string>()
    for (;;) {
      const reply = await this.#exchange({ ...request, path })
      if (!isRedirect(reply.status) || this.#options.redirects === 'none') return reply
      await reply.discard()
      seen.add(path)
      path = redirectOf(reply.headers.location, new URL(path, origin), seen)
    }
  }

  async #exchange(leg: Leg): Promise<EwsReply> {
    const pool = leg.isHanging ? this.#hanging : this.#calls
    for (let isNew = false; ; isNew = true) {
      const connection = await pool.acquire(leg.signal, isNew)
      const mayHaveEnded = connection.isSignedIn || this.#authenticator.byConnection
      try {
        return this.#replyOf(await this.#sendSignedIn(connection, leg), connection, pool)
      } catch (error) {
        connection.destroy()
        pool.release(connection)
        // A connection may end, idle or within a handshake, at the very moment of a call. Calls read only: once more.
        const again = error instanceof ConnectionClosedError || (mayHaveEnded && isConnectionReset(error))
        if (isNew || !again || leg.signal.aborted) throw error
      }
    }
  }

  async #sendSignedIn(connection: Http1Connection, leg: Leg): Promise<Http1Response> {
    if (connection.isSignedIn && this.#authenticator.byConnection) {
      const reply = await this.#send(connection, leg, null)
      if (reply.statusCode !== 401) return reply
      // The connection was forgotten (a load balancer, an IIS that asks each time). No secret was sent yet.
      connection.isSignedIn = false
      await drainBody(reply, leg.signal)
    }
    return this.#circuitBreaker.attempt(leg.signal, () => this.#authenticate(connection, leg))
  }

  /** Sends with the secret, and says whether the server accepted it. */
  async #authenticate(connection: Http1Connection, leg: Leg): Promise<SignInOutcome<Http1Response>> {
    const authorization = await withClosedError(() =>
      this.#authenticator.authorize(connection, leg.path, leg.signal)
    )
    const reply = await this.#send(connection, leg, authorization)
    if (reply.statusCode === 401) {
      const offers = parseWwwAuthenticate(reply.headers['www-authenticate'])
      await drainBody(reply, leg.signal)
      return { secret: 'refused', error: this.#authenticator.refusalError(authorization, offers) }
    }
    // Exchange answers 200 and 500 (SOAP faults) to those it knows; all else may be a gateway's, before it looked.
    const isAccepted = authorization !== null && [200, 403, 500].includes(reply.statusCode)
    connection.isSignedIn = isAccepted
    if (isAccepted) this.#options.onStep?.('sign-in')
    return { secret: isAccepted ? 'accepted' : 'unknown', value: reply }
  }

  async #send(connection: Http1Connection, leg: Leg, authorization: string | null): Promise<Http1Response> {
    const reply = await connection.send({
      method: leg.method ?? 'POST',
      path: leg.path,
      headers: {
        ...leg.headers,
        ...anchorHeader(leg.anchorMailbox),
        ...(authorization === null ? {} : { authorization })
      },
      body: leg.body,
      signal: leg.signal
    })
    this.#answerCount += 1
    this.#options.clockMonitor?.observe(this.#url.host, { get: (name) => firstOf(reply.headers[name]) })
    return reply
  }

  #replyOf(reply: Http1Response, connection: Http1Connection, pool: ConnectionPool): EwsReply {
    reply.body.once('error', () => connection.destroy())
    reply.body.once('close', () => {
      if (!reply.body.readableEnded) connection.destroy()
      pool.release(connection)
    })
    return {
      status: reply.statusCode,
      headers: reply.headers,
      body: readBody(reply, this.#url.host, () => {
        this.#answerCount += 1
      }),
      discard: () => drainBody(reply, AbortSignal.timeout(10_000)).catch(() => connection.destroy())
    }
  }
}

function firstOf(header: string | string[] | undefined): string | null {
  return (typeof header === 'string' ? header : header?.[0]) ?? null
}

function parseUrl(written: string, { allowsHttp }: AddressPolicy): URL {
  const refuse = (hint: string) => new RemoteError('unreachable', hint, { scope: 'connection' })
  if (!URL.canParse(written))
    throw refuse('url is no address: write https://mail.example.se/EWS/Exchange.asmx.')
  const url = new URL(written)
  if (url.username !== '' || url.password !== '') throw refuse('url holds a password: put it into auth.')
  const spoken = allowsHttp ? ['https:', 'http:'] : ['https:']
  if (!spoken.includes(url.protocol)) {
    throw refuse(`${url.host} would be called without TLS: write url with https.`)
  }
  return url
}

function anchorHeader(mailbox: string | undefined): Record<string, string> {
  if (mailbox === undefined) return {}
  if (/^[\x21-\x7e]{1,320}$/.test(mailbox)) return { 'x-anchormailbox': mailbox }
  throw new RemoteError(
    'mailbox_unknown',
    'The mailbox is no SMTP address: write it as user@domain, in ASCII.'
  )
}

/** What breaks before the secret is sent may be begun anew. */
async function withClosedError<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isConnectionReset(error)) throw new ConnectionClosedError('', { cause: error })
    throw error
  }
}

function isConnectionReset(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

async function* readBody({ body }: Http1Response, host: string, onChunk: () => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) {
      onChunk()
      yield chunk as Buffer
    }
  } catch (error) {
    throw toNetworkError(host, error)
  }
}
