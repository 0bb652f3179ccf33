/** The subscriptions of one connector, by calendar and by mailbox, and which of them a call is due about. */
import type { Timers } from '../../../lib/timers.ts'
import type { SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import type { SubscriptionFailure } from './errors.ts'
import { SubscriptionState } from './subscription-state.ts'

/**
 * Milliseconds. While a machine is suspended the monotonic clock stands, and subscriptions run out all the same: who has slept
 * for longer than this learns of it within as long.
 */
const maxLookMs = 600_000

export class SubscriptionStates {
  readonly #timers: Timers
  readonly #clock: () => number
  /** Milliseconds by which the wall clock is ahead of the monotonic one. */
  #aheadMs: number
  readonly #byTarget = new Map<string, SubscriptionState>()
  /** Those of one mailbox: the first holds Graph's one subscription, the others follow it. */
  readonly #groups = new Map<string, SubscriptionState[]>()
  /** Under which key of `#groups` each is: its mailbox, or that of another spelling of it. */
  readonly #groupKeys = new Map<SubscriptionState, string>()
  readonly #leaving = new Set<SubscriptionState>()

  constructor(timers: Timers, clock: () => number) {
    this.#timers = timers
    this.#clock = clock
    this.#aheadMs = clock() - timers.now()
  }

  get size(): number {
    return this.#byTarget.size
  }

  /** Whether some that were stopped are not released. */
  get isEnding(): boolean {
    return this.#leaving.size > 0
  }

  add(request: SubscribeRequest, listener: SubscriptionListener): SubscriptionState {
    const state = new SubscriptionState(request, listener, this.#timers)
    this.#byTarget.set(state.targetId, state)
    this.#enter(state, state.mailbox.toLowerCase())
    return state
  }

  get(targetId: string): SubscriptionState | undefined {
    return this.#byTarget.get(targetId)
  }

  /** Who holds Graph's subscription with this id. */
  holderOf(id: string): SubscriptionState | undefined {
    for (const state of this.#byTarget.values()) if (state.id === id) return state
    return undefined
  }

  /** The two turned out to be spellings of one mailbox: `state`, and who followed it, follow from now on. */
  join(state: SubscriptionState, holder: SubscriptionState): void {
    const members = [...(this.#groups.get(this.#groupKeys.get(state) ?? '') ?? [])]
    const key = this.#groupKeys.get(holder) ?? holder.mailbox.toLowerCase()
    for (const member of members) {
      member.leave()
      this.#exit(member)
      this.#enter(member, key)
    }
  }

  /** Its listener is not called any more. It keeps its mailbox until it is `released`. */
  stop(state: SubscriptionState): void {
    state.isStopped = true
    state.leave()
    if (this.#byTarget.get(state.targetId) === state) this.#byTarget.delete(state.targetId)
    this.#leaving.add(state)
  }

  /** Graph holds nothing for it any more: the next of its mailbox holds the subscription, and the others follow. */
  released(state: SubscriptionState): void {
    this.#leaving.delete(state)
    const key = this.#exit(state)
    const [holder, ...followers] = this.#groups.get(key) ?? []
    if (holder === undefined || holder.id !== null) return
    for (const follower of followers) follower.follow(holder)
  }

  /** At most so many that a call is due about. */
  due(now: number, max: number): SubscriptionState[] {
    const due: SubscriptionState[] = []
    for (const state of this.#byTarget.values()) {
      if (due.length >= max) break
      if (state.dueAt <= now && this.#isCallable(state)) due.push(state)
    }
    // The next time the others come first: where Graph asks for more than may be sent, everybody has a turn.
    for (const state of due) this.#moveLast(state)
    return due
  }

  /** One, due or not; the preferred one if it may be. */
  anyOf(preferred: SubscriptionState | null): SubscriptionState[] {
    if (preferred !== null && !preferred.isStopped && this.#isCallable(preferred)) return [preferred]
    for (const state of this.#byTarget.values()) {
      if (!this.#isCallable(state)) continue
      this.#moveLast(state)
      return [state]
    }
    return []
  }

  /** When the next call is due; Infinity for never. */
  nextAt(): number {
    let next = Number.POSITIVE_INFINITY
    for (const state of this.#byTarget.values()) {
      if (state.dueAt < next && this.#isCallable(state)) next = state.dueAt
    }
    return this.#byTarget.size === 0 ? next : Math.min(next, this.#timers.now() + maxLookMs)
  }

  /** Looks for those that ran out. */
  review(): void {
    const sleptMs = this.#clock() - this.#timers.now() - this.#aheadMs
    if (sleptMs > maxLookMs || sleptMs < 0) this.#aheadMs += sleptMs
    for (const state of this.#byTarget.values()) {
      if (sleptMs > maxLookMs) state.onClockJump(sleptMs)
      state.expire()
    }
  }

  /** Tells all what fails for the whole application. */
  setInactive(failure: SubscriptionFailure): void {
    for (const state of this.#byTarget.values()) {
      // Notifications go on while it is only we who cannot call.
      if (!state.isActive || failure.retryPolicy !== 'transient') state.setInactive(failure.error)
    }
  }

  /** The application's failure is over. */
  setActive(): void {
    for (const state of this.#byTarget.values()) if (this.#isCallable(state)) state.setActive()
  }

  #isCallable(state: SubscriptionState): boolean {
    return !state.isBusy && this.#groups.get(this.#groupKeys.get(state) ?? '')?.[0] === state
  }

  #moveLast(state: SubscriptionState): void {
    this.#byTarget.delete(state.targetId)
    this.#byTarget.set(state.targetId, state)
  }

  #enter(state: SubscriptionState, key: string): void {
    this.#groupKeys.set(state, key)
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, [state])
    else {
      const [holder] = group
      group.push(state)
      if (holder !== undefined && !holder.isStopped) state.follow(holder)
    }
  }

  /** Returns the key under which it was. */
  #exit(state: SubscriptionState): string {
    const key = this.#groupKeys.get(state) ?? ''
    this.#groupKeys.delete(state)
    const left = this.#groups.get(key)?.filter((other) => other !== state) ?? []
    if (left.length === 0) this.#groups.delete(key)
    else this.#groups.set(key, left)
    return key
  }
}
