/** Who has a border in time next: a heap by instant, so that waiting for the next one costs nothing. */
import type { Instant } from '../domain/calendar-event.ts'

/**
 * Every user has one entry that counts. It may be too early (a confirmed calendar becomes stale later than was
 * planned), never too late: who is called without a border is simply planned anew.
 */
export interface TransitionHeap {
  /** The earliest instant planned, or Infinity. */
  readonly next: Instant
  /** Plans a user, unless an earlier call is planned already. */
  plan(user: string, at: Instant): void
  /** Takes out those planned up to and including the instant. */
  popUntil(until: Instant): string[]
  forget(user: string): void
}

export function createTransitionHeap(): TransitionHeap {
  const instants: Instant[] = []
  const users: string[] = []
  const planned = new Map<string, Instant>()

  return {
    get next() {
      dropOutdated()
      return instants[0] ?? Infinity
    },
    plan(user, at) {
      if (at === Infinity || (planned.get(user) ?? Infinity) <= at) return
      planned.set(user, at)
      siftUp(instants.push(at) - 1, at, user)
    },
    popUntil(until) {
      const popped: string[] = []
      for (dropOutdated(); instants.length > 0 && instants[0]! <= until; dropOutdated()) {
        popped.push(users[0]!)
        planned.delete(users[0]!)
      }
      return popped
    },
    forget(user) {
      planned.delete(user)
    }
  }

  /** Entries whose user was planned anew, or taken out, are passed over when they come to the top. */
  function dropOutdated(): void {
    while (instants.length > 0 && planned.get(users[0]!) !== instants[0]) {
      const at = instants.pop()!
      const user = users.pop()!
      if (instants.length > 0) siftDown(at, user)
    }
  }

  function siftUp(from: number, at: Instant, user: string): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (instants[parent]! <= at) break
      instants[place] = instants[parent]!
      users[place] = users[parent]!
      place = parent
    }
    instants[place] = at
    users[place] = user
  }

  function siftDown(at: Instant, user: string): void {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= instants.length) break
      if (child + 1 < instants.length && instants[child + 1]! < instants[child]!) child++
      if (instants[child]! >= at) break
      instants[place] = instants[child]!
      users[place] = users[child]!
      place = child
    }
    instants[place] = at
    users[place] = user
  }
}
