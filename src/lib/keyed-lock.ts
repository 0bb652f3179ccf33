/** A lock for each key within this process: work for one key runs one after the other, in the order of asking. */

export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` when all earlier work for the key has ended, well or not. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#last.set(key, mine)
    const forget = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
    mine.then(forget, forget)
    return mine
  }
}
