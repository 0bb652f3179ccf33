/** Runs: intervals of a timeline that touch and have the diversion, or the closed phone, in common. */
import type { Instant } from './calendar-event.ts'
import { type Cause, firstEndingAfter, type Timeline } from './timeline.ts'

/** A timeline over which absences and an override may lie: then an end may be Infinity. */
export type EffectiveTimeline = Pick<Timeline, 'boundaries' | 'causes' | 'truncatedAt'>

export const emptyTimeline: EffectiveTimeline = {
  boundaries: new Float64Array(0),
  causes: [],
  truncatedAt: null
}

/** The index of the first interval of the run of the same diversion that the interval belongs to. */
export function firstOfRun({ boundaries, causes }: EffectiveTimeline, index: number): number {
  const { diversion } = causes[index]!
  let first = index
  while (
    first > 0 &&
    boundaries[2 * first - 1] === boundaries[2 * first] &&
    causes[first - 1]!.diversion === diversion
  ) {
    first--
  }
  return first
}

/** The index of the last interval of the run that goes on for as long as `continues` says. */
export function lastOfRun(
  { boundaries, causes }: EffectiveTimeline,
  index: number,
  continues: (cause: Cause) => boolean
): number {
  let last = index
  while (
    last + 1 < causes.length &&
    boundaries[2 * last + 1] === boundaries[2 * last + 2] &&
    continues(causes[last + 1]!)
  ) {
    last++
  }
  return last
}

/** The end of the run of the same diversion, whether that is known to be its end or not. */
export function endOfRun(timeline: EffectiveTimeline, index: number): Instant {
  const { diversion } = timeline.causes[index]!
  return timeline.boundaries[2 * lastOfRun(timeline, index, (other) => other.diversion === diversion) + 1]!
}

/** The index of the interval that holds at the instant; null where none does. */
export function intervalAt(timeline: EffectiveTimeline, at: Instant): number | null {
  const index = firstEndingAfter(timeline, at)
  return index < timeline.causes.length && timeline.boundaries[2 * index]! <= at ? index : null
}
