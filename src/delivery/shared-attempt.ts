/** One attempt for which several callers wait: whoever gives up leaves it to the others, and when all have, it is aborted. */

interface Attempt<T> {
  readonly promise: Promise<T>
  readonly abort: AbortController
  waiting: number
}

export class SharedAttempt<T> {
  #attempt: Attempt<T> | null = null

  /** Joins the attempt that is under way, or begins one. Rejects on abort with the signal's reason. */
  run(begin: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const attempt = this.#attempt ?? this.#begin(begin)
    attempt.waiting++
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        attempt.waiting--
        if (attempt.waiting === 0) {
          this.#forget(attempt)
          attempt.abort.abort(signal.reason)
        }
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settled = () => signal.removeEventListener('abort', onAbort)
      attempt.promise.finally(settled).then(resolve, reject)
    })
  }

  #begin(begin: (signal: AbortSignal) => Promise<T>): Attempt<T> {
    const abort = new AbortController()
    const attempt: Attempt<T> = { promise: begin(abort.signal), abort, waiting: 0 }
    this.#attempt = attempt
    attempt.promise.catch(() => {}).finally(() => this.#forget(attempt))
    return attempt
  }

  #forget(attempt: Attempt<T>): void {
    if (this.#attempt === attempt) this.#attempt = null
  }
}
