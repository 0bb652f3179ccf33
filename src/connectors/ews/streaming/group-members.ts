/** Who is in a group, and their subscriptions: made for whoever lacks one, and tried again where that fails. */
import type { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { StreamAffinity } from './affinity.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { SubscriptionManager } from './subscription-manager.ts'
import type { WatchedMailbox } from './watched-mailbox.ts'

export interface GroupMembers {
  readonly size: number
  /** Subscriptions are being made. */
  readonly isSubscribing: boolean
  has(member: WatchedMailbox): boolean
  /** Those who have a subscription, in order. */
  subscribed(): WatchedMailbox[]
  add(member: WatchedMailbox): void
  /** Leaves the subscription as it is. */
  delete(member: WatchedMailbox): void
  /** The last to be charged from now on. */
  putLast(member: WatchedMailbox): void
  /** Subscribes whoever has no subscription and need not wait. */
  subscribe(): void
  /** Deaf for this reason, and subscribed anew after a while. */
  failed(member: WatchedMailbox, error: RemoteError): void
  /** All are subscribed anew, wherever that leads. */
  forgetSubscriptions(): void
  close(): void
}

/** Milliseconds. A mailbox that stands on an older server may be moved one day. */
const notToday = 3_600_000

/** `changed` is called when a subscription was made or is to be made, never from within a call of these. */
export function groupMembers(deps: {
  readonly affinity: StreamAffinity
  readonly subscriptions: SubscriptionManager
  readonly after: After
  readonly random: () => number
  readonly changed: () => void
}): GroupMembers {
  const { affinity, subscriptions, after, random, changed } = deps
  const members = new Set<WatchedMailbox>()
  const making = new Map<WatchedMailbox, Promise<void>>()
  const resting = new Map<WatchedMailbox, () => void>()
  let closed = false

  function make(member: WatchedMailbox): void {
    const made = (subscription: string | null) => {
      if (!members.has(member)) {
        if (subscription !== null) subscriptions.unsubscribe(member.mailbox, subscription, affinity)
      } else if (subscription === null) {
        member.setInactive(null)
        putOff(member, notToday)
      } else member.subscription = subscription
    }
    const outcome = subscriptions
      .subscribe(member.mailbox, affinity)
      .then(made, (error: RemoteError) => failed(member, error))
    making.set(member, outcome)
    void outcome.finally(() => {
      making.delete(member)
      if (!closed) changed()
    })
  }

  function failed(member: WatchedMailbox, error: RemoteError): void {
    if (closed || !members.has(member)) return
    member.subscription = null
    member.failures += 1
    member.setInactive(error)
    // One that had lived may be made anew at once; a second time there is something wrong.
    const wait = retryDelayMs(member.failures, error, random)
    putOff(member, wait)
  }

  function putOff(member: WatchedMailbox, milliseconds: number): void {
    resting.get(member)?.()
    const cancel = after(milliseconds, () => {
      resting.delete(member)
      changed()
    })
    resting.set(member, cancel)
  }

  return {
    get size() {
      return members.size
    },
    get isSubscribing() {
      return making.size > 0
    },
    has: (member) => members.has(member),
    subscribed: () => [...members].filter(({ subscription }) => subscription !== null),
    add: (member) => void members.add(member),
    delete(member) {
      members.delete(member)
      const outcome = making.get(member)
      if (outcome !== undefined) subscriptions.trackPending(outcome)
      resting.get(member)?.()
      resting.delete(member)
    },
    putLast(member) {
      if (members.delete(member)) members.add(member)
    },
    subscribe() {
      for (const member of members) {
        if (member.subscription === null && !making.has(member) && !resting.has(member)) make(member)
      }
    },
    failed,
    forgetSubscriptions() {
      for (const member of members) member.subscription = null
    },
    close() {
      closed = true
      for (const cancel of resting.values()) cancel()
    }
  }
}
