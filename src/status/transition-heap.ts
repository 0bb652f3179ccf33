/** Who has a transition next: a heap of instants with the users of each, so that a thousand at one second cost one step. */
import type { Instant } from '../domain/calendar-event.ts'

/**
 * A user may stand at an instant at which they have no transition any more (a confirmed calendar becomes stale later than was
 * planned): who takes them out plans them anew.
 */
export class TransitionHeap {
  readonly #instants: Instant[] = []
  readonly #users = new Map<Instant, string[]>()

  /** The earliest instant at which a user stands, or Infinity. */
  get next(): Instant {
    return this.#instants[0] ?? Infinity
  }

  add(at: Instant, user: string): void {
    const users = this.#users.get(at)
    if (users !== undefined) {
      users.push(user)
      return
    }
    this.#users.set(at, [user])
    this.#siftUp(this.#instants.push(at) - 1, at)
  }

  /** Takes the earliest instant out, with its users. */
  pop(): { readonly at: Instant; readonly users: readonly string[] } | null {
    const at = this.#instants[0]
    if (at === undefined) return null
    const users = this.#users.get(at)!
    this.#users.delete(at)
    const last = this.#instants.pop()!
    if (this.#instants.length > 0) this.#siftDown(last)
    return { at, users }
  }

  #siftUp(from: number, at: Instant): void {
    const instants = this.#instants
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (instants[parent]! <= at) break
      instants[place] = instants[parent]!
      place = parent
    }
    instants[place] = at
  }

  #siftDown(at: Instant): void {
    const instants = this.#instants
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= instants.length) break
      if (child + 1 < instants.length && instants[child + 1]! < instants[child]!) child++
      if (instants[child]! >= at) break
      instants[place] = instants[child]!
      place = child
    }
    instants[place] = at
  }
}
