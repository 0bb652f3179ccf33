/** What of a user's record is over: it is kept for as long as the installation says, and not longer. */
import type { Absence } from './absence.ts'
import type { Instant } from './calendar-event.ts'
import type { Override } from './override.ts'
import { dropEndedBefore, type Timeline } from './timeline.ts'

/** The parts of a record that end. */
export interface EndingParts {
  readonly timeline: Timeline | null
  readonly override: Override | null
  readonly absences: readonly Absence[]
}

/** The parts that have anything that ended by the instant, without that. */
export function withoutEnded(parts: EndingParts, before: Instant): Partial<EndingParts> {
  const { override } = parts
  const shortened = parts.timeline === null ? null : dropEndedBefore(parts.timeline, before)
  const timeline = shortened ?? parts.timeline
  const absences = parts.absences.filter(({ until }) => until > before)
  return {
    ...(shortened !== null && { timeline: shortened }),
    ...(absences.length < parts.absences.length && { absences }),
    ...(override !== null && isOver(override, { timeline, absences }, before) && { override: null })
  }
}

/** Back early lasts as long as the run that it cuts short, which may have become longer since. */
function isOver(
  { until, backEarlyFrom }: Override,
  { timeline, absences }: Omit<EndingParts, 'override'>,
  before: Instant
): boolean {
  if (until === null || until > before) return false
  if (backEarlyFrom === undefined) return true
  const begins = [timeline?.boundaries[0] ?? until, ...absences.map(({ from }) => from)]
  return begins.every((start) => start >= until)
}
