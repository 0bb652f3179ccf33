/** How far an import of users is. */
import type { Instant } from '../domain/calendar-event.ts'

export interface ImportProgress {
  /** Of the import: a later one has another. */
  readonly id: string
  readonly state: 'running' | 'done' | 'interrupted'
  readonly mode: 'merge' | 'replace'
  readonly startedAt: Instant
  /** When this was saved. One that runs saves it every few seconds, unless the store is away. */
  readonly updatedAt: Instant
  /** Users in the file, and those who are removed because they are not. */
  readonly total: number
  /** Of `total`: those who are at least saved. */
  readonly saved: number
  /** What all of them come to. */
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly removed: number
}
