/** Who a request with a session's cookie is from, and whether a page of this service made it. */
import type { FastifyRequest } from 'fastify'
import { RequestError } from '../../../errors.ts'
import type { Principal } from '../../../management/principal.ts'
import type { Standing } from '../standing.ts'
import type { OperatorSessions } from './operator-sessions.ts'

export class OperatorAuthenticator {
  readonly #sessions: OperatorSessions
  readonly #origin: string

  /** `origin`: where browsers reach the service (`https://hanvisa.example.com`). */
  constructor(sessions: OperatorSessions, origin: string) {
    this.#sessions = sessions
    this.#origin = origin
  }

  /** Whether a session's cookie is what counts: `Authorization` goes before it. */
  isAsked({ headers: { authorization, cookie } }: FastifyRequest): boolean {
    return authorization === undefined && cookie !== undefined && cookie.includes(this.#sessions.cookieName)
  }

  /** Null where the session is over. Rejects with RequestError or StoreUnavailable. */
  async authenticate({ method, headers }: FastifyRequest): Promise<Principal | null> {
    const principal = await this.#sessions.find(headers.cookie ?? '')
    if (principal !== null && method !== 'GET' && method !== 'HEAD' && !this.#isFromOwnPage(headers)) {
      throw new RequestError(
        'cross_site_request',
        'A browser sent this from another site, or without saying from where: a session may change something from this ' +
          'service’s own pages alone.'
      )
    }
    return principal
  }

  /** Of the session of a request that was authenticated. That a stream is open is no use of it. */
  standing({ headers: { cookie = '' } }: FastifyRequest): Standing {
    return { holds: () => this.#sessions.lasts(cookie).catch(() => false) }
  }

  /** By Fetch Metadata; by the origin for browsers without. Another site cannot set either header. */
  #isFromOwnPage(headers: FastifyRequest['headers']): boolean {
    const site = headers['sec-fetch-site']
    if (site !== undefined) return site === 'same-origin' || site === 'none'
    return headers.origin === this.#origin
  }
}
