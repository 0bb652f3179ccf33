/** Asks one connection whether it has mailboxes, by the very call that reads them. Nothing of what is read is kept. */
import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import type { Log } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { fetchResults } from '../batch/fetch-calendars.ts'
import { BatchTimeout } from '../queue/queue.ts'
import type { ReadTarget } from '../targets/read-target.ts'

/**
 * `here`: it was read; `isUsed` where it had events in the last 30 days, `timesAlone` where nothing else shows: so answers a server that
 * asks the other for it. `denied`: it is there, and may not be read. `absent`: it is not
 * there. `silent`: that is not known at present.
 */
export type ProbeAnswer =
  | { readonly kind: 'here'; readonly isUsed: boolean; readonly timesAlone: boolean }
  | { readonly kind: 'denied' | 'absent' | 'silent' }

export interface ProbeOptions {
  readonly tenant: string
  readonly connector: Connector
  readonly targets: readonly ReadTarget[]
  readonly window: Span
  /** Whether a rule looks at subjects or categories. */
  readonly subjects: boolean
  readonly now: Instant
  readonly timers: Timers
  readonly log: Log
}

/** Days back in which a mailbox that is used has events. */
const usedDays = 30
const dayMs = 86_400_000
/** Milliseconds that one probe may take. */
const deadlineMs = 30_000

/** In the order of the targets. Never rejects. */
export async function probeMailboxes({
  targets,
  window,
  subjects,
  now,
  timers,
  ...context
}: ProbeOptions): Promise<readonly ProbeAnswer[]> {
  const usedSince = now - usedDays * dayMs
  const late = new AbortController()
  const cancel = timers.after(deadlineMs, () => late.abort(new BatchTimeout('the probe took too long')))
  try {
    const results = await fetchResults(
      { ...context, timers },
      {
        targets: targets.map(({ key: _, ...target }) => target),
        window: { start: Math.min(window.start, usedSince), end: window.end },
        subjects,
        signal: late.signal
      }
    )
    return targets.map((_, index) => answerOf(results[index], { start: usedSince, end: now }))
  } finally {
    cancel()
  }
}

function answerOf(result: ReadResult | undefined, { start, end }: Span): ProbeAnswer {
  if (result === undefined || result.outcome === 'unchanged') return { kind: 'silent' }
  if (result.outcome === 'read') {
    const isUsed = result.events.some((event) => event.end > start && event.start < end)
    return { kind: 'here', isUsed, timesAlone: result.detail === 'availability' }
  }
  const { scope, code } = result.error
  if (scope === 'connection') return { kind: 'silent' }
  if (code === 'mailbox_unknown') return { kind: 'absent' }
  return { kind: code === 'access_denied' ? 'denied' : 'silent' }
}
