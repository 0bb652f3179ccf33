/** The delay after a failure. */
import type { RemoteError, SyncCode } from '../../errors.ts'
import { type BackoffOptions, backoffMs } from '../../lib/backoff.ts'
import type { Delay } from './queue.ts'

/** What time alone may mend. */
const transient: BackoffOptions = { firstMs: 5_000, maxMs: 300_000 }
/** What an operator must mend, here or there: grants take their time to spread (Exchange keeps them for hours). */
const standing: BackoffOptions = { firstMs: 60_000, maxMs: 300_000 }
/** A refused password is not tried over and over: directories lock accounts after a handful of attempts. */
const refused: BackoffOptions = { firstMs: 900_000, maxMs: 900_000 }
/** Exchange is reported to send `Retry-After: 1` or 0 whatever the error (msgraph-sdk-javascript#297). */
const namedTimeFloor: BackoffOptions = { firstMs: 2_000, maxMs: 60_000 }

const backoffByCode: Readonly<Record<SyncCode, BackoffOptions>> = {
  throttled: transient,
  unreachable: transient,
  protocol_error: transient,
  clock_wrong: transient,
  proxy_refused: transient,
  mailbox_unknown: standing,
  access_denied: standing,
  subject_not_readable: standing,
  consent_missing: standing,
  mailbox_twice: standing,
  mailbox_outside: standing,
  secret_invalid: refused,
  secret_expired: refused
}

/**
 * The pause after the nth failure in a row (from 1). What the server asked for is kept to, above a floor that grows; our own is drawn from the upper
 * half, so that those who failed together do not come back together. `random` is in [0, 1).
 */
export function retryDelay(error: RemoteError, failures: number, random: number): Delay {
  if (error.retryAfter === undefined) {
    return { delayMs: backoffMs(backoffByCode[error.code], failures, random), source: 'own' }
  }
  const floorMs = backoffMs(namedTimeFloor, failures, random)
  return { delayMs: Math.max(error.retryAfter, floorMs), source: 'server' }
}
