/**
 * Who of a tenant is due: calendars of which no notice tells are polled, the others swept, to find what notices missed.
 *
 * A sweep comes by every hour. Where a call compares the availability of many calendars, it does; who must be read, since
 * that cannot be compared, is read by every fifth sweep: 4.8 requests a day, and 6 (a quarter of one an hour) are the budget. In
 * full batches of 20, 24 / 20 calls and one read a day (the window has moved) are 0.09 an hour. The fewer share the call,
 * the fewer the comparisons; one alone is read.
 */
import type { PollInterval } from '../cluster/jobs.ts'
import type { TargetRegistry, TargetState } from '../targets/target-registry.ts'
import { createPollSchedule, type PollSchedule } from './poll-schedule.ts'

/** Milliseconds between two looks at a calendar. */
const sweepPace = 3_600_000
/** A calendar that must be read is read in one look of so many. */
const looksPerRead = 5
/** So many must share a call for a comparison in every look. */
const enough = 6

export interface DueTargets {
  readonly poll: readonly string[]
  readonly reconcile: readonly string[]
}

export interface ReconcileSchedule {
  /** All instants are milliseconds of a monotonic clock. */
  takeDue(now: number): DueTargets
  /** How often `due` has somebody to poll, and when next; null where there is nobody. */
  pollInterval(now: number): PollInterval | null
}

export function createReconcileSchedule(
  tenant: string,
  pollInterval: number,
  batchSize: number,
  targets: TargetRegistry,
  isLive: (key: string) => boolean
): ReconcileSchedule {
  const polls: PollSchedule = createPollSchedule(tenant, pollInterval, batchSize)
  const looks: PollSchedule = createPollSchedule(tenant, sweepPace, batchSize)
  /** The revision of the targets for which both were planned. */
  let planned = -1

  return {
    pollInterval(now) {
      plan(now)
      return polls.nextDueAt === Number.POSITIVE_INFINITY
        ? null
        : { everyMs: polls.everyMs, nextDueAt: polls.nextDueAt }
    },
    takeDue(now) {
      plan(now)
      // Everybody has a place in both, so that who turns deaf is polled at it: within the interval, not all at once.
      const poll = polls.takeDue(now).filter((key) => !isLive(key))
      return { poll, reconcile: worthwhile(looks.takeDue(now).filter(isLive), now) }
    }
  }

  function plan(now: number): void {
    if (planned === targets.revision) return
    polls.plan(targets.keys(), now)
    looks.plan(targets.keys(), now)
    planned = targets.revision
  }

  function worthwhile(keys: readonly string[], now: number): string[] {
    const entries = keys.map((key): readonly [string, TargetState] => [key, targets.get(key)!])
    const comparable = entries.filter(([, entry]) => !lacksFingerprint(entry, now)).length
    const sharing = Math.min(comparable, batchSize)
    return entries.flatMap(([key, entry]) => {
      if (isDirty(entry)) return key
      const alone = sharing < 2 || lacksFingerprint(entry, now)
      const [since, looks] = alone
        ? [entry.readAt, looksPerRead]
        : [entry.comparedAt, Math.ceil(enough / sharing)]
      return now - since >= (looks - 0.5) * sweepPace ? key : []
    })
  }
}

/** Whether its availability could not be compared when that was last tried. */
export function lacksFingerprint(entry: TargetState, now: number): boolean {
  return entry.noFingerprintUntil > now
}

/** Whether it is to be read for more than to be confirmed: something was heard of it that no read has seen yet. */
export function isDirty(entry: TargetState): boolean {
  return entry.dirtySeq !== entry.syncedSeq
}
