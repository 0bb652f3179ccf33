/** Counts the calls of each key within the minute: in a few hundred nanoseconds, because switches poll. */
import { RateLimited } from '../../errors.ts'

const MINUTE_MS = 60_000

export class CallCounter {
  readonly #maxPerMinute: number
  readonly #now: () => number
  /** By principal. Only keys that opened something are here, so there are no more than keys and operators. */
  readonly #counts = new Map<string, number>()
  /** When the present minute ends. */
  #endsAt = 0

  /** `now`: milliseconds that never go back. */
  constructor(maxPerMinute: number, now: () => number = () => performance.now()) {
    this.#maxPerMinute = maxPerMinute
    this.#now = now
  }

  /** Null, or the refusal where it is one call too many. */
  count(id: string): RateLimited | null {
    const now = this.#now()
    if (now >= this.#endsAt) {
      this.#counts.clear()
      this.#endsAt = now + MINUTE_MS
    }
    const count = (this.#counts.get(id) ?? 0) + 1
    this.#counts.set(id, count)
    if (count <= this.#maxPerMinute) return null
    return tooManyCalls(this.#maxPerMinute, this.#endsAt - now)
  }
}

export function tooManyCalls(max: number, leftMs: number): RateLimited {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000))
  return new RateLimited(`More than ${max} calls within a minute: make fewer.`, seconds)
}
