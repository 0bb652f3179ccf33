/** How long to stay away after a failure. */
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Pause } from './queue.ts'

interface Patience {
  /** Milliseconds after the first failure; twice as long after each further one. */
  readonly first: number
  readonly longest: number
}

/** What time alone may mend. */
const passing: Patience = { first: 5_000, longest: 300_000 }
/** What an operator must mend, here or there: grants take their time to spread (Exchange keeps them for hours). */
const standing: Patience = { first: 60_000, longest: 300_000 }
/** A refused password is not tried over and over: directories lock accounts after a handful of attempts. */
const refused: Patience = { first: 900_000, longest: 900_000 }

const patience: Readonly<Record<SyncCode, Patience>> = {
  throttled: passing,
  unreachable: passing,
  protocol_error: passing,
  mailbox_unknown: standing,
  access_denied: standing,
  subject_not_readable: standing,
  consent_missing: standing,
  secret_invalid: refused,
  secret_expired: refused
}

/**
 * The pause after the nth failure in a row (from 1). What the far side asked for is kept to; our own is drawn from the upper
 * half, so that those who failed together do not come back together. `random` is in [0, 1).
 */
export function pauseAfter(error: RemoteError, failures: number, random: number): Pause {
  if (error.retryAfter !== undefined) return { milliseconds: Math.max(0, error.retryAfter), by: 'far side' }
  const { first, longest } = patience[error.code]
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 30))
  return { milliseconds: full * (0.5 + random / 2), by: 'us' }
}
