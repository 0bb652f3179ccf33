/** One batch on its way: read, decide, compare with what is held, save what came of it. Subjects end here. */

import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { DropReason } from '../../connectors/notification.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import type { RemoteError, SyncCode } from '../../errors.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { ReadingOutcome, Store, UserRecord } from '../../storage/store.ts'
import { Dropped, type Pause } from '../queue/queue.ts'
import { pauseAfter } from '../queue/retry-policy.ts'
import { isOwed } from '../scheduling/reconcile-schedule.ts'
import { windowAt } from '../scheduling/window.ts'
import { type Held, markOf, type ReadTarget, type Targets } from '../targets/target-registry.ts'
import { faultOf, outcomeOf, type Terms } from './build-outcome.ts'
import { type Comparison, compare } from './compare-fingerprints.ts'
import { ask, overdue, type Questioned } from './fetch-calendars.ts'
import { differsWithin } from './missed-edit.ts'
import { remembered } from './status-change.ts'

export interface SyncMetrics {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
  countNotices(connector: string, outcome: 'taken' | DropReason, count: number): void
  /** A sweep compared a calendar's availability with what it was, or could not. */
  countSwept(connector: string, outcome: Comparison['outcome']): void
  /** A sweep found an edit that no notice had told of. */
  countDrift(connector: string): void
}

/** What a batch is read with: one tenant as it is at its beginning. */
export interface Scene extends Terms {
  readonly tenant: string
  readonly connector: Connector
  readonly kind: string
  readonly targets: Targets
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
const outdated: Pause = { milliseconds: 2_000, by: 'us' }

/** Milliseconds until availability is compared again of a calendar that could be read, but not compared. */
const blindness = 24 * 3_600_000

export interface BatchReport {
  /** What hit the connection as a whole. */
  readonly trouble: RemoteError | null
  /** `silent`: nothing came before the deadline. `nothing`: nothing was asked, or nobody waits for it any more. */
  readonly far: 'answered' | 'silent' | 'nothing'
  /** Targets that are to be read again after a pause of their own. */
  readonly again: ReadonlyMap<string, Pause>
}

/** One target of the batch, and those for whom it is read, as they were at its beginning. */
interface Asked extends Questioned {
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
interface Round {
  readonly at: Instant
  readonly window: Span
  readonly asked: readonly Asked[]
  readonly compared: ReadonlyMap<string, Comparison>
  readonly readings: ReadonlyMap<string, ReadResult>
}

export async function readBatch(
  scene: Scene,
  keys: readonly string[],
  signal: AbortSignal
): Promise<BatchReport> {
  const at = scene.clock()
  const window = windowAt(at)
  const asked = await whatToAsk(scene, keys, window)
  const swept = asked.filter(({ sweep }) => sweep)
  const compared = await compare(scene, swept, window, signal)
  const same = (key: string) => compared.get(key)?.outcome === 'same'
  const toRead = asked.filter(({ key }) => !same(key))
  const readings = await ask(scene, toRead, window, signal)
  if (signal.reason instanceof Dropped) return { trouble: null, far: 'nothing', again: new Map() }
  for (const { key } of asked) if (same(key)) readings.set(key, { outcome: 'unchanged' })
  for (const { outcome } of compared.values()) scene.metrics.countSwept(scene.kind, outcome)
  const refused = await save(scene, { at, window, asked, compared, readings })

  const again = new Map<string, Pause>([...refused].map((key) => [key, outdated]))
  let trouble: RemoteError | null = null
  for (const { key, entry } of asked) {
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
      again.set(key, pauseAfter(reading.error, entry.failures, scene.random()))
    }
  }
  const silent = [...readings.values()].every((reading) => reading === overdue)
  return { trouble, far: asked.length === 0 ? 'nothing' : silent ? 'silent' : 'answered', again }
}

async function whatToAsk(scene: Scene, keys: readonly string[], window: Span): Promise<Asked[]> {
  const asked: Asked[] = []
  for (const key of keys) {
    const entry = scene.targets.entry(key)
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
    const marks = records.map((record) => [record.user.id, markOf(record)])
    const terms = JSON.stringify([scene.rules.version, subjects, marks])
    const basis = `${window.start} ${terms}`
    const holds = records.every(({ timeline }) => timeline !== null)
    const { heard } = entry
    const sweep = entry.swept && !isOwed(entry)
    asked.push({ key, target, entry, records, subjects, holds, terms, basis, sweep, heard })
  }
  return asked
}

/**
 * Saves for those whose record is still of the generation for which the batch was read. Resolves to the targets of which the
 * store took not all.
 */
async function save(scene: Scene, round: Round): Promise<ReadonlySet<string>> {
  const { at, asked, compared, readings } = round
  const ids = asked.flatMap(({ records }) => records.map(({ user }) => user.id))
  const now = scene.clock()
  const current = new Map<string, UserRecord>()
  for (const record of await scene.store.records(scene.tenant, ids)) {
    if (record !== null) current.set(record.user.id, record)
  }
  const outcomes: ReadingOutcome[] = []
  const drifted = new Set<Asked>()
  const refused = new Set<string>()
  for (const one of asked) {
    const standing = { fault: one.entry.held?.fault ?? null, watched: scene.isLive(one.key) }
    for (const { user, sync } of one.records) {
      const held = current.get(user.id)
      if (held === undefined || held.sync.generation !== sync.generation) continue
      // The triggers are those of the beginning: a success that dates from before they were changed tells of the old.
      const outcome = outcomeOf(readings.get(one.key)!, { ...held, user }, standing, scene, { at, now })
      if (outcome === null) continue
      outcomes.push(outcome)
      if (isDrift(one, held, outcome, standing.watched, round, now)) drifted.add(one)
    }
  }
  if (outcomes.length === 0) return refused
  const offered = new Set(outcomes.map(({ user }) => user))
  const saved = new Set(await scene.store.saveReadings(scene.tenant, outcomes, now))
  for (const one of asked) {
    if (readings.get(one.key)!.outcome === 'failed') continue
    const all = one.records.every(({ user }) => saved.has(user.id))
    one.entry.held = all ? heldAfter(one, round) : null
    if (all) one.entry.confirmedAt = at
    one.entry.swept = false
    const comparison = compared.get(one.key)
    if (comparison?.tried && comparison.print === null) {
      one.entry.blindUntil = scene.timers.now() + blindness
    }
    if (one.records.some(({ user }) => offered.has(user.id) && !saved.has(user.id))) refused.add(one.key)
    else one.entry.answered = one.heard
    if (all && drifted.has(one)) scene.metrics.countDrift(scene.kind)
  }
  return refused
}

function heldAfter({ key, entry, basis, terms }: Asked, { window, readings, compared }: Round): Held | null {
  const reading = readings.get(key)!
  const print = compared.get(key)?.print ?? null
  if (reading.outcome !== 'read') return entry.held && { ...entry.held, print: print ?? entry.held.print }
  return { basis, terms, until: window.end, version: reading.etag, print, fault: faultOf(reading) }
}

/** Whether a sweep found what no notice had told of. What the window or the rules brought is no edit. */
function isDrift(
  { sweep, entry, terms, heard }: Asked,
  { timeline }: UserRecord,
  outcome: ReadingOutcome,
  watched: boolean,
  { window }: Round,
  now: Instant
): boolean {
  const told = !sweep || !watched || entry.heard !== heard
  if (told || timeline === null || outcome.timeline === 'same' || entry.held?.terms !== terms) return false
  const until = Math.min(entry.held.until, window.end)
  return differsWithin(timeline, outcome.timeline, now - remembered, until)
}
