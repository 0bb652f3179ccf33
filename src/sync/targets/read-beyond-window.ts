/** What was read of one calendar beyond the window, because an absence goes on there. Decisions alone: no subject is kept. */
import type { Instant } from '../../domain/calendar-event.ts'
import type { Decision } from '../../domain/decide.ts'

export interface ReadBeyondWindow {
  /** As in `LastSync`. */
  readonly configHash: string
  /** The end of the window that it begins at. */
  readonly horizon: Instant
  /** `TargetState.dirtySeq` when it was read. */
  readonly dirtySeq: number
  /** On the monotonic clock: after it the calendar is read there again. */
  readonly validUntil: number
  /** By user. */
  readonly decisions: ReadonlyMap<string, readonly Decision[]>
  /** No event that begins here or later was read. */
  readonly readUntil: Instant
}
