/** One batch: read, decide, compare with what is held, save what came of it. Subjects end here. */
import type { ReadResult } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { windowAt } from '../../domain/window.ts'
import type { RemoteError } from '../../errors.ts'
import { BatchCancelled, BatchTimeout, type Delay } from '../queue/queue.ts'
import { retryDelay } from '../queue/retry-policy.ts'
import type { ChangeTracker } from '../store-feed-handler.ts'
import type { ReadBeyondWindow } from '../targets/read-beyond-window.ts'
import { confirmAbsenceMs } from '../targets/target-state.ts'
import type { BatchContext, BatchReport, BatchRun } from './batch-context.ts'

import { compareFingerprints } from './compare-fingerprints.ts'
import { buildDecidedCalendar, type DecidedCalendar, decideEvents } from './decide-calendar.ts'
import { extendReads } from './extend-reads.ts'
import { fetchCalendars } from './fetch-calendars.ts'
import { planBatch } from './plan-batch.ts'
import type { PlannedTarget } from './planned-target.ts'
import { refuseFallenDetail } from './refuse-fallen-detail.ts'
import { saveBatch } from './save-batch.ts'

/**
 * After a success that was refused, because the calendar was confirmed later: by another worker that owns it too for a moment, or
 * owned it before by a clock that is ahead of ours. The latter did not see what we saw.
 */
const staleWriteDelay: Delay = { delayMs: 2_000, source: 'own' }
/** After a connection said for the first time that it has no such mailbox, of a tenant that has another connection. */
const absentDelay: Delay = { delayMs: confirmAbsenceMs, source: 'own' }

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
  refuseFallenDetail(context, toRead, results)
  const decided = await decideResults(context, toRead, results, window)
  const readsBeyondWindow = await extendReads(context, toRead, decided, { at, window, signal })
  await extendDecided(context, toRead, readsBeyondWindow, decided)
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
    readsBeyondWindow,
    decided,
    changes
  }
  const refused = await saveBatch(context, run)
  return report(context, run, toRead, refused, signal.reason instanceof BatchTimeout)
}

/** What was read of the window, by user. */
async function decideResults(
  { rules }: BatchContext,
  planned: readonly PlannedTarget[],
  results: ReadonlyMap<string, ReadResult>,
  { end: horizon }: Span
): Promise<Map<string, DecidedCalendar>> {
  const decided = new Map<string, DecidedCalendar>()
  for (const { key, records } of planned) {
    const result = results.get(key)
    if (result?.outcome !== 'read') continue
    for (const { user } of records) {
      const decisions = await decideEvents(rules, user, result)
      decided.set(user.id, await buildDecidedCalendar(rules, decisions, { horizon, readUntil: horizon }))
    }
  }
  return decided
}

/** Adds what was read beyond the window. */
async function extendDecided(
  { rules }: BatchContext,
  planned: readonly PlannedTarget[],
  readsBeyondWindow: ReadonlyMap<string, ReadBeyondWindow>,
  decided: Map<string, DecidedCalendar>
): Promise<void> {
  for (const { key, records } of planned) {
    const beyond = readsBeyondWindow.get(key)
    if (beyond === undefined) continue
    const { horizon, readUntil } = beyond
    for (const { user } of records) {
      const decisions = [...decided.get(user.id)!.decisions, ...(beyond.decisions.get(user.id) ?? [])]
      decided.set(user.id, await buildDecidedCalendar(rules, decisions, { horizon, readUntil }))
    }
  }
}

/** Counts what came of each target, and says what is to be read again. */
function report(
  { metrics, kind, random, placement, timers }: BatchContext,
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
  for (const { key, state } of planned) {
    if (results.get(key)!.outcome === 'failed') continue
    if (state.absentSince !== null) placement?.onRead(state.users)
    state.onSuccess()
  }
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
      state.onFailure(error.code)
      retries.set(key, retryDelay(error, state.failures, random()))
      if (placement === null || !error.isMailboxAbsent) continue
      if (state.onAbsent(timers.now())) placement.onAbsent(state.users)
      else retries.set(key, absentDelay)
    }
  }
  const outcome = planned.length === 0 ? 'nothing' : isTimedOut ? 'timedOut' : 'answered'
  return { connectionFault, outcome, retries }
}
