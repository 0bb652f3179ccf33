/** Asking a connector for the calendars of a batch: whatever it does, there is an answer for each of them. */
import type { Connector, ReadResult } from '../../connectors/connector.ts'
import type { Span } from '../../domain/calendar-event.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import type { ComparableTarget } from './compare-fingerprints.ts'

export interface CalendarRequest extends ComparableTarget {
  readonly subjects: boolean
}

interface FetchContext {
  readonly tenant: string
  readonly connector: Connector
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds that a connector has, once it was aborted, to tell of its own accord what it was waiting for. */
const abortGraceMs = 1_000

/** By key. Those who need no subjects are asked apart from those who do, so that company changes nobody's answer. */
export async function fetchCalendars(
  scene: FetchContext,
  asked: readonly CalendarRequest[],
  window: Span,
  signal: AbortSignal
): Promise<Map<string, ReadResult>> {
  const readings = new Map<string, ReadResult>()
  const kinds = [true, false].map(async (subjects) => {
    const those = asked.filter((one) => one.subjects === subjects)
    if (those.length === 0) return
    const targets = those.map(
      ({
        target: { mailbox, timeZone },
        state: { lastSync: held },
        inputHash: basis,
        hasTimelines: holds
      }) =>
        holds && held?.inputHash === basis && held.etag !== null
          ? { mailbox, timeZone, version: held.etag }
          : { mailbox, timeZone }
    )
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
  { connector, timers, log, tenant }: FetchContext,
  request: Parameters<Connector['read']>[0]
): Promise<readonly ReadResult[]> {
  let cancel = () => {}
  const silence = new Promise<readonly ReadResult[]>((resolve) => {
    const giveUp = () => {
      cancel = timers.after(abortGraceMs, () => resolve(request.targets.map(() => timedOut)))
    }
    if (request.signal.aborted) giveUp()
    else request.signal.addEventListener('abort', giveUp, { once: true })
  })
  try {
    return await Promise.race([connector.read(request), silence])
  } catch (error) {
    // A connector does not reject: this is a defect of it, which must not be the end of the tenant's reading.
    log.error({ tenant, ...redactError(error) }, 'a connector threw')
    return []
  } finally {
    cancel()
  }
}

export const timedOut: ReadResult = {
  outcome: 'failed',
  error: new RemoteError(
    'unreachable',
    'The calendar system did not answer before the deadline. If it goes on, see whether it is overloaded.'
  )
}

const incomplete: ReadResult = {
  outcome: 'failed',
  error: new RemoteError(
    'protocol_error',
    'The answer lacked this calendar. The log of the service tells more.'
  )
}
