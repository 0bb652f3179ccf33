/** One calendar of a batch, and what is asked of it. */
import type { UserRecord } from '../../storage/store.ts'
import type { ReadTarget } from '../targets/read-target.ts'
import type { TargetState } from '../targets/target-state.ts'

/** One target of the batch, and its users as they were at the batch's beginning. */
export interface PlannedTarget {
  readonly key: string
  readonly target: ReadTarget
  readonly state: TargetState
  readonly records: readonly UserRecord[]
  /** Whether a rule looks at subjects or categories. */
  readonly subjects: boolean
  /** Whether a timeline is held for everybody. */
  readonly hasTimelines: boolean
  /** As in `LastSync`. */
  readonly inputHash: string
  readonly configHash: string
  /** Whether it is only to be confirmed. */
  readonly reconcile: boolean
  /** `TargetState.dirtySeq` when the batch began. */
  readonly dirtySeq: number
}
