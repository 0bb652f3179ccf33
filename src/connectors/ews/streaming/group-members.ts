/** The mailboxes of a group and their subscriptions: made for those that lack one, and tried again where that fails. */
import type { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { StreamAffinity } from './affinity.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { StreamSubscriptionManager } from './subscription-manager.ts'
import type { WatchedMailbox } from './watched-mailbox.ts'

/** A mailbox on a server that is too old to stream may be moved one day. */
const unsupportedRetryMs = 3_600_000

export interface GroupMembersDeps {
  readonly affinity: StreamAffinity
  readonly subscriptions: StreamSubscriptionManager
  readonly after: After
  readonly random: () => number
  /** A subscription was made, or is to be made; never called from within a call of these. */
  readonly onChange: () => void
}

export class GroupMembers {
  readonly #deps: GroupMembersDeps
  readonly #members = new Set<WatchedMailbox>()
  readonly #subscribing = new Map<WatchedMailbox, Promise<void>>()
  readonly #retryTimers = new Map<WatchedMailbox, () => void>()
  #closed = false

  constructor(deps: GroupMembersDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#members.size
  }

  get isSubscribing(): boolean {
    return this.#subscribing.size > 0
  }

  has(member: WatchedMailbox): boolean {
    return this.#members.has(member)
  }

  all(): WatchedMailbox[] {
    return [...this.#members]
  }

  /** Those that have a subscription, in order. */
  subscribed(): WatchedMailbox[] {
    return [...this.#members].filter(({ subscription }) => subscription !== null)
  }

  add(member: WatchedMailbox): void {
    this.#members.add(member)
  }

  /** Leaves the subscription as it is. */
  delete(member: WatchedMailbox): void {
    this.#members.delete(member)
    const subscribing = this.#subscribing.get(member)
    if (subscribing !== undefined) this.#deps.subscriptions.trackPending(subscribing)
    this.#retryTimers.get(member)?.()
    this.#retryTimers.delete(member)
  }

  /** The last that streams are charged to from now on. */
  putLast(member: WatchedMailbox): void {
    if (this.#members.delete(member)) this.#members.add(member)
  }

  /** Subscribes every member that has no subscription and need not wait. */
  subscribe(): void {
    for (const member of this.#members) {
      const isWaiting = this.#subscribing.has(member) || this.#retryTimers.has(member)
      if (member.subscription === null && !isWaiting) this.#subscribe(member)
    }
  }

  /** Sets the member inactive for this reason, and subscribes it anew after a while. */
  onFailed(member: WatchedMailbox, error: RemoteError): void {
    if (this.#closed || !this.#members.has(member)) return
    member.subscription = null
    member.failures += 1
    member.setInactive(error)
    this.#retryLater(member, retryDelayMs(member.failures, error, this.#deps.random))
  }

  /** All are subscribed anew, on whichever server that is. */
  forgetSubscriptions(): void {
    for (const member of this.#members) member.subscription = null
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#retryTimers.values()) cancel()
  }

  #subscribe(member: WatchedMailbox): void {
    const { subscriptions, affinity, onChange } = this.#deps
    const outcome = subscriptions.subscribe(member.mailbox, affinity).then(
      (subscription) => this.#onSubscribed(member, subscription),
      (error: RemoteError) => this.onFailed(member, error)
    )
    this.#subscribing.set(member, outcome)
    void outcome.finally(() => {
      this.#subscribing.delete(member)
      if (!this.#closed) onChange()
    })
  }

  #onSubscribed(member: WatchedMailbox, subscription: string | null): void {
    const { subscriptions, affinity } = this.#deps
    if (!this.#members.has(member)) {
      if (subscription !== null) subscriptions.unsubscribe(member.mailbox, subscription, affinity)
    } else if (subscription === null) {
      member.setInactive(null)
      this.#retryLater(member, unsupportedRetryMs)
    } else member.subscription = subscription
  }

  #retryLater(member: WatchedMailbox, delayMs: number): void {
    this.#retryTimers.get(member)?.()
    const cancel = this.#deps.after(delayMs, () => {
      this.#retryTimers.delete(member)
      this.#deps.onChange()
    })
    this.#retryTimers.set(member, cancel)
  }
}
