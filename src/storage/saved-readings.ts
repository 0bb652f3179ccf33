/** What one write of readings saved, for followers of the store's feed. */
import type { Instant } from '../domain/calendar-event.ts'
import type { SyncRecord } from '../domain/sync-state.ts'
import type { Timeline } from '../domain/timeline.ts'

export interface SavedReading {
  readonly user: string
  readonly sync: SyncRecord
  /** `same`: what is held stands. */
  readonly timeline: Timeline | 'same'
}

/**
 * Who holds the store as it was just before the write need not read it to hold it as it is after: the log was at `position` then,
 * logged at `loggedAt`.
 */
export interface SavedReadings {
  readonly epoch: string
  /** Of the write: see `TenantSnapshot.revision`. */
  readonly revision: number
  readonly position: number
  readonly loggedAt: Instant
  /** Decodes them. */
  readonly readings: () => readonly SavedReading[]
}
