/** A consumer's resume point: a position in the tenant's change log, and an instant. Opaque to consumers. */
import type { Instant } from '../domain/calendar-event.ts'
import { maxCursorAgeMs } from '../domain/window.ts'
import { RequestError } from '../errors.ts'

export interface Cursor {
  /** The log's identity. */
  readonly epoch: string
  readonly position: number
  /**
   * When the entry at the position was logged. Where that is not so, the log lost what it had acknowledged (a fail-over, a
   * backup put back) and has grown anew. Null in cursors of before this was known.
   */
  readonly loggedAt: Instant | null
  readonly at: Instant
  /**
   * Whether it comes from a replica that could not reach the store and saw calendars become stale meanwhile: they may
   * have been confirmed without it, and a confirmation is no entry of the log.
   */
  readonly uncertain: boolean
}

const pattern =
  /^1\.([0-9A-Za-z_-]{1,64})\.(0|[1-9][0-9]{0,14})(?:-(0|[1-9][0-9]{0,14}))?\.([1-9][0-9]{0,14})(\.u)?$/

export function formatCursor({ epoch, position, loggedAt: logged, at, uncertain: unsure }: Cursor): string {
  const place = logged === null ? position : `${position}-${logged}`
  return Buffer.from(`1.${epoch}.${place}.${at}${unsure ? '.u' : ''}`, 'latin1').toString('base64url')
}

/** Null when it is none of ours. */
export function parseCursor(text: string): Cursor | null {
  const plain = Buffer.from(text, 'base64url').toString('latin1')
  const parts = pattern.exec(plain)
  if (parts === null || Buffer.from(plain, 'latin1').toString('base64url') !== text) return null
  return {
    epoch: parts[1]!,
    position: Number(parts[2]),
    loggedAt: parts[3] === undefined ? null : Number(parts[3]),
    at: Number(parts[4]),
    uncertain: parts[5] !== undefined
  }
}

/** Throws RequestError where the text is no cursor of ours. */
export function requireCursor(text: string): Cursor {
  const cursor = parseCursor(text)
  if (cursor !== null) return cursor
  throw new RequestError(
    'invalid_request',
    'cursor: is none of ours; take it from `statuses` or `changes`.',
    [{ field: 'cursor', message: 'is none of ours; take it from `statuses` or `changes`' }]
  )
}

/** The 410 that sends a consumer back to `statuses`. */
export function cursorExpired(why: string): RequestError {
  return new RequestError('cursor_expired', `The cursor cannot be followed. ${why} Read \`statuses\` again.`)
}

/** Throws RequestError where a cursor of that instant is too old to be followed. */
export function requireRecentCursor(cursor: { readonly at: Instant }, now: Instant): void {
  if (cursor.at < now - maxCursorAgeMs) throw cursorExpired('It is older than 24 hours.')
}

/** Whether the one rests on at least as much of the same log, and is of no earlier instant, than the other. */
export function isAtOrAfter(cursor: Cursor, other: Cursor): boolean {
  return cursor.epoch === other.epoch && cursor.position >= other.position && cursor.at >= other.at
}
