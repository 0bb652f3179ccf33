/** The floor: what holds outside office hours where nothing stronger does. */
import type { Instant, Span } from '../calendar-event.ts'
import type { Catalogue } from '../catalogue.ts'
import { layOver } from '../lay-over.ts'
import { mappedStatuses } from '../rule-set.ts'
import type { Cause } from '../timeline.ts'
import { type EffectiveTimeline, emptyTimeline } from '../timeline-runs.ts'
import { windowAt } from '../window.ts'
import type { OfficeHours } from './office-hours.ts'
import { OpeningCalendar } from './opening-calendar.ts'

const DAY_MS = 86_400_000
/** Days beyond the window for which a floor is laid, so that it need not be laid anew every day. */
const FLOOR_DAYS_BEYOND = 15
/** Days after which a floor must be laid anew: until then it covers the window. */
export const FLOOR_DAYS = FLOOR_DAYS_BEYOND - 1

/** Of a tenant's hours, shared by all users who keep them. */
export class Floor {
  readonly opening: OpeningCalendar
  readonly #causeOf: (holiday: string | null) => Cause
  readonly #outside: string | null
  /** The names of holidays that causes count in. */
  readonly #names: string[] = []
  #kept: { readonly from: Instant; readonly timeline: EffectiveTimeline } | null = null

  constructor(hours: OfficeHours, zone: string, catalogue: Catalogue) {
    this.opening = new OpeningCalendar(hours, hours.zone ?? zone)
    this.#outside = hours.outside
    const diversion = hours.outside ?? ''
    const { phone } = catalogue.find(diversion)
    const causes = new Map<string | null, Cause>()
    this.#causeOf = (holiday) => {
      const known = causes.get(holiday)
      if (known !== undefined) return known
      const index = holiday === null ? 0 : this.#names.push(holiday) - 1
      const from = holiday === null ? 'hours' : 'holiday'
      const cause: Cause = { diversion, phone, from, index, private: false, forwardTo: null }
      causes.set(holiday, cause)
      return cause
    }
  }

  holidayName({ from, index }: Cause): string | null {
    return from === 'holiday' ? (this.#names[index] ?? null) : null
  }

  /** The timeline with the floor below it, for the window of the instant and for what reaches beyond that. */
  layBelow(timeline: EffectiveTimeline, at: Instant): EffectiveTimeline {
    if (this.#outside === null) return timeline
    const { start, end } = windowAt(at)
    const window = { start, end: end + FLOOR_DAYS_BEYOND * DAY_MS }
    return this.#closeEnds(layOver(timeline, this.#timelineOf(window), chooseFloor), window.end)
  }

  #timelineOf({ start, end }: Span): EffectiveTimeline {
    if (this.#kept?.from !== start) {
      const from = this.opening.closingAt(start)?.start ?? start
      const until = this.opening.closingAt(end)?.end ?? end
      this.#kept = { from: start, timeline: this.#build(from, until) }
    }
    return this.#kept.timeline
  }

  #build(from: Instant, until: Instant): EffectiveTimeline {
    const boundaries: number[] = []
    const causes: Cause[] = []
    for (const { start, end, holiday } of this.opening.closings(from, until)) {
      const cause = this.#causeOf(holiday)
      if (boundaries.at(-1) === start && causes.at(-1) === cause) boundaries[boundaries.length - 1] = end
      else {
        boundaries.push(start, end)
        causes.push(cause)
      }
    }
    return { boundaries: Float64Array.from(boundaries), causes, truncatedAt: null }
  }

  /** What ends in closed time beyond the window is followed by the floor until the office opens. */
  #closeEnds(timeline: EffectiveTimeline, windowEnd: Instant): EffectiveTimeline {
    const { boundaries, causes } = timeline
    if ((boundaries.at(-1) ?? 0) <= windowEnd) return timeline
    let tail = emptyTimeline
    const pieces: [Instant, Instant][] = []
    for (let index = causes.length - 1; index >= 0; index--) {
      const end = boundaries[2 * index + 1]!
      if (end <= windowEnd) break
      const next = boundaries[2 * index + 2] ?? Infinity
      const closing = end < next && end < Infinity ? this.opening.closingAt(end) : null
      if (closing !== null) pieces.unshift([end, Math.min(closing.end, next)])
    }
    for (const [from, until] of pieces) tail = append(tail, this.#build(from, until), from, until)
    return layOver(timeline, tail, chooseFloor)
  }
}

function append(
  head: EffectiveTimeline,
  { boundaries, causes }: EffectiveTimeline,
  from: Instant,
  until: Instant
): EffectiveTimeline {
  const cut = boundaries.map((boundary) => Math.min(Math.max(boundary, from), until))
  return {
    ...head,
    boundaries: Float64Array.of(...head.boundaries, ...cut),
    causes: [...head.causes, ...causes]
  }
}

/**
 * Where nothing diverts, and where availability alone does: a meeting in the evening that nobody named closes no later than the
 * office. Out of office stays: it lasts for days, and its end is what callers are told.
 */
function chooseFloor(lower: Cause | null, floor: Cause | null): Cause | null {
  if (floor === null || lower === null) return floor ?? lower
  return lower.from === 'availability' && mappedStatuses[lower.index] !== 'oof' ? floor : lower
}
