/** How far a view has come in time: the borders that were passed, whose they were, and when the next one comes. */
import type { Instant } from '../domain/calendar-event.ts'
import { staleAt } from '../domain/sync-state.ts'
import { type Journal, journal } from '../lib/ring-log.ts'
import { bordersInTime } from './transition-heap.ts'
import { borderAfter, borderUpTo, type Person, type Scene } from './user-state.ts'

/** Borders kept in memory; who asks for older ones is answered by looking at everybody. */
const MOST_MARKS = 20_000
/** A clock that was set back farther than this starts the borders anew. */
const CLOCK_WAVERS = 1_000

export interface Passage {
  /** Borders up to here are passed. Falls only where the clock was set back. */
  readonly now: Instant
  /** The latest border of anybody up to now; 0 where there was none. */
  readonly last: Instant
  readonly next: Instant
  /** Passes the borders up to the clock's instant. Gives the instant to compute for. */
  advance(clock: Instant): Instant
  /** The person is new, or is another. Who has a border after `since` that is passed already is noted: see `note`. */
  plan(person: Person, since?: Instant): void
  forget(user: string): void
  /** Makes the user one of those who turned at this very moment, for all cursors of before. */
  note(user: string): void
  /** Whose borders lie after the one instant, up to and including the other. */
  between(after: Instant, upTo: Instant): Iterable<string>
}

export interface PassageNeeds {
  readonly people: ReadonlyMap<string, Person>
  readonly scene: () => Scene
  readonly start: Instant
  /** Borders were passed; `stale` says whether somebody's calendar became stale by one of them. */
  readonly passed: (stale: boolean) => void
}

export function openPassage({ people, scene, start, passed: tell }: PassageNeeds): Passage {
  let now = start
  let last = 0
  let borders = bordersInTime()
  let passed: Journal<string> = journal(0, MOST_MARKS)
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
    note(user) {
      // A millisecond on, for somebody may have asked at this one already.
      now++
      passed.add(now, user)
      tell(false)
    },
    between(after, upTo) {
      if (after >= passed.completeAfter && upTo <= now) return passed.between(after, upTo)
      return [...people.values()]
        .filter((person) => borderAfter(person, scene(), after) <= upTo)
        .map(({ id }) => id)
    }
  }

  function advance(clock: Instant): Instant {
    if (clock < now - CLOCK_WAVERS) {
      startAt(clock)
      tell(false)
    }
    if (clock <= now) return now
    const before = now
    now = clock
    if (borders.next > now) return now
    const crossed: { at: Instant; user: string }[] = []
    let stale = false
    for (const user of borders.due(now)) {
      const person = people.get(user)
      if (person === undefined) continue
      let border: Instant | null = null
      let next = person.border
      for (; next <= now; next = borderAfter(person, scene(), next)) border = next
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
    borders = bordersInTime()
    for (const person of people.values()) planned(person)
    // Nobody has a border between the last one and now.
    passed = journal(last, MOST_MARKS)
  }

  /** Gives the person's latest border up to now. */
  function planned(person: Person): Instant {
    planAt(person, borderAfter(person, scene(), now))
    const border = borderUpTo(person, scene(), now)
    last = Math.max(last, border)
    return border
  }

  function planAt(person: Person, border: Instant): void {
    person.border = border
    borders.plan(person.id, border)
  }
}
