/** The answer to `GET statuses` as bytes: the same on every replica that holds the same. */
import { createHash } from 'node:crypto'
import type { Instant } from '../domain/calendar-event.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import { CURSOR_LIFETIME_MS, type Cursor, formatCursor } from './cursor.ts'

export interface StatusesResponse {
  readonly body: Buffer
  /** Equal for equal bytes, on every replica. */
  readonly etag: string
}

export interface CachedStatuses extends StatusesResponse {
  readonly at: Instant
  /** If nothing turns, it is good until just before this instant. */
  readonly validUntil: Instant
}

/** An unchanged answer is renewed so often, so that its cursor does not expire while nothing happens. */
const RENEWAL_MS = CURSOR_LIFETIME_MS / 2

export interface StatusesParts extends Omit<Cursor, 'at' | 'logged'> {
  /** When time last turned something. */
  readonly lastTransition: Instant
  /** When the newest entry of the log was made, by the clock of who made it. */
  readonly loggedAt: Instant
  /** The answer's instant must not lie before this one (where the clock was not set back). */
  readonly minAt: Instant
  readonly now: Instant
  /** Every Status as JSON, by user id. */
  readonly list: readonly string[]
}

/**
 * Nothing of the process goes into it, such as when it was started or heard of a change. Who logged the newest entry may
 * have a clock that is ahead of ours: until then the answer's instant is now.
 */
export function writeStatuses({
  lastTransition: border,
  loggedAt: logged,
  minAt: least,
  now,
  list,
  ...place
}: StatusesParts): CachedStatuses {
  const since = Math.max(border, Math.min(Math.max(logged, least), now))
  const at = now - ((now - since) % RENEWAL_MS)
  const head = { at: formatInstant(at), cursor: formatCursor({ ...place, loggedAt: logged, at }) }
  const body = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"statuses":[${list.join(',')}]}`)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
  return { body, etag, at, validUntil: logged > now ? logged : at + RENEWAL_MS }
}
