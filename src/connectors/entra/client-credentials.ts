/** An application's token from Entra: one request however many ask, kept until shortly before its end. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NodeAuthOptions
} from '@azure/msal-node'
import { RemoteError } from '../../errors.ts'
import { type BackoffOptions, backoffMs } from '../../lib/backoff.ts'
import { untilAborted } from '../../lib/deadline.ts'
import { retryAfterOf } from '../../lib/retry-after.ts'
import type { GraphConnection } from '../connection.ts'
import { type HttpClient, networkError, readBody } from '../net/http-client.ts'
import { signInError } from './sign-in-error.ts'

/** An application registered in Entra, where it signs in, and what for. */
export interface EntraApplication {
  /** The directory (tenant) id: a GUID or a verified domain. */
  readonly tenantId: string
  readonly clientId: string
  /** Exactly one of the two. */
  readonly clientSecret?: string
  readonly certificate?: NonNullable<GraphConnection['certificate']>
  /** Root of the sign-in service, without a slash at its end. */
  readonly login: string
  /** What the token is for, without a slash at its end: the root of Graph, Exchange Online, or a server of one's own. */
  readonly resource: string
}

export interface TokenSource {
  /** Rejects with a RemoteError of scope `connection`. The signal ends the waiting, not the request of others. */
  get(signal: AbortSignal): Promise<string>
  /** The resource refused this one: the next `get` asks for another. */
  invalidate(token: string): void
}

/** Milliseconds. A token is renewed so long before its end, a short-lived one after four fifths of its life. */
const renewalMarginMs = 5 * 60_000
const deadlineMs = 30_000
/** The floor of what Entra asks for: `Retry-After: 0` over and over is no leave to ask over and over. */
const throttledBackoff: BackoffOptions = { firstMs: 2_000, maxMs: 60_000 }
const maxResponseBytes = 256 * 1024

export interface TokenSourceDeps {
  readonly application: EntraApplication
  /** It must trust the public authorities: Entra's are among them. */
  readonly http: HttpClient
  readonly clock: () => number
}

export class EntraTokenSource implements TokenSource {
  readonly #deps: TokenSourceDeps
  #cached: { readonly token: string; readonly until: number } | null = null
  #pending: Promise<string> | null = null
  /** Entra is asked again only after `until`. */
  #refusal: { readonly error: RemoteError; readonly until: number } | null = null
  /** Refusals in a row with a Retry-After. */
  #refusals = 0

  constructor(deps: TokenSourceDeps) {
    this.#deps = deps
  }

  async get(signal: AbortSignal): Promise<string> {
    const now = this.#deps.clock()
    if (this.#cached !== null && now < this.#cached.until) return this.#cached.token
    if (this.#refusal !== null && now < this.#refusal.until) throw this.#refusal.error
    this.#pending ??= this.#fetch()
    return tokenUnlessAborted(this.#pending, signal)
  }

  /** The last one that was given; null where it was invalidated, or there was none. */
  last(): string | null {
    return this.#cached?.token ?? null
  }

  invalidate(token: string): void {
    if (this.#cached?.token === token) this.#cached = null
  }

  async #fetch(): Promise<string> {
    const { application, http, clock } = this.#deps
    const startedAt = clock()
    try {
      const { token, lifeMs } = await signIn(application, http, clock)
      this.#refusals = 0
      this.#cached = { token, until: startedAt + lifeMs - Math.min(renewalMarginMs, lifeMs / 5) }
      return token
    } catch (error) {
      const failure = error instanceof RemoteError ? error : unexpected(error)
      if (failure.retryAfter !== undefined) {
        this.#refusals += 1
        const backoff = backoffMs(throttledBackoff, this.#refusals, Math.random())
        this.#refusal = { error: failure, until: startedAt + Math.max(failure.retryAfter, backoff) }
      }
      throw failure
    } finally {
      this.#pending = null
    }
  }
}

/** MSAL is made anew for each token: it would keep its own cache and its own penalties by the machine's clock. */
async function signIn(
  application: EntraApplication,
  http: HttpClient,
  clock: () => number
): Promise<{ token: string; lifeMs: number }> {
  // As the URL parser writes it: MSAL compares hosts as text, and asks Microsoft's public cloud about one that it does not know.
  const authority = new URL(`${application.login}/${encodeURIComponent(application.tenantId)}`).href
  let lifeMs = 0
  let failure: RemoteError | null = null

  async function call<T>(url: string, init: Parameters<HttpClient['send']>[1]) {
    try {
      const reply = await http.send(url, {
        ...init,
        signal: AbortSignal.timeout(deadlineMs)
      })
      const body = parsed(await readBody(reply, maxResponseBytes), reply.status, new URL(url).host)
      if (!reply.ok)
        throw signInError(reply.status, body, retryAfterOf(reply.headers.get('retry-after'), clock()))
      lifeMs = lifeOf(body)
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: body as T }
    } catch (error) {
      // MSAL would wrap this in errors of its own and lose who must act.
      failure = onConnection(error, new URL(url).host)
      throw failure
    }
  }
  const networkClient: INetworkModule = {
    sendGetRequestAsync: (url: string, options?: NetworkRequestOptions) =>
      call(url, { headers: options?.headers ?? {} }),
    sendPostRequestAsync: (url: string, options?: NetworkRequestOptions) =>
      call(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' })
  }
  try {
    const client = new ConfidentialClientApplication({
      auth: {
        clientId: application.clientId,
        authority,
        // Both keep MSAL from asking the public cloud where to sign in.
        knownAuthorities: [new URL(authority).host],
        authorityMetadata: metadataOf(authority),
        ...credentialOf(application, clock())
      },
      system: { networkClient, disableInternalRetries: true }
    })
    const result = await client.acquireTokenByClientCredential({
      scopes: [`${application.resource}/.default`],
      skipCache: true
    })
    if (!result?.accessToken) throw unexpected(null)
    return { token: result.accessToken, lifeMs }
  } catch (error) {
    throw failure ?? error
  }
}

function metadataOf(authority: string): string {
  return JSON.stringify({
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
    issuer: `${authority}/v2.0`
  })
}

function credentialOf(application: EntraApplication, now: number): Partial<NodeAuthOptions> {
  if (application.certificate === undefined) return { clientSecret: application.clientSecret ?? '' }
  const { certificate, privateKey } = application.certificate
  const read = readable(
    () => new X509Certificate(certificate),
    'certificate.certificate is no PEM certificate'
  )
  const key = readable(
    () => createPrivateKey(privateKey),
    'certificate.privateKey is no unencrypted PEM private key'
  )
  if (!read.checkPrivateKey(key))
    throw unusable('certificate.privateKey does not belong to certificate.certificate')
  if (Date.parse(read.validTo) <= now) {
    throw new RemoteError(
      'secret_expired',
      'The certificate has expired: register a new one and put it here.',
      {
        scope: 'connection'
      }
    )
  }
  return { clientCertificate: { thumbprintSha256: read.fingerprint256.replaceAll(':', ''), privateKey } }
}

function readable<T>(read: () => T, fault: string): T {
  try {
    return read()
  } catch {
    throw unusable(fault)
  }
}

function unusable(fault: string): RemoteError {
  return new RemoteError('secret_invalid', `${fault}: put the pair that is registered for the application.`, {
    scope: 'connection'
  })
}

function parsed(body: Buffer, status: number, host: string): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    if (status >= 400) return null
    throw new RemoteError('protocol_error', `${host} did not answer as Entra does: check cloud and proxies.`)
  }
}

/** Milliseconds; an hour where it is not said. */
function lifeOf(body: unknown): number {
  const seconds = Number((body as { expires_in?: unknown } | null)?.expires_in)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 86_400) * 1000 : 3_600_000
}

function onConnection(error: unknown, host: string): RemoteError {
  const { code, hint, retryAfter } = error instanceof RemoteError ? error : networkError(host, error)
  return new RemoteError(code, hint, { scope: 'connection', retryAfter, cause: error })
}

function unexpected(cause: unknown): RemoteError {
  const hint = 'Entra gave no token that can be used: check tenantId, clientId and cloud.'
  return new RemoteError('protocol_error', hint, { scope: 'connection', cause })
}

async function tokenUnlessAborted(pending: Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await untilAborted(pending, signal)
  } catch (error) {
    if (error instanceof RemoteError) throw error
    const hint = 'Entra did not answer in time. It is tried again by itself.'
    throw new RemoteError('unreachable', hint, { scope: 'connection' })
  }
}
