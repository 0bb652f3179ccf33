/** What was heard in the last minutes, in bounded memory: two generations of digests, the older of which is dropped. */
import { createHash } from 'node:crypto'
import type { Instant } from '../../../domain/calendar-event.ts'

/** Milliseconds that one generation grows, and how large at the most: about 10 MB for both. */
const span = 300_000
const most = 50_000

export interface HeardBefore {
  /** Says whether this was heard before, and remembers it. */
  hear(what: string, now: Instant): boolean
}

export function heardBefore(): HeardBefore {
  let young = new Set<string>()
  let old = new Set<string>()
  let since = Number.NEGATIVE_INFINITY
  return {
    hear(what, now) {
      // A clock that was set back must not make a generation last for ever.
      const age = Math.abs(now - since)
      if (age >= span || young.size >= most) {
        old = age >= 2 * span ? new Set() : young
        young = new Set()
        since = now
      }
      const digest = createHash('sha1').update(what).digest('base64url')
      if (young.has(digest) || old.has(digest)) return true
      young.add(digest)
      return false
    }
  }
}
