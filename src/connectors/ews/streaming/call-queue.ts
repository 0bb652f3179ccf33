/** Calls that wait for one of a few places: what ends something goes first, and all that wait fail together with one that hits all. */
import { setMaxListeners } from 'node:events'
import { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import { retryDelayMs } from './retry-delay.ts'
import { internalError } from './stream.ts'

interface QueuedCall {
  readonly run: () => Promise<void>
  readonly drop: (error: RemoteError) => void
  readonly isDelete: boolean
}

/** Half of the connections that all calls share, so that reading goes on. */
const maxConcurrent = 2
const maxCallMs = 60_000

export class CallQueue {
  readonly #after: After
  readonly #random: () => number
  readonly #closing = new AbortController()
  readonly #waiting: QueuedCall[] = []
  #running = 0
  /** The error that would hit every other call as well, until it is time to try again. */
  #error: RemoteError | null = null
  #failures = 0
  #isClosed = false

  constructor(after: After, random: () => number) {
    this.#after = after
    this.#random = random
    setMaxListeners(0, this.#closing.signal)
  }

  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Rejects with RemoteError alone. */
  add<T>(call: (signal: AbortSignal) => Promise<T>, isDelete = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => this.#run(call).then(resolve, reject)
      this.#waiting[isDelete ? 'unshift' : 'push']({ run, drop: reject, isDelete })
      this.#start()
    })
  }

  /** Gives up what waits, but for what ends something, and takes such calls alone. */
  dropOthers(): void {
    this.#isClosed = true
    const others = this.#waiting.filter(({ isDelete }) => !isDelete)
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ isDelete }) => isDelete))
    this.#drop(others, internalError(new Error('closed')))
  }

  /** Gives up all, calls under way included. */
  close(): void {
    this.#closing.abort()
    this.#drop(this.#waiting.splice(0), internalError(new Error('closed')))
  }

  #start(): void {
    while (this.#running < maxConcurrent && this.#waiting.length > 0) {
      const { run } = this.#waiting.shift()!
      this.#running += 1
      void run().finally(() => {
        this.#running -= 1
        this.#start()
      })
    }
  }

  async #run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController()
    const onClose = () => deadline.abort(this.#closing.signal.reason)
    this.#closing.signal.addEventListener('abort', onClose, { once: true })
    const cancel = this.#after(maxCallMs, () => deadline.abort(new DOMException('', 'TimeoutError')))
    try {
      if (this.#error !== null) throw this.#error
      const outcome = await call(deadline.signal)
      this.#failures = 0
      return outcome
    } catch (cause) {
      const error = cause instanceof RemoteError ? cause : internalError(cause)
      if (error.scope === 'connection' && this.#error === null && !this.#isClosed) this.#pause(error)
      throw error
    } finally {
      cancel()
      this.#closing.signal.removeEventListener('abort', onClose)
    }
  }

  /** The calls that wait would only run into the same. */
  #pause(error: RemoteError): void {
    this.#error = error
    this.#failures += 1
    this.#after(retryDelayMs(this.#failures, error, this.#random), () => {
      this.#error = null
    })
    this.#drop(this.#waiting.splice(0), error)
  }

  #drop(calls: readonly QueuedCall[], error: RemoteError): void {
    for (const { drop } of calls) drop(error)
  }
}
