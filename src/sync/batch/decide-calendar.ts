/**
 * What a read comes to for a user: decisions and timeline. It is done in slices, because a calendar of thousands of events would
 * hold the event loop for tens of milliseconds.
 */
import type { CalendarRead } from '../../connectors/connector.ts'
import { buildTimelineInSteps, type ReadExtent } from '../../domain/build-timeline.ts'
import { type CompiledRules, compileUserTriggers, type Decision, decide } from '../../domain/decide.ts'
import type { Mask } from '../../domain/mask.ts'
import type { Timeline } from '../../domain/timeline.ts'
import { forEachInSlices, runInSlices } from '../../lib/time-slices.ts'
import type { User } from '../../storage/store.ts'

export interface DecidedCalendar {
  /** Of everything that was read, beyond the window too. */
  readonly decisions: readonly Decision[]
  readonly timeline: Timeline
  /** Of the rules that decided. */
  readonly mask: Mask
}

/** The decisions of one user for the events of a read. */
export async function decideEvents(
  rules: CompiledRules,
  { triggers }: User,
  { events }: CalendarRead
): Promise<readonly Decision[]> {
  const own = compileUserTriggers(triggers, rules)
  const decisions: Decision[] = []
  await forEachInSlices(events, (event) => {
    const decision = decide(event, rules, own)
    if (decision !== null) decisions.push(decision)
  })
  return decisions
}

export async function buildDecidedCalendar(
  rules: CompiledRules,
  decisions: readonly Decision[],
  extent: ReadExtent
): Promise<DecidedCalendar> {
  const timeline = await runInSlices(buildTimelineInSteps(decisions, rules, extent))
  return { decisions, timeline, mask: rules.mask }
}
