/**
 * Which targets of a tenant are due: calendars without an active subscription are polled, the others reconciled, to find what
 * notifications missed.
 *
 * A reconciliation comes by every hour. Where a call compares the fingerprints of many calendars, it does: in full batches of 20,
 * 24 / 20 calls and one read a day (the window has moved) are 0.09 requests per mailbox and hour. One alone is read, which costs
 * the same call. Those that have no fingerprint are read by every fifth: a read an hour for each would be over the budget.
 */
import type { Steps } from '../../lib/steps.ts'
import { runInSlices } from '../../lib/time-slices.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'
import type { TargetState } from '../targets/target-state.ts'
import { PollSchedule, sortTargets } from './poll-schedule.ts'

const reconcileIntervalMs = 3_600_000
/** A calendar without a fingerprint is read in one reconciliation of so many. */
const reconciliationsPerRead = 5

export interface DueTargets {
  readonly poll: readonly string[]
  readonly reconcile: readonly string[]
}

const noTargets: DueTargets = { poll: [], reconcile: [] }

/** All instants are milliseconds of a monotonic clock. */
export class ReconcileSchedule {
  readonly #targets: TargetRegistry
  readonly #isSubscribed: (key: string) => boolean
  readonly #polls: PollSchedule
  readonly #reconciliations: PollSchedule
  /** The revision of the targets for which both were planned. */
  #plannedRevision = -1
  #isPlanning = false

  constructor(
    tenant: string,
    pollMs: number,
    batchSize: number,
    targets: TargetRegistry,
    isSubscribed: (key: string) => boolean
  ) {
    this.#targets = targets
    this.#isSubscribed = isSubscribed
    this.#polls = new PollSchedule(tenant, pollMs, batchSize)
    this.#reconciliations = new PollSchedule(tenant, reconcileIntervalMs, batchSize)
  }

  /**
   * Plans the targets that have come and gone. Few are planned before this returns; of thousands the former plan holds meanwhile.
   */
  async plan(now: number): Promise<void> {
    if (this.#isPlanning || this.#plannedRevision === this.#targets.revision) return
    this.#isPlanning = true
    this.#plannedRevision = this.#targets.revision
    await runInSlices(this.#planSteps(now))
    this.#isPlanning = false
  }

  takeDue(now: number): DueTargets {
    if (now < this.#polls.nextDueAt && now < this.#reconciliations.nextDueAt) return noTargets
    // Everybody has a place in both, so that whose subscription ends is polled at it: within the interval, not all at once.
    const poll = this.#polls.takeDue(now).filter((key) => this.#isTarget(key) && !this.#isSubscribed(key))
    const reconcile = this.#reconciliations
      .takeDue(now)
      .filter(
        (key) =>
          this.#isTarget(key) && this.#isSubscribed(key) && this.#isWorthwhile(this.#targets.get(key)!, now)
      )
    return { poll, reconcile }
  }

  *#planSteps(now: number): Steps<void> {
    const order = yield* sortTargets(this.#targets.keys())
    yield* this.#polls.plan(order, now)
    yield* this.#reconciliations.plan(order, now)
  }

  /** A former plan may name targets that have gone. */
  #isTarget(key: string): boolean {
    return this.#targets.get(key) !== undefined
  }

  #isWorthwhile(state: TargetState, now: number): boolean {
    if (state.isDirty) return true
    const since = state.lacksFingerprint(now)
      ? ([state.readStartedAt, reconciliationsPerRead] as const)
      : ([Math.max(state.comparedAt, state.readStartedAt), 1] as const)
    return now - since[0] >= (since[1] - 0.5) * reconcileIntervalMs
  }
}
