/** Whether the outcome of a reading comes too late to be saved. Every store asks this within the step that saves. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncRecord } from '../domain/sync-state.ts'

/** `at`: when it would be saved. A stored confirmation after that stems from a clock that was set back since, and is ignored. */
export function isStaleWrite(kept: SyncRecord | null, outcome: SyncRecord, at: Instant): boolean {
  if (kept === null || kept.generation !== outcome.generation) return true
  if (kept.confirmedAt === null || kept.confirmedAt > at) return false
  return outcome.confirmedAt === null || outcome.confirmedAt < kept.confirmedAt
}
