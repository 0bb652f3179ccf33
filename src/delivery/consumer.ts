/**
 * The port to a consumer: what statuses are pushed to. One record in kinds.ts makes up a kind.
 *
 * A kind decides nothing about when: the runner (consumer-runner.ts) says which users are wanted how, newest wins, paces, retries,
 * keeps what was acknowledged, and works each consumer in one process at a time. A kind sends, and says what became of it.
 */
import type { LookupFunction } from 'node:net'
import type { TSchema } from 'typebox'
import type { Instant } from '../domain/calendar-event.ts'
import type { FieldFault } from '../errors.ts'
import type { Log } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import type { Status } from '../status/status-members.ts'
import type { DeliveryCode } from './delivery-error.ts'
import type { Recipes } from './recipe.ts'

/** A Status as the consumer may see it: masked, and by its `privacy`. */
export interface ConsumerStatus extends Status {
  /** The RPID activity (RFC 4480) of the diversion, where it has one. */
  readonly activity: string | null
}

/** What was acknowledged of a user. */
export interface Acknowledged {
  /** Under which it was set. */
  readonly extension: string
  /** What the kind gave with it: an ETag, or what tells whether the value is still ours. */
  readonly tag: string | null
}

/** What one user is to have at the consumer. */
export interface WantedState {
  readonly user: string
  readonly extension: string
  /** Null: the user is gone, or is none of the consumer's any more. What was set is to be undone, and nothing else. */
  readonly status: ConsumerStatus | null
  /** Null: nothing, as far as is known. The extension may be another one than now: then undo that one too. */
  readonly acknowledged: Acknowledged | null
}

/** What became of one user. */
export interface Delivered {
  readonly user: string
  /**
   * `ok`: acknowledged. `sent`: the consumer gives no acknowledgement. `takenOver`: somebody else set what is there, and it was left alone.
   * `failed`: of this user alone; tried again later.
   */
  readonly outcome: 'ok' | 'sent' | 'takenOver' | 'failed'
  /** To be handed back as `Acknowledged.tag`. */
  readonly tag?: string
  /** Of `failed`. */
  readonly error?: { readonly code: DeliveryCode; readonly hint: string }
  /** Milliseconds after which it is to be sent again though nothing changed: a publication that expires, a lease. */
  readonly refreshAfterMs?: number
}

/** What goes with one send. */
export interface SendContext {
  /** Everything before it is acknowledged once this send is. */
  readonly cursor: string
  /** The same of the send before; null: there was none. */
  readonly previousCursor: string | null
  /** Aborted when the consumer is closed, paused or changed, and after `sendTimeoutMs`. */
  readonly signal: AbortSignal
}

export interface CheckStep {
  readonly name: string
  readonly ok: boolean
  readonly code?: DeliveryCode
  readonly hint?: string
}

/** An open consumer. It may hold connections; it holds no state of users. */
export interface ConsumerPeer {
  /** One result for each user. Rejects with DeliveryError where the consumer as a whole fails. Never called twice at once for one user. */
  send(states: readonly WantedState[], context: SendContext): Promise<readonly Delivered[]>
  /** Whether it can be spoken to: at the beginning and after an hour without a send. Rejects as `send` does. */
  ping(signal: AbortSignal): Promise<void>
  /** Step by step, with the calls that `send` makes, for one user; it leaves things as they were. The first step that fails is the last. */
  check(state: WantedState, signal: AbortSignal): Promise<readonly CheckStep[]>
  close(): Promise<void>
}

export interface PeerOptions<Settings> {
  readonly tenant: string
  readonly consumer: string
  /** The time zone and the language of the tenant. */
  readonly timeZone: string
  readonly language: string
  readonly settings: Settings
  /**
   * To be called when what the consumer has may be other than what was acknowledged (it restarted, the connection was lost): the runner then
   * sends every user again, spread by `perSecond`.
   */
  readonly onStateLost: () => void
}

/** Where a consumer leads to, and in which member that stands. */
export interface ConsumerHost {
  readonly field: string
  readonly host: string
  /** Without TLS. */
  readonly isPlain: boolean
}

/** One record for each kind of consumer, in kinds.ts. `Settings` is what operators put, secrets included, defaults filled in. */
export interface ConsumerKind<Settings = never> {
  readonly kind: string
  /** Members beside the common ones (consumer-body.ts), as TypeBox properties; optional ones have defaults. */
  readonly members: Readonly<Record<string, TSchema>>
  /** A whole body, with made-up secrets, for the document and the tests. */
  readonly example: Readonly<Record<string, unknown>>
  /** Paths of the members that are sealed and never given out (`auth/password`). */
  readonly secretMembers: readonly string[]
  /** Those of them that end when a body leaves them out; the others stay. */
  readonly passingSecrets: readonly string[]
  /** Secrets for a body that states none where none are held: shown in that one answer. */
  makeSecrets(): Readonly<Record<string, unknown>>
  /** The top-level members that say where secrets are sent: when one changes, stored secrets are not used. */
  readonly destinationMembers: readonly string[]
  /**
   * `states`: what each user was acknowledged with is kept, and only differences are sent. `cursor`: the consumer gets every change
   * after the cursor that it acknowledged, removed users too.
   */
  readonly keeps: 'states' | 'cursor'
  readonly maxUsersPerSend: number
  readonly maxSendsAtOnce: number
  readonly defaultPerSecond: number
  readonly sendTimeoutMs: number
  /** After the first failure in a row, the second, and so on; the last is repeated. */
  readonly retryDelaysMs: readonly number[]
  /** The same while it says no; without it as after any failure. */
  readonly refusedDelaysMs?: readonly number[]
  /** Milliseconds of failing after which nothing more is sent until somebody resumes it; null: it never gives up. */
  readonly disableAfterMs: number | null
  /** What the schema cannot say. */
  validate(settings: Settings, deps: KindDeps): readonly FieldFault[]
  /** The hosts that it leads to, each with its member: those that are not allowed are refused before anything is saved. */
  hostsOf(settings: Settings, deps: KindDeps): readonly ConsumerHost[]
  /** The body with defaults for what it leaves out, save the secrets. */
  complete(body: Readonly<Record<string, unknown>>): Settings
  /** What stays as it is at the consumer when Hanvisa is gone, in plain words; null, or no member: it ends by itself. Without secrets. */
  riskOf?(settings: Settings, deps: KindDeps): string | null
  /** Must not connect before it is asked to send. */
  openPeer(options: PeerOptions<Settings>, deps: PeerDeps): ConsumerPeer
}

/** An answer to an outgoing call over HTTP. */
export interface HttpAnswer {
  readonly status: number
  readonly retryAfterMs: number | null
  /** At most `maxAnswerBytes` of it. */
  readonly body: Buffer
}

/** Outgoing HTTP by the rules for addresses; no redirect is followed. Rejects with DeliveryError. */
export type PostHttp = (request: {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly signal: AbortSignal
}) => Promise<HttpAnswer>

/** Where consumers that are no HTTP may lead, by the same rules (`HANVISA_ALLOWED_NETWORKS`). */
export interface AddressRules {
  /** For `net.connect` and `tls.connect`. */
  readonly lookup: LookupFunction
  /** Null where the host may be reached; else why not. Addresses written as such never come to `lookup`. `isPlain`: without TLS. */
  refusalOf(host: string, isPlain?: boolean): string | null
}

/** What the kinds themselves need, besides settings. */
export interface KindDeps {
  readonly recipes: Recipes
}

/** What peers are made from, besides their settings. */
export interface PeerDeps extends KindDeps {
  readonly http: PostHttp
  readonly addresses: AddressRules
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
}

/** Of a user whom the kind gave no result for. */
export function unanswered(user: string): Delivered {
  const hint = 'The consumer gave no answer for this user. It is tried again by itself.'
  return { user, outcome: 'failed', error: { code: 'protocol_error', hint } }
}
