/** A sweep's cheap look: the availability of many calendars by few calls, against what it was when they were read. */
import type { Connector, Target } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { type Log, wordless } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { isBlind } from '../scheduling/reconcile-schedule.ts'
import type { Entry } from '../targets/target-registry.ts'

export interface Compared {
  readonly key: string
  readonly target: Target
  readonly entry: Entry
  readonly basis: string
  /** Whether what was read on that basis is held still. */
  readonly holds: boolean
}

export interface Comparison {
  /** `unknown`: there is nothing to compare, or nothing to compare it with. */
  readonly outcome: 'same' | 'different' | 'unknown'
  /** What it is now, for the next sweep. */
  readonly print: string | null
  /** Whether it was asked for. */
  readonly tried: boolean
}

/** Milliseconds that it may take: after them the calendars are read, which needs its time too. */
const patience = 15_000
/** By key. A connector that cannot, or that breaks its word, makes `unknown` of it. */
export async function compare(
  scene: {
    readonly tenant: string
    readonly connector: Connector
    readonly timers: Timers
    readonly log: Log
  },
  asked: readonly Compared[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, Comparison>> {
  const { timers } = scene
  const compared = new Map<string, Comparison>()
  for (const { key } of asked) compared.set(key, { outcome: 'unknown', print: null, tried: false })
  const comparable = asked.filter(({ entry }) => !isBlind(entry, timers.now()))
  // For one alone the call would cost what reading costs.
  if (comparable.length < 2) return compared
  const prints = await printsOf(scene, comparable, window, signal)
  if (signal.aborted) return compared
  comparable.forEach(({ key, entry, basis, holds }, index) => {
    const print = prints[index] ?? null
    entry.comparedAt = timers.now()
    const before = holds && entry.held?.basis === basis ? entry.held.print : null
    const outcome = print === null || before === null ? 'unknown' : print === before ? 'same' : 'different'
    compared.set(key, { outcome, print, tried: true })
  })
  return compared
}

async function printsOf(
  { tenant, connector, timers, log }: Parameters<typeof compare>[0],
  asked: readonly Compared[],
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
    log.error({ tenant, ...wordless(error) }, 'a connector threw')
    return []
  } finally {
    cancel()
  }
}
