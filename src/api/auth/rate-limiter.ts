/** Limits the calls of each caller within any minute. */
import { RateLimited } from '../../errors.ts'

const MINUTE_MS = 60_000

export class RateLimiter {
  readonly #maxPerMinute: number
  readonly #clock: () => number
  /** The instants of the calls of the last minute, oldest first. */
  readonly #calls = new Map<string, number[]>()

  constructor(maxPerMinute: number, clock: () => number) {
    this.#maxPerMinute = maxPerMinute
    this.#clock = clock
  }

  /** Counts a call, or throws RateLimited. */
  take(caller: string): void {
    const now = this.#clock()
    // A clock that was set back must not lock anybody out.
    const recent = (this.#calls.get(caller) ?? []).filter((at) => at > now - MINUTE_MS && at <= now)
    if (recent.length >= this.#maxPerMinute) {
      const seconds = Math.ceil((recent[0]! + MINUTE_MS - now) / 1000)
      throw new RateLimited(
        `This call may be made ${this.#maxPerMinute} times a minute: try again in ${seconds} seconds.`,
        Math.max(1, seconds)
      )
    }
    for (const [other, calls] of this.#calls) if (calls.at(-1)! <= now - MINUTE_MS) this.#calls.delete(other)
    this.#calls.set(caller, [...recent, now])
  }
}
