/** A diversion set by hand: from the phone, the softphone or the attendant's console. */
import { startOfNextDay } from '../lib/time-zone.ts'
import type { Instant } from './calendar-event.ts'
import { AVAILABLE, type Diversion, type Phone } from './diversion.ts'
import type { Cause } from './timeline.ts'
import { type EffectiveTimeline, endOfRun, intervalAt } from './timeline-runs.ts'
import { ceilToSecond, floorToSecond } from './whole-seconds.ts'

export interface Override {
  readonly diversion: string
  /** When it was set. It holds from then on. */
  readonly from: Instant
  /** When it ends, or null: it holds until it is removed. */
  readonly until: Instant | null
  /** Overrules the diversion's own. */
  readonly phone?: Phone
  /**
   * Back early: the diversion whose run in the calendar this cuts short. `until` is the end of that run as it was known
   * when the override was set; where a later reading of the calendar shows another end, that end counts.
   */
  readonly backEarlyFrom?: string
}

/** The requested override. Without `until` and `minutes` the diversion's `overrideEnds` says when it ends. */
export interface OverrideRequest {
  /** The catalogue's entry. */
  readonly diversion: Diversion
  /** Null: until it is removed. */
  readonly until?: Instant | null
  readonly minutes?: number
  readonly phone?: Phone
}

/** When and where an override is set. */
export interface OverrideContext {
  readonly at: Instant
  readonly timeZone: string
  /** Of the office; null where there are no office hours: then `nextOpening` is `endOfDay`. */
  readonly nextOpening: Instant | null
}

const MINUTE_MS = 60_000

/**
 * The override that takes the place of `previous` when one is set at `at`. `available` without an end is "back
 * early": it ends with the calendar's present run, and where the calendar diverts nothing it only removes.
 */
export function resolveOverride(
  request: OverrideRequest,
  previous: Override | null,
  calendar: EffectiveTimeline,
  context: OverrideContext
): Override | null {
  const { at } = context
  const { code } = request.diversion
  const continues = previous !== null && isOverrideActive(previous, at) && previous.diversion === code
  const override = {
    diversion: code,
    from: continues ? previous.from : floorToSecond(at),
    ...(request.phone !== undefined && { phone: request.phone })
  }
  if (code === AVAILABLE && request.until == null && request.minutes === undefined) {
    const index = intervalAt(calendar, at)
    const backEarlyFrom = index === null ? AVAILABLE : calendar.causes[index]!.diversion
    if (index === null || backEarlyFrom === AVAILABLE) return null
    return { ...override, until: endOfRun(calendar, index), backEarlyFrom }
  }
  return { ...override, until: endOf(request, context) }
}

function endOf(
  { diversion, until, minutes }: OverrideRequest,
  { at, timeZone, nextOpening }: OverrideContext
): Instant | null {
  if (until !== undefined) return until === null ? null : ceilToSecond(until)
  if (minutes !== undefined) return floorToSecond(at) + minutes * MINUTE_MS
  const ends = diversion.overrideEnds ?? 'manual'
  if (ends === 'manual') return null
  if (typeof ends === 'number') return floorToSecond(at) + ends * MINUTE_MS
  if (ends === 'nextOpening' && nextOpening !== null) return nextOpening
  return startOfNextDay(timeZone, at)
}

/** Whether it holds at the instant, by the end that was known when it was set. */
export function isOverrideActive({ until }: Override, at: Instant): boolean {
  return until === null || until > at
}

/** The timeline as it is while the override is in force. `phone` is what the catalogue says of the override's code. */
export function applyOverride(
  timeline: EffectiveTimeline,
  override: Override,
  phone: Phone
): EffectiveTimeline {
  const { from } = override
  const until = presentEnd(override, timeline)
  if (until <= from) return timeline
  const cause: Cause = {
    diversion: override.diversion,
    phone: override.diversion === AVAILABLE ? 'open' : (override.phone ?? phone),
    from: 'override',
    index: 0,
    private: false,
    forwardTo: null
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
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt: timeline.truncatedAt }
}

/**
 * When it ends by the calendar as it is now; Infinity: when it is removed. Back early ends with the run that it cuts
 * short: the run that holds where the override began, or where what held there is too old to be read still, the one that
 * holds at the end known then. Where the calendar has neither, there is nothing left to come back from.
 */
function presentEnd({ from, until, backEarlyFrom }: Override, calendar: EffectiveTimeline): Instant {
  if (until === null) return Infinity
  if (backEarlyFrom === undefined) return until
  for (const instant of [from, until - 1]) {
    const index = intervalAt(calendar, instant)
    if (index !== null && calendar.causes[index]!.diversion === backEarlyFrom)
      return endOfRun(calendar, index)
  }
  return from
}
