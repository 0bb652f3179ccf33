/** The answer to `GET statuses` as bytes: the same on every replica that holds the same. */
import { createHash } from 'node:crypto'
import type { Instant } from '../domain/calendar-event.ts'
import { floorToSecond } from '../domain/whole-seconds.ts'
import { maxCursorAgeMs } from '../domain/window.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import { encodeListInSlices, nextSlice } from '../lib/time-slices.ts'
import { type Cursor, formatCursor } from './cursor.ts'

/** An unchanged answer is renewed so often, so that its cursor does not expire while nothing happens. */
const RENEWAL_MS = maxCursorAgeMs / 2

export class StatusesResponse {
  /** The body's bytes, one after the other: one chunk for a thousand users. */
  readonly chunks: readonly Buffer[]
  /** Equal for equal bytes, on every replica. */
  readonly etag: string
  /** Of the compressed bytes: they are the same answer in other bytes. */
  readonly weakEtag: string
  readonly at: Instant
  /** If nothing changes, it is good until just before this instant. */
  readonly validUntil: Instant
  readonly #encoded = new Map<string, readonly Buffer[]>()
  readonly #encoding = new Map<string, Promise<readonly Buffer[]>>()

  constructor(chunks: readonly Buffer[], etag: string, at: Instant, validUntil: Instant) {
    this.chunks = chunks
    this.etag = etag
    this.weakEtag = `W/${etag}`
    this.at = at
    this.validUntil = validUntil
  }

  /** The body in a content coding, where that is kept. */
  encoded(coding: string): readonly Buffer[] | null {
    return this.#encoded.get(coding) ?? null
  }

  /** Encodes the body once, and keeps it for as long as the answer itself. */
  encode(
    coding: string,
    encode: (chunks: readonly Buffer[]) => Promise<readonly Buffer[]>
  ): Promise<readonly Buffer[]> {
    const present = this.#encoding.get(coding)
    if (present !== undefined) return present
    const encoding = encode(this.chunks)
    this.#encoding.set(coding, encoding)
    encoding.then(
      (chunks) => this.#encoded.set(coding, chunks),
      () => this.#encoding.delete(coding)
    )
    return encoding
  }
}

export interface StatusesParts extends Omit<Cursor, 'at' | 'loggedAt'> {
  /** When time last changed a Status. */
  readonly lastTransition: Instant
  /** When the newest entry of the log was made, by the clock of who made it. */
  readonly loggedAt: Instant
  /** The answer's instant must not lie before this one (where the clock was not set back). */
  readonly minAt: Instant
  readonly now: Instant
  /** Every Status as JSON. */
  readonly list: readonly string[]
}

/**
 * Nothing of the process goes into it, such as when it was started or received a change. Who logged the newest entry may
 * have a clock that is ahead of ours: until then the answer's instant is now.
 */
export async function writeStatuses(parts: StatusesParts): Promise<StatusesResponse> {
  const { lastTransition, loggedAt, minAt, now, list, ...place } = parts
  const since = Math.max(lastTransition, Math.min(Math.max(loggedAt, minAt), now))
  const at = now - ((now - since) % RENEWAL_MS)
  const head = { at: formatInstant(floorToSecond(at)), cursor: formatCursor({ ...place, loggedAt, at }) }
  const chunks = await encodeListInSlices(`${JSON.stringify(head).slice(0, -1)},"statuses":[`, list, ']}')
  const hash = createHash('sha256')
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0) await nextSlice()
    hash.update(chunk)
  }
  const etag = `"${hash.digest('base64url').slice(0, 27)}"`
  return new StatusesResponse(chunks, etag, at, loggedAt > now ? loggedAt : at + RENEWAL_MS)
}
