/** When a stream or a subscription that failed is tried again. */
import type { RemoteError } from '../../../errors.ts'
import { backoffMs } from '../../../lib/backoff.ts'

/** What time alone may mend. */
const transient = { firstMs: 1_000, maxMs: 60_000 }
/** What an operator must mend. */
const refusal = { firstMs: 60_000, maxMs: 3_600_000 }

/**
 * Milliseconds until the next try, after so many failures in a row (from 1): within a second at first for a fault
 * of the network, a minute or more where a person must act. A time that the server names is a minimum, with up to a quarter on
 * top, so that streams do not all return at once.
 */
export function retryDelayMs(failures: number, error: RemoteError | null, random: () => number): number {
  const named = error?.retryAfter
  const isTransient = error === null || error.code === 'unreachable' || named !== undefined
  const floorMs = named === undefined ? 0 : named * (1 + random() / 4)
  if (isTransient && failures <= 1) return Math.max(floorMs, transient.firstMs * random())
  return Math.max(floorMs, backoffMs(isTransient ? transient : refusal, failures, random()))
}
