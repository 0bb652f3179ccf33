/** One batch: read, decide, compare with what is held, save what came of it. Subjects end here. */

import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { DropReason } from '../../connectors/notification.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import { windowAt } from '../../domain/window.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import { BatchCancelled, BatchTimeout, type Delay } from '../queue/queue.ts'
import { retryDelay } from '../queue/retry-policy.ts'
import type { ChangeTracker, StoreFeedHandler } from '../store-feed-handler.ts'
import type { Extension } from '../targets/extension.ts'
import type { ReadTarget } from '../targets/read-target.ts'
import type { TargetRegistry } from '../targets/target-registry.ts'
import type { OutcomeContext } from './build-outcome.ts'
import { type Comparison, compareFingerprints } from './compare-fingerprints.ts'
import { fetchCalendars } from './fetch-calendars.ts'
import { followAbsences } from './follow-absences.ts'
import { type PlannedTarget, planBatch } from './plan-batch.ts'
import { saveBatch } from './save-batch.ts'

export interface SyncMetrics {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
  countNotifications(connector: string, outcome: 'accepted' | DropReason, count: number): void
  /** A reconciliation compared a calendar's fingerprint with what it was, or could not. */
  countReconciliation(connector: string, outcome: Comparison['outcome']): void
  /** A reconciliation found an edit that no notification had told of. */
  countMissedNotification(connector: string): void
}

/** What a batch is read with: one tenant as it is at its beginning. */
export interface BatchContext extends OutcomeContext {
  readonly tenant: string
  readonly connector: Connector
  readonly kind: string
  readonly targets: TargetRegistry
  /** Whether notifications tell of the target's edits now. */
  readonly isSubscribed: (key: string) => boolean
  /** Throws when the mailbox cannot be unsealed. */
  readonly targetOf: (record: UserRecord) => ReadTarget | null
  readonly store: Store
  /** Tells what others change meanwhile. */
  readonly feed: Pick<StoreFeedHandler, 'trackChanges' | 'writeOwn'>
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
}

export interface BatchReport {
  /** What hit the connection as a whole. */
  readonly connectionFault: RemoteError | null
  /** `timedOut`: nothing came before the deadline. `nothing`: nothing was asked, or nobody waits for it any more. */
  readonly outcome: 'answered' | 'timedOut' | 'nothing'
  /** Targets that are to be read again after a delay of their own. */
  readonly retries: ReadonlyMap<string, Delay>
}

/** One batch, with all that came of it. */
export interface BatchRun {
  readonly at: Instant
  readonly window: Span
  readonly planned: readonly PlannedTarget[]
  readonly comparisons: ReadonlyMap<string, Comparison>
  readonly results: ReadonlyMap<string, ReadResult>
  readonly extensions: ReadonlyMap<string, Extension>
  /** Whose records are no longer as they were when the batch was planned. */
  readonly changes: ChangeTracker
}

/**
 * After a success that was refused, because the calendar was confirmed later: by another worker that owns it too for a moment, or
 * owned it before by a clock that is ahead of ours. The latter did not see what we saw.
 */
const staleWriteDelay: Delay = { delayMs: 2_000, source: 'own' }

export async function runBatch(
  context: BatchContext,
  keys: readonly string[],
  signal: AbortSignal
): Promise<BatchReport> {
  const changes = context.feed.trackChanges()
  try {
    return await readAndSave(context, keys, signal, changes)
  } finally {
    changes.stop()
  }
}

async function readAndSave(
  context: BatchContext,
  keys: readonly string[],
  signal: AbortSignal,
  changes: ChangeTracker
): Promise<BatchReport> {
  const at = context.clock()
  const window = windowAt(at)
  const planned = await planBatch(context, keys, window)
  const reconciled = planned.filter(({ reconcile }) => reconcile)
  const comparisons = await compareFingerprints(context, reconciled, window, signal)
  const isSame = ({ key }: PlannedTarget) => comparisons.get(key)?.outcome === 'same'
  const toRead = planned.filter((one) => !isSame(one))
  const results = await fetchCalendars(context, toRead, window, signal)
  const extensions = await followAbsences(context, toRead, results, { at, window, signal })
  if (signal.reason instanceof BatchCancelled) {
    return { connectionFault: null, outcome: 'nothing', retries: new Map() }
  }
  for (const { outcome } of comparisons.values()) context.metrics.countReconciliation(context.kind, outcome)
  const run: BatchRun = {
    at,
    window,
    planned,
    comparisons,
    results: new Map([
      ...results,
      ...planned.filter(isSame).map(({ key }) => [key, { outcome: 'unchanged' }] as const)
    ]),
    extensions,
    changes
  }
  const refused = await saveBatch(context, run)
  return report(context, run, toRead, refused, signal.reason instanceof BatchTimeout)
}

/** Counts what came of each target, and says what is to be read again. */
function report(
  { metrics, kind, random }: BatchContext,
  { planned, results }: BatchRun,
  read: readonly PlannedTarget[],
  refused: ReadonlySet<string>,
  isOverdue: boolean
): BatchReport {
  const retries = new Map<string, Delay>([...refused].map((key) => [key, staleWriteDelay]))
  const isAnswered = [...results.values()].some(({ outcome }) => outcome !== 'failed')
  // Of a batch that was aborted the connector cannot say more than that nothing came.
  const isTimedOut = isOverdue && !isAnswered
  let connectionFault: RemoteError | null = null
  for (const { key, state } of planned) if (results.get(key)!.outcome !== 'failed') state.onSuccess()
  for (const { key, state } of read) {
    const result = results.get(key)!
    if (result.outcome !== 'failed') {
      metrics.countRead(kind, result.outcome)
      continue
    }
    const { error } = result
    metrics.countRead(kind, 'failed', error.code)
    // A connection over which another mailbox was read works: what failed is this mailbox alone, unless we are to slow down.
    const isShared = error.scope === 'connection' && !isTimedOut
    if (isShared && (!isAnswered || error.code === 'throttled')) connectionFault ??= error
    else {
      state.onFailure()
      retries.set(key, retryDelay(error, state.failures, random()))
    }
  }
  const outcome = planned.length === 0 ? 'nothing' : isTimedOut ? 'timedOut' : 'answered'
  return { connectionFault, outcome, retries }
}
