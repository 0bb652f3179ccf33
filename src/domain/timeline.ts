/** A user's timeline: sorted, disjoint, half-open intervals of diversions, from decisions in any order. */
import type { Instant } from './calendar-event.ts'
import type { CompiledRules, Decision } from './decide.ts'
import { AVAILABLE, type Phone } from './diversion.ts'

export type TriggerSource = 'user' | 'tenant'
export type RuleSource = TriggerSource | 'availability'

/** What gives an interval its diversion. Held in great numbers: equal causes are one object where that can be. */
export interface Cause {
  readonly diversion: string
  readonly phone: Phone
  /** `override` only where an override lies over the calendar (override.ts); a timeline never stores it. */
  readonly from: RuleSource | 'override'
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
  /** A run that ends here or later may go on, by an event that was not read: its end is not known. Null: all ends are. */
  readonly truncatedAt: Instant | null
  /** The RuleSet version that decided, 0 for the default pack. */
  readonly rulesVersion: number
}

export function buildTimeline(
  decisions: readonly Decision[],
  rules: CompiledRules,
  truncatedAt: Instant | null
): Timeline {
  const priorityOrder = sortByPriority(decisions, rules)
  const priorities = new Map(priorityOrder.map((cause, priority) => [causeKey(cause), priority]))
  const changes = decisions
    .flatMap(({ start, end, cause }) => {
      const priority = priorities.get(causeKey(cause))!
      return [
        { at: start, priority, by: 1 },
        { at: end, priority, by: -1 }
      ]
    })
    .sort((a, b) => a.at - b.at)

  const holding = new Int32Array(priorityOrder.length)
  const boundaries: number[] = []
  const causes: Cause[] = []
  changes.forEach((change, index) => {
    holding[change.priority]! += change.by
    const until = changes[index + 1]?.at
    if (until === undefined || until === change.at) return
    const cause = winner(priorityOrder, holding)
    if (cause === null) return
    if (causes.at(-1) === cause && boundaries.at(-1) === change.at) boundaries[boundaries.length - 1] = until
    else {
      boundaries.push(change.at, until)
      causes.push(cause)
    }
  })
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt, rulesVersion: rules.version }
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

/** The intervals that end after the instant, merged where diversion and phone are the same and nothing lies between. */
export function mergeIntervals(
  timeline: Pick<Timeline, 'boundaries' | 'causes'>,
  at: Instant
): MergedInterval[] {
  const { boundaries, causes } = timeline
  const merged: MergedInterval[] = []
  for (let index = 0; index < causes.length; index++) {
    const start = boundaries[2 * index]!
    const end = boundaries[2 * index + 1]!
    const cause = causes[index]!
    const last = merged.at(-1)
    if (last?.end === start && last.diversion === cause.diversion && last.phone === cause.phone) {
      merged[merged.length - 1] = { ...last, end, causes: [...last.causes, cause] }
    } else {
      merged.push({ start, end, diversion: cause.diversion, phone: cause.phone, causes: [cause] })
    }
  }
  return merged.filter(({ end }) => end > at)
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

/** The distinct causes, the one that wins first. */
function sortByPriority(decisions: readonly Decision[], { rank }: CompiledRules): Cause[] {
  const distinct = new Map(decisions.map(({ cause }) => [causeKey(cause), cause]))
  const rankOf = (cause: Cause) => rank.get(cause.diversion) ?? rank.size
  return [...distinct.values()].sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      Number(a.from === 'availability') - Number(b.from === 'availability') ||
      Number(a.phone === 'open') - Number(b.phone === 'open') ||
      Number(a.from === 'tenant') - Number(b.from === 'tenant') ||
      a.index - b.index ||
      // Of two events alike the private one counts, so that nothing of it shows.
      Number(b.private) - Number(a.private) ||
      compareForward(a.forwardTo, b.forwardTo)
  )
}

/** A number before none, and of two numbers the one that sorts first: any order will do, if it is always the same. */
function compareForward(one: string | null, other: string | null): number {
  if (one === other) return 0
  if (one === null || other === null) return one === null ? 1 : -1
  return one < other ? -1 : 1
}

/** What holds where these causes overlap: if a trigger gives `available`, availability has no say. */
function winner(priorityOrder: readonly Cause[], holding: Int32Array): Cause | null {
  let first: Cause | null = null
  let firstTrigger: Cause | null = null
  let saidAvailable = false
  for (let priority = 0; priority < priorityOrder.length; priority++) {
    if (holding[priority] === 0) continue
    const cause = priorityOrder[priority]!
    first ??= cause
    if (cause.from === 'availability') continue
    firstTrigger ??= cause
    if (cause.diversion === AVAILABLE) saidAvailable = true
  }
  return saidAvailable ? firstTrigger : first
}

/** Equal for causes that are equal in all. */
export function causeKey(cause: Cause): string {
  const { diversion, phone, from, index, private: isPrivate, forwardTo } = cause
  return `${from} ${index} ${isPrivate} ${phone} ${diversion} ${forwardTo ?? ''}`
}

function sameCause(one: Cause, other: Cause): boolean {
  return one === other || causeKey(one) === causeKey(other)
}
