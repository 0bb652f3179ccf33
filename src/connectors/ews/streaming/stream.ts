/** One GetStreamingEvents: a reply of up to half an hour, until it ends, sends no data for too long, or is closed. */
import { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationId } from '../read/impersonation-id.ts'
import { streamRequest } from '../soap/requests.ts'
import type { ResponseStatus } from '../soap/response.ts'
import type { StreamAffinity } from './affinity.ts'
import { streamBrokenError, streamSilentError } from './errors.ts'
import { type StreamHandlers, streamReader } from './responses.ts'
import type { SilenceLimit } from './silence-limit.ts'

/** One minute below the server's maximum, because clocks are not exact. */
const connectionTimeoutMinutes = 29

export interface StreamDeps {
  readonly client: EwsClient
  readonly after: After
  readonly clock: () => number
  readonly errorFor: (status: ResponseStatus, mailbox: string) => RemoteError | null
}

/** Resolves at its end: with null when the server has sent everything, else with the error. Never rejects. */
export async function runStream(
  subscriptions: readonly string[],
  {
    chargedMailbox,
    affinity,
    silenceLimit
  }: { chargedMailbox: ImpersonationId; affinity: StreamAffinity; silenceLimit: SilenceLimit },
  handlers: Omit<StreamHandlers, 'onHeartbeat' | 'onRefused'>,
  { client, after, clock, errorFor }: StreamDeps,
  signal: AbortSignal
): Promise<RemoteError | null> {
  const over = new AbortController()
  const stop = () => over.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  let cancel = () => {}
  let lastDataAt = clock()
  const startTimer = () => {
    const { limitMs } = silenceLimit
    cancel = after(limitMs, () => {
      silenceLimit.onSilence()
      over.abort(streamSilentError(limitMs))
    })
  }
  const onHeartbeat = () => {
    const now = clock()
    silenceLimit.onHeartbeat(now - lastDataAt)
    lastDataAt = now
    cancel()
    startTimer()
  }
  const toError = (status: ResponseStatus) => errorFor(status, chargedMailbox.mailbox)
  const onRefused = (status: ResponseStatus) =>
    over.abort(toError(status) ?? client.errorOf(status, chargedMailbox.mailbox, true))
  startTimer()
  try {
    signal.throwIfAborted()
    const { isClosed } = await client.send(
      {
        operation: 'GetStreamingEvents',
        body: streamRequest(subscriptions, connectionTimeoutMinutes),
        impersonated: chargedMailbox,
        hasHeader: () => true,
        isSupportedBy: ({ streaming }) => streaming,
        createReader: () => streamReader({ ...handlers, onHeartbeat, onRefused }),
        statusOf: () => null,
        errorFor: toError,
        affinity,
        // connectionstatus.md: `Closed` is the end, whether the server hangs up or not.
        isStreamOver: (reader) => reader.isClosed
      },
      over.signal
    )
    return isClosed ? null : streamBrokenError()
  } catch (error) {
    if (over.signal.reason instanceof RemoteError) return over.signal.reason
    return error instanceof RemoteError ? error : internalError(error)
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}

export function internalError(cause: unknown): RemoteError {
  const hint = 'Notifications failed because of a fault in this service: report it with its log.'
  return new RemoteError('protocol_error', hint, { cause })
}
