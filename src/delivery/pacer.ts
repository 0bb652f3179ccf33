/** So many a second, with at most one second's worth at once. */

export class Pacer {
  readonly #perSecond: number
  #tokens: number
  #filledAt: number

  /** `now` in milliseconds, on any scale that only goes forward. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#tokens = Math.max(1, perSecond)
    this.#filledAt = now
  }

  /** Takes one and gives 0, or gives the milliseconds to wait for one. */
  take(now: number): number {
    const max = Math.max(1, this.#perSecond)
    this.#tokens = Math.min(max, this.#tokens + ((now - this.#filledAt) * this.#perSecond) / 1000)
    this.#filledAt = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond)
    this.#tokens--
    return 0
  }
}
