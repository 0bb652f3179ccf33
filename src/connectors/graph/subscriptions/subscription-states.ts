/** The calendars that one connector watches, and whose turn it is. */

import type { Timers } from '../../../lib/timers.ts'
import type { SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import { type SubscriptionFailure, shared } from './errors.ts'
import { SubscriptionState } from './subscription-state.ts'

export interface SubscriptionStates {
  readonly size: number
  add(watched: SubscribeRequest, listener: SubscriptionListener): SubscriptionState
  get(name: string): SubscriptionState | undefined
  /** It is told nothing more. Its mailbox stays its own until it is `released`. */
  stop(calendar: SubscriptionState): void
  /** Graph holds nothing for it any more: another may have its mailbox. */
  released(calendar: SubscriptionState): void
  /** Whether some that were stopped are not released. */
  readonly isEnding: boolean
  /** At most so many that a call is due about. */
  due(now: number, most: number): SubscriptionState[]
  /** One, due or not; the preferred one if it may be. */
  anyOf(preferred: SubscriptionState | null): SubscriptionState[]
  /** When the next call is due; Infinity for never. */
  nextAt(): number
  /** Looks for those that ran out, and for those whose mailbox is another's. */
  review(): void
  /** Tells all what holds for all. */
  deaf(refusal: SubscriptionFailure): void
  /** Tells those that are subscribed to that it holds no more. */
  live(): void
}

/**
 * Milliseconds. While a machine is suspended the monotonic clock stands, and subscriptions run out all the same: who has slept
 * for longer than this learns of it within as long.
 */
const longestLook = 600_000

export function createSubscriptionStates(timers: Timers, clock: () => number): SubscriptionStates {
  /** By how much the clock that tells the time is ahead of the monotonic one. */
  let ahead = clock() - timers.now()
  const byName = new Map<string, SubscriptionState>()
  /** Graph takes one subscription for each mailbox: the first has it, the others are polled until it is theirs. */
  const byMailbox = new Map<string, SubscriptionState[]>()
  const leaving = new Set<SubscriptionState>()

  const keyOf = ({ mailbox }: SubscriptionState) => mailbox.toLowerCase()
  const isFree = (calendar: SubscriptionState) =>
    !calendar.busy && byMailbox.get(keyOf(calendar))?.[0] === calendar

  return {
    get size() {
      return byName.size
    },
    add(watched, listener) {
      const calendar = new SubscriptionState(watched, listener, timers)
      byName.set(calendar.name, calendar)
      const sharing = byMailbox.get(keyOf(calendar))
      if (sharing === undefined) byMailbox.set(keyOf(calendar), [calendar])
      else sharing.push(calendar)
      return calendar
    },
    get: (name) => byName.get(name),
    stop(calendar) {
      calendar.stopped = true
      if (byName.get(calendar.name) === calendar) byName.delete(calendar.name)
      leaving.add(calendar)
    },
    released(calendar) {
      leaving.delete(calendar)
      const sharing = byMailbox.get(keyOf(calendar))?.filter((other) => other !== calendar) ?? []
      if (sharing.length === 0) byMailbox.delete(keyOf(calendar))
      else byMailbox.set(keyOf(calendar), sharing)
    },
    get isEnding() {
      return leaving.size > 0
    },
    due(now, most) {
      const due: SubscriptionState[] = []
      for (const calendar of byName.values()) {
        if (due.length >= most) break
        if (calendar.dueAt <= now && isFree(calendar)) due.push(calendar)
      }
      // The next time the others come first: where Graph asks for more than may be sent, everybody has a turn.
      for (const calendar of due) {
        byName.delete(calendar.name)
        byName.set(calendar.name, calendar)
      }
      return due
    },
    anyOf(preferred) {
      if (preferred !== null && !preferred.stopped && isFree(preferred)) return [preferred]
      for (const calendar of byName.values()) if (isFree(calendar)) return [calendar]
      return []
    },
    nextAt() {
      let next = Number.POSITIVE_INFINITY
      for (const calendar of byName.values()) {
        if (calendar.dueAt < next && isFree(calendar)) next = calendar.dueAt
      }
      return byName.size === 0 ? next : Math.min(next, timers.now() + longestLook)
    },
    review() {
      const slept = clock() - timers.now() - ahead
      if (slept > longestLook || slept < 0) ahead += slept
      for (const calendar of byName.values()) {
        if (slept > longestLook) calendar.passed(slept)
        calendar.expire()
        const first = byMailbox.get(keyOf(calendar))?.[0]
        if (first !== calendar && first?.stopped === false) calendar.deaf(shared)
      }
    },
    deaf(refusal) {
      for (const calendar of byName.values()) {
        // Notices go on while it is only we who cannot call.
        if (!calendar.isLive || refusal.retryPolicy !== 'passing') calendar.deaf(refusal.error)
      }
    },
    live() {
      for (const calendar of byName.values()) if (isFree(calendar)) calendar.live()
    }
  }
}
