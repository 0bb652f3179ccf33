/** Remembers what came in the last minutes, in bounded memory: two generations of digests, the older of which is dropped. */
import { createHash } from 'node:crypto'
import type { Instant } from '../../../domain/calendar-event.ts'

/** How long one generation grows, and how large at the most: about 10 MB for both. */
const generationMs = 300_000
const maxDigests = 50_000

export class ReplayFilter {
  #young = new Set<string>()
  #old = new Set<string>()
  #youngSince = Number.NEGATIVE_INFINITY

  has(key: string): boolean {
    const digest = digestOf(key)
    return this.#young.has(digest) || this.#old.has(digest)
  }

  add(key: string, now: Instant): void {
    // A clock that was set back must not make a generation last for ever.
    const ageMs = Math.abs(now - this.#youngSince)
    if (ageMs >= generationMs || this.#young.size >= maxDigests) {
      this.#old = ageMs >= 2 * generationMs ? new Set() : this.#young
      this.#young = new Set()
      this.#youngSince = now
    }
    this.#young.add(digestOf(key))
  }

  delete(key: string): void {
    const digest = digestOf(key)
    this.#young.delete(digest)
    this.#old.delete(digest)
  }
}

function digestOf(key: string): string {
  return createHash('sha1').update(key).digest('base64url')
}
