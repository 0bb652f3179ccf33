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

  /** Says whether it is new, and remembers it. */
  add(key: string, now: Instant): boolean {
    this.#rotate(now)
    const digest = digestOf(key)
    if (this.#young.has(digest) || this.#old.has(digest)) return false
    this.#young.add(digest)
    return true
  }

  delete(key: string): void {
    const digest = digestOf(key)
    this.#young.delete(digest)
    this.#old.delete(digest)
  }

  #rotate(now: Instant): void {
    // A clock that was set back must not make a generation last for ever.
    const ageMs = Math.abs(now - this.#youngSince)
    if (ageMs < generationMs && this.#young.size < maxDigests) return
    this.#old = ageMs >= 2 * generationMs ? new Set() : this.#young
    this.#young = new Set()
    this.#youngSince = now
  }
}

function digestOf(key: string): string {
  return createHash('sha1').update(key).digest('base64url')
}
