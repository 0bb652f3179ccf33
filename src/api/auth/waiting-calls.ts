/** How many calls of one key wait for changes at the same time, event streams included: each holds a connection. */
import { RateLimited } from '../../errors.ts'
import type { Principal } from '../../management/principal.ts'

/** Seconds: a place may become free at any moment. */
const RETRY_SECONDS = 5

export class WaitingCalls {
  readonly #maxPerKey: number
  readonly #waiting = new Map<string, number>()

  constructor(maxPerKey: number) {
    this.#maxPerKey = maxPerKey
  }

  /** Waits in the principal's name, or throws RateLimited. The provider runs the machine, and may wait as often as it likes. */
  async run<T>({ id, role }: Principal, wait: () => Promise<T>): Promise<T> {
    if (role === 'provider') return wait()
    const waiting = this.#waiting.get(id) ?? 0
    if (waiting >= this.#maxPerKey) {
      throw new RateLimited(
        `${waiting} calls with this key wait already, which is the most: end one, or use another key.`,
        RETRY_SECONDS
      )
    }
    this.#waiting.set(id, waiting + 1)
    try {
      return await wait()
    } finally {
      const others = this.#waiting.get(id)! - 1
      if (others === 0) this.#waiting.delete(id)
      else this.#waiting.set(id, others)
    }
  }
}
