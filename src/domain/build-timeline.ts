/** Builds a timeline from decisions in any order, and knows of which runs the end was read. */
import { runAtOnce, type Steps } from '../lib/steps.ts'
import type { Instant } from './calendar-event.ts'
import type { CompiledRules, Decision } from './decide.ts'
import { AVAILABLE } from './diversion.ts'
import { type Cause, causeKey, firstEndingAfter, type Timeline } from './timeline.ts'
import { type EffectiveTimeline, lastOfRun } from './timeline-runs.ts'

/** What was read of a calendar: every event that touches the window, and of those after it the ones up to `readUntil`. */
export interface ReadExtent {
  /** The end of the window. */
  readonly horizon: Instant
  /** No event that begins here or later was read. The horizon, unless a run was followed beyond it. */
  readonly readUntil: Instant
}

/** Events or instants between two pauses. */
const itemsPerStep = 256

function isLastOfStep(index: number): boolean {
  return index % itemsPerStep === itemsPerStep - 1
}

/**
 * `extent` is null where every event there is was given. Where `truncatedAt` of the result is not null, a run that reaches
 * the horizon goes on at `readUntil`, or may do so: to find its end, the caller reads further and builds anew from all decisions.
 */
export function buildTimeline(
  decisions: readonly Decision[],
  rules: CompiledRules,
  extent: ReadExtent | null
): Timeline {
  return runAtOnce(buildTimelineInSteps(decisions, rules, extent))
}

/** As `buildTimeline`, with pauses: in one go, thousands of events would hold the event loop for long. */
export function* buildTimelineInSteps(
  decisions: readonly Decision[],
  rules: CompiledRules,
  extent: ReadExtent | null
): Steps<Timeline> {
  const keys = new Map<Cause, string>()
  for (const [index, { cause }] of decisions.entries()) {
    if (isLastOfStep(index)) yield
    if (!keys.has(cause)) keys.set(cause, causeKey(cause))
  }
  const priorityOrder = sortByPriority(new Map([...keys].map(([cause, key]) => [key, cause])), rules)
  const priorities = new Map(priorityOrder.map((cause, priority) => [causeKey(cause), priority]))
  /** What begins (its priority) and ends (its complement) at each instant. */
  const changes = new Map<Instant, number[]>()
  for (const [index, { start, end, cause }] of decisions.entries()) {
    if (isLastOfStep(index)) yield
    const priority = priorities.get(keys.get(cause)!)!
    addChange(changes, start, priority)
    addChange(changes, end, ~priority)
  }

  const holding = new Int32Array(priorityOrder.length)
  const boundaries: number[] = []
  const causes: Cause[] = []
  const instants = Float64Array.from(changes.keys()).sort()
  for (const [index, at] of instants.entries()) {
    if (isLastOfStep(index)) yield
    for (const change of changes.get(at)!) {
      if (change >= 0) holding[change]! += 1
      else holding[~change]! -= 1
    }
    const until = instants[index + 1]
    const cause = until === undefined ? null : winner(priorityOrder, holding)
    if (until === undefined || cause === null) continue
    if (causes.at(-1) === cause && boundaries.at(-1) === at) boundaries[boundaries.length - 1] = until
    else {
      boundaries.push(at, until)
      causes.push(cause)
    }
  }
  const all = { boundaries: Float64Array.from(boundaries), causes, truncatedAt: null }
  const { horizon, readUntil } = extent ?? { horizon: Infinity, readUntil: Infinity }
  return { ...limitToExtent(all, horizon, readUntil), rulesVersion: rules.version }
}

/**
 * Beyond the horizon nothing is kept but the runs that reach it, of the diversion and of closed phone. Events that begin at
 * `readUntil` or later could prolong whatever ends there or later, and nothing that ends before.
 */
function limitToExtent(timeline: EffectiveTimeline, horizon: Instant, readUntil: Instant): EffectiveTimeline {
  const { boundaries, causes } = timeline
  const first = firstEndingAfter(timeline, horizon - 1)
  const reaches = first < causes.length && boundaries[2 * first]! < horizon
  let kept = reaches ? lastOfRuns(timeline, first) + 1 : first
  // What begins there may be covered by what was not read.
  while (kept > 0 && boundaries[2 * kept - 2]! >= readUntil) kept--
  let truncatedAt: Instant | null = null
  for (let index = kept - 1; index >= 0; index--) {
    const end = boundaries[2 * index + 1]!
    if (end < readUntil) break
    truncatedAt = causes[index]!.diversion === AVAILABLE ? truncatedAt : end
  }
  return { boundaries: boundaries.slice(0, 2 * kept), causes: causes.slice(0, kept), truncatedAt }
}

/** The last interval of the run of closed phone, and of the run of the diversion in which that ends. */
function lastOfRuns(timeline: EffectiveTimeline, index: number): number {
  const isClosed = timeline.causes[index]!.phone === 'closed'
  const last = isClosed ? lastOfRun(timeline, index, ({ phone }) => phone === 'closed') : index
  const { diversion } = timeline.causes[last]!
  return lastOfRun(timeline, last, (other) => other.diversion === diversion)
}

function addChange(changes: Map<Instant, number[]>, at: Instant, change: number): void {
  const known = changes.get(at)
  if (known === undefined) changes.set(at, [change])
  else known.push(change)
}

/** The distinct causes, the one that wins first. */
function sortByPriority(distinct: ReadonlyMap<string, Cause>, { rank }: CompiledRules): Cause[] {
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
