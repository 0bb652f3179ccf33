/** Signing in as IIS has it: Basic for each call, NTLM and Negotiate for each connection, and bearers of tokens. */
import { createNtlmConnection, type NtlmAcceptorOptions, type NtlmConnection } from '../ntlm-acceptor.ts'
import type { ProtocolRequest } from '../protocol-message.ts'
import type { Grant, TokenIssuer } from '../tokens.ts'
import { type Account, accountNamed, type ExchangeInstallation } from './installations.ts'

export interface ServerAuthenticatorDeps {
  readonly tokens: TokenIssuer
  /** The server's own, in PEM. */
  readonly certificate: string
  readonly loginRoot: string
  readonly clock: () => number
}

export type AuthenticationResult =
  | { readonly outcome: 'signedIn'; readonly who: Account | Grant; readonly authenticate: string | null }
  /** To be answered with 401. */
  | {
      readonly outcome: 'asked' | 'refused'
      readonly authenticate: readonly string[]
      readonly user: string | null
    }

export interface ServerAuthenticator {
  authenticate(installation: ExchangeInstallation, call: ProtocolRequest): AuthenticationResult
  /** The connection must sign in again, as after a 401 out of turn. */
  forget(call: ProtocolRequest): void
  /** What WWW-Authenticate lists. */
  offers(installation: ExchangeInstallation): readonly string[]
}

interface Handshake {
  readonly installation: ExchangeInstallation
  readonly ntlm: NtlmConnection
  account: Account | null
}

export function createSimulatedAuthenticator(deps: ServerAuthenticatorDeps): ServerAuthenticator {
  const handshakes = new WeakMap<object, Handshake>()

  function handshakeOf(installation: ExchangeInstallation, connection: object): Handshake {
    const held = handshakes.get(connection)
    if (held?.installation === installation) return held
    const made: Handshake = {
      installation,
      account: null,
      ntlm: createNtlmConnection({
        ...optionsOf(deps, installation),
        password: (user, domain) => passwordOf(made, user, domain)
      })
    }
    handshakes.set(connection, made)
    return made
  }

  function byConnection(installation: ExchangeInstallation, call: ProtocolRequest): AuthenticationResult {
    const handshake = handshakeOf(installation, call.connection ?? call)
    const { authorization } = call.headers
    const ntlmOutcome = handshake.ntlm.accept(authorization)
    const { account } = handshake
    if (ntlmOutcome.outcome === 'signedIn' && account !== null) {
      if (authorization !== undefined) account.failures = 0
      return { outcome: 'signedIn', who: account, authenticate: ntlmOutcome.authenticate }
    }
    if (ntlmOutcome.outcome === 'challenge' && authorization !== undefined) {
      return { outcome: 'asked', authenticate: ntlmOutcome.authenticate, user: null }
    }
    if (ntlmOutcome.outcome === 'refused' && ntlmOutcome.reason === 'the password is wrong' && account)
      account.failures += 1
    const outcome = authorization === undefined ? 'asked' : 'refused'
    return {
      outcome,
      authenticate: offers(installation),
      user: authorization === undefined ? null : (account?.address ?? null)
    }
  }

  function offers(installation: ExchangeInstallation): readonly string[] {
    const { schemes } = installation
    const authority = `${deps.loginRoot}/common/oauth2/authorize`
    return [
      ...(schemes.has('negotiate') ? ['Negotiate'] : []),
      ...(schemes.has('ntlm') ? ['NTLM'] : []),
      ...(schemes.has('basic') ? ['Basic realm="localhost"'] : []),
      ...(schemes.has('oauth')
        ? [
            `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="${authority}"`
          ]
        : [])
    ]
  }

  return {
    authenticate(installation, call) {
      const { authorization = '' } = call.headers
      const scheme = authorization.split(' ', 1)[0]?.toLowerCase() ?? ''
      const token = authorization.slice(scheme.length + 1).trim()
      const refused = (user: string | null): AuthenticationResult => ({
        outcome: 'refused',
        authenticate: offers(installation),
        user
      })
      if (scheme === 'basic' && installation.schemes.has('basic'))
        return byPassword(installation, token, refused)
      if (scheme === 'bearer' && installation.schemes.has('oauth')) {
        const grant = deps.tokens.read(token)
        if (typeof grant === 'string' || grant.tenant !== installation.tenant) return refused(null)
        return { outcome: 'signedIn', who: grant, authenticate: null }
      }
      if (scheme === 'basic' || scheme === 'bearer') return refused(null)
      return byConnection(installation, call)
    },
    forget: (call) => void handshakes.delete(call.connection ?? call),
    offers
  }
}

/** The password in UTF-8, or as browsers of old wrote it. */
function byPassword(
  installation: ExchangeInstallation,
  token: string,
  refused: (user: string | null) => AuthenticationResult
): AuthenticationResult {
  const bytes = Buffer.from(token, 'base64')
  for (const text of [bytes.toString('utf8'), bytes.toString('latin1')]) {
    const colon = text.indexOf(':')
    const account = accountNamed(installation, text.slice(0, Math.max(colon, 0)))
    if (!account || !mayTry(account) || text.slice(colon + 1) !== account.password) continue
    account.failures = 0
    return { outcome: 'signedIn', who: account, authenticate: null }
  }
  const account = accountNamed(installation, bytes.toString().split(':', 1)[0] ?? '')
  if (account) account.failures += 1
  return refused(account?.address ?? null)
}

function passwordOf(handshake: Handshake, user: string, domain: string): string | null {
  const account = accountNamed(handshake.installation, user, domain) ?? null
  handshake.account = account
  return account && mayTry(account) ? account.password : null
}

function mayTry(account: Account): boolean {
  return !account.disabled && account.failures < account.lockedAfter
}

function optionsOf(
  deps: ServerAuthenticatorDeps,
  { schemes, extendedProtection, domain, version }: ExchangeInstallation
): Omit<NtlmAcceptorOptions, 'password'> {
  return {
    extendedProtection,
    certificate: deps.certificate,
    domain,
    server: 'EX01',
    schemes: [
      ...(schemes.has('negotiate') ? (['Negotiate'] as const) : []),
      ...(schemes.has('ntlm') ? (['NTLM'] as const) : [])
    ],
    // Windows 2003 is what 2007 came with.
    modern: version.build[0] !== 8,
    clock: deps.clock
  }
}
