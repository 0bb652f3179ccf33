/** A user's timeline: sorted, disjoint, half-open intervals of diversions. */
import type { Instant } from './calendar-event.ts'
import type { Phone } from './diversion.ts'

export type TriggerSource = 'user' | 'tenant'
export type RuleSource = TriggerSource | 'availability'
/** Only those of rules are in a stored timeline: the others are laid over and below it. */
export type CauseSource = RuleSource | 'automaticReply' | 'hours' | 'holiday' | 'absence' | 'override'

/** What gives an interval its diversion. Held in great numbers: equal causes are one object where that can be. */
export interface Cause {
  readonly diversion: string
  readonly phone: Phone
  readonly from: CauseSource
  /** Which of the user's or the RuleSet's triggers (`allTriggers`); for `availability`, which of `mappedStatuses`. */
  readonly index: number
  /** A private event gave it: outside, the rule is `from` alone. */
  readonly private: boolean
  /** Where calls go meanwhile: the number that the event named and that the rules allow. */
  readonly forwardTo: string | null
}

/**
 * Interval `i` is `[boundaries[2i], boundaries[2i + 1])` and holds because of `causes[i]`. Neighbours with equal causes
 * are one interval. Kept as numbers side by side because a service holds millions of them.
 */
export interface Timeline {
  readonly boundaries: Float64Array
  readonly causes: readonly Cause[]
  /** A run that ends here or later may go on by an event that was not read: its end is not known. Null: all ends are. */
  readonly truncatedAt: Instant | null
  /** The RuleSet version that decided, 0 for the default pack. */
  readonly rulesVersion: number
}

/** Whether two timelines give the same in all that ends after the instant. */
export function sameTimelineFrom(one: Timeline, other: Timeline, at: Instant): boolean {
  if (one.truncatedAt !== other.truncatedAt || one.rulesVersion !== other.rulesVersion) return false
  const first = firstEndingAfter(one, at)
  const firstOfOther = firstEndingAfter(other, at)
  if (one.causes.length - first !== other.causes.length - firstOfOther) return false
  for (let index = first; index < one.causes.length; index++) {
    const twin = index - first + firstOfOther
    if (one.boundaries[2 * index] !== other.boundaries[2 * twin]) return false
    if (one.boundaries[2 * index + 1] !== other.boundaries[2 * twin + 1]) return false
    if (!sameCause(one.causes[index]!, other.causes[twin]!)) return false
  }
  return true
}

/** Neighbours that look the same from outside, as one. */
export interface MergedInterval {
  readonly start: Instant
  readonly end: Instant
  readonly diversion: string
  readonly phone: Phone
  /** Of all that was merged, in order. */
  readonly causes: readonly Cause[]
}

/** The intervals that end after the instant, merged where both look the same and nothing lies between. */
export function mergeIntervals(
  timeline: Pick<Timeline, 'boundaries' | 'causes'>,
  at: Instant,
  looksSame: (one: Cause, next: Cause) => boolean = hasSameDiversion
): MergedInterval[] {
  const { boundaries, causes } = timeline
  const merged: MergedInterval[] = []
  for (let index = 0; index < causes.length; index++) {
    const start = boundaries[2 * index]!
    const end = boundaries[2 * index + 1]!
    const cause = causes[index]!
    const last = merged.at(-1)
    if (last?.end === start && looksSame(last.causes[0]!, cause)) {
      merged[merged.length - 1] = { ...last, end, causes: [...last.causes, cause] }
    } else {
      merged.push({ start, end, diversion: cause.diversion, phone: cause.phone, causes: [cause] })
    }
  }
  return merged.filter(({ end }) => end > at)
}

function hasSameDiversion(one: Cause, next: Cause): boolean {
  return one.diversion === next.diversion && one.phone === next.phone
}

/** The index of the first interval that ends after the instant; the number of intervals when none does. */
export function firstEndingAfter(
  { boundaries, causes }: Pick<Timeline, 'boundaries' | 'causes'>,
  at: Instant
): number {
  let low = 0
  let high = causes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (boundaries[2 * middle + 1]! > at) high = middle
    else low = middle + 1
  }
  return low
}

/** Without what ended before the instant; null where nothing did. What touches an interval that stays stays too: its start may show. */
export function dropEndedBefore(timeline: Timeline, at: Instant): Timeline | null {
  const { boundaries, causes } = timeline
  let first = firstEndingAfter(timeline, at)
  while (first > 0 && first < causes.length && boundaries[2 * first - 1] === boundaries[2 * first]) first--
  if (first === 0) return null
  return { ...timeline, boundaries: boundaries.slice(2 * first), causes: causes.slice(first) }
}

/** Equal for causes that are equal in all. */
export function causeKey(cause: Cause): string {
  const { diversion, phone, from, index, private: isPrivate, forwardTo } = cause
  return `${from} ${index} ${isPrivate} ${phone} ${diversion} ${forwardTo ?? ''}`
}

function sameCause(one: Cause, other: Cause): boolean {
  return one === other || causeKey(one) === causeKey(other)
}
