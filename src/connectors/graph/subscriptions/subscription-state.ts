/** The subscription of one calendar: what Graph holds for it, when the next call is due, and what its listener knows. */
import { createHash } from 'node:crypto'
import type { RemoteError } from '../../../errors.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { NotificationEvent, SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import { type SubscriptionFailure, subscriptionEnded, subscriptionRetryDelayMs } from './errors.ts'
import type { HeldSubscription } from './requests.ts'

/** Milliseconds between two renewals, however short a life Graph gives. */
const minLifeMs = 60_000

/**
 * Graph has one subscription for each mailbox. Of several calendars of one mailbox (in several time zones, or under several
 * spellings) one holds it, and the others follow: their listeners receive what the holder's does. All instants are monotonic.
 */
export class SubscriptionState {
  readonly mailbox: string
  readonly targetId: string
  /** Graph's id of the subscription; null when there is none. */
  id: string | null = null
  /** Subscriptions that are in the way of a new one. */
  readonly obsolete: string[] = []
  /** When the next call about it is due. */
  dueAt: number
  /** A call about it is in flight. */
  isBusy = false
  isStopped = false
  /** 409s in a row. */
  conflicts = 0
  /** In [0, 1), its own: spreads what is due for all. */
  readonly #spread: number
  readonly #listener: SubscriptionListener
  readonly #timers: Timers
  readonly #followers = new Set<SubscriptionState>()
  #holder: SubscriptionState | null = null
  #expiresAt = 0
  /** Whether this process made or renewed what Graph holds: only then it is known to notify. */
  #isRenewed = false
  #failures = 0
  /** Edits may have been missed since the listener's last `onActive`. */
  #mayHaveMissed = false
  /** Something was said while a call was in flight, which that call does not answer. */
  #callAgain = false
  #known: 'nothing' | 'active' | RemoteError = 'nothing'

  constructor({ mailbox, targetId }: SubscribeRequest, listener: SubscriptionListener, timers: Timers) {
    this.mailbox = mailbox
    this.targetId = targetId
    this.#spread = createHash('sha256').update(targetId).digest().readUInt32BE(0) / 2 ** 32
    this.dueAt = timers.now()
    this.#listener = listener
    this.#timers = timers
  }

  get isActive(): boolean {
    return this.#known === 'active'
  }

  /** Makes it follow another of the same mailbox. */
  follow(holder: SubscriptionState): void {
    this.#holder = holder
    holder.#followers.add(this)
    if (holder.#known !== 'nothing') this.#tell(holder.#known)
  }

  /** It follows no holder any more. Its followers become inactive until another holds the subscription. */
  leave(): void {
    if (this.#holder !== null) this.#holder.#followers.delete(this)
    this.#holder = null
    for (const follower of this.#followers) {
      follower.#holder = null
      follower.#tell(subscriptionEnded)
      follower.#mayHaveMissed = true
      follower.dueAt = this.#timers.now()
    }
    this.#followers.clear()
  }

  /**
   * Graph was found to hold one from before this process. It holds the token with which it was last renewed, which may have
   * ended while no process answered Graph's challenges (change-notifications-lifecycle-events), so it is renewed at once
   * and counts as inactive until then. `now` is by the wall clock.
   */
  adopt({ id, expires }: HeldSubscription, now: number): void {
    this.id = id
    this.#isRenewed = false
    this.#expiresAt = this.#timers.now() + Math.max(0, expires - now)
    this.dueAt = this.#timers.now()
    this.#failures = 0
    this.conflicts = 0
  }

  /** It was made or renewed just now. The next renewal comes after half to nine tenths of its life. */
  onRenewed({ id, expires }: HeldSubscription, now: number): void {
    const present = this.#timers.now()
    const lifeMs = Math.max(0, expires - now)
    this.id = id
    this.#isRenewed = true
    this.#expiresAt = present + lifeMs
    const renewAt = this.#expiresAt - lifeMs * (0.5 - 0.4 * this.#spread)
    this.dueAt = this.#callAgain ? present : Math.max(present + minLifeMs, renewAt)
    this.#callAgain = false
    this.#failures = 0
    this.conflicts = 0
    this.setActive()
  }

  /** Graph knows the subscription no more. */
  onLost(): void {
    this.id = null
    this.#isRenewed = false
    this.#mayHaveMissed = true
    this.dueAt = this.#timers.now()
    this.setInactive(subscriptionEnded)
  }

  /** A subscription stays as good as it was while its renewal fails for a transient reason. */
  onFailure(failure: SubscriptionFailure): void {
    const now = this.#timers.now()
    this.#failures += 1
    this.dueAt = now + subscriptionRetryDelayMs(failure, this.#failures, this.#spread)
    const outlastsRetry = this.id !== null && this.#expiresAt > this.dueAt
    if (!this.isActive || !outlastsRetry || failure.retryPolicy !== 'transient')
      this.setInactive(failure.error)
    if (this.id !== null && this.#expiresAt <= this.dueAt) this.dueAt = Math.max(now, this.#expiresAt)
  }

  /** So much time has gone by unnoticed. */
  onClockJump(milliseconds: number): void {
    this.#expiresAt -= milliseconds
    if (this.id !== null) this.dueAt -= milliseconds
  }

  /** It ran out before it could be renewed. */
  expire(): void {
    if (this.id !== null && this.#expiresAt <= this.#timers.now() && !this.isBusy) this.onLost()
  }

  /**
   * For `changed` the caller reads this calendar itself; the listeners of the mailbox's other calendars are called here.
   * After `reauthorize`, each time, what changed before the renewal is not notified; what was removed may be a
   * subscription of before, and a renewal shows whether this one still is. After both, the calendar is read.
   */
  onNotification(event: NotificationEvent): void {
    const holder = this.#holder ?? this
    if (event === 'changed') {
      holder.#tellChange(this)
      return
    }
    if (event === 'missed') {
      holder.#tellChange()
      return
    }
    holder.#mayHaveMissed = true
    if (holder.isBusy) holder.#callAgain = true
    else if (holder.id !== null) holder.dueAt = holder.#timers.now()
  }

  setActive(): void {
    if (this.isStopped || !this.#isRenewed) return
    this.#tellAll('active')
    if (this.#mayHaveMissed) this.#tellChange()
    this.#mayHaveMissed = false
  }

  setInactive(reason: RemoteError): void {
    this.#tellAll(reason)
  }

  #tellChange(except?: SubscriptionState): void {
    for (const state of [this, ...this.#followers]) {
      if (!state.isStopped && state !== except) state.#listener.onChange()
    }
  }

  #tellAll(known: 'active' | RemoteError): void {
    for (const state of [this, ...this.#followers]) state.#tell(known)
  }

  #tell(known: 'active' | RemoteError): void {
    if (this.isStopped) return
    const before = this.#known
    this.#known = known
    if (known === 'active') {
      if (before !== 'active') this.#listener.onActive()
    } else if (typeof before === 'string' || before.message !== known.message) {
      this.#listener.onInactive(known)
    }
  }
}
