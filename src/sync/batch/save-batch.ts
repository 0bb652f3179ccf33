/** What came of a batch, saved for those whose record is still of the generation for which it was read. */
import type { Instant } from '../../domain/calendar-event.ts'
import { maxCursorAgeMs } from '../../domain/window.ts'
import type { ReadingOutcome, UserRecord } from '../../storage/store.ts'
import type { LastSync } from '../targets/target-state.ts'
import type { BatchContext, BatchRun } from './batch-context.ts'
import { buildOutcome, faultOf } from './build-outcome.ts'
import { differsWithin } from './missed-edit.ts'
import type { PlannedTarget } from './planned-target.ts'

/** Resolves to the targets of which the store took not all. */
export async function saveBatch(context: BatchContext, run: BatchRun): Promise<ReadonlySet<string>> {
  const now = context.clock()
  const { outcomes, missedEdits, current } = await buildOutcomes(context, run, now)
  const refused = new Set<string>()
  if (outcomes.length === 0) return refused
  const offered = new Set(outcomes.map(({ user }) => user))
  const write = async () => {
    const saved = await context.store.saveReadings(context.tenant, outcomes, now)
    keepSaved(context, run, { outcomes, current, saved: new Set(saved) })
    return saved
  }
  const saved = new Set(await context.feed.writeOwn([...offered], write))
  for (const one of run.planned) {
    if (run.results.get(one.key)!.outcome === 'failed') continue
    const all = one.records.every(({ user }) => saved.has(user.id))
    one.state.onSaved(all ? lastSyncAfter(one, run) : null, run.at)
    if (run.results.get(one.key)!.outcome === 'read') {
      one.state.keepReadBeyondWindow(run.readsBeyondWindow.get(one.key) ?? null)
    }
    const comparison = run.comparisons.get(one.key)
    if (comparison?.attempted && comparison.fingerprint === null) {
      one.state.onNoFingerprint(context.timers.now())
    }
    if (one.records.some(({ user }) => offered.has(user.id) && !saved.has(user.id))) refused.add(one.key)
    else one.state.onSynced(one.dirtySeq)
    if (all && missedEdits.has(one)) context.metrics.countMissedNotification(context.kind)
  }
  return refused
}

async function buildOutcomes(
  context: BatchContext,
  run: BatchRun,
  now: Instant
): Promise<{
  outcomes: ReadingOutcome[]
  missedEdits: ReadonlySet<PlannedTarget>
  current: ReadonlyMap<string, UserRecord>
}> {
  const { at, planned, results, decided } = run
  const current = await currentRecords(context, run)
  const outcomes: ReadingOutcome[] = []
  const missedEdits = new Set<PlannedTarget>()
  for (const one of planned) {
    const result = results.get(one.key)!
    const subscribed = context.isSubscribed(one.key)
    for (const record of one.records) {
      const { user, sync } = record
      const held = current.get(user.id)
      if (held === undefined || held.sync.generation !== sync.generation) continue
      // It was found elsewhere meanwhile.
      if (context.placement !== null && context.targetOf({ ...held, user })?.key !== one.key) continue
      // Hours may have come during the read: what was compared without them is not known to be unseen.
      const hasHours = context.hasHours || run.changes.has(user.id)
      const outcome = buildOutcome(
        { result, decided: decided.get(user.id) ?? null },
        // The triggers at the beginning of the read: a success from before a change of triggers used the old ones.
        { ...held, user },
        { fault: one.state.lastSync?.fault ?? null, subscribed },
        context.pollMs,
        { at, now, historyMs: context.store.historyMs, hasHours }
      )
      if (outcome === null) continue
      outcomes.push(outcome)
      if (isMissedEdit(one, held, outcome, subscribed, run, now)) missedEdits.add(one)
    }
  }
  return { outcomes, missedEdits, current }
}

/** Keeps the records of users whom nobody else changed. */
function keepSaved(
  { feed }: BatchContext,
  { changes }: BatchRun,
  {
    outcomes,
    current,
    saved
  }: {
    readonly outcomes: readonly ReadingOutcome[]
    readonly current: ReadonlyMap<string, UserRecord>
    readonly saved: ReadonlySet<string>
  }
): void {
  for (const { user, sync, timeline } of outcomes) {
    const record = current.get(user)
    if (record === undefined || !saved.has(user) || changes.has(user)) continue
    feed.savedRecords.keep({ ...record, sync, timeline: timeline === 'same' ? record.timeline : timeline })
  }
}

/** The records as they are now: those of the plan, unless another writer changed them since. */
async function currentRecords(
  { store, tenant }: BatchContext,
  { planned, changes }: BatchRun
): Promise<Map<string, UserRecord>> {
  const current = new Map<string, UserRecord>()
  const changed: string[] = []
  for (const record of planned.flatMap(({ records }) => records)) {
    if (changes.has(record.user.id)) changed.push(record.user.id)
    else current.set(record.user.id, record)
  }
  if (changed.length === 0) return current
  for (const record of await store.records(tenant, changed)) {
    if (record !== null) current.set(record.user.id, record)
  }
  return current
}

function lastSyncAfter(
  { key, state, inputHash, configHash }: PlannedTarget,
  { window, results, comparisons }: BatchRun
): LastSync | null {
  const result = results.get(key)!
  const fingerprint = comparisons.get(key)?.fingerprint ?? null
  const { lastSync } = state
  if (result.outcome !== 'read') {
    return lastSync && { ...lastSync, fingerprint: fingerprint ?? lastSync.fingerprint }
  }
  return {
    inputHash,
    configHash,
    windowEnd: window.end,
    etag: result.etag,
    fingerprint,
    fault: faultOf(result)
  }
}

/** Whether a reconciliation found a missed notification. A change by the window or the rules is no edit. */
function isMissedEdit(
  { reconcile, state, configHash, dirtySeq }: PlannedTarget,
  { timeline }: UserRecord,
  outcome: ReadingOutcome,
  subscribed: boolean,
  { window }: BatchRun,
  now: Instant
): boolean {
  if (!reconcile || !subscribed || state.dirtySeq !== dirtySeq) return false
  if (timeline === null || outcome.timeline === 'same' || state.lastSync?.configHash !== configHash)
    return false
  const until = Math.min(state.lastSync.windowEnd, window.end)
  return differsWithin(timeline, outcome.timeline, now - maxCursorAgeMs, until)
}
