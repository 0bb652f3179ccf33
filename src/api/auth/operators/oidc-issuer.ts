/**
 * The OpenID Connect issuer at which operators sign in: code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), state
 * and nonce. The signature of an ID token is always checked; openid-client by itself relies on TLS (section 3.1.3.7, number 6).
 */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  randomState
} from 'openid-client'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

export interface OidcIssuerDeps extends OidcSettings {
  readonly fetch: typeof fetch
  /** Where the issuer sends the operator back to. */
  readonly redirectUri: string
  readonly clock: () => number
}

/** What only the browser that began the sign-in has. */
export interface PendingSignIn {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export type IdTokenClaims = Readonly<Record<string, unknown>>

/**
 * `refused`: the issuer, or the operator there, said no. `invalid`: the answer is not one to the question of this browser, was used
 * already, or is not the issuer's. `unreachable`: the issuer did not answer.
 */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed'
  readonly reason: 'refused' | 'invalid' | 'unreachable'

  constructor(reason: SignInFailed['reason'], cause?: unknown) {
    super(`The sign-in failed: ${reason}.`, { cause })
    this.reason = reason
  }
}

const TIMEOUT_SECONDS = 10
/** After which the issuer's addresses are asked for anew. */
const CONFIGURATION_TTL_MS = 24 * 3_600_000

export class OidcIssuer {
  readonly #deps: OidcIssuerDeps
  #configuration: Promise<Configuration> | null = null
  #discoveredAt = 0

  constructor(deps: OidcIssuerDeps) {
    this.#deps = deps
  }

  /** Rejects with SignInFailed. */
  async begin(): Promise<{ readonly url: URL; readonly pending: PendingSignIn }> {
    const configuration = await this.#discover()
    const pending = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.#deps.redirectUri,
      scope: 'openid profile',
      code_challenge: await calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
      state: pending.state,
      nonce: pending.nonce
    })
    return { url, pending }
  }

  /** `query` is what the issuer sent the browser back with. Rejects with SignInFailed. */
  async complete(query: string, { state, nonce, verifier }: PendingSignIn): Promise<IdTokenClaims> {
    const configuration = await this.#discover()
    // Of the redirect address as it was registered, never of a Host header.
    const url = new URL(this.#deps.redirectUri)
    url.search = query
    try {
      const tokens = await authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true
      })
      return tokens.claims() ?? {}
    } catch (error) {
      if (error instanceof AuthorizationResponseError) throw new SignInFailed('refused', error)
      throw new SignInFailed(isFromNetwork(error) ? 'unreachable' : 'invalid', error)
    }
  }

  async #discover(): Promise<Configuration> {
    if (this.#deps.clock() - this.#discoveredAt > CONFIGURATION_TTL_MS) this.#configuration = null
    this.#configuration ??= this.#readConfiguration()
    try {
      return await this.#configuration
    } catch (error) {
      this.#configuration = null
      throw new SignInFailed('unreachable', error)
    }
  }

  async #readConfiguration(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, fetch } = this.#deps
    const configuration = await discovery(new URL(issuer), clientId, clientSecret, undefined, {
      [customFetch]: fetch as CustomFetch,
      timeout: TIMEOUT_SECONDS,
      // The settings refuse http, save where private targets are allowed.
      execute: [enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [allowInsecureRequests] : [])]
    })
    this.#discoveredAt = this.#deps.clock()
    return configuration
  }
}

/** Whether the issuer could not be asked. What it answered has a code of openid-client's or oauth4webapi's own. */
function isFromNetwork(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return !(typeof code === 'string' && code.startsWith('OAUTH_')) || name === 'TimeoutError'
}
