/** Reads the calendars of a batch over the connector: whatever that does, there is a result for each of them. */
import type { Connector, ReadRequest, ReadResult } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { PlannedTarget } from './planned-target.ts'

export interface FetchContext {
  readonly tenant: string
  readonly connector: Connector
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds that an aborted connector has to report what it was waiting for. */
const abortGraceMs = 1_000

/** By key. Targets that need no subjects are read apart from the others, so that no target's result depends on its batch. */
export async function fetchCalendars(
  context: FetchContext,
  planned: readonly PlannedTarget[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, ReadResult>> {
  const results = new Map<string, ReadResult>()
  const groups = [true, false].map(async (subjects) => {
    const group = planned.filter((one) => one.subjects === subjects)
    if (group.length === 0) return
    const targets = group.map(({ target: { key: _, ...target }, state, inputHash, hasTimelines }) => {
      const { lastSync } = state
      return hasTimelines && lastSync?.inputHash === inputHash && lastSync.etag !== null
        ? { ...target, etag: lastSync.etag }
        : target
    })
    const read = await fetchResults(context, { targets, window, subjects, signal })
    group.forEach(({ key }, index) => {
      results.set(key, read[index] ?? missing)
    })
  })
  await Promise.all(groups)
  return results
}

/** The connector's results. If there are none in time every target fails; if they violate its contract there are none. */
export async function fetchResults(
  { connector, timers, log, tenant }: FetchContext,
  request: ReadRequest
): Promise<readonly ReadResult[]> {
  let cancel = () => {}
  const timeout = new Promise<readonly ReadResult[]>((resolve) => {
    const onAbort = () => {
      cancel = timers.after(abortGraceMs, () => resolve(request.targets.map(() => timedOut)))
    }
    if (request.signal.aborted) onAbort()
    else request.signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([connector.read(request), timeout])
  } catch (error) {
    // A connector does not reject: this is a defect of it, which must not be the end of the tenant's sync.
    log.error({ tenant, ...redactError(error) }, 'a connector threw')
    return []
  } finally {
    cancel()
  }
}

const timedOut: ReadResult = {
  outcome: 'failed',
  error: new RemoteError(
    'unreachable',
    'The calendar system did not answer before the deadline. If this persists, check whether it is overloaded.'
  )
}

const missing: ReadResult = {
  outcome: 'failed',
  error: new RemoteError(
    'protocol_error',
    'The answer lacked this calendar. If it stays so, report it with the lines of the service’s log.'
  )
}
