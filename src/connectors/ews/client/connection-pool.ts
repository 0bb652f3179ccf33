/** At most so many connections at a time; calls beyond wait their turn, and the connection used last is used first. */
import type { Http1Connection } from './http1-connection.ts'

export class ConnectionPool {
  readonly #max: number
  readonly #open: (signal: AbortSignal) => Promise<Http1Connection>
  readonly #all = new Set<Http1Connection>()
  readonly #idle: Http1Connection[] = []
  /** Each lets one call go on. */
  readonly #waiting = new Set<() => void>()
  #acquired = 0
  #isClosed = false

  constructor(max: number, open: (signal: AbortSignal) => Promise<Http1Connection>) {
    this.#max = max
    this.#open = open
  }

  /**
   * Give it back with `release`, always. Rejects when the signal is aborted, or with what opening rejects with. With
   * `fresh` no idle connection is trusted any more: where one has died unseen, the others have too.
   */
  async acquire(signal: AbortSignal, fresh: boolean): Promise<Http1Connection> {
    await this.#waitForPlace(signal)
    for (const connection of fresh ? this.#idle.splice(0) : []) {
      connection.destroy()
      this.#all.delete(connection)
    }
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isAlive) return idle
      this.#all.delete(idle)
    }
    try {
      if (this.#isClosed) throw new Error('the transport is closed')
      const connection = await this.#open(signal)
      this.#all.add(connection)
      if (this.#isClosed) connection.destroy()
      return connection
    } catch (error) {
      this.#freePlace()
      throw error
    }
  }

  release(connection: Http1Connection): void {
    if (connection.isAlive) this.#idle.push(connection)
    else this.#all.delete(connection)
    this.#freePlace()
  }

  /** Ends every connection, those in use too. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#all) connection.destroy()
    this.#all.clear()
  }

  async #waitForPlace(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#acquired < this.#max) {
      this.#acquired++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const onFree = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        this.#waiting.delete(onFree)
        reject(signal.reason)
      }
      this.#waiting.add(onFree)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #freePlace(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#acquired--
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}
