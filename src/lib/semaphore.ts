/** A counting semaphore: no more than so many at once, first come first served. */

export class Semaphore {
  readonly #max: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** `max` is at least 1. */
  constructor(max: number) {
    this.#max = max
  }

  /** Runs `work` when there is a place for it; the place is free again when it ends, well or not. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
