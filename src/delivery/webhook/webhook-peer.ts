/** Posts statuses to one receiver. What it answers decides: 2xx is taken, 410 ends it, everything else is tried again. */
import { createHash } from 'node:crypto'
import { floorToSecond } from '../../domain/whole-seconds.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import type {
  CheckStep,
  ConsumerPeer,
  Delivered,
  HttpAnswer,
  PeerDeps,
  PeerOptions,
  SendContext,
  WantedState
} from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { signWebhook } from './signature.ts'
import type { WebhookSettings } from './webhook-settings.ts'

/** The specification asks for payloads below 20 kB. */
const MAX_BODY_BYTES = 20_000

export class WebhookPeer implements ConsumerPeer {
  readonly #options: PeerOptions<WebhookSettings>
  readonly #deps: PeerDeps

  constructor(options: PeerOptions<WebhookSettings>, deps: PeerDeps) {
    this.#options = options
    this.#deps = deps
  }

  async send(states: readonly WantedState[], context: SendContext): Promise<readonly Delivered[]> {
    const parts = this.#divide(states)
    const { cursor, previousCursor, signal } = context
    for (const [index, part] of parts.entries()) {
      // Of what is divided, only the last post vouches for the new cursor.
      const isLast = index === parts.length - 1
      const of = isLast ? cursor : (previousCursor ?? cursor)
      const id = idOf(this.#options, [previousCursor ?? '', cursor, `${index}`])
      await this.#post('statuses.changed', id, { cursor: of, statuses: part }, signal)
    }
    return states.map(({ user }) => ({ user, outcome: 'ok' }))
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#post('ping', idOf(this.#options, ['ping', `${this.#deps.clock()}`]), {}, signal)
  }

  async check(_state: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]> {
    try {
      await this.ping(signal)
      return [{ name: 'post', ok: true }]
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error
      return [{ name: 'post', ok: false, code: error.code, hint: error.hint }]
    }
  }

  async close(): Promise<void> {}

  /** Statuses in groups that each fit into one body. */
  #divide(states: readonly WantedState[]): unknown[][] {
    const parts: unknown[][] = [[]]
    let bytes = 0
    for (const state of states) {
      const shown = this.#shown(state)
      const length = Buffer.byteLength(JSON.stringify(shown)) + 1
      if (bytes + length > MAX_BODY_BYTES - 1000 && parts.at(-1)!.length > 0) {
        parts.push([])
        bytes = 0
      }
      parts.at(-1)!.push(shown)
      bytes += length
    }
    return parts
  }

  #shown({ user, extension, status }: WantedState): object {
    if (status === null) return { user, extension, removed: true }
    if (this.#options.settings.detail === 'thin') return { user, extension }
    const { activity: _, ...shown } = status
    return shown
  }

  async #post(type: string, id: string, data: object, signal: AbortSignal): Promise<void> {
    const { tenant, settings } = this.#options
    const now = this.#deps.clock()
    const body = JSON.stringify({
      type,
      timestamp: formatInstant(floorToSecond(now)),
      data: { tenant, ...data }
    })
    const timestamp = Math.floor(now / 1000)
    const secrets = [
      settings.secret,
      ...(settings.previousSecret === undefined ? [] : [settings.previousSecret])
    ]
    const answer = await this.#deps.http({
      url: settings.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Hanvisa',
        'webhook-id': id,
        'webhook-timestamp': `${timestamp}`,
        'webhook-signature': signWebhook({ id, timestamp, body }, secrets)
      },
      body,
      signal
    })
    requireTaken(answer)
  }
}

/** The same for every attempt at the same content, so that a receiver knows duplicates. No dot is in it. */
function idOf({ tenant, consumer }: PeerOptions<WebhookSettings>, parts: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([tenant, consumer, ...parts]))
    .digest('base64url')
  return `msg_${digest.slice(0, 32)}`
}

function requireTaken({ status, retryAfterMs }: HttpAnswer): void {
  if (status >= 200 && status < 300) return
  if (status === 410) {
    throw new DeliveryError(
      'gone',
      'The receiver answered 410: it wants no more. Correct the url, or resume it.',
      {
        consequence: 'disable'
      }
    )
  }
  if (status >= 300 && status < 400) {
    throw new DeliveryError(
      'protocol_error',
      `The receiver answered ${status}, a redirect, which is not followed: state the address at which it ends.`
    )
  }
  if (status === 401 || status === 403) {
    throw new DeliveryError(
      'access_denied',
      `The receiver answered ${status}: have it verify the signature with the secret of this consumer, and accept posts without credentials.`,
      { consequence: 'refused' }
    )
  }
  if (status === 429 || status === 503) {
    throw new DeliveryError(
      'throttled',
      `The receiver answered ${status}: it is tried again when it says so.`,
      {
        retryAfterMs
      }
    )
  }
  throw new DeliveryError('refused', `The receiver answered ${status}: its log says why.`, { retryAfterMs })
}
