/** One tenant that is followed in this process: what its followers heard last, and what they may have missed. */
import { setTimeout as pause } from 'node:timers/promises'
import type { FeedEvent } from '../store.ts'

/** Every write that is told of has the next sequence within its log's epoch; '' and 0 when there is no such tenant. */
export interface Mark {
  readonly epoch: string
  readonly sequence: number
}

/** What a write published. */
export interface Message extends Mark {
  readonly feeds: readonly FeedEvent[]
}

export interface FeedSubscription {
  /** Returns how to leave, which tells how many are left. */
  join(receive: (feed: FeedEvent) => void): () => number
  receive(message: Message): void
  /** Redis passes messages on to us from now on. Throws when it cannot be said what was missed. */
  subscribed(): Promise<void>
  /** Messages may be missed until `subscribed`. */
  lost(): void
  /** It is known up to where followers will not hear of what was written. */
  readonly positionAtSubscribe: Promise<void>
  pendingSubscribe(): Promise<void> | null
  waitForDelivery(mark: Mark): Promise<void>
  /** Looks whether something was missed after all. */
  compare(): void
  /** Tells that something was: a gap, or that the tenant is gone. */
  recheck(): void
  end(): void
}

const NO_TENANT: Mark = { epoch: '', sequence: 0 }
const MAX_PAST_EPOCHS = 100
/** Milliseconds that a message may take after its write was answered. */
const MAX_DELIVERY_MS = 1000

/** `markNow` reads where the tenant stands; `patience` is how long to wait for the first subscription. */
export function feedSubscription(markNow: () => Promise<Mark>, patience: number): FeedSubscription {
  const followers = new Set<(feed: FeedEvent) => void>()
  /** Asked for before anything that this process writes from now on. */
  const firstMark = markNow().catch(() => null)
  /** Up to here followers heard everything. */
  let last: Mark = NO_TENANT
  let known = false
  /** Held back until it is known what came before; null: nothing is. */
  let heldBack: Message[] | null = []
  let waiting: { readonly mark: Mark; readonly go: () => void }[] = []
  /** The last that was told of, whatever came of it. */
  let published: Mark = NO_TENANT
  /** The logs that came before: of a tenant of this name who is gone. */
  const pastEpochs = new Set<string>()
  let ended = false
  let settle = () => {}
  let settled: Promise<void> | null = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patience)
    settle = () => {
      clearTimeout(timer)
      settled = null
      resolve()
    }
  })

  function publish(feed: FeedEvent): void {
    for (const hear of [...followers]) {
      try {
        hear(feed)
      } catch (error) {
        // A fault of the follower's: loud, but neither the write's nor the other followers'.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  const isPublished = (mark: Mark) => covers(published, mark) || pastEpochs.has(mark.epoch)

  function reached(mark: Mark): void {
    if (mark.epoch !== published.epoch) pastEpochs.add(published.epoch)
    pastEpochs.delete(mark.epoch)
    if (pastEpochs.size > MAX_PAST_EPOCHS) pastEpochs.clear()
    published = mark
    const due = waiting.filter((one) => isPublished(one.mark))
    waiting = waiting.filter((one) => !due.includes(one))
    for (const { go } of due) go()
  }

  function publishGap(now: Mark): void {
    const removed = now.epoch === '' && last.epoch !== ''
    last = now
    known = true
    publish({ kind: removed ? 'tenant removed' : 'gap' })
    reached(now)
  }

  function apply(message: Message): void {
    const { epoch, sequence, feeds } = message
    if (covers(last, message)) {
      reached(message)
      return
    }
    const isNext = sequence === (epoch === last.epoch ? last.sequence : 0) + 1
    // Numbers of another epoch follow only upon none, or upon those of a tenant of that name who is gone.
    if (!isNext || (epoch !== last.epoch && last.epoch !== '')) {
      publishGap({ epoch, sequence })
      return
    }
    const removed = feeds.some(({ kind }) => kind === 'tenant removed')
    last = removed ? NO_TENANT : { epoch, sequence }
    for (const feed of feeds) publish(feed)
    reached({ epoch, sequence })
  }

  async function subscribed(): Promise<void> {
    const first = await firstMark
    const now = await markNow()
    if (ended) return
    if (!known && first !== null) last = first
    const missed = known ? heldBack !== null : first === null
    known = true
    const held = heldBack ?? []
    heldBack = null
    if (missed) publishGap(now)
    for (const message of held) apply(message)
    if (isBehind(last, now)) publishGap(now)
    settle()
  }

  function compare(): void {
    const seen = last
    const unchanged = () => !ended && heldBack === null && last === seen
    if (!unchanged()) return
    void markNow()
      .then(async (now) => {
        if (!unchanged() || (covers(seen, now) && covers(now, seen))) return
        await pause(MAX_DELIVERY_MS / 2)
        if (unchanged()) publishGap(now)
      })
      .catch(() => {})
  }

  function recheck(): void {
    void markNow()
      .then((now) => {
        if (!ended) publishGap(now)
      })
      .catch(() => {})
  }

  return {
    join(hear) {
      // A function of its own, so that one who follows twice is called twice.
      const follower = (feed: FeedEvent) => hear(feed)
      followers.add(follower)
      return () => {
        followers.delete(follower)
        return followers.size
      }
    },
    receive(message) {
      if (heldBack === null) apply(message)
      else heldBack.push(message)
    },
    subscribed,
    lost() {
      heldBack ??= []
    },
    positionAtSubscribe: firstMark.then(() => {}),
    pendingSubscribe: () => settled,
    async waitForDelivery(mark) {
      if (ended || isPublished(mark)) return
      await new Promise<void>((resolve) => {
        const one = {
          mark,
          go() {
            clearTimeout(timer)
            resolve()
          }
        }
        const timer = setTimeout(() => {
          waiting = waiting.filter((other) => other !== one)
          if (!ended) publishGap(mark)
          resolve()
        }, MAX_DELIVERY_MS)
        waiting.push(one)
      })
    },
    compare,
    recheck,
    end() {
      ended = true
      settle()
      for (const { go } of waiting) go()
      waiting = []
    }
  }
}

function covers(mark: Mark, other: Mark): boolean {
  return mark.epoch === other.epoch && mark.sequence >= other.sequence
}

function isBehind(mark: Mark, now: Mark): boolean {
  return mark.epoch !== now.epoch || mark.sequence < now.sequence
}
