/** How far a view has come in time: the borders that were passed, whose they were, and when the next one comes. */
import type { Instant } from '../domain/calendar-event.ts'
import { staleAt } from '../domain/sync-state.ts'
import { createRingLog, type RingLog } from '../lib/ring-log.ts'
import { createTransitionHeap } from './transition-heap.ts'
import { type TenantContext, transitionAfter, transitionUpTo, type UserState } from './user-state.ts'

/** Borders kept in memory; who asks for older ones is answered by looking at everybody. */
const MAX_TRANSITIONS = 20_000
/** A clock that was set back farther than this starts the borders anew. */
const MAX_SETBACK_MS = 1_000

export interface TransitionClock {
  /** Borders up to here are passed. Falls only where the clock was set back. */
  readonly now: Instant
  /** The latest border of anybody up to now; 0 where there was none. */
  readonly last: Instant
  readonly next: Instant
  /** Passes the borders up to the clock's instant. Gives the instant to compute for. */
  advance(clock: Instant): Instant
  /** The person is new, or is another. Who has a border after `since` that is passed already is noted: see `note`. */
  plan(person: UserState, since?: Instant): void
  forget(user: string): void
  /** Makes the user one of those who turned at this very moment, for all cursors of before. */
  recordNow(user: string): void
  /** Whose borders lie after the one instant, up to and including the other. */
  between(after: Instant, upTo: Instant): Iterable<string>
}

export interface TransitionClockDeps {
  readonly users: ReadonlyMap<string, UserState>
  readonly context: () => TenantContext
  readonly start: Instant
  /** Borders were passed; `stale` says whether somebody's calendar became stale by one of them. */
  readonly onPassed: (stale: boolean) => void
}

export function openTransitionClock({
  users: people,
  context: scene,
  start,
  onPassed: tell
}: TransitionClockDeps): TransitionClock {
  let now = start
  let last = 0
  let borders = createTransitionHeap()
  let passed: RingLog<string> = createRingLog(0, MAX_TRANSITIONS)
  startAt(start)

  return {
    get now() {
      return now
    },
    get last() {
      return last
    },
    get next() {
      return borders.next
    },
    advance,
    plan(person, since = Infinity) {
      const border = planned(person)
      if (border > since) passed.add(now, person.id)
    },
    forget: (user) => borders.forget(user),
    recordNow(user) {
      // A millisecond on, for somebody may have asked at this one already.
      now++
      passed.add(now, user)
      tell(false)
    },
    between(after, upTo) {
      if (after >= passed.completeAfter && upTo <= now) return passed.between(after, upTo)
      return [...people.values()]
        .filter((person) => transitionAfter(person, scene(), after) <= upTo)
        .map(({ id }) => id)
    }
  }

  function advance(clock: Instant): Instant {
    if (clock < now - MAX_SETBACK_MS) {
      startAt(clock)
      tell(false)
    }
    if (clock <= now) return now
    const before = now
    now = clock
    if (borders.next > now) return now
    const crossed: { at: Instant; user: string }[] = []
    let stale = false
    for (const user of borders.popUntil(now)) {
      const person = people.get(user)
      if (person === undefined) continue
      let border: Instant | null = null
      let next = person.nextTransition
      for (; next <= now; next = transitionAfter(person, scene(), next)) border = next
      planAt(person, next)
      if (border === null) continue
      crossed.push({ at: border, user })
      const staleFrom = staleAt(person.sync, scene().staleAfter)
      if (staleFrom !== null && staleFrom > before && staleFrom <= now) stale = true
    }
    if (crossed.length === 0) return now
    crossed.sort((a, b) => a.at - b.at)
    for (const { at, user } of crossed) passed.add(at, user)
    last = Math.max(last, crossed.at(-1)!.at)
    tell(stale)
    return now
  }

  function startAt(instant: Instant): void {
    now = instant
    last = 0
    borders = createTransitionHeap()
    for (const person of people.values()) planned(person)
    // Nobody has a border between the last one and now.
    passed = createRingLog(last, MAX_TRANSITIONS)
  }

  /** Gives the person's latest border up to now. */
  function planned(person: UserState): Instant {
    planAt(person, transitionAfter(person, scene(), now))
    const border = transitionUpTo(person, scene(), now)
    last = Math.max(last, border)
    return border
  }

  function planAt(person: UserState, border: Instant): void {
    person.nextTransition = border
    borders.plan(person.id, border)
  }
}
