/** Whether consumers can see that one reading's outcome took the place of another. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { Mask } from '../../domain/mask.ts'
import { intervalFieldsOf, statusAt } from '../../domain/status.ts'
import { type SyncRecord, staleAt, syncStateAt } from '../../domain/sync-state.ts'
import { firstEndingAfter, type Timeline } from '../../domain/timeline.ts'
import type { EffectiveTimeline } from '../../domain/timeline-runs.ts'
import { maxCursorAgeMs } from '../../domain/window.ts'
import type { UserRecord } from '../../storage/store.ts'

/** Milliseconds that a confirmation may need to reach every replica. */
const onItsWay = 10_000

/**
 * A Status shows the present run and the next one, so an edit of next week does not show. Every Status since the oldest
 * cursor must be the same too; otherwise a consumer would miss a transition that was removed. With an override,
 * absences or office hours every difference counts. A confirmation just before the calendar becomes stale counts as well: a replica that receives it late has
 * reported the calendar as stale, and its consumers may continue at another replica.
 */
export function changesStatus(
  before: UserRecord,
  after: { readonly sync: SyncRecord; readonly timeline: Timeline | 'same' },
  staleAfter: number,
  at: Instant,
  mask: Mask | null,
  hasHours = false
): boolean {
  const was = syncStateAt(before.sync, staleAfter, at)
  const is = syncStateAt(after.sync, staleAfter, at)
  if (was.state !== is.state || was.since !== is.since) return true
  const stale = staleAt(before.sync, staleAfter)
  const late = stale !== null && stale < at + Math.min(onItsWay, staleAfter / 4)
  if (late && staleAt(after.sync, staleAfter) !== stale) return true
  if (after.timeline === 'same') return false
  if (before.timeline === null || before.override !== null || before.absences.length > 0) return true
  if (hasHours) return true
  if (visiblePart(before.timeline, at) !== visiblePart(after.timeline, at)) return true
  // Behind a mask runs are longer, so that a masked audience may see a later border change.
  if (mask === null || mask.isEmpty) return false
  return visiblePart(mask.apply(before.timeline), at) !== visiblePart(mask.apply(after.timeline), at)
}

/** All that consumers can have seen of a timeline until the instant, as text to compare. */
function visiblePart(timeline: EffectiveTimeline, at: Instant): string {
  const seen: unknown[] = [statusAt(timeline, at)]
  for (let index = firstEndingAfter(timeline, at - maxCursorAgeMs); index < timeline.causes.length; index++) {
    const start = timeline.boundaries[2 * index]!
    if (start > at) break
    const end = Math.min(timeline.boundaries[2 * index + 1]!, at)
    seen.push([start, end, intervalFieldsOf(timeline.causes[index]!)])
  }
  return JSON.stringify(seen)
}
