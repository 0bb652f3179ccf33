/** Who a request is from: the admin key of the installation, or an API key. */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { RequestError } from '../../errors.ts'
import { digestOf } from '../../lib/digest.ts'
import { isLikeKey, isWellFormedKey } from '../../management/api-key-format.ts'
import type { KeyRegistry } from '../../management/key-registry.ts'
import type { Principal } from '../../management/principal.ts'
import { StoreUnavailable } from '../../storage/store.ts'
import { readPresentedKey } from './credentials.ts'
import type { Standing } from './standing.ts'

/** Whoever presents HANVISA_ADMIN_KEY. */
const ADMIN: Principal = {
  kind: 'key',
  id: 'admin',
  name: 'HANVISA_ADMIN_KEY',
  role: 'provider',
  tenant: null,
  user: null,
  colleagues: false,
  sensitive: true
}

/** HANVISA_ADMIN_KEY is a setting: it holds as long as the process does. */
const lasting: Standing = { holds: () => true }

/** Keys have at most 200 characters (config.ts). */
const MAX_KEY_BYTES = 256

export interface AuthenticatorDeps {
  /** Opens everything. */
  readonly adminKey: string
  readonly apiKeys: Pick<KeyRegistry, 'authenticate' | 'freshness' | 'confirm' | 'holds'>
}

export class Authenticator {
  readonly #adminKey: string
  readonly #apiKeys: AuthenticatorDeps['apiKeys']
  readonly #expected = Buffer.alloc(MAX_KEY_BYTES)
  readonly #given = Buffer.alloc(MAX_KEY_BYTES)
  /** Else a key in that form is not compared with it, which costs more than the key's digest does: switches poll. */
  readonly #isLikeKey: boolean

  constructor({ adminKey, apiKeys }: AuthenticatorDeps) {
    this.#adminKey = adminKey
    this.#apiKeys = apiKeys
    this.#isLikeKey = isLikeKey(adminKey)
    this.#expected.write(adminKey, 'latin1')
  }

  /** Null for a key that another replica may have made a moment ago. Throws RequestError or StoreUnavailable. */
  authenticate({ raw, method }: FastifyRequest): Principal | null {
    const key = readPresentedKey(raw)
    if (key === null) {
      throw new RequestError(
        'unauthorized',
        'Send the header "Authorization: Bearer KEY", or the key as the password of Basic authentication.'
      )
    }
    // With the store away too.
    if (this.#isAdminKey(key)) return ADMIN
    const principal = this.#apiKeys.authenticate(key)
    if (principal !== null) this.#requireFreshness(method)
    else if (!isWellFormedKey(key)) throw unknownKey()
    return principal
  }

  /** `mayAsk`: whether the store is asked for it. Rejects as `authenticate` throws. */
  async authenticateNew(
    { raw }: FastifyRequest,
    { mayAsk }: { readonly mayAsk: boolean }
  ): Promise<Principal> {
    const key = readPresentedKey(raw) ?? ''
    const isSure = mayAsk ? await this.#apiKeys.confirm() : true
    const principal = this.#apiKeys.authenticate(key)
    if (principal !== null) return principal
    throw isSure
      ? unknownKey()
      : new StoreUnavailable('The key is not known here, and the store cannot be asked.')
  }

  /** Of the key of a request that was authenticated. It holds no longer than a read would be answered. */
  standing({ raw }: FastifyRequest): Standing {
    const key = readPresentedKey(raw) ?? ''
    if (this.#isAdminKey(key)) return lasting
    const digest = digestOf(key)
    return { holds: () => this.#apiKeys.freshness() !== 'unknown' && this.#apiKeys.holds(digest) }
  }

  /** A key may have been revoked since the store could last be asked: then it opens reads for a while, and after that nothing. */
  #requireFreshness(method: string): void {
    const freshness = this.#apiKeys.freshness()
    if (freshness === 'current' || (freshness === 'stale' && (method === 'GET' || method === 'HEAD'))) return
    throw new StoreUnavailable('Whether the key still holds cannot be asked.')
  }

  /** Both are laid into buffers of one length and compared whole, so the time taken reveals nothing of the key. */
  #isAdminKey(key: string): boolean {
    if (isLikeKey(key) && !this.#isLikeKey) return false
    this.#given.fill(0)
    this.#given.write(key, 'latin1')
    // The length is compared too: a key must not be good with zeros after it, nor one longer than the room.
    return timingSafeEqual(this.#given, this.#expected) && key.length === this.#adminKey.length
  }
}

function unknownKey(): RequestError {
  return new RequestError('unauthorized', 'That key opens nothing here: it is mistyped, expired or removed.')
}
