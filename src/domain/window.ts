/** How far ahead and back sync and consumers look: the span that is read of every calendar, and the age of a cursor. */
import type { Instant, Span } from './calendar-event.ts'

const day = 86_400_000
const daysBack = 1
const daysAhead = 14

/** Milliseconds. Older cursors are refused: a consumer with a younger one may have seen any Status since. */
export const maxCursorAgeMs = 86_400_000

/**
 * The window of a read: the same for a whole day, so that polls compare equal. From the start (UTC) of the day before to the end of the fourteenth day after: at every moment of the day at least
 * one day back and at least fourteen days ahead.
 */
export function windowAt(at: Instant): Span {
  const today = Math.floor(at / day) * day
  return { start: today - daysBack * day, end: today + (daysAhead + 1) * day }
}
