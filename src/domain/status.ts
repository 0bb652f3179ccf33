/** What holds for a user at an instant: a pure function of the timeline with the override laid over it. */
import type { Instant } from './calendar-event.ts'
import { AVAILABLE, type Phone } from './diversion.ts'
import type { Override } from './override.ts'
import { firstEndingAfter, type Ground, type Timeline } from './timeline.ts'

/** A timeline over which an override may lie: then some grounds are from `override` and an end may be Infinity. */
export type LaidOver = Pick<Timeline, 'borders' | 'grounds' | 'unreadAt'>

export interface Moment {
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
  readonly ground: Ground | null
}

export const emptyTimeline: LaidOver = { borders: new Float64Array(0), grounds: [], unreadAt: null }

export function momentAt(timeline: LaidOver, at: Instant): Moment {
  const { borders, grounds } = timeline
  const index = firstEndingAfter(timeline, at)
  const holds = index < grounds.length && borders[2 * index]! <= at
  const ground = holds ? grounds[index]! : null
  if (ground === null || ground.diversion === AVAILABLE) return availableAt(timeline, index, ground)

  const first = runStart(timeline, index)
  const last = runEnd(timeline, index, (other) => other.diversion === ground.diversion)
  const lastClosed = runEnd(timeline, index, (other) => other.phone === 'closed')
  return {
    diversion: ground.diversion,
    phone: ground.phone,
    since: borders[2 * first]!,
    until: knownEnd(timeline, last),
    reachableAt: ground.phone === 'closed' ? knownEnd(timeline, lastClosed) : null,
    next: nextRun(timeline, last + 1),
    source: ground.from === 'override' ? 'override' : 'calendar',
    ground
  }
}

/** `index` is the interval that holds, if `ground` is given, else the next one. */
function availableAt(timeline: LaidOver, index: number, ground: Ground | null): Moment {
  const { borders, grounds } = timeline
  let before = index - 1
  while (before >= 0 && grounds[before]!.diversion === AVAILABLE) before--
  const next = nextRun(timeline, index)
  return {
    diversion: AVAILABLE,
    phone: 'open',
    since: before < 0 ? null : borders[2 * before + 1]!,
    until: next?.from ?? null,
    reachableAt: null,
    next,
    source: ground === null ? 'none' : ground.from === 'override' ? 'override' : 'calendar',
    ground
  }
}

function nextRun(timeline: LaidOver, from: number): Moment['next'] {
  const { borders, grounds } = timeline
  let index = from
  while (index < grounds.length && grounds[index]!.diversion === AVAILABLE) index++
  const ground = grounds[index]
  if (ground === undefined) return null
  const last = runEnd(timeline, index, (other) => other.diversion === ground.diversion)
  return { diversion: ground.diversion, from: borders[2 * index]!, until: knownEnd(timeline, last) }
}

function runStart({ borders, grounds }: LaidOver, index: number): number {
  const { diversion } = grounds[index]!
  let first = index
  while (
    first > 0 &&
    borders[2 * first - 1] === borders[2 * first] &&
    grounds[first - 1]!.diversion === diversion
  ) {
    first--
  }
  return first
}

function runEnd({ borders, grounds }: LaidOver, index: number, goesOn: (ground: Ground) => boolean): number {
  let last = index
  while (
    last + 1 < grounds.length &&
    borders[2 * last + 1] === borders[2 * last + 2] &&
    goesOn(grounds[last + 1]!)
  ) {
    last++
  }
  return last
}

function knownEnd({ borders, unreadAt }: LaidOver, index: number): Instant | null {
  const end = borders[2 * index + 1]!
  return end === Infinity || end === unreadAt ? null : end
}

/** The next instant after `at` at which what a Status shows turns by the calendar or the override; else Infinity. */
export function nextBorder(timeline: LaidOver, at: Instant): Instant {
  const { borders, grounds } = timeline
  for (let index = firstEndingAfter(timeline, at); index < grounds.length; index++) {
    const start = borders[2 * index]!
    const end = borders[2 * index + 1]!
    if (start > at && (index === 0 || borders[2 * index - 1]! < start)) return start
    const neighbour = borders[2 * index + 2] === end ? grounds[index + 1]! : null
    if (end !== Infinity && !showSame(grounds[index]!, neighbour)) return end
  }
  return Infinity
}

function showSame(ground: Ground, next: Ground | null): boolean {
  return (
    next !== null &&
    ground.diversion === next.diversion &&
    ground.phone === next.phone &&
    (ground.from === 'override') === (next.from === 'override')
  )
}

/** The timeline as it is while the override is in force. `phone` is what the catalogue says of the override's code. */
export function layOver(timeline: LaidOver, override: Override, phone: Phone): LaidOver {
  const from = override.from
  const until = override.until ?? Infinity
  if (until <= from) return timeline
  const ground: Ground = {
    diversion: override.diversion,
    phone: override.diversion === AVAILABLE ? 'open' : phone,
    from: 'override',
    index: 0,
    private: false
  }
  const borders: number[] = []
  const grounds: Ground[] = []
  const add = (start: Instant, end: Instant, of: Ground) => {
    if (start >= end) return
    borders.push(start, end)
    grounds.push(of)
  }
  timeline.grounds.forEach((of, index) => {
    add(timeline.borders[2 * index]!, Math.min(timeline.borders[2 * index + 1]!, from), of)
  })
  add(from, until, ground)
  timeline.grounds.forEach((of, index) => {
    add(Math.max(timeline.borders[2 * index]!, until), timeline.borders[2 * index + 1]!, of)
  })
  // An override that ends just there has an end all the same.
  const unreadAt = until === timeline.unreadAt ? null : timeline.unreadAt
  return { borders: Float64Array.from(borders), grounds, unreadAt }
}
