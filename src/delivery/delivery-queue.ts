/**
 * Which users of one consumer are to be sent: each once, in the order in which they changed, however often that was. What is sent is
 * read when it is sent, so that the newest wins.
 */
import type { Instant } from '../domain/calendar-event.ts'

const MAX_BATCHES = 1001

export interface QueuedUser {
  readonly user: string
  /** As the change had it: of a user who is gone nothing else is known. */
  readonly extension: string
  /** Counts the batches: by it the cursor follows. */
  readonly batch: number
  /** When the change came. */
  readonly since: Instant
  /** Failures in a row, of this user alone. */
  readonly failures: number
  /** It is sent though it is as it was acknowledged. */
  readonly isForced: boolean
}

export class DeliveryQueue {
  /** In order. */
  #waiting = new Map<string, QueuedUser>()
  readonly #sending = new Map<string, QueuedUser>()
  /** Those that failed, until their time comes. */
  readonly #deferred = new Map<string, { readonly queued: QueuedUser; readonly until: number }>()
  /** Cursors of batches of which something is outstanding, and the last one. */
  #batches: { readonly batch: number; readonly cursor: string }[] = []
  #batch = 0
  #acknowledged: string | null

  constructor(acknowledged: string | null) {
    this.#acknowledged = acknowledged
  }

  /** What changed until the cursor. */
  addBatch(
    cursor: string,
    users: readonly Pick<QueuedUser, 'user' | 'extension'>[],
    since: Instant,
    isForced = false
  ): void {
    this.#batch++
    this.#batches.push({ batch: this.#batch, cursor })
    // With fewer cursors the one that counts is an older one at most.
    if (this.#batches.length > MAX_BATCHES)
      this.#batches = this.#batches.filter((_, index) => index % 2 === 1)
    for (const { user, extension } of users) this.#add(user, extension, since, isForced)
  }

  /** Users who are to be sent though nothing changed. */
  force(users: Iterable<readonly [user: string, extension: string]>, since: Instant): void {
    for (const [user, extension] of users) this.#add(user, extension, since, true)
  }

  #add(user: string, extension: string, since: Instant, isForced: boolean): void {
    const known = this.#waiting.get(user)
    // A new change is reason enough to try again at once.
    this.#deferred.delete(user)
    if (known === undefined) {
      this.#waiting.set(user, { user, extension, batch: this.#batch, since, failures: 0, isForced })
    } else if (isForced && !known.isForced) this.#waiting.set(user, { ...known, isForced })
  }

  /** The next ones, none of whom is being sent. `now` is on the scale of `defer`. */
  take(max: number, now: number): readonly QueuedUser[] {
    for (const [user, { queued, until }] of this.#deferred) {
      if (until > now) continue
      this.#deferred.delete(user)
      this.#waiting.set(user, queued)
    }
    const taken: QueuedUser[] = []
    for (const queued of this.#waiting.values()) {
      if (taken.length === max) break
      if (this.#sending.has(queued.user)) continue
      taken.push(queued)
    }
    for (const queued of taken) {
      this.#waiting.delete(queued.user)
      this.#sending.set(queued.user, queued)
    }
    return taken
  }

  acknowledge(users: readonly QueuedUser[]): void {
    for (const { user } of users) this.#sending.delete(user)
    this.#moveCursor()
  }

  /** They are the next ones again. */
  putBack(users: readonly QueuedUser[]): void {
    for (const { user } of users) this.#sending.delete(user)
    const first = new Map(users.map((queued) => [queued.user, queued]))
    for (const [user, queued] of this.#waiting) if (!first.has(user)) first.set(user, queued)
    this.#waiting = first
  }

  /** One that failed by itself: it waits until then, and nobody waits for it. */
  defer(queued: QueuedUser, until: number): void {
    this.#sending.delete(queued.user)
    if (!this.#waiting.has(queued.user)) {
      this.#deferred.set(queued.user, { queued: { ...queued, failures: queued.failures + 1 }, until })
    }
    this.#moveCursor()
  }

  /** Everything before it is acknowledged; null: nothing is. */
  get cursor(): string | null {
    return this.#acknowledged
  }

  /** What `cursor` becomes once these, which are being sent, are acknowledged. */
  cursorAfter(users: readonly QueuedUser[]): string | null {
    const own = new Set(users.map(({ user }) => user))
    const others = [...this.#sending.values()].filter(({ user }) => !own.has(user))
    return this.#cursorBefore(oldest([...others, ...first(this.#waiting)]))
  }

  /** Whether anything waits that could be sent now. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0
  }

  get size(): number {
    return this.#waiting.size + this.#sending.size + this.#deferred.size
  }

  /** When one that failed is to be tried again; Infinity: none is. */
  get nextDeferred(): number {
    let next = Infinity
    for (const { until } of this.#deferred.values()) next = Math.min(next, until)
    return next
  }

  /** When the oldest outstanding change came; null: there is none. */
  get behindSince(): Instant | null {
    let since: Instant | null = null
    const deferred = [...this.#deferred.values()].map(({ queued }) => queued)
    for (const queued of [...first(this.#waiting), ...this.#sending.values(), ...deferred]) {
      since = since === null ? queued.since : Math.min(since, queued.since)
    }
    return since
  }

  #moveCursor(): void {
    const batch = oldest([...this.#sending.values(), ...first(this.#waiting)])
    this.#acknowledged = this.#cursorBefore(batch)
    const kept = this.#batches.findIndex((one) => one.batch >= batch)
    this.#batches = kept === -1 ? this.#batches.slice(-1) : this.#batches.slice(Math.max(0, kept - 1))
  }

  #cursorBefore(batch: number): string | null {
    return this.#batches.findLast((one) => one.batch < batch)?.cursor ?? this.#acknowledged
  }
}

/** The batch of the oldest; Infinity: there is none. */
function oldest(users: readonly QueuedUser[]): number {
  return users.reduce((least, { batch }) => Math.min(least, batch), Infinity)
}

function first(users: ReadonlyMap<string, QueuedUser>): QueuedUser[] {
  for (const queued of users.values()) return [queued]
  return []
}
