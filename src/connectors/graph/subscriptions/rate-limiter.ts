/** How many calls about subscriptions may go out, and when: well below Graph's limit, and one alone while all fail. */
import type { Timers } from '../../../lib/timers.ts'
import { type SubscriptionFailure, subscriptionRetryDelayMs } from './errors.ts'

const batchSize = 20
/** Batches in flight: Graph asks our own address, call by call, before it answers. */
const maxBatches = 3
/**
 * Milliseconds for each call: 30 a second of Graph's 50 for an application and directory (throttling-subscription-services),
 * which is one renewal an hour for each of 100,000 calendars.
 */
const perCallMs = 33
/** However long one mailbox is throttled, the others are tried after this. */
const maxHoldMs = 120_000

/** All instants are monotonic. */
export class SubscriptionRateLimiter {
  readonly #timers: Timers
  /** Keeps connectors that failed together from coming back together. */
  readonly #random = Math.random()
  #failure: SubscriptionFailure | null = null
  #failures = 0
  #heldUntil = Number.NEGATIVE_INFINITY
  #nextCallAt = Number.NEGATIVE_INFINITY

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** What fails for the whole application; null while nothing does. */
  get failure(): SubscriptionFailure | null {
    return this.#failure
  }

  /** Counts up with every failure of the whole application; 0 after a recovery. */
  get failures(): number {
    return this.#failures
  }

  /** Nothing is to be sent before. */
  get readyAt(): number {
    return Math.max(this.#heldUntil, this.#nextCallAt)
  }

  /** How many calls may go out now, beside so many batches in flight. */
  capacity(batchesInFlight: number): number {
    if (this.#failure !== null) return batchesInFlight === 0 ? 1 : 0
    return batchesInFlight < maxBatches ? batchSize : 0
  }

  onSent(calls: number): void {
    this.#nextCallAt = Math.max(this.#timers.now(), this.#nextCallAt) + calls * perCallMs
  }

  /** One call failed for a reason that holds for all: the others are not sent. */
  onApplicationError(failure: SubscriptionFailure): void {
    const now = this.#timers.now()
    const isNew = this.#failure === null || now >= this.#heldUntil
    this.#failure = failure
    if (!isNew) return
    this.#failures += 1
    this.#heldUntil = now + subscriptionRetryDelayMs(failure, this.#failures, this.#random)
  }

  /** Says whether there was a failure of the whole application. */
  recover(): boolean {
    const hadFailure = this.#failure !== null
    this.#failure = null
    this.#failures = 0
    return hadFailure
  }

  /** Graph asked to be left alone for so many milliseconds. */
  hold(retryAfterMs = 0): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#timers.now() + Math.min(retryAfterMs, maxHoldMs))
  }
}
