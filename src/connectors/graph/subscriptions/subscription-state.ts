/** One watched calendar: what Graph holds for it, when it is to be called about, and what its listener was told. */
import { createHash } from 'node:crypto'
import type { RemoteError } from '../../../errors.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import { retryDelayMs, type SubscriptionFailure, subscriptionEnded } from './errors.ts'
import { type HeldSubscription, lifetimeMs } from './requests.ts'

/** Milliseconds between two renewals that Graph asks for (it may ask every few minutes). */
const renewInterval = 600_000
/** Milliseconds between two renewals, however short a life Graph gives. */
const shortest = 60_000

/** All instants are monotonic. */
export class SubscriptionState {
  readonly mailbox: string
  readonly name: string
  /** In [0, 1), its own: what all have to do is spread by it. */
  readonly place: number
  /** What Graph calls the subscription; null when there is none. */
  id: string | null = null
  /** Subscriptions that are in the way of a new one. */
  readonly obsolete: string[] = []
  expiresAt = 0
  /** When the next call about it is due. */
  dueAt: number
  /** A call about it is on its way. */
  busy = false
  stopped = false
  /** 409s in a row. */
  conflicts = 0
  readonly #listener: SubscriptionListener
  readonly #timers: Timers
  #failures = 0
  #renewedAt = Number.NEGATIVE_INFINITY
  /** Edits may have been missed since the listener was told that it is live. */
  #missed = false
  /** Something was said while a call was on its way, which that call does not answer. */
  #again = false
  /** What the listener knows. */
  #known: 'nothing' | 'live' | RemoteError = 'nothing'

  constructor({ mailbox, targetId: name }: SubscribeRequest, listener: SubscriptionListener, timers: Timers) {
    this.mailbox = mailbox
    this.name = name
    this.place = createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32
    this.dueAt = timers.now()
    this.#listener = listener
    this.#timers = timers
  }

  get isLive(): boolean {
    return this.#known === 'live'
  }

  /** Graph holds this subscription, made or renewed just now, or found; `now` is by the clock that tells the time. */
  hold({ id, expires }: HeldSubscription, now: number, how: 'called' | 'found'): void {
    const present = this.#timers.now()
    const left = Math.max(0, expires - now)
    // One that was found keeps the place that it had: taking over thousands makes no burst of renewals.
    const life = how === 'called' ? left : Math.max(left, lifetimeMs)
    this.id = id
    this.expiresAt = present + left
    const earliest = how === 'called' ? present + shortest : present
    this.dueAt = Math.max(earliest, this.expiresAt - life * (0.5 - 0.4 * this.place))
    if (how === 'called') this.#renewedAt = present
    if (this.#again) this.dueAt = present
    this.#again = false
    this.#failures = 0
    this.conflicts = 0
    this.live()
  }

  /** Graph knows the subscription no more. */
  lost(): void {
    this.id = null
    this.#missed = true
    this.dueAt = this.#timers.now()
    this.deaf(subscriptionEnded)
  }

  /** A subscription stays as good as it was while its renewal meets with passing trouble. */
  failed(refusal: SubscriptionFailure): void {
    const now = this.#timers.now()
    this.#failures += 1
    this.dueAt = now + retryDelayMs(refusal, this.#failures, this.place)
    const lasts = this.id !== null && this.expiresAt > this.dueAt
    if (!lasts || refusal.retryPolicy !== 'passing') this.deaf(refusal.error)
    if (this.id !== null && this.expiresAt <= this.dueAt) this.dueAt = Math.max(now, this.expiresAt)
  }

  /** So much time has gone by unnoticed. */
  passed(milliseconds: number): void {
    this.expiresAt -= milliseconds
    if (this.id !== null) this.dueAt -= milliseconds
  }

  /** It ran out before it could be renewed. */
  expire(): void {
    if (this.id !== null && this.expiresAt <= this.#timers.now() && !this.busy) this.lost()
  }

  reauthorize(): void {
    if (this.busy || this.id === null) return
    this.dueAt = Math.min(this.dueAt, Math.max(this.#timers.now(), this.#renewedAt + renewInterval))
  }

  /** What was removed may be one of before: a renewal shows whether this one still is. */
  removed(): void {
    this.#missed = true
    if (this.busy) this.#again = true
    else if (this.id !== null) this.dueAt = this.#timers.now()
  }

  missed(): void {
    this.#listener.onChange()
  }

  live(): void {
    if (this.stopped || this.id === null) return
    const before = this.#known
    this.#known = 'live'
    if (before !== 'live') this.#listener.onActive()
    if (this.#missed) this.#listener.onChange()
    this.#missed = false
  }

  deaf(reason: RemoteError): void {
    if (this.stopped) return
    const before = this.#known
    this.#known = reason
    if (typeof before === 'string' || before.message !== reason.message) this.#listener.onInactive(reason)
  }
}
