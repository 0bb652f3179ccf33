/** Publishes presence and dialogs to a SIP presence server (RFC 3903), one publication for each user and event. */
import { randomBytes } from 'node:crypto'
import type {
  Acknowledged,
  CheckStep,
  ConsumerPeer,
  ConsumerStatus,
  Delivered,
  PeerDeps,
  PeerOptions,
  SendContext,
  WantedState
} from '../consumer.ts'
import { DeliveryError } from '../delivery-error.ts'
import { dialogDocument, presenceDocument } from './presence-document.ts'
import { publicationError, UserError } from './publication-errors.ts'
import { SipClient } from './sip-client.ts'
import type { SipRequest } from './sip-message.ts'
import type { SipEvent, SipSettings } from './sip-settings.ts'

/** By event: the tag that the server gave its publication. */
type Tags = Partial<Record<SipEvent, string>>

interface Publication {
  readonly event: SipEvent
  readonly entity: string
  /** Null: it is removed. */
  readonly body: string | null
  readonly tag: string | null
}

const contentTypes = { presence: 'application/pidf+xml', dialog: 'application/dialog-info+xml' } as const
/** A publication is refreshed after this share of what was granted, spread so that not all are due at once. */
const refreshFrom = 0.6
const refreshTo = 0.8
/** Less is not waited for, however short what the server grants. */
const minRefreshS = 10

export class SipPeer implements ConsumerPeer {
  readonly #options: PeerOptions<SipSettings>
  readonly #deps: PeerDeps
  readonly #client: SipClient

  constructor(options: PeerOptions<SipSettings>, deps: PeerDeps) {
    this.#options = options
    this.#deps = deps
    this.#client = new SipClient(options, deps)
  }

  send(states: readonly WantedState[], { signal }: SendContext): Promise<readonly Delivered[]> {
    return Promise.all(states.map((state) => this.#sendOne(state, signal)))
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { domain } = this.#options.settings
    const uri = `sip:${domain}`
    const response = await this.#client.ask(
      { method: 'OPTIONS', uri, headers: this.#party(uri), body: '' },
      signal
    )
    // Whatever it says of OPTIONS, it is there.
    if (response.status === 503) throw publicationError(response)
  }

  async check({ user, extension, status }: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]> {
    const entity = this.#entityOf(user, extension)
    const steps: CheckStep[] = []
    const attempt = async <T>(name: string, call: () => Promise<T>): Promise<T | null> => {
      try {
        const result = await call()
        steps.push({ name, ok: true })
        return result
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        steps.push({ name, ok: false, code: error.code, hint: error.hint })
        return null
      }
    }
    await attempt('connect', () => this.ping(signal))
    for (const event of this.#options.settings.publish) {
      if (steps.some(({ ok }) => !ok)) break
      const body = status === null ? emptyDocument(event, entity) : this.#documentOf(event, entity, status)
      const publication = { event, entity, body, tag: null }
      const made = await attempt(`publish-${event}`, () => this.#publish(publication, signal))
      if (made === null) break
      await attempt(`remove-${event}`, () =>
        this.#publish({ ...publication, body: null, tag: made.tag }, signal)
      )
    }
    return steps
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  async #sendOne(state: WantedState, signal: AbortSignal): Promise<Delivered> {
    const { user, extension, status, acknowledged } = state
    try {
      const isElsewhere = acknowledged !== null && acknowledged.extension !== extension
      if (acknowledged !== null && (isElsewhere || status === null)) {
        await this.#removeAll(user, acknowledged, signal)
      }
      if (status === null) return { user, outcome: 'ok' }
      return await this.#publishAll(state, status, isElsewhere ? {} : readTags(acknowledged), signal)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { user, outcome: 'failed', error: { code: error.code, hint: error.hint } }
    }
  }

  async #publishAll(
    { user, extension }: WantedState,
    status: ConsumerStatus,
    before: Tags,
    signal: AbortSignal
  ): Promise<Delivered> {
    const entity = this.#entityOf(user, extension)
    const tags: Tags = {}
    let grantedS = Infinity
    for (const event of this.#options.settings.publish) {
      // A lamp that is out needs no publication.
      if (event === 'dialog' && status.phone === 'open') continue
      const body = this.#documentOf(event, entity, status)
      const published = await this.#publish({ event, entity, body, tag: before[event] ?? null }, signal)
      tags[event] = published.tag
      grantedS = Math.min(grantedS, published.expiresS)
    }
    for (const [event, tag] of tagsOf(before)) {
      if (tags[event] === undefined) await this.#remove({ event, entity, tag }, signal)
    }
    const share = refreshFrom + Math.random() * (refreshTo - refreshFrom)
    const delivered = { user, outcome: 'ok', tag: JSON.stringify(tags) } as const
    return grantedS === Infinity ? delivered : { ...delivered, refreshAfterMs: 1000 * grantedS * share }
  }

  async #removeAll(user: string, acknowledged: Acknowledged, signal: AbortSignal): Promise<void> {
    const entity = this.#entityOf(user, acknowledged.extension)
    for (const [event, tag] of tagsOf(readTags(acknowledged)))
      await this.#remove({ event, entity, tag }, signal)
  }

  /** Phones that miss that a dialog is gone keep their lamps on: its end is said before. */
  async #remove(
    { event, entity, tag }: Omit<Publication, 'body'> & { readonly tag: string },
    signal: AbortSignal
  ) {
    let last = tag
    if (event === 'dialog') {
      const body = dialogDocument('open', { entity, at: this.#deps.clock() })
      last = (await this.#publish({ event, entity, body, tag }, signal)).tag
    }
    await this.#publish({ event, entity, body: null, tag: last }, signal)
  }

  /** Resolves to the tag and to the seconds that were granted. A tag that the server does not know (any more) is made anew. */
  async #publish(
    publication: Publication,
    signal: AbortSignal,
    expiresS = this.#options.settings.expires
  ): Promise<{ readonly tag: string; readonly expiresS: number }> {
    const { tag, body } = publication
    const response = await this.#client.ask(this.#requestOf(publication, expiresS), signal)
    const { status } = response
    // RFC 3903, 5, has 412; Kamailio answers 500 to a tag that is not of its own form.
    if (tag !== null && (status === 412 || status === 500)) {
      if (body === null) return { tag: '', expiresS: 0 }
      return this.#publish({ ...publication, tag: null }, signal, expiresS)
    }
    const isGone = body === null && status === 404
    if (status === 423) {
      const least = Number(response.header('min-expires'))
      if (Number.isInteger(least) && least > expiresS && least <= 86_400)
        return this.#publish(publication, signal, least)
    }
    if (!isGone && (status < 200 || status >= 300)) throw publicationError(response)
    const granted = Number(response.header('expires') ?? expiresS)
    return {
      tag: response.header('sip-etag') ?? '',
      expiresS: Number.isFinite(granted) && granted > 0 ? Math.max(minRefreshS, granted) : expiresS
    }
  }

  #requestOf({ event, entity, body, tag }: Publication, expiresS: number): SipRequest {
    return {
      method: 'PUBLISH',
      uri: entity,
      headers: [
        ...this.#party(entity),
        ['Event', event],
        ['Expires', body === null ? '0' : `${expiresS}`],
        ...(tag === null || tag === '' ? [] : [['SIP-If-Match', tag] as const]),
        ...(body === null ? [] : [['Content-Type', contentTypes[event]] as const])
      ],
      body: body ?? ''
    }
  }

  /** From, To and what tells one call from another. */
  #party(uri: string): readonly (readonly [string, string])[] {
    const { identity, auth, domain } = this.#options.settings
    const from = identity === 'service' && auth !== undefined ? `sip:${escapeUser(auth.user)}@${domain}` : uri
    return [
      ['From', `<${from}>;tag=${randomBytes(6).toString('hex')}`],
      ['To', `<${uri}>`],
      ['Call-ID', `${randomBytes(12).toString('hex')}@hanvisa`],
      ['User-Agent', 'Hanvisa']
    ]
  }

  #entityOf(user: string, extension: string): string {
    const { user: template, domain } = this.#options.settings
    const name = template.replace('{extension}', extension).replace('{user}', user)
    return `sip:${escapeUser(name)}@${domain}`
  }

  #documentOf(event: SipEvent, entity: string, status: ConsumerStatus): string {
    const { language, settings } = this.#options
    const at = this.#deps.clock()
    return event === 'dialog'
      ? dialogDocument(status.phone, { entity, at })
      : presenceDocument(status, { entity, at, language, basic: settings.basic })
  }
}

/** Of tags that were kept; anything else is none. */
function readTags(acknowledged: Acknowledged | null): Tags {
  try {
    return JSON.parse(acknowledged?.tag ?? '{}')
  } catch {
    return {}
  }
}

/** RFC 3261, 25.1: what may stand in a user part as it is. */
function escapeUser(name: string): string {
  return encodeURIComponent(name).replace(/%(2B|24|26|2C|3B|3D|3F|2F)/g, (code) => decodeURIComponent(code))
}

function tagsOf(tags: Tags): [SipEvent, string][] {
  return Object.entries(tags) as [SipEvent, string][]
}

function emptyDocument(event: SipEvent, entity: string): string {
  return event === 'dialog'
    ? dialogDocument('open', { entity, at: 0 })
    : `<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${entity}"/>\n`
}
