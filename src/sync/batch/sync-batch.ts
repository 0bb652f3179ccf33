/** One batch on its way: read, decide, compare with what is held, save what came of it. Subjects end here. */

import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { DropReason } from '../../connectors/notification.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import { windowAt } from '../../domain/window.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { ReadingOutcome, Store, UserRecord } from '../../storage/store.ts'
import { BatchCancelled, type Delay } from '../queue/queue.ts'
import { retryDelay } from '../queue/retry-policy.ts'
import { isDirty } from '../scheduling/reconcile-schedule.ts'
import {
  type LastSync,
  type ReadTarget,
  type TargetRegistry,
  userConfigHash
} from '../targets/target-registry.ts'
import { buildOutcome, faultOf, type OutcomeContext } from './build-outcome.ts'
import { type Comparison, compareFingerprints } from './compare-fingerprints.ts'
import { type CalendarRequest, fetchCalendars, timedOut } from './fetch-calendars.ts'
import { differsWithin } from './missed-edit.ts'
import { maxCursorAgeMs } from './status-change.ts'

export interface SyncMetrics {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
  countNotifications(connector: string, outcome: 'accepted' | DropReason, count: number): void
  /** A sweep compared a calendar's availability with what it was, or could not. */
  countReconciliation(connector: string, outcome: Comparison['outcome']): void
  /** A sweep found an edit that no notice had told of. */
  countMissedNotification(connector: string): void
}

/** What a batch is read with: one tenant as it is at its beginning. */
export interface BatchContext extends OutcomeContext {
  readonly tenant: string
  readonly connector: Connector
  readonly kind: string
  readonly targets: TargetRegistry
  /** Whether notices tell of the target's edits now. */
  readonly isLive: (key: string) => boolean
  /** Throws when the mailbox cannot be unsealed. */
  readonly targetOf: (record: UserRecord) => ReadTarget | null
  readonly store: Store
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
}

/**
 * After a success that was refused, because the calendar was confirmed later: by another who keeps it too for a moment, or
 * kept it before us by a clock that is ahead of ours. The latter did not see what we saw.
 */
const staleWriteDelay: Delay = { delayMs: 2_000, source: 'us' }

/** Milliseconds until availability is compared again of a calendar that could be read, but not compared. */
const blindness = 24 * 3_600_000

export interface BatchReport {
  /** What hit the connection as a whole. */
  readonly connectionFault: RemoteError | null
  /** `silent`: nothing came before the deadline. `nothing`: nothing was asked, or nobody waits for it any more. */
  readonly connectionOutcome: 'answered' | 'silent' | 'nothing'
  /** Targets that are to be read again after a pause of their own. */
  readonly retries: ReadonlyMap<string, Delay>
}

/** One target of the batch, and those for whom it is read, as they were at its beginning. */
interface PlannedTarget extends CalendarRequest {
  readonly target: ReadTarget
  readonly records: readonly UserRecord[]
  /** The basis but for the window. */
  readonly terms: string
  /** Whether it is only to be confirmed. */
  readonly sweep: boolean
  /** `Entry.heard` when it began. */
  readonly heard: number
}

/** One batch on its way. */
interface BatchRun {
  readonly at: Instant
  readonly window: Span
  readonly asked: readonly PlannedTarget[]
  readonly compared: ReadonlyMap<string, Comparison>
  readonly readings: ReadonlyMap<string, ReadResult>
}

export async function runBatch(
  scene: BatchContext,
  keys: readonly string[],
  signal: AbortSignal
): Promise<BatchReport> {
  const at = scene.clock()
  const window = windowAt(at)
  const asked = await planBatch(scene, keys, window)
  const swept = asked.filter(({ sweep }) => sweep)
  const compared = await compareFingerprints(scene, swept, window, signal)
  const same = (key: string) => compared.get(key)?.outcome === 'same'
  const toRead = asked.filter(({ key }) => !same(key))
  const readings = await fetchCalendars(scene, toRead, window, signal)
  if (signal.reason instanceof BatchCancelled)
    return { connectionFault: null, connectionOutcome: 'nothing', retries: new Map() }
  for (const { key } of asked) if (same(key)) readings.set(key, { outcome: 'unchanged' })
  for (const { outcome } of compared.values()) scene.metrics.countReconciliation(scene.kind, outcome)
  const refused = await save(scene, { at, window, asked, compared, readings })

  const again = new Map<string, Delay>([...refused].map((key) => [key, staleWriteDelay]))
  let trouble: RemoteError | null = null
  for (const { key, state: entry } of asked) {
    const reading = readings.get(key)!
    if (same(key)) {
      entry.failures = 0
      continue
    }
    if (reading.outcome !== 'failed') {
      scene.metrics.countRead(scene.kind, reading.outcome)
      entry.failures = 0
      continue
    }
    scene.metrics.countRead(scene.kind, 'failed', reading.error.code)
    if (reading.error.scope === 'connection') trouble ??= reading.error
    else {
      entry.failures += 1
      again.set(key, retryDelay(reading.error, entry.failures, scene.random()))
    }
  }
  const silent = [...readings.values()].every((reading) => reading === timedOut)
  return {
    connectionFault: trouble,
    connectionOutcome: asked.length === 0 ? 'nothing' : silent ? 'silent' : 'answered',
    retries: again
  }
}

async function planBatch(
  scene: BatchContext,
  keys: readonly string[],
  window: Span
): Promise<PlannedTarget[]> {
  const asked: PlannedTarget[] = []
  for (const key of keys) {
    const entry = scene.targets.get(key)
    if (entry === undefined) continue
    const found = await scene.store.records(scene.tenant, [...entry.users])
    let target: ReadTarget | null = null
    const records: UserRecord[] = []
    for (const record of found) {
      if (record === null || !record.sync.enabled) continue
      const own = scene.targetOf(record)
      if (own?.key !== key) continue
      target = own
      records.push(record)
    }
    if (target === null) continue
    const own = records.some(({ user }) => user.triggers.length > 0)
    const subjects = own || scene.rules.rules.triggers.length > 0
    const marks = records.map((record) => [record.user.id, userConfigHash(record)])
    const terms = JSON.stringify([scene.rules.version, subjects, marks])
    const basis = `${window.start} ${terms}`
    const holds = records.every(({ timeline }) => timeline !== null)
    const { dirtySeq: heard } = entry
    const sweep = entry.reconcilePending && !isDirty(entry)
    asked.push({
      key,
      target,
      state: entry,
      records,
      subjects,
      hasTimelines: holds,
      terms,
      inputHash: basis,
      sweep,
      heard
    })
  }
  return asked
}

/**
 * Saves for those whose record is still of the generation for which the batch was read. Resolves to the targets of which the
 * store took not all.
 */
async function save(scene: BatchContext, round: BatchRun): Promise<ReadonlySet<string>> {
  const { at, asked, compared, readings } = round
  const ids = asked.flatMap(({ records }) => records.map(({ user }) => user.id))
  const now = scene.clock()
  const current = new Map<string, UserRecord>()
  for (const record of await scene.store.records(scene.tenant, ids)) {
    if (record !== null) current.set(record.user.id, record)
  }
  const outcomes: ReadingOutcome[] = []
  const drifted = new Set<PlannedTarget>()
  const refused = new Set<string>()
  for (const one of asked) {
    const standing = { fault: one.state.lastSync?.fault ?? null, subscribed: scene.isLive(one.key) }
    for (const { user, sync } of one.records) {
      const held = current.get(user.id)
      if (held === undefined || held.sync.generation !== sync.generation) continue
      // The triggers are those of the beginning: a success that dates from before they were changed tells of the old.
      const outcome = buildOutcome(readings.get(one.key)!, { ...held, user }, standing, scene, { at, now })
      if (outcome === null) continue
      outcomes.push(outcome)
      if (isMissedEdit(one, held, outcome, standing.subscribed, round, now)) drifted.add(one)
    }
  }
  if (outcomes.length === 0) return refused
  const offered = new Set(outcomes.map(({ user }) => user))
  const saved = new Set(await scene.store.saveReadings(scene.tenant, outcomes, now))
  for (const one of asked) {
    if (readings.get(one.key)!.outcome === 'failed') continue
    const all = one.records.every(({ user }) => saved.has(user.id))
    one.state.lastSync = all ? lastSyncAfter(one, round) : null
    if (all) one.state.confirmedAt = at
    one.state.reconcilePending = false
    const comparison = compared.get(one.key)
    if (comparison?.attempted && comparison.fingerprint === null) {
      one.state.noFingerprintUntil = scene.timers.now() + blindness
    }
    if (one.records.some(({ user }) => offered.has(user.id) && !saved.has(user.id))) refused.add(one.key)
    else one.state.syncedSeq = one.heard
    if (all && drifted.has(one)) scene.metrics.countMissedNotification(scene.kind)
  }
  return refused
}

function lastSyncAfter(
  { key, state: entry, inputHash: basis, terms }: PlannedTarget,
  { window, readings, compared }: BatchRun
): LastSync | null {
  const reading = readings.get(key)!
  const print = compared.get(key)?.fingerprint ?? null
  if (reading.outcome !== 'read')
    return entry.lastSync && { ...entry.lastSync, fingerprint: print ?? entry.lastSync.fingerprint }
  return {
    inputHash: basis,
    configHash: terms,
    windowEnd: window.end,
    etag: reading.etag,
    fingerprint: print,
    fault: faultOf(reading)
  }
}

/** Whether a sweep found what no notice had told of. What the window or the rules brought is no edit. */
function isMissedEdit(
  { sweep, state: entry, terms, heard }: PlannedTarget,
  { timeline }: UserRecord,
  outcome: ReadingOutcome,
  watched: boolean,
  { window }: BatchRun,
  now: Instant
): boolean {
  const told = !sweep || !watched || entry.dirtySeq !== heard
  if (told || timeline === null || outcome.timeline === 'same' || entry.lastSync?.configHash !== terms)
    return false
  const until = Math.min(entry.lastSync.windowEnd, window.end)
  return differsWithin(timeline, outcome.timeline, now - maxCursorAgeMs, until)
}
