/** One batch on its way: read, decide, compare with what is held, save what came of it. Subjects end here. */

import type { Connector, Reading } from '../connectors/connector.ts'
import type { Instant, Span } from '../core/calendar-event.ts'
import { RemoteError, type SyncCode } from '../errors.ts'
import type { ReadingOutcome, Store, UserRecord } from '../store/store.ts'
import { pauseAfter } from './back-off.ts'
import { type Log, wordless } from './log.ts'
import { faultOf, outcomeOf, type Terms } from './outcomes.ts'
import { Dropped, type Pause } from './queue.ts'
import { type Entry, markOf, type ReadTarget, type Targets } from './targets.ts'
import type { Timers } from './timers.ts'
import { windowAt } from './window.ts'

export interface SyncMetrics {
  /** A calendar was read (or not). `code` is absent where it was. */
  countRead(connector: string, outcome: 'read' | 'unchanged' | 'failed', code?: SyncCode): void
}

/** What a batch is read with: one tenant as it is at its beginning. */
export interface Scene extends Terms {
  readonly tenant: string
  readonly connector: Connector
  readonly kind: string
  readonly targets: Targets
  /** Throws when the mailbox cannot be unsealed. */
  readonly targetOf: (record: UserRecord) => ReadTarget | null
  readonly store: Store
  readonly clock: () => Instant
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly metrics: SyncMetrics
}

export interface BatchReport {
  /** What hit the connection as a whole. */
  readonly trouble: RemoteError | null
  /** `silent`: nothing came before the deadline. `nothing`: nothing was asked, or nobody waits for it any more. */
  readonly far: 'answered' | 'silent' | 'nothing'
  /** Targets that are to be read again after a pause of their own. */
  readonly again: ReadonlyMap<string, Pause>
}

/** One target of the batch, and those for whom it is read, as they were at its beginning. */
interface Asked {
  readonly key: string
  readonly target: ReadTarget
  readonly entry: Entry
  readonly records: readonly UserRecord[]
  readonly subjects: boolean
  /** On what the timelines rest beside the calendar itself: where it is another, "unchanged" says nothing. */
  readonly basis: string
}

/** Milliseconds that a connector has, once it was aborted, to tell of its own accord what it was waiting for. */
const lastWord = 1_000

export async function readBatch(
  scene: Scene,
  keys: readonly string[],
  signal: AbortSignal
): Promise<BatchReport> {
  const at = scene.clock()
  const window = windowAt(at)
  const asked = await whatToAsk(scene, keys, window)
  const readings = await ask(scene, asked, window, signal)
  if (signal.reason instanceof Dropped) return { trouble: null, far: 'nothing', again: new Map() }
  await save(scene, asked, readings, at)

  const again = new Map<string, Pause>()
  let trouble: RemoteError | null = null
  for (const { key, entry } of asked) {
    const reading = readings.get(key)!
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
      if (record === null || !record.sync.wanted) continue
      const own = scene.targetOf(record)
      if (own?.key !== key) continue
      target = own
      records.push(record)
    }
    if (target === null) continue
    const own = records.some(({ user }) => user.triggers.length > 0)
    const subjects = own || scene.rules.rules.triggers.length > 0
    const marks = records.map((record) => [record.user.id, markOf(record)])
    const basis = JSON.stringify([window.start, scene.rules.version, subjects, marks])
    asked.push({ key, target, entry, records, subjects, basis })
  }
  return asked
}

/** By key. Those who need no subjects are asked apart from those who do, so that company changes nobody's answer. */
async function ask(
  scene: Scene,
  asked: readonly Asked[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>()
  const kinds = [true, false].map(async (subjects) => {
    const those = asked.filter((one) => one.subjects === subjects)
    if (those.length === 0) return
    for (const { entry } of those) entry.readAt = scene.timers.now()
    const targets = those.map(({ target: { mailbox, timeZone }, entry, basis, records }) => {
      const held = entry.version?.basis === basis && records.every(({ timeline }) => timeline !== null)
      return held ? { mailbox, timeZone, version: entry.version!.version } : { mailbox, timeZone }
    })
    const answers = await answersOf(scene, { targets, window, subjects, signal })
    those.forEach(({ key }, index) => {
      readings.set(key, answers[index] ?? incomplete)
    })
  })
  await Promise.all(kinds)
  return readings
}

/** What the connector answers; where it does not in time, or breaks its word, that is a failure of all. */
async function answersOf(
  { connector, timers, log, tenant }: Scene,
  request: Parameters<Connector['read']>[0]
): Promise<readonly Reading[]> {
  let cancel = () => {}
  const silence = new Promise<readonly Reading[]>((resolve) => {
    const giveUp = () => {
      cancel = timers.after(lastWord, () => resolve(request.targets.map(() => overdue)))
    }
    if (request.signal.aborted) giveUp()
    else request.signal.addEventListener('abort', giveUp, { once: true })
  })
  try {
    return await Promise.race([connector.read(request), silence])
  } catch (error) {
    // A connector does not reject: this is a defect of it, which must not be the end of the tenant's reading.
    log.error({ tenant, ...wordless(error) }, 'a connector threw')
    return []
  } finally {
    cancel()
  }
}

const overdue: Reading = {
  outcome: 'failed',
  error: new RemoteError(
    'unreachable',
    'The calendar system did not answer before the deadline. If it goes on, see whether it is overloaded.'
  )
}

const incomplete: Reading = {
  outcome: 'failed',
  error: new RemoteError(
    'protocol_error',
    'The answer lacked this calendar. The log of the service tells more.'
  )
}

/** Saves for those whose record is still of the generation for which the batch was read. */
async function save(
  scene: Scene,
  asked: readonly Asked[],
  readings: ReadonlyMap<string, Reading>,
  at: Instant
): Promise<void> {
  const ids = asked.flatMap(({ records }) => records.map(({ user }) => user.id))
  const now = scene.clock()
  const current = new Map<string, UserRecord>()
  for (const record of await scene.store.records(scene.tenant, ids)) {
    if (record !== null) current.set(record.user.id, record)
  }
  const outcomes: ReadingOutcome[] = []
  for (const { key, entry, records } of asked) {
    for (const { user, sync } of records) {
      const held = current.get(user.id)
      if (held === undefined || held.sync.generation !== sync.generation) continue
      const fault = entry.version?.fault ?? null
      // The triggers are those of the beginning: a success that dates from before they were changed tells of the old.
      const outcome = outcomeOf(readings.get(key)!, { ...held, user }, fault, scene, { at, now })
      if (outcome !== null) outcomes.push(outcome)
    }
  }
  if (outcomes.length === 0) return
  const saved = new Set(await scene.store.saveReadings(scene.tenant, outcomes, now))
  for (const one of asked) {
    const reading = readings.get(one.key)!
    if (reading.outcome === 'failed') continue
    const all = one.records.every(({ user }) => saved.has(user.id))
    if (all) one.entry.confirmedAt = at
    if (!all || reading.outcome === 'read') {
      const version = all && reading.outcome === 'read' ? reading.version : null
      one.entry.version = version === null ? null : { version, basis: one.basis, fault: faultOf(reading) }
    }
  }
}
