/** How far a view has come in time: whose transitions are passed, and when the next one comes. */
import type { Instant } from '../domain/calendar-event.ts'
import { staleAt } from '../domain/sync-state.ts'
import { RingLog } from '../lib/ring-log.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import { TransitionHeap } from './transition-heap.ts'
import {
  renewFloor,
  type TenantContext,
  transitionAfter,
  transitionUpTo,
  type UserState
} from './user-state.ts'
import type { UserTable } from './user-table.ts'

/** Transitions of so many users are kept in memory; for older ones every user is checked. */
const MAX_TRANSITIONS = 20_000
/** A clock that was set back farther than this starts anew. */
const MAX_SETBACK_MS = 1_000
/** Users whose transitions are passed, or planned anew, in one call: about 5 ms. */
const USERS_PER_ADVANCE = 2_000

/** Users who turned at one instant. */
export interface TurnedUsers {
  readonly users: readonly string[]
  /** By time alone: then `transitionAfter` says who of them turned for whom. */
  readonly isTransition: boolean
}

export interface TransitionClockDeps {
  readonly users: UserTable
  readonly context: TenantContext
  readonly start: Instant
  /** Transitions were passed; `stale` says whether a calendar became stale by one of them. */
  readonly onPassed: (stale: boolean) => void
}

export class TransitionClock {
  readonly #users: UserTable
  readonly #context: TenantContext
  readonly #onPassed: (stale: boolean) => void
  #heap = new TransitionHeap()
  #passed: RingLog<TurnedUsers>
  #now: Instant
  #last: Instant = 0
  /** Users that are to be planned since the clock was set back; null: none. */
  #unplanned: Iterator<UserState> | null = null
  /** Users of the present instant, some of whom are not passed yet. */
  #passing: {
    readonly at: Instant
    readonly users: readonly string[]
    readonly turned: string[]
    next: number
  } | null = null

  constructor({ users, context, start, onPassed }: TransitionClockDeps) {
    this.#users = users
    this.#context = context
    this.#now = start
    this.#onPassed = onPassed
    this.#passed = new RingLog(0, MAX_TRANSITIONS)
  }

  /** Plans every user of the table: to be done once, before anything else is asked. */
  async load(): Promise<void> {
    await forEachInSlices(this.#users.inOrder(), (user) => this.#plan(user))
    this.#forgetPassed()
  }

  /** Transitions up to here are passed, or (while `advance` answers false) are being passed. Falls only where the clock was set back. */
  get now(): Instant {
    return this.#now
  }

  /** The latest transition of anybody up to now; 0 where there was none. */
  get last(): Instant {
    return this.#last
  }

  /** When time alone may next change a Status. */
  get next(): Instant {
    return this.#passing === null && this.#unplanned === null ? this.#heap.next : this.#now
  }

  /** Passes transitions up to the clock's instant, of some users. False: there are more to pass, call again. */
  advance(clock: Instant): boolean {
    if (clock < this.#now - MAX_SETBACK_MS) this.#restart(clock)
    if (!this.#planSome()) return false
    let room = USERS_PER_ADVANCE
    let isStale = false
    let hasPassed = false
    while (room > 0) {
      this.#passing ??= this.#takeNext(clock)
      if (this.#passing === null) break
      const { at, users, turned } = this.#passing
      this.#now = Math.max(this.#now, at)
      const end = Math.min(users.length, this.#passing.next + room)
      room -= end - this.#passing.next
      for (; this.#passing.next < end; this.#passing.next++) {
        const user = this.#passUser(users[this.#passing.next]!, at)
        if (user === null) continue
        turned.push(user.id)
        isStale ||= staleAt(user.sync, this.#context.staleAfterOf(user.sync)) === at
      }
      if (end < users.length) break
      this.#passing = null
      if (turned.length === 0) continue
      this.#passed.add(this.#now, { users: turned, isTransition: true }, turned.length)
      this.#last = Math.max(this.#last, at)
      hasPassed = true
    }
    const isDone = this.#passing === null && this.#heap.next > clock
    if (isDone) this.#now = Math.max(this.#now, clock)
    if (hasPassed) this.#onPassed(isStale)
    return isDone
  }

  /** The user is new, or is another. Who has a transition after `since` that is passed already is recorded now. */
  planAnew(user: UserState, since: Instant): void {
    if (this.#plan(user) > since) this.#passed.add(this.#now, { users: [user.id], isTransition: false })
  }

  /** Makes the users such as turned at this very moment, for all cursors of before. */
  recordNow(users: readonly string[]): void {
    if (users.length === 0) return
    // A millisecond later, because a request may have been answered at this one already.
    this.#now++
    this.#passed.add(this.#now, { users, isTransition: false }, users.length)
    this.#onPassed(false)
  }

  /** Who has transitions after the one instant, up to and including the other, in groups; null where that is no longer in memory. */
  between(after: Instant, upTo: Instant): readonly TurnedUsers[] | null {
    if (after < this.#passed.completeAfter || upTo > this.#now) return null
    return this.#passed.between(after, upTo)
  }

  #takeNext(clock: Instant) {
    if (this.#heap.next > clock) return null
    const found = this.#heap.pop()
    return found && { ...found, turned: [] as string[], next: 0 }
  }

  /** Null where the user has no transition at this instant (any more). */
  #passUser(id: string, at: Instant): UserState | null {
    const user = this.#users.getNear(id)
    if (user === undefined || user.plannedAt !== at) return null
    const turns = user.nextTransition === at
    user.plannedAt = Infinity
    if (turns) {
      renewFloor(user, this.#context, at)
      user.nextTransition = transitionAfter(user, this.#context, at)
      user.cachedJson = null
    }
    this.#planAt(user)
    return turns ? user : null
  }

  #restart(instant: Instant): void {
    this.#now = instant
    this.#last = 0
    this.#heap = new TransitionHeap()
    this.#passing = null
    // Until all are planned, it is not known since when the list is complete.
    this.#passed = new RingLog(Infinity, MAX_TRANSITIONS)
    const users = this.#users.inOrder()
    for (const user of users) {
      user.plannedAt = Infinity
      // What is kept as JSON is of the time that the clock has left.
      user.nextTransition = instant
    }
    this.#unplanned = users.values()
  }

  /** Plans some of the users since the clock was set back; says whether none is left. */
  #planSome(): boolean {
    if (this.#unplanned === null) return true
    for (let room = USERS_PER_ADVANCE; room > 0; room--) {
      const { value: user } = this.#unplanned.next()
      if (user === undefined) {
        this.#unplanned = null
        this.#passed.completeSince(this.#last)
        this.#onPassed(false)
        return true
      }
      // One that was changed or removed meanwhile is another, or none.
      if (this.#users.get(user.id) === user) this.#plan(user)
    }
    return false
  }

  /** Nobody has a transition between the last one and now. */
  #forgetPassed(): void {
    this.#passed = new RingLog(this.#last, MAX_TRANSITIONS)
  }

  /** Gives the user's latest transition up to now. */
  #plan(user: UserState): Instant {
    user.nextTransition = transitionAfter(user, this.#context, this.#now)
    user.cachedJson = null
    this.#planAt(user)
    const latest = transitionUpTo(user, this.#context, this.#now)
    this.#last = Math.max(this.#last, latest)
    return latest
  }

  #planAt(user: UserState): void {
    if (user.plannedAt <= user.nextTransition) return
    user.plannedAt = user.nextTransition
    this.#heap.add(user.plannedAt, user.id)
  }
}
