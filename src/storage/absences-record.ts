/** What is kept of a user's absences, as one record. */
import type { Absence } from '../domain/absence.ts'

export interface AbsencesRecord {
  /** By id. */
  readonly absences: readonly Absence[]
}

export interface AbsencesOfUser extends AbsencesRecord {
  readonly user: string
}
