/**
 * Which targets of a tenant are due: calendars without an active subscription are polled, the others reconciled, to find what
 * notifications missed.
 *
 * A reconciliation comes by every hour. Where a call compares the fingerprints of many calendars, it does: in full batches of 20,
 * 24 / 20 calls and one read a day (the window has moved) are 0.09 requests per mailbox and hour. One alone is read, which costs
 * the same call. Those that have no fingerprint are read by every fifth: a read an hour for each would be over the budget.
 */
import type { TargetRegistry } from '../targets/target-registry.ts'
import type { TargetState } from '../targets/target-state.ts'
import { PollSchedule } from './poll-schedule.ts'

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

  takeDue(now: number): DueTargets {
    if (this.#plannedRevision !== this.#targets.revision) this.#plan(now)
    if (now < this.#polls.nextDueAt && now < this.#reconciliations.nextDueAt) return noTargets
    // Everybody has a place in both, so that whose subscription ends is polled at it: within the interval, not all at once.
    const poll = this.#polls.takeDue(now).filter((key) => !this.#isSubscribed(key))
    const reconcile = this.#reconciliations
      .takeDue(now)
      .filter((key) => this.#isSubscribed(key) && this.#isWorthwhile(this.#targets.get(key)!, now))
    return { poll, reconcile }
  }

  #plan(now: number): void {
    this.#polls.plan(this.#targets.keys(), now)
    this.#reconciliations.plan(this.#targets.keys(), now)
    this.#plannedRevision = this.#targets.revision
  }

  #isWorthwhile(state: TargetState, now: number): boolean {
    if (state.isDirty) return true
    const since = state.lacksFingerprint(now)
      ? ([state.readStartedAt, reconciliationsPerRead] as const)
      : ([Math.max(state.comparedAt, state.readStartedAt), 1] as const)
    return now - since[0] >= (since[1] - 0.5) * reconcileIntervalMs
  }
}
