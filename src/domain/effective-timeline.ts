/** What holds for a user: the sources of diversions laid over each other. docs/precedence.md has the table. */
import { type Absence, absenceTimeline } from './absence.ts'
import type { Instant } from './calendar-event.ts'
import type { Catalogue } from './catalogue.ts'
import type { Floor } from './hours/floor.ts'
import { layOver } from './lay-over.ts'
import { applyOverride, type Override } from './override.ts'
import type { EffectiveTimeline } from './timeline-runs.ts'

/** Of one user. */
export interface DiversionSources {
  readonly calendar: EffectiveTimeline
  readonly absences: readonly Absence[]
  /** Null: no office hours. */
  readonly floor: Floor | null
}

/** All of them but the override: what an override lies over, and what somebody comes back early from. The floor is of `at`. */
export function layTimeline(
  { calendar, absences, floor }: DiversionSources,
  catalogue: Catalogue,
  at: Instant
): EffectiveTimeline {
  const diverted = layOver(calendar, absenceTimeline(absences, catalogue), (lower, upper) => upper ?? lower)
  return floor === null ? diverted : floor.layBelow(diverted, at)
}

/** With the override over them. */
export function layOverride(
  below: EffectiveTimeline,
  override: Override | null,
  catalogue: Catalogue
): EffectiveTimeline {
  return override === null ? below : applyOverride(below, override, catalogue.find(override.diversion).phone)
}
