/** Requests to one SIP server, authenticated where it asks for that. */
import type { PeerDeps, PeerOptions } from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { answerChallenge, type DigestChallenge, pickChallenge } from './digest-auth.ts'
import { SipConnection } from './sip-connection.ts'
import type { SipRequest, SipResponse } from './sip-message.ts'
import { parseProxy, type SipSettings } from './sip-settings.ts'

export class SipClient {
  readonly #options: PeerOptions<SipSettings>
  readonly #connection: SipConnection
  #challenge: DigestChallenge | null = null
  #nonceUses = 0
  #connections = 0

  constructor(options: PeerOptions<SipSettings>, { addresses, timers }: PeerDeps) {
    this.#options = options
    const { proxy, ca } = options.settings
    this.#connection = new SipConnection({ proxy: parseProxy(proxy)!, ca, addresses, timers })
  }

  /** Answers a challenge once; a further one is a refusal. */
  async ask(request: SipRequest, signal: AbortSignal): Promise<SipResponse> {
    const { auth } = this.#options.settings
    for (let attempt = 1; ; attempt++) {
      const authorization =
        auth === undefined || this.#challenge === null ? [] : [this.#authorize(request, auth)]
      const headers = [
        ...request.headers,
        ['CSeq', `${attempt} ${request.method}`] as const,
        ...authorization
      ]
      const response = await this.#connection
        .request({ ...request, headers }, signal)
        .finally(() => this.#noteConnection())
      const { status } = response
      if (status !== 401 && status !== 407) return response
      if (auth === undefined) throw needsAccount
      const name = status === 401 ? 'www-authenticate' : 'proxy-authenticate'
      const challenge = pickChallenge(response.headers(name), status === 407)
      if (challenge === null) throw unknownDigest
      // The first answer may have been to a nonce that is over, and concurrent requests see each their own new one.
      if (attempt === 3 || (attempt === 2 && !isStale(response, name))) throw refusedAccount
      this.#challenge = challenge
      this.#nonceUses = 0
    }
  }

  #authorize(
    { method, uri }: SipRequest,
    auth: { readonly user: string; readonly password: string }
  ): readonly [string, string] {
    this.#nonceUses++
    return answerChallenge(this.#challenge!, auth, { method, uri, count: this.#nonceUses })
  }

  /** After a connection was lost the server may have restarted: everybody is published again, spread. */
  #noteConnection(): void {
    const { connections } = this.#connection
    if (this.#connections > 0 && connections > this.#connections) this.#options.onStateLost()
    this.#connections = connections
  }

  close(): void {
    this.#connection.close()
  }
}

function isStale(response: SipResponse, name: string): boolean {
  return response.headers(name).some((value) => /stale\s*=\s*"?true/i.test(value))
}

const needsAccount = new DeliveryError(
  'access_denied',
  'The SIP server asks for an account: put its user and password into "auth".',
  { consequence: 'refused' }
)
const unknownDigest = new DeliveryError(
  'access_denied',
  'The SIP server asks for an authentication that is neither Digest with MD5 nor with SHA-256: allow one of them.',
  { consequence: 'refused' }
)
const refusedAccount = new DeliveryError(
  'refused',
  'The SIP server refuses the account. If the password is right, it does not allow the account to publish for others: Kamailio’s stock ' +
    'file answers so. Allow it there (docs/switches/kamailio.md), or set "identity" to "presentity".',
  { consequence: 'refused' }
)
