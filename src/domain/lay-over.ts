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
  const lowBounds = lower.boundaries
  const highBounds = upper.boundaries
  // Each boundary of either may begin an interval.
  const boundaries = new Float64Array(2 * (lowBounds.length + highBounds.length))
  const causes: Cause[] = []
  let size = 0
  /** Indexes into the boundaries: even at a start that is not passed yet, odd within an interval. */
  let low = 0
  let high = 0
  let at = Number.NEGATIVE_INFINITY
  let last: Cause | null = null
  while (low < lowBounds.length || high < highBounds.length) {
    const lowEnd = low < lowBounds.length ? lowBounds[low]! : Infinity
    const highEnd = high < highBounds.length ? highBounds[high]! : Infinity
    const end = Math.min(lowEnd, highEnd)
    if (end > at) {
      const below = (low & 1) === 0 ? null : lower.causes[low >> 1]!
      const above = (high & 1) === 0 ? null : upper.causes[high >> 1]!
      const cause: Cause | null = below === null && above === null ? null : choose(below, above)
      if (cause !== null && cause === last) boundaries[size - 1] = end
      else if (cause !== null) {
        boundaries[size++] = at
        boundaries[size++] = end
        causes.push(cause)
      }
      last = cause
      at = end
    }
    if (lowEnd === end) low++
    if (highEnd === end) high++
  }
  return { boundaries: boundaries.slice(0, size), causes, truncatedAt: lower.truncatedAt }
}
