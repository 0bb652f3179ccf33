/** Exponential back-off with jitter, so that those who failed together do not come back together. */

export interface BackoffOptions {
  /** After the first failure; twice as long after each further one. */
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Milliseconds to wait after the nth failure in a row (from 1), drawn from the upper half ("equal jitter" in Amazon's
 * "Exponential Backoff and Jitter"). `random` is in [0, 1).
 */
export function backoffMs({ firstMs, maxMs }: BackoffOptions, failures: number, random: number): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return fullMs * (0.5 + random / 2)
}
