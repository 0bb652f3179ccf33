/** What holds for a user: the sources of diversions laid over each other, the weakest first. */
import { type Absence, absenceTimeline } from './absence.ts'
import type { Catalogue } from './catalogue.ts'
import { layOver } from './lay-over.ts'
import { applyOverride, type Override } from './override.ts'
import type { EffectiveTimeline } from './timeline-runs.ts'

/** Of one user. */
export interface DiversionSources {
  readonly calendar: EffectiveTimeline
  readonly absences: readonly Absence[]
}

/** All of them but the override: what an override lies over, and what somebody comes back early from. */
export function layTimeline(
  { calendar, absences }: DiversionSources,
  catalogue: Catalogue
): EffectiveTimeline {
  return layOver(calendar, absenceTimeline(absences, catalogue), (lower, upper) => upper ?? lower)
}

/** With the override over them. */
export function layOverride(
  below: EffectiveTimeline,
  override: Override | null,
  catalogue: Catalogue
): EffectiveTimeline {
  return override === null ? below : applyOverride(below, override, catalogue.find(override.diversion).phone)
}
