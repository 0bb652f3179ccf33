/** Long synchronous work as a generator that yields wherever others may have their turn (`runInSlices`); its result is what it returns. */

/** The work says nothing on its way. */
export type Steps<T> = Generator<void, T>

/** All of it in one turn of the event loop. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value as T
  }
}
