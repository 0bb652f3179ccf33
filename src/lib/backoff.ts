/** When something that failed is tried again. */
import type { RemoteError } from '../errors.ts'

/** Milliseconds. */
const firstPassing = 1_000
const longestPassing = 60_000
const firstRefusal = 60_000
const longestRefusal = 3_600_000

/**
 * Milliseconds until the next try, after so many failures in a row: within a second at first where it is the network's
 * doing or the server names a time, a minute and more where somebody must act. Never two in step.
 */
export function backOff(failures: number, error: RemoteError | null, random: () => number): number {
  const named = error?.retryAfter
  const passing = error === null || error.code === 'unreachable' || named !== undefined
  const doubled = 2 ** Math.min(failures - 1, 16)
  const wait = passing
    ? Math.min(firstPassing * doubled, longestPassing)
    : Math.min(firstRefusal * doubled, longestRefusal)
  const spread = passing && failures <= 1 ? random() : 0.5 + random() / 2
  return Math.max(named === undefined ? 0 : named * (1 + random() / 4), wait * spread)
}
