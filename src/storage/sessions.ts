/**
 * The port to the sessions of operators who signed in, a part of the store; and to the states of consents, which are used once.
 * A session's id is in the operator's cookie alone; its
 * SHA-256 digest is kept. Writes are durable once their promise resolves. Sessions are not carried over by a migration.
 */
import type { Instant } from '../domain/calendar-event.ts'

export interface SessionRecord {
  /** SHA-256 of the session's id, base64url. */
  readonly digest: string
  /** Who signed in; all sessions of one identity can be ended at once. */
  readonly identity: string
  /** What the session says of the operator: JSON. */
  readonly data: string
  readonly expiresAt: Instant
}

export interface SessionStore {
  /** Null where there is none, or none any more at `at`. */
  read(digest: string, at: Instant): Promise<SessionRecord | null>
  /** Expired sessions may be removed meanwhile. */
  save(session: SessionRecord, at: Instant): Promise<void>
  /** Moves the end of a session that is there; one that was removed does not come back. */
  extend(digest: string, expiresAt: Instant): Promise<void>
  remove(digest: string): Promise<void>
  /** Reads and removes it in one step: of several callers, in any process, one receives it. */
  take(digest: string, at: Instant): Promise<SessionRecord | null>
  /** Ends every session of the identity that was saved before. */
  removeOf(identity: string): Promise<void>
}
