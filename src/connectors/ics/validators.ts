/** The validators of calendars that were fetched (RFC 9110 section 8.8), in memory. */
import { digestOf } from '../../lib/digest.ts'

const maxKept = 100_000

/**
 * A server may write into ETag and Last-Modified what it likes, so they are not stored: what is stored is their digest, by which
 * this process finds them again. Another process, or this one after a restart, fetches the calendar whole once.
 */
export class Validators {
  /** By digest: the headers of a conditional request. */
  readonly #conditions = new Map<string, Readonly<Record<string, string>>>()

  /** The digest; null where the server states neither. */
  keep(headers: { get(name: string): string | null }): string | null {
    const etag = headers.get('etag')
    const modified = headers.get('last-modified')
    if (etag === null && modified === null) return null
    const digest = digestOf(JSON.stringify([etag, modified]))
    const [oldest] = this.#conditions.keys()
    if (this.#conditions.size >= maxKept && oldest !== undefined) this.#conditions.delete(oldest)
    // ETag first, Last-Modified beside it, for servers that have but one (RFC 9110 section 13.1).
    this.#conditions.set(digest, {
      ...(etag !== null && { 'if-none-match': etag }),
      ...(modified !== null && { 'if-modified-since': modified })
    })
    return digest
  }

  /** Null where they are not known here. */
  conditionsOf(digest: string | undefined): Readonly<Record<string, string>> | null {
    return digest === undefined ? null : (this.#conditions.get(digest) ?? null)
  }
}
