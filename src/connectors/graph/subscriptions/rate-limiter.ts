/** How many calls about subscriptions may go out, and when: well below Graph's limit, and one alone while all fail. */
import type { Timers } from '../../../lib/timers.ts'
import { retryDelayMs, type SubscriptionFailure } from './errors.ts'

export interface SubscriptionRateLimiter {
  /** What holds for all; null while nothing does. */
  readonly trouble: SubscriptionFailure | null
  /** Counts up with every failure of that kind. */
  readonly troubles: number
  /** Nothing is to be sent before. Monotonic. */
  readonly from: number
  /** How many calls may go out now, beside so many batches that are on their way. */
  room(onTheWay: number): number
  sent(calls: number): void
  /** What one was told holds for all: the others are not sent to hear the same. */
  troubled(refusal: SubscriptionFailure): void
  /** Says whether there was trouble. */
  recovered(): boolean
  /** Graph asked to be left alone for so many milliseconds. */
  hold(retryAfter: number | undefined): void
}

const batchSize = 20
/** Batches on their way: Graph asks our own address, call by call, before it answers. */
const mostAtOnce = 3
/**
 * Milliseconds for each call: 30 a second of Graph's 50 for an application and directory (throttling-subscription-services),
 * which is one renewal an hour for each of 100,000 calendars.
 */
const each = 33
/** Milliseconds: however long one mailbox is throttled, the others are tried after this. */
const longestHold = 120_000

export function createSubscriptionRateLimiter(timers: Timers): SubscriptionRateLimiter {
  /** Keeps connectors that failed together from coming back together. */
  const place = Math.random()
  let trouble: SubscriptionFailure | null = null
  let troubles = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    get trouble() {
      return trouble
    },
    get troubles() {
      return troubles
    },
    get from() {
      return Math.max(pausedUntil, nextAt)
    },
    room(onTheWay) {
      if (trouble !== null) return onTheWay === 0 ? 1 : 0
      return onTheWay < mostAtOnce ? batchSize : 0
    },
    sent(calls) {
      nextAt = Math.max(timers.now(), nextAt) + calls * each
    },
    troubled(refusal) {
      const now = timers.now()
      const isNews = trouble === null || now >= pausedUntil
      trouble = refusal
      if (!isNews) return
      troubles += 1
      pausedUntil = now + retryDelayMs(refusal, troubles, place)
    },
    recovered() {
      const was = trouble !== null
      trouble = null
      troubles = 0
      return was
    },
    hold(retryAfter = 0) {
      pausedUntil = Math.max(pausedUntil, timers.now() + Math.min(retryAfter, longestHold))
    }
  }
}
