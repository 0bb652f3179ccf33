/** One GetStreamingEvents: a reply that goes on for half an hour, until it ends, falls silent, or is let go. */
import { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { EwsClient } from '../client/ews-client.ts'
import type { ImpersonationId } from '../read/impersonation-id.ts'
import { streamRequest } from '../soap/requests.ts'
import type { ResponseStatus } from '../soap/response.ts'
import type { StreamAffinity } from './affinity.ts'
import { streamBrokenError, streamSilentError } from './errors.ts'
import { type StreamHandlers, streamReader } from './responses.ts'

/** One below the most: nobody's clock is exact. */
const connectionTimeoutMinutes = 29
/** Milliseconds. Exchange gives a sign every 30 to 45 s; Microsoft's own client waits as long as this. */
const maxSilenceMs = 90_000

export interface StreamDeps {
  readonly client: EwsClient
  readonly after: After
  readonly errorFor: (status: ResponseStatus, mailbox: string) => RemoteError | null
}

/** Resolves at its end: with null when the server has told everything, else with what befell it. Never rejects. */
export async function runStream(
  subscriptions: readonly string[],
  { charged, affinity }: { charged: ImpersonationId; affinity: StreamAffinity },
  hearer: Omit<StreamHandlers, 'onHeartbeat' | 'onRefused'>,
  { client: calls, after, errorFor: refusal }: StreamDeps,
  letGo: AbortSignal
): Promise<RemoteError | null> {
  const over = new AbortController()
  const stop = () => over.abort(letGo.reason)
  letGo.addEventListener('abort', stop, { once: true })
  let cancel = () => {}
  const sign = () => {
    cancel()
    cancel = after(maxSilenceMs, () => over.abort(streamSilentError(maxSilenceMs)))
  }
  const meaning = (status: ResponseStatus) => refusal(status, charged.mailbox)
  const refused = (status: ResponseStatus) =>
    over.abort(meaning(status) ?? calls.errorOf(status, charged.mailbox, true))
  sign()
  try {
    letGo.throwIfAborted()
    const { isClosed: closed } = await calls.send(
      {
        operation: 'GetStreamingEvents',
        body: streamRequest(subscriptions, connectionTimeoutMinutes),
        impersonated: charged,
        hasHeader: () => true,
        isSupportedBy: ({ streaming }) => streaming,
        createReader: () => streamReader({ ...hearer, onHeartbeat: sign, onRefused: refused }),
        statusOf: () => null,
        errorFor: meaning,
        affinity,
        isStreaming: true
      },
      over.signal
    )
    return closed ? null : streamBrokenError()
  } catch (error) {
    if (over.signal.reason instanceof RemoteError) return over.signal.reason
    return error instanceof RemoteError ? error : internalError(error)
  } finally {
    cancel()
    letGo.removeEventListener('abort', stop)
  }
}

export function internalError(cause: unknown): RemoteError {
  const hint = 'Edits could not be heard of because of a fault in this service: report it with its log.'
  return new RemoteError('protocol_error', hint, { cause })
}
