/** The local times that one recurrence rule gives (RFC 5545 section 3.3.10), bounded by a range and a budget. */
import type { Wall } from '../../lib/time-zone.ts'
import type { RecurrenceRule } from './parse-recurrence-rule.ts'
import { RecurrencePeriods } from './recurrence-periods.ts'
import { TooMuchWork, WorkBudget } from './work-budget.ts'

/** DTSTART on the clock of its own zone. */
export interface RuleStart {
  readonly wall: Wall
  readonly isDate: boolean
}

/** Both ends are inclusive. */
export interface WallRange {
  readonly from: Wall
  readonly to: Wall
}

/**
 * The local times within the range, ascending. DTSTART is among them only where the rule gives it, but always counts as
 * the first of COUNT (section 3.3.10). UNTIL is left to the caller, who knows the zone. Throws TooMuchWork.
 */
export function* expandRecurrenceRule(
  rule: RecurrenceRule,
  start: RuleStart,
  range: WallRange,
  budget: WorkBudget
): Generator<Wall> {
  const periods = new RecurrencePeriods(rule, start, budget)
  // COUNT has to be counted from the beginning, unless each period gives exactly one.
  const canSkip = rule.count === null || periods.giveOneEach
  let index = canSkip && range.from > start.wall ? Math.max(0, periods.indexAt(range.from) - 1) : 0
  let given = rule.count !== null && periods.giveOneEach ? index : 0
  let last: Wall | null = null
  for (;;) {
    const begin = periods.beginOf(index)
    if (begin === null || begin > range.to) return
    budget.spend(1)
    const later = periods.nextPossible(begin)
    if (later !== null) {
      index = Math.max(index + 1, periods.indexFrom(later))
      continue
    }
    for (const wall of periods.wallsIn(begin)) {
      if (wall < start.wall || wall === last) continue
      if (wall > range.to) return
      if (last === null && given === 0 && wall !== start.wall) given = 1
      last = wall
      given += 1
      if (rule.count !== null && given > rule.count) return
      if (wall >= range.from) yield wall
    }
    if (rule.count !== null && given >= rule.count) return
    index += 1
  }
}

/** In yearly periods more than the 400 years after which the Gregorian calendar repeats itself. */
const MAX_PROBE_STEPS = 200_000

/** Whether the rule gives nothing at all, such as 30 February. COUNT and UNTIL play no part in it. */
export function isEmptyRule(rule: RecurrenceRule, start: RuleStart, budget: WorkBudget): boolean {
  const probe = new WorkBudget(MAX_PROBE_STEPS)
  try {
    const range = { from: start.wall, to: Number.POSITIVE_INFINITY }
    const first = expandRecurrenceRule({ ...rule, count: null }, start, range, probe).next()
    budget.spend(MAX_PROBE_STEPS - probe.left)
    return first.done === true
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error
    budget.spend(MAX_PROBE_STEPS)
    return true
  }
}
