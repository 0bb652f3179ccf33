/** Whether a calendar that was read again gives another timeline by its own doing: not by the window, which moved on. */
import type { Instant } from '../../domain/calendar-event.ts'
import { causeKey, firstEndingAfter, type Timeline } from '../../domain/timeline.ts'

/** Compares both timelines from `from` to `until`. */
export function differsWithin(one: Timeline, other: Timeline, from: Instant, until: Instant): boolean {
  return seen(one, from, until) !== seen(other, from, until)
}

function seen(timeline: Timeline, from: Instant, until: Instant): string {
  const parts: string[] = []
  for (let index = firstEndingAfter(timeline, from); index < timeline.causes.length; index++) {
    const start = timeline.boundaries[2 * index]!
    if (start >= until) break
    const end = Math.min(timeline.boundaries[2 * index + 1]!, until)
    parts.push(`${Math.max(start, from)} ${end} ${causeKey(timeline.causes[index]!)}`)
  }
  return parts.join()
}
