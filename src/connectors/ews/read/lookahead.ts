/** What follows the last event that was read: asked once more where that ends at the window's end or after. */

import type { CalendarEvent, Instant, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { Target } from '../../connector.ts'
import { targetKey } from '../../dedupe-targets.ts'
import { continuesAt, latestEnd } from '../../window-edge.ts'

/** The events of each target that touch the span, or why they could not be read. */
export type ReadSpan = (
  targets: readonly Target[],
  span: Span
) => Promise<readonly (readonly CalendarEvent[] | RemoteError)[]>

export interface Lookahead {
  /** `CalendarRead.unreadAt` of each target whose events were read; null for those that failed. */
  truncatedAts(
    targets: readonly Target[],
    read: readonly (readonly CalendarEvent[] | RemoteError)[],
    window: Span,
    readSpan: ReadSpan
  ): Promise<readonly (Instant | null | RemoteError)[]>
}

/**
 * Milliseconds. What lies two weeks ahead is looked at once a day, and whenever the last event ends elsewhere:
 * asked at every poll it would double the calls of those who are away for long.
 */
const keptForMs = 86_400_000
/** So many mailboxes' answers are kept; beyond them it is asked again. */
const maxKept = 50_000

export function createLookahead(clock: () => Instant): Lookahead {
  const kept = new Map<string, { last: Instant; unreadAt: Instant | null; until: Instant }>()

  return {
    async truncatedAts(targets, read, window, readSpan) {
      const unread = targets.map((): Instant | null | RemoteError => null)
      const asked = new Map<Instant, number[]>()
      for (const [index, events] of read.entries()) {
        if (events instanceof RemoteError) continue
        const last = latestEnd(events)
        if (last < window.end) continue
        const known = kept.get(targetKey(targets[index]!))
        if (known?.last === last && clock() < known.until) unread[index] = known.unreadAt
        else asked.set(last, [...(asked.get(last) ?? []), index])
      }
      await Promise.all(
        [...asked].map(async ([last, indexes]) => {
          const those = indexes.map((index) => targets[index]!)
          // 2007 may want whole days.
          const found = await readSpan(those, { start: last, end: last + 86_400_000 })
          for (const [place, index] of indexes.entries()) {
            const events = found[place] ?? []
            if (events instanceof RemoteError) {
              unread[index] = events
              continue
            }
            const unreadAt = continuesAt(last, events, window) ? last : null
            unread[index] = unreadAt
            if (kept.size >= maxKept) kept.clear()
            kept.set(targetKey(those[place]!), { last, unreadAt, until: clock() + keptForMs })
          }
        })
      )
      return unread
    }
  }
}
