/** What holds for a user at an instant: a pure function of the timeline with the override laid over it. */
import type { Instant } from './calendar-event.ts'
import { AVAILABLE, type Phone } from './diversion.ts'
import type { Override } from './override.ts'
import { type Cause, firstEndingAfter, type Timeline } from './timeline.ts'

/** A timeline over which an override may lie: then some causes are from `override` and an end may be Infinity. */
export type EffectiveTimeline = Pick<Timeline, 'boundaries' | 'causes' | 'truncatedAt'>

export interface StatusFields {
  readonly diversion: string
  readonly phone: Phone
  /** The unbroken run of the diversion. Null where nobody knows, or where `available` has no bound. */
  readonly since: Instant | null
  readonly until: Instant | null
  /** When the unbroken run of closed phone ends; null if open, or if nobody knows. */
  readonly reachableAt: Instant | null
  /** The first run after the present one that is not `available`. */
  readonly next: { readonly diversion: string; readonly from: Instant; readonly until: Instant | null } | null
  readonly source: 'calendar' | 'override' | 'none'
  /** What gives the diversion; null where nothing does. */
  readonly cause: Cause | null
}

export const emptyTimeline: EffectiveTimeline = {
  boundaries: new Float64Array(0),
  causes: [],
  truncatedAt: null
}

export function statusAt(timeline: EffectiveTimeline, at: Instant): StatusFields {
  const { boundaries, causes } = timeline
  const index = firstEndingAfter(timeline, at)
  const holds = index < causes.length && boundaries[2 * index]! <= at
  const cause = holds ? causes[index]! : null
  if (cause === null || cause.diversion === AVAILABLE) return availableAt(timeline, index, cause)

  const first = runStart(timeline, index)
  const last = runEnd(timeline, index, (other) => other.diversion === cause.diversion)
  const lastClosed = runEnd(timeline, index, (other) => other.phone === 'closed')
  return {
    diversion: cause.diversion,
    phone: cause.phone,
    since: boundaries[2 * first]!,
    until: knownEnd(timeline, last),
    reachableAt: cause.phone === 'closed' ? knownEnd(timeline, lastClosed) : null,
    next: nextRun(timeline, last + 1),
    source: cause.from === 'override' ? 'override' : 'calendar',
    cause
  }
}

/** `index` is the interval that holds, if `ground` is given, else the next one. */
function availableAt(timeline: EffectiveTimeline, index: number, cause: Cause | null): StatusFields {
  const { boundaries, causes } = timeline
  let before = index - 1
  while (before >= 0 && causes[before]!.diversion === AVAILABLE) before--
  const next = nextRun(timeline, index)
  return {
    diversion: AVAILABLE,
    phone: 'open',
    since: before < 0 ? null : boundaries[2 * before + 1]!,
    until: next?.from ?? null,
    reachableAt: null,
    next,
    source: cause === null ? 'none' : cause.from === 'override' ? 'override' : 'calendar',
    cause
  }
}

function nextRun(timeline: EffectiveTimeline, from: number): StatusFields['next'] {
  const { boundaries, causes } = timeline
  let index = from
  while (index < causes.length && causes[index]!.diversion === AVAILABLE) index++
  const cause = causes[index]
  if (cause === undefined) return null
  const last = runEnd(timeline, index, (other) => other.diversion === cause.diversion)
  return { diversion: cause.diversion, from: boundaries[2 * index]!, until: knownEnd(timeline, last) }
}

function runStart({ boundaries, causes }: EffectiveTimeline, index: number): number {
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

function runEnd(
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

function knownEnd({ boundaries, truncatedAt }: EffectiveTimeline, index: number): Instant | null {
  const end = boundaries[2 * index + 1]!
  return end === Infinity || end === truncatedAt ? null : end
}

/** The next instant after `at` at which what a Status shows turns by the calendar or the override; else Infinity. */
export function nextTransition(timeline: EffectiveTimeline, at: Instant): Instant {
  const { boundaries, causes } = timeline
  for (let index = firstEndingAfter(timeline, at); index < causes.length; index++) {
    const start = boundaries[2 * index]!
    const end = boundaries[2 * index + 1]!
    if (start > at && (index === 0 || boundaries[2 * index - 1]! < start)) return start
    const neighbour = boundaries[2 * index + 2] === end ? causes[index + 1]! : null
    if (end !== Infinity && !sameStatus(causes[index]!, neighbour)) return end
  }
  return Infinity
}

function sameStatus(cause: Cause, next: Cause | null): boolean {
  return (
    next !== null &&
    cause.diversion === next.diversion &&
    cause.phone === next.phone &&
    (cause.from === 'override') === (next.from === 'override')
  )
}

/** The timeline as it is while the override is in force. `phone` is what the catalogue says of the override's code. */
export function applyOverride(
  timeline: EffectiveTimeline,
  override: Override,
  phone: Phone
): EffectiveTimeline {
  const from = override.from
  const until = override.until ?? Infinity
  if (until <= from) return timeline
  const cause: Cause = {
    diversion: override.diversion,
    phone: override.diversion === AVAILABLE ? 'open' : phone,
    from: 'override',
    index: 0,
    private: false
  }
  const boundaries: number[] = []
  const causes: Cause[] = []
  const add = (start: Instant, end: Instant, of: Cause) => {
    if (start >= end) return
    boundaries.push(start, end)
    causes.push(of)
  }
  timeline.causes.forEach((of, index) => {
    add(timeline.boundaries[2 * index]!, Math.min(timeline.boundaries[2 * index + 1]!, from), of)
  })
  add(from, until, cause)
  timeline.causes.forEach((of, index) => {
    add(Math.max(timeline.boundaries[2 * index]!, until), timeline.boundaries[2 * index + 1]!, of)
  })
  // An override that ends just there has an end all the same.
  const truncatedAt = until === timeline.truncatedAt ? null : timeline.truncatedAt
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt }
}
