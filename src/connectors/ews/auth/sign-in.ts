/** How a call shows who calls: Basic and a bearer's token with every call, NTLM once on every connection. */
import { RemoteError } from '../../../errors.ts'
import type { Http1Connection, Http1Response } from '../client/http1-connection.ts'
import { channelBinding } from './ntlm/channel-binding.ts'
import { type NtlmAnswer, type NtlmHandshake, ntlmHandshake } from './ntlm/ntlm.ts'
import { mechanisms, unwrapChallenge, wrapAuthenticate, wrapNegotiate } from './ntlm/spnego.ts'
import { type AuthChallenges, parseWwwAuthenticate } from './www-authenticate.ts'

export type EwsAuth =
  /** `user` is `DOMAIN\user` or `user@domain`. */
  | { readonly kind: 'basic' | 'ntlm'; readonly user: string; readonly password: string }
  | { readonly kind: 'oauth'; readonly tokens: BearerTokens }

/** Where an application's tokens come from; src/connectors/graph/tokens.ts is one. */
export interface BearerTokens {
  /** Rejects with a RemoteError of scope `connection`. */
  get(signal: AbortSignal): Promise<string>
  /** The server refused this one: the next `get` asks for another. */
  invalidate(token: string): void
}

export interface HttpAuthenticator {
  /** Whether a connection that is signed in takes further calls without Authorization. */
  readonly byConnection: boolean
  /**
   * The call's Authorization. What has to go back and forth before goes over `wire`, to `path`. Null where the
   * server asks for none. Rejects with RemoteError, ConnectionGone, or undici's errors; nothing secret was sent then.
   */
  authorize(connection: Http1Connection, path: string, signal: AbortSignal): Promise<string | null>
  /** The server answered 401 to a call with this Authorization. */
  refusalError(authorization: string | null, offers: AuthChallenges): RemoteError
}

export function createAuthenticator(auth: EwsAuth, host: string, clock: () => number): HttpAuthenticator {
  if (auth.kind === 'oauth') return bearer(auth.tokens, host)
  return auth.kind === 'basic' ? basic(auth, host) : ntlm(auth, host, clock)
}

interface Password {
  readonly user: string
  readonly password: string
}

function basic({ user, password }: Password, host: string): HttpAuthenticator {
  // UTF-8 as RFC 7617 advises; IIS understands it.
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return {
    byConnection: false,
    authorize: async () => authorization,
    refusalError: (_, offers) =>
      offers.has('Basic') ? wrongPasswordError(host, '') : notOfferedError(host, 'basic', offers)
  }
}

function bearer(tokens: BearerTokens, host: string): HttpAuthenticator {
  return {
    byConnection: false,
    authorize: async (_, __, signal) => `Bearer ${await tokens.get(signal)}`,
    refusalError(authorization, offers) {
      if (authorization !== null) tokens.invalidate(authorization.slice('Bearer '.length))
      if (!offers.has('Bearer')) return notOfferedError(host, 'oauth', offers)
      const hint = `${host} does not take the application's token: give full_access_as_app with admin consent, and check that auth.resource is this server's.`
      return new RemoteError('consent_missing', hint, { scope: 'connection' })
    }
  }
}

/** The ways to carry NTLM's messages, in the order in which they are tried; one that worked is tried first. */
interface NtlmCarrier {
  readonly scheme: 'NTLM' | 'Negotiate'
  first(handshake: NtlmHandshake): Buffer
  second(handshake: NtlmHandshake, token: Buffer): Buffer
}

const plainCarrier = (scheme: NtlmCarrier['scheme']): NtlmCarrier => ({
  scheme,
  first: (handshake) => handshake.negotiate,
  second: (handshake, token) => handshake.authenticate(token).message
})

const spnegoCarrier: NtlmCarrier = {
  scheme: 'Negotiate',
  first: (handshake) => wrapNegotiate(handshake.negotiate),
  second(handshake, token) {
    // Some answer SPNEGO with NTLM alone, and go on so.
    if (token.subarray(0, 7).toString('latin1') === 'NTLMSSP') return handshake.authenticate(token).message
    return spnegoAuthenticate(handshake.authenticate(unwrapChallenge(token)))
  }
}

function spnegoAuthenticate({ message, mic, sign }: NtlmAnswer): Buffer {
  return wrapAuthenticate(message, mic ? sign(mechanisms) : null)
}

const ntlmCarriers: readonly NtlmCarrier[] = [plainCarrier('NTLM'), spnegoCarrier, plainCarrier('Negotiate')]

function ntlm(identity: Password, host: string, clock: () => number): HttpAuthenticator {
  let lastAccepted: NtlmCarrier = ntlmCarriers[0]!
  const targetName = `HTTP/${host.replace(/:\d+$/, '')}`

  async function authorize(
    connection: Http1Connection,
    path: string,
    signal: AbortSignal
  ): Promise<string | null> {
    let offers: AuthChallenges = parseWwwAuthenticate(undefined)
    for (const envelope of new Set([lastAccepted, ...ntlmCarriers])) {
      if (envelope !== lastAccepted && !offers.has(envelope.scheme)) continue
      const binding = connection.certificate === null ? null : channelBinding(connection.certificate)
      const handshake = ntlmHandshake({ ...identity, channelBinding: binding, targetName, clock })
      const authorization = headerOf(envelope, envelope.first(handshake))
      // Without a body: it would be thrown away. The message holds no secret, so this costs no attempt.
      const headers = { authorization, 'content-type': 'text/xml; charset=utf-8' }
      const reply = await connection.send({ method: 'POST', path, headers, body: '', signal })
      await drainBody(reply, signal)
      if (reply.statusCode !== 401) return null
      offers = parseWwwAuthenticate(reply.headers['www-authenticate'])
      const token = offers.token(envelope.scheme)
      if (token === null) continue
      lastAccepted = envelope
      return headerOf(envelope, envelope.second(handshake, token))
    }
    throw notOfferedError(host, 'ntlm', offers)
  }

  const besides =
    ' If both are right: a proxy or load balancer that ends TLS between here and a server with Extended Protection is refused in the same way.'
  return {
    byConnection: true,
    authorize,
    refusalError: (authorization, offers) =>
      authorization === null ? notOfferedError(host, 'ntlm', offers) : wrongPasswordError(host, besides)
  }
}

function headerOf({ scheme }: NtlmCarrier, message: Buffer): string {
  return `${scheme} ${message.toString('base64')}`
}

/** So that the connection can be used again. What is larger than an error page ends the connection instead. */
export async function drainBody(reply: Http1Response, signal: AbortSignal): Promise<void> {
  await reply.body.dump({ limit: 131_072, signal })
}

function wrongPasswordError(host: string, besides: string): RemoteError {
  const hint = `${host} refuses the sign-in: correct auth.user (DOMAIN\\user or user@domain) and auth.password, and check that the account is not locked, disabled or expired.${besides}`
  return new RemoteError('secret_invalid', hint, { scope: 'connection' })
}

const kinds: readonly (readonly [scheme: string, kind: string])[] = [
  ['NTLM', 'ntlm'],
  ['Negotiate', 'ntlm'],
  ['Basic', 'basic'],
  ['Bearer', 'oauth']
]

function notOfferedError(host: string, kind: string, offers: AuthChallenges): RemoteError {
  const [, better] = kinds.find(([scheme, other]) => offers.has(scheme) && other !== kind) ?? []
  const remedy =
    better === undefined
      ? 'switch an authentication on for the EWS virtual directory (Set-WebServicesVirtualDirectory), or check url'
      : `set auth.kind to ${better}, or switch ${kind} on for the EWS virtual directory (Set-WebServicesVirtualDirectory)`
  const hint = `${host} offers ${offers.description}, and auth.kind is ${kind}: ${remedy}.`
  return new RemoteError('secret_invalid', hint, { scope: 'connection' })
}
