/** Access tokens: signed as Entra's are, and stored in a map, so that Graph checks one without verifying. */
import {
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign
} from 'node:crypto'
import { promisify } from 'node:util'
import type { App, EntraDirectory } from './directories.ts'

export interface Grant {
  readonly tenant: string
  readonly domain: string | null
  readonly clientId: string
  readonly roles: readonly string[]
  /** Epoch milliseconds. */
  readonly expires: number
}

export class TokenIssuer {
  readonly #grants = new Map<string, Grant>()
  readonly #key: KeyObject
  readonly #clock: () => number
  #tidied = 0
  readonly #keyId = randomUUID().replaceAll('-', '')

  constructor(key: KeyObject, clock: () => number) {
    this.#key = key
    this.#clock = clock
  }

  issue(directory: EntraDirectory, app: App, audience: string, issuer: string): string {
    const now = this.#clock()
    if (Math.abs(now - this.#tidied) > 600_000) this.#tidy(now)
    const seconds = Math.floor(now / 1000)
    const expires = now + directory.tokenSeconds * 1000
    const claims = {
      aud: audience,
      iss: issuer,
      iat: seconds,
      nbf: seconds,
      exp: Math.floor(expires / 1000),
      app_displayname: 'Hanvisa',
      appid: app.clientId,
      appidacr: app.secret === null ? '2' : '1',
      idtyp: 'app',
      // Without consent Entra gives a token all the same, with no such claim in it.
      ...(app.roles.length > 0 ? { roles: app.roles } : {}),
      tid: directory.id,
      uti: randomUUID(),
      ver: '1.0'
    }
    const header = { typ: 'JWT', alg: 'RS256', kid: this.#keyId }
    const input = `${encode(header)}.${encode(claims)}`
    const token = `${input}.${sign('sha256', Buffer.from(input), this.#key).toString('base64url')}`
    this.#grants.set(token, {
      tenant: directory.id,
      domain: directory.domain,
      clientId: app.clientId,
      roles: app.roles,
      expires
    })
    return token
  }

  read(token: string): Grant | 'unknown' | 'expired' {
    const grant = this.#grants.get(token)
    if (!grant) return 'unknown'
    return grant.expires <= this.#clock() ? 'expired' : grant
  }

  /** From now on Graph refuses every token given out so far, of the tenant or of all. */
  revoke(tenant?: string): void {
    this.#forget((grant) => tenant === undefined || grant.tenant === tenant)
  }

  /** What the discovery documents point to. */
  publicKeys(): { keys: JsonWebKey[] } {
    const key = createPublicKey(this.#key).export({ format: 'jwk' })
    return { keys: [{ ...key, use: 'sig', kid: this.#keyId }] }
  }

  /** Now and then: with ten thousand tenants a look at every grant for each would be dear. */
  #tidy(now: number): void {
    this.#tidied = now
    this.#forget((grant) => grant.expires + 3_600_000 < now)
  }

  #forget(which: (grant: Grant) => boolean): void {
    for (const [token, grant] of this.#grants) if (which(grant)) this.#grants.delete(token)
  }
}

export async function createTokens(clock: () => number): Promise<TokenIssuer> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return new TokenIssuer(privateKey, clock)
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
