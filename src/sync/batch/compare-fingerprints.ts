/** A sweep's cheap look: the availability of many calendars by few calls, against what it was when they were read. */
import type { Connector, Target } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { lacksFingerprint } from '../scheduling/reconcile-schedule.ts'
import type { TargetState } from '../targets/target-registry.ts'

export interface ComparableTarget {
  readonly key: string
  readonly target: Target
  readonly state: TargetState
  readonly inputHash: string
  /** Whether what was read on that basis is held still. */
  readonly hasTimelines: boolean
}

export interface Comparison {
  /** `unknown`: there is nothing to compare, or nothing to compare it with. */
  readonly outcome: 'same' | 'different' | 'unknown'
  /** What it is now, for the next sweep. */
  readonly fingerprint: string | null
  /** Whether it was asked for. */
  readonly attempted: boolean
}

/** Milliseconds that it may take: after them the calendars are read, which needs its time too. */
const patience = 15_000
/** By key. A connector that cannot, or that breaks its word, makes `unknown` of it. */
export async function compareFingerprints(
  scene: {
    readonly tenant: string
    readonly connector: Connector
    readonly timers: Timers
    readonly log: Log
  },
  asked: readonly ComparableTarget[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, Comparison>> {
  const { timers } = scene
  const compared = new Map<string, Comparison>()
  for (const { key } of asked) compared.set(key, { outcome: 'unknown', fingerprint: null, attempted: false })
  const comparable = asked.filter(({ state: entry }) => !lacksFingerprint(entry, timers.now()))
  // For one alone the call would cost what reading costs.
  if (comparable.length < 2) return compared
  const prints = await fetchFingerprints(scene, comparable, window, signal)
  if (signal.aborted) return compared
  comparable.forEach(({ key, state: entry, inputHash: basis, hasTimelines: holds }, index) => {
    const print = prints[index] ?? null
    entry.comparedAt = timers.now()
    const before = holds && entry.lastSync?.inputHash === basis ? entry.lastSync.fingerprint : null
    const outcome = print === null || before === null ? 'unknown' : print === before ? 'same' : 'different'
    compared.set(key, { outcome, fingerprint: print, attempted: true })
  })
  return compared
}

async function fetchFingerprints(
  { tenant, connector, timers, log }: Parameters<typeof compareFingerprints>[0],
  asked: readonly ComparableTarget[],
  window: Span,
  signal: AbortSignal
): Promise<readonly (string | null)[]> {
  const late = new AbortController()
  const cancel = timers.after(patience, () => late.abort())
  const ends = AbortSignal.any([signal, late.signal])
  const silence = new Promise<readonly null[]>((resolve) => {
    if (ends.aborted) resolve([])
    else ends.addEventListener('abort', () => resolve([]), { once: true })
  })
  try {
    const targets = asked.map(({ target }) => target)
    const answer = connector.fingerprints({ targets, window, subjects: false, signal: ends })
    return await Promise.race([answer, silence])
  } catch (error) {
    // A connector does not reject: this is a defect of it. The calendars are read.
    log.error({ tenant, ...redactError(error) }, 'a connector threw')
    return []
  } finally {
    cancel()
  }
}
