/** Lays one timeline over another. */
import type { Cause } from './timeline.ts'
import type { EffectiveTimeline } from './timeline-runs.ts'

/** What holds where the lower timeline gives the one and the upper one the other; null: nothing. */
export type Choose = (lower: Cause | null, upper: Cause | null) => Cause | null

/** The very same lower timeline where the upper one is empty. What is known of ends is as in the lower one. */
export function layOver(
  lower: EffectiveTimeline,
  upper: EffectiveTimeline,
  choose: Choose
): EffectiveTimeline {
  if (upper.causes.length === 0) return lower
  const boundaries: number[] = []
  const causes: Cause[] = []
  /** Indexes into the boundaries: even at a start that is not passed yet, odd within an interval. */
  let low = 0
  let high = 0
  let at = Number.NEGATIVE_INFINITY
  while (low < lower.boundaries.length || high < upper.boundaries.length) {
    const lowEnd = lower.boundaries[low] ?? Infinity
    const highEnd = upper.boundaries[high] ?? Infinity
    const end = Math.min(lowEnd, highEnd)
    if (end > at) {
      const cause = choose(causeAt(lower, low), causeAt(upper, high))
      if (cause !== null) {
        if (boundaries.at(-1) === at && causes.at(-1) === cause) boundaries[boundaries.length - 1] = end
        else {
          boundaries.push(at, end)
          causes.push(cause)
        }
      }
      at = end
    }
    if (lowEnd === end) low++
    if (highEnd === end) high++
  }
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt: lower.truncatedAt }
}

function causeAt({ causes }: EffectiveTimeline, place: number): Cause | null {
  return place % 2 === 0 ? null : causes[place >> 1]!
}
