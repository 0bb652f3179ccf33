/** The cheap part of a reconciliation: the fingerprints of many calendars by few calls, against those of when they were read. */
import type { Connector } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { DeadlineExceeded, untilAborted, withDeadline } from '../../lib/deadline.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { PlannedTarget } from './planned-target.ts'

export interface Comparison {
  /** `unknown`: there is nothing to compare, or nothing to compare it with. */
  readonly outcome: 'same' | 'different' | 'unknown'
  /** What it is now, for the next reconciliation. */
  readonly fingerprint: string | null
  /** Whether it was asked for. */
  readonly attempted: boolean
}

interface CompareContext {
  readonly tenant: string
  readonly connector: Connector
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds that it may take: after them the calendars are read, which needs its time too. */
const maxCompareMs = 15_000

/** By key. `unknown` if the connector cannot compare, or violates its contract. */
export async function compareFingerprints(
  context: CompareContext,
  planned: readonly PlannedTarget[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, Comparison>> {
  const { timers } = context
  const comparisons = new Map<string, Comparison>()
  for (const { key } of planned) {
    comparisons.set(key, { outcome: 'unknown', fingerprint: null, attempted: false })
  }
  const comparable = planned.filter(({ state }) => !state.lacksFingerprint(timers.now()))
  // For one alone the call would cost what reading costs.
  if (comparable.length < 2) return comparisons
  const fingerprints = await fetchFingerprints(context, comparable, window, signal)
  if (signal.aborted) return comparisons
  comparable.forEach(({ key, state, inputHash, hasTimelines }, index) => {
    const fingerprint = fingerprints[index] ?? null
    state.onCompared(timers.now())
    const { lastSync } = state
    const before = hasTimelines && lastSync?.inputHash === inputHash ? lastSync.fingerprint : null
    const outcome =
      fingerprint === null || before === null ? 'unknown' : fingerprint === before ? 'same' : 'different'
    comparisons.set(key, { outcome, fingerprint, attempted: true })
  })
  return comparisons
}

async function fetchFingerprints(
  { tenant, connector, timers, log }: CompareContext,
  planned: readonly PlannedTarget[],
  window: Span,
  signal: AbortSignal
): Promise<readonly (string | null)[]> {
  const late = new AbortController()
  const ends = AbortSignal.any([signal, late.signal])
  const targets = planned.map(({ target }) => target)
  const subjects = planned.some((one) => one.subjects)
  try {
    const answer = connector.fingerprints({ targets, window, subjects, signal: ends })
    return await withDeadline(untilAborted(answer, signal), maxCompareMs, timers.after)
  } catch (error) {
    late.abort()
    // A connector does not reject: this is a defect of it. The calendars are read.
    if (!signal.aborted && !(error instanceof DeadlineExceeded)) {
      log.error({ tenant, ...redactError(error) }, 'a connector threw')
    }
    return []
  }
}
