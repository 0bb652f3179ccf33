/** The sessions of operators who signed in: the cookie, what is stored of them, and when they end. */
import { Signer } from '@fastify/cookie'
import type { SessionStore as PluginStore } from '@fastify/session'
import type { Session } from 'fastify'
import type { Instant } from '../../../domain/calendar-event.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { Principal } from '../../../management/principal.ts'
import type { SessionStore } from '../../../storage/sessions.ts'

/** What a session says of who signed in. */
export interface SignedInOperator {
  readonly identity: string
  readonly name: string
  readonly role: 'provider' | 'operator'
  readonly tenant: string | null
  /** When they signed in. */
  readonly since: Instant
}

declare module 'fastify' {
  interface Session {
    /** Set once, when the operator has signed in. */
    operator?: SignedInOperator
  }
}

/** A session ends when it was not used for this long. */
const MAX_IDLE_MS = 30 * 60_000
/** A session ends at the latest this long after the sign-in: app roles are as old as the ID token. */
const MAX_AGE_MS = 8 * 3_600_000
/** How exactly the last use is kept, so that reads of one page do not each write. */
const USE_RESOLUTION_MS = 60_000

export interface OperatorSessionsDeps {
  readonly store: SessionStore
  readonly clock: () => Instant
  /** At least 32 characters; the same in every replica. */
  readonly secret: string
  /** Whether the service is reached over https: then the cookie is for this host alone (RFC 6265bis, `__Host-`). */
  readonly isSecure: boolean
}

export class OperatorSessions implements PluginStore {
  readonly cookieName: string
  readonly signer: Signer
  readonly #store: SessionStore
  readonly #clock: () => Instant

  constructor({ store, clock, secret, isSecure }: OperatorSessionsDeps) {
    this.cookieName = isSecure ? '__Host-hanvisa' : 'hanvisa'
    this.signer = new Signer(secret)
    this.#store = store
    this.#clock = clock
  }

  /** Who sent this Cookie header; null where it holds no session that lasts. Rejects with StoreUnavailable. */
  async find(cookies: string): Promise<Principal | null> {
    const now = this.#clock()
    const session = await this.#read(cookies, now)
    if (session === null) return null
    const { digest, operator, expiresAt } = session
    const end = endOf(operator, now)
    if (end - expiresAt >= USE_RESOLUTION_MS) await this.#store.extend(digest, end)
    return toPrincipal(operator)
  }

  /** Whether the Cookie header still holds a session. Rejects with StoreUnavailable. */
  async lasts(cookies: string): Promise<boolean> {
    return (await this.#read(cookies, this.#clock())) !== null
  }

  async #read(cookies: string, now: Instant) {
    const cookie = readCookie(cookies, this.cookieName)
    if (cookie === null) return null
    const { valid, value } = this.signer.unsign(cookie)
    if (!valid || value === null) return null
    const digest = digestOf(value)
    const record = await this.#store.read(digest, now)
    if (record === null) return null
    const operator = JSON.parse(record.data) as SignedInOperator
    return endOf(operator, now) <= now ? null : { digest, operator, expiresAt: record.expiresAt }
  }

  /** Ends every session of the identity, in every browser. */
  endAll(identity: string): Promise<void> {
    return this.#store.removeOf(identity)
  }

  // What @fastify/session calls. It saves a session before anybody signed in to it, when it gives it a new id: that is not kept.

  set(sessionId: string, { operator }: Session, callback: (error?: unknown) => void): void {
    if (operator === undefined) {
      callback()
      return
    }
    const now = this.#clock()
    const { identity } = operator
    const record = {
      digest: digestOf(sessionId),
      identity,
      data: JSON.stringify(operator),
      expiresAt: endOf(operator, now)
    }
    this.#store.save(record, now).then(() => callback(), callback)
  }

  get(sessionId: string, callback: (error: unknown, session?: Session | null) => void): void {
    this.#store.read(digestOf(sessionId), this.#clock()).then(
      (record) => callback(null, record && ({ operator: JSON.parse(record.data) } as Session)),
      (error: unknown) => callback(error)
    )
  }

  destroy(sessionId: string, callback: (error?: unknown) => void): void {
    this.#store.remove(digestOf(sessionId)).then(() => callback(), callback)
  }
}

/** The value of one cookie (RFC 6265, section 5.4), percent-decoded; null without it. */
function readCookie(cookies: string, name: string): string | null {
  const pair = cookies.split(/;\s*/).find((pair) => pair.startsWith(`${name}=`))
  try {
    return pair === undefined ? null : decodeURIComponent(pair.slice(name.length + 1))
  } catch {
    return null
  }
}

function endOf({ since }: SignedInOperator, now: Instant): Instant {
  return Math.min(now + MAX_IDLE_MS, since + MAX_AGE_MS)
}

export function toPrincipal({ identity, name, role, tenant }: SignedInOperator): Principal {
  return {
    kind: 'operator',
    id: identity,
    name,
    role,
    tenant,
    user: null,
    colleagues: false,
    sensitive: true
  }
}
