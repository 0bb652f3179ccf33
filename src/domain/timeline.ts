/** A user's timeline: sorted, disjoint, half-open intervals of diversions, from decisions in any order. */
import type { Instant } from './calendar-event.ts'
import type { CompiledRules, Decision } from './decide.ts'
import { AVAILABLE, type Phone } from './diversion.ts'

export type TriggerSource = 'user' | 'tenant'
export type RuleSource = TriggerSource | 'availability'

/** What gives an interval its diversion. Held in great numbers: equal grounds are one object where that can be. */
export interface Ground {
  readonly diversion: string
  readonly phone: Phone
  /** `override` only where one is laid over the calendar (status.ts); it is never stored in a timeline. */
  readonly from: RuleSource | 'override'
  /** Which of the user's or the RuleSet's triggers; for `availability`, which of `mappedStatuses`. */
  readonly index: number
  /** A private event gave it: outside, the rule is `from` alone. */
  readonly private: boolean
}

/**
 * Interval `i` is `[borders[2i], borders[2i + 1])` and holds because of `grounds[i]`. Neighbours with equal grounds
 * are one interval. Kept as numbers side by side because a service holds millions of them.
 */
export interface Timeline {
  readonly borders: Float64Array
  readonly grounds: readonly Ground[]
  /** Where an unread event carries on (`CalendarRead.unreadAt`): a run that ends there has no known end. */
  readonly unreadAt: Instant | null
  /** The RuleSet version that decided, 0 for the default pack. */
  readonly rulesVersion: number
}

export function timelineOf(
  decisions: readonly Decision[],
  rules: CompiledRules,
  unreadAt: Instant | null
): Timeline {
  const ladder = ladderOf(decisions, rules)
  const rungs = new Map(ladder.map((ground, rung) => [groundKey(ground), rung]))
  const changes = decisions
    .flatMap(({ start, end, ground }) => {
      const rung = rungs.get(groundKey(ground))!
      return [
        { at: start, rung, by: 1 },
        { at: end, rung, by: -1 }
      ]
    })
    .sort((a, b) => a.at - b.at)

  const holding = new Int32Array(ladder.length)
  const borders: number[] = []
  const grounds: Ground[] = []
  changes.forEach((change, index) => {
    holding[change.rung]! += change.by
    const until = changes[index + 1]?.at
    if (until === undefined || until === change.at) return
    const ground = winner(ladder, holding)
    if (ground === null) return
    if (grounds.at(-1) === ground && borders.at(-1) === change.at) borders[borders.length - 1] = until
    else {
      borders.push(change.at, until)
      grounds.push(ground)
    }
  })
  return { borders: Float64Array.from(borders), grounds, unreadAt, rulesVersion: rules.version }
}

/** Whether two timelines give the same in all that ends after the instant. */
export function sameFrom(one: Timeline, other: Timeline, at: Instant): boolean {
  if (one.unreadAt !== other.unreadAt || one.rulesVersion !== other.rulesVersion) return false
  const first = firstEndingAfter(one, at)
  const firstOfOther = firstEndingAfter(other, at)
  if (one.grounds.length - first !== other.grounds.length - firstOfOther) return false
  for (let index = first; index < one.grounds.length; index++) {
    const twin = index - first + firstOfOther
    if (one.borders[2 * index] !== other.borders[2 * twin]) return false
    if (one.borders[2 * index + 1] !== other.borders[2 * twin + 1]) return false
    if (!sameGround(one.grounds[index]!, other.grounds[twin]!)) return false
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
  readonly grounds: readonly Ground[]
}

/** The intervals that end after the instant, merged where diversion and phone are the same and nothing lies between. */
export function mergedFrom(timeline: Pick<Timeline, 'borders' | 'grounds'>, at: Instant): MergedInterval[] {
  const { borders, grounds } = timeline
  const merged: MergedInterval[] = []
  for (let index = 0; index < grounds.length; index++) {
    const start = borders[2 * index]!
    const end = borders[2 * index + 1]!
    const ground = grounds[index]!
    const last = merged.at(-1)
    if (last?.end === start && last.diversion === ground.diversion && last.phone === ground.phone) {
      merged[merged.length - 1] = { ...last, end, grounds: [...last.grounds, ground] }
    } else {
      merged.push({ start, end, diversion: ground.diversion, phone: ground.phone, grounds: [ground] })
    }
  }
  return merged.filter(({ end }) => end > at)
}

/** The index of the first interval that ends after the instant; the number of intervals when none does. */
export function firstEndingAfter(
  { borders, grounds }: Pick<Timeline, 'borders' | 'grounds'>,
  at: Instant
): number {
  let low = 0
  let high = grounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (borders[2 * middle + 1]! > at) high = middle
    else low = middle + 1
  }
  return low
}

/** The distinct grounds, the one that wins first. */
function ladderOf(decisions: readonly Decision[], { rank }: CompiledRules): Ground[] {
  const distinct = new Map(decisions.map(({ ground }) => [groundKey(ground), ground]))
  const place = (ground: Ground) => rank.get(ground.diversion) ?? rank.size
  return [...distinct.values()].sort(
    (a, b) =>
      place(a) - place(b) ||
      Number(a.from === 'availability') - Number(b.from === 'availability') ||
      Number(a.phone === 'open') - Number(b.phone === 'open') ||
      Number(a.from === 'tenant') - Number(b.from === 'tenant') ||
      a.index - b.index ||
      // Of two events alike the private one is told of, so that nothing of it shows.
      Number(b.private) - Number(a.private)
  )
}

/** What holds where these grounds overlap: if a trigger gives `available`, availability has no say. */
function winner(ladder: readonly Ground[], holding: Int32Array): Ground | null {
  let first: Ground | null = null
  let firstTrigger: Ground | null = null
  let saidAvailable = false
  for (let rung = 0; rung < ladder.length; rung++) {
    if (holding[rung] === 0) continue
    const ground = ladder[rung]!
    first ??= ground
    if (ground.from === 'availability') continue
    firstTrigger ??= ground
    if (ground.diversion === AVAILABLE) saidAvailable = true
  }
  return saidAvailable ? firstTrigger : first
}

/** Equal for grounds that are equal in all. */
export function groundKey(ground: Ground): string {
  return `${ground.from} ${ground.index} ${ground.private} ${ground.phone} ${ground.diversion}`
}

function sameGround(one: Ground, other: Ground): boolean {
  return one === other || groundKey(one) === groundKey(other)
}
