/** The feed of one tenant in this process: puts messages in order, and reports a gap where one was lost. */
import { setTimeout as pause } from 'node:timers/promises'
import { endsWithin } from '../../lib/deadline.ts'
import type { SavedReadings } from '../saved-readings.ts'
import type { FeedEvent, FeedFollower } from '../store.ts'
import type { Mark, Message } from './feed-message.ts'

/** A waiter for a write that is not published to the followers yet. */
interface Waiter {
  readonly mark: Mark
  readonly resolve: () => void
}

const NO_TENANT: Mark = { epoch: '', sequence: 0 }
const MAX_PAST_EPOCHS = 100
/** How long a message may take after its write was answered. */
const MAX_DELIVERY_MS = 1000

export class FeedSubscription {
  /** Resolves when the position is known from which followers see everything. */
  readonly positionAtSubscribe: Promise<void>

  readonly #readMark: () => Promise<Mark>
  readonly #followers = new Set<FeedFollower>()
  /** Read before anything that this process writes from now on. */
  readonly #firstMark: Promise<Mark | null>
  /** Followers received everything up to here. */
  #last: Mark = NO_TENANT
  #isPositionKnown = false
  /** Messages that wait until it is known what came before them; null once they are applied as they come. */
  #heldBack: Message[] | null = []
  /** Messages that wait until the store says which epoch is the present one; null: none is in doubt. */
  #inDoubt: Message[] | null = null
  #waiters: Waiter[] = []
  /** The newest mark that followers were given, as its event or as a gap. */
  #published: Mark = NO_TENANT
  /** Epochs of earlier tenants of this name, which were removed. */
  readonly #pastEpochs = new Set<string>()
  #isClosed = false
  #pendingSubscribe: Promise<void> | null
  #endPendingSubscribe: () => void = () => {}

  /** `readMark` reads the tenant's position; `subscribeTimeoutMs` bounds the wait for the first subscription. */
  constructor(readMark: () => Promise<Mark>, subscribeTimeoutMs: number) {
    this.#readMark = readMark
    this.#firstMark = readMark().catch(() => null)
    this.positionAtSubscribe = this.#firstMark.then(() => {})
    const first = new Promise<void>((resolve) => {
      this.#endPendingSubscribe = resolve
    })
    this.#pendingSubscribe = endsWithin(first, subscribeTimeoutMs).then(() => {
      this.#pendingSubscribe = null
    })
  }

  /** Null, or what to wait for before a write, so that followers receive it. */
  get pendingSubscribe(): Promise<void> | null {
    return this.#pendingSubscribe
  }

  /** Returns how to leave, which returns the number of followers left. */
  join(onEvent: FeedFollower): () => number {
    // A function of its own, so that one who follows twice is called twice.
    const follower: FeedFollower = (event, saved) => onEvent(event, saved)
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
      return this.#followers.size
    }
  }

  receive(message: Message): void {
    const waiting = this.#heldBack ?? this.#inDoubt
    if (waiting === null) this.#apply(message)
    else waiting.push(message)
  }

  /** Messages arrive from now on. Throws when what was missed cannot be found out. */
  async onSubscribed(): Promise<void> {
    const first = await this.#firstMark
    const now = await this.#readMark()
    if (this.#isClosed) return
    if (!this.#isPositionKnown && first !== null) this.#last = first
    const mayHaveMissed = this.#isPositionKnown ? this.#heldBack !== null : first === null
    this.#isPositionKnown = true
    const messages = this.#heldBack ?? []
    this.#heldBack = null
    if (mayHaveMissed) this.#publishGap(now)
    for (const message of messages) this.#apply(message)
    if (isBehind(this.#last, now)) this.#publishGap(now)
    this.#endPendingSubscribe()
  }

  /** Messages may be lost until `onSubscribed`. */
  onDisconnected(): void {
    this.#heldBack ??= []
  }

  /** Resolves once followers were given the write, or a gap in its place. */
  async waitForDelivery(mark: Mark): Promise<void> {
    if (this.#isClosed || this.#isPublished(mark)) return
    let waiter: Waiter | undefined
    const delivered = new Promise<void>((resolve) => {
      waiter = { mark, resolve }
      this.#waiters.push(waiter)
    })
    if (await endsWithin(delivered, MAX_DELIVERY_MS)) return
    this.#waiters = this.#waiters.filter((other) => other !== waiter)
    const now = await this.#readMark().catch(() => mark)
    if (!this.#isClosed) this.#publishGap(now)
  }

  /** Compares the position with the store's, and publishes a gap when messages were lost. */
  compare(): void {
    const seen = this.#last
    const isUnchanged = () => !this.#isClosed && this.#heldBack === null && this.#last === seen
    if (!isUnchanged()) return
    void this.#readMark()
      .then(async (now) => {
        if (!isUnchanged() || (covers(seen, now) && covers(now, seen))) return
        await pause(MAX_DELIVERY_MS / 2)
        if (isUnchanged()) this.#publishGap(now)
      })
      .catch(() => {})
  }

  /** Publishes a gap, or that the tenant was removed. */
  recheck(): void {
    void this.#readMark()
      .then((now) => {
        if (!this.#isClosed) this.#publishGap(now)
      })
      .catch(() => {})
  }

  close(): void {
    this.#isClosed = true
    this.#endPendingSubscribe()
    for (const { resolve } of this.#waiters) resolve()
    this.#waiters = []
  }

  #apply(message: Message): void {
    const { epoch, sequence, feeds, saved } = message
    if (covers(this.#last, message)) {
      this.#markPublished(message)
      return
    }
    const isNext = sequence === (epoch === this.#last.epoch ? this.#last.sequence : 0) + 1
    if (epoch !== this.#last.epoch && this.#last.epoch !== '') {
      this.#checkEpoch()
      return
    }
    if (!isNext) {
      this.#publishGap({ epoch, sequence })
      return
    }
    const isRemoved = feeds.some(({ kind }) => kind === 'tenant removed')
    this.#last = isRemoved ? NO_TENANT : { epoch, sequence }
    for (const event of feeds) this.#publish(event, saved)
    this.#markPublished({ epoch, sequence })
  }

  /**
   * A message of another epoch: the tenant was removed and made anew, or, in a cluster, a message of an earlier tenant of this
   * name came late. The store knows which.
   */
  #checkEpoch(): void {
    this.#inDoubt = []
    void this.#readMark()
      .catch(() => null)
      .then((now) => {
        const messages = this.#inDoubt ?? []
        this.#inDoubt = null
        if (this.#isClosed || now === null) return
        if (now.epoch !== this.#last.epoch) this.#publishGap(now)
        for (const message of messages) if (message.epoch === now.epoch) this.receive(message)
      })
  }

  #publishGap(now: Mark): void {
    const isRemoved = now.epoch === '' && this.#last.epoch !== ''
    this.#last = now
    this.#isPositionKnown = true
    this.#publish({ kind: isRemoved ? 'tenant removed' : 'gap' })
    this.#markPublished(now)
  }

  #publish(event: FeedEvent, saved: SavedReadings | null = null): void {
    for (const onEvent of [...this.#followers]) {
      try {
        onEvent(event, saved)
      } catch (error) {
        // A fault of the follower's: it must show, but fail neither the write nor the other followers.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #markPublished(mark: Mark): void {
    if (mark.epoch !== this.#published.epoch) this.#pastEpochs.add(this.#published.epoch)
    this.#pastEpochs.delete(mark.epoch)
    if (this.#pastEpochs.size > MAX_PAST_EPOCHS) this.#pastEpochs.clear()
    this.#published = mark
    const due = this.#waiters.filter((waiter) => this.#isPublished(waiter.mark))
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { resolve } of due) resolve()
  }

  #isPublished(mark: Mark): boolean {
    return covers(this.#published, mark) || this.#pastEpochs.has(mark.epoch)
  }
}

function covers(mark: Mark, other: Mark): boolean {
  return mark.epoch === other.epoch && mark.sequence >= other.sequence
}

function isBehind(mark: Mark, now: Mark): boolean {
  return mark.epoch !== now.epoch || mark.sequence < now.sequence
}
