/** A diversion set by hand: from the phone, the softphone or the attendant's console. */
import type { Instant } from './calendar-event.ts'
import { AVAILABLE } from './diversion.ts'
import { type EffectiveTimeline, statusAt } from './status.ts'

export interface Override {
  readonly diversion: string
  /** When it was set. It holds from then on. */
  readonly from: Instant
  /** When it ends, or null: it holds until it is removed. */
  readonly until: Instant | null
}

export function isOverrideActive(override: Override | null, at: Instant): override is Override {
  return override !== null && (override.until === null || override.until > at)
}

/**
 * The override that takes the place of `previous` when somebody sets `diversion` at `at`. "Back early" (`available`
 * without `until`) ends with the calendar's present run, and where the calendar diverts nothing it only removes.
 */
export function resolveOverride(
  previous: Override | null,
  calendar: EffectiveTimeline,
  diversion: string,
  until: Instant | null,
  at: Instant
): Override | null {
  const continues = isOverrideActive(previous, at) && previous.diversion === diversion
  const from = continues ? previous.from : at
  if (diversion !== AVAILABLE || until !== null) return { diversion, from, until }
  const end = endOfPresentRun(calendar, at)
  return end === null ? null : { diversion, from, until: end }
}

function endOfPresentRun(calendar: EffectiveTimeline, at: Instant): Instant | null {
  const moment = statusAt(calendar, at)
  if (moment.diversion === AVAILABLE) return null
  if (moment.until !== null) return moment.until
  // Nobody knows where the run ends: it is the last of what is known, whose end will have to do.
  return calendar.boundaries.at(-1)!
}
