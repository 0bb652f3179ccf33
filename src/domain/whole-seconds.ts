/** Every instant of a Status is in whole seconds, so that simple clients can read it. */
import type { Instant } from './calendar-event.ts'

const SECOND_MS = 1000

export function floorToSecond(instant: Instant): Instant {
  return Math.floor(instant / SECOND_MS) * SECOND_MS
}

export function ceilToSecond(instant: Instant): Instant {
  return Math.ceil(instant / SECOND_MS) * SECOND_MS
}
