/** One GetStreamingEvents: a reply that goes on for half an hour, until it ends, falls silent, or is let go. */
import { RemoteError } from '../../../errors.ts'
import type { After } from '../../../lib/timers.ts'
import type { Calls } from '../client/ews-client.ts'
import type { Name } from '../read/impersonation-id.ts'
import { streamRequest } from '../soap/requests.ts'
import type { Verdict } from '../soap/response.ts'
import type { GroupAffinity } from './affinity.ts'
import { brokenOff, silent } from './errors.ts'
import { type StreamHearer, streamReader } from './responses.ts'

/** One below the most: nobody's clock is exact. */
const minutes = 29
/** Milliseconds. Exchange gives a sign every 30 to 45 s; Microsoft's own client waits as long as this. */
const silence = 90_000

export interface StreamNeeds {
  readonly calls: Calls
  readonly after: After
  readonly refusal: (verdict: Verdict, mailbox: string) => RemoteError | null
}

/** Resolves at its end: with null when the server has told everything, else with what befell it. Never rejects. */
export async function runStream(
  subscriptions: readonly string[],
  { charged, affinity }: { charged: Name; affinity: GroupAffinity },
  hearer: Omit<StreamHearer, 'sign' | 'refused'>,
  { calls, after, refusal }: StreamNeeds,
  letGo: AbortSignal
): Promise<RemoteError | null> {
  const over = new AbortController()
  const stop = () => over.abort(letGo.reason)
  letGo.addEventListener('abort', stop, { once: true })
  let cancel = () => {}
  const sign = () => {
    cancel()
    cancel = after(silence, () => over.abort(silent(silence)))
  }
  const meaning = (verdict: Verdict) => refusal(verdict, charged.mailbox)
  const refused = (verdict: Verdict) =>
    over.abort(meaning(verdict) ?? calls.errorOf(verdict, charged.mailbox, true))
  sign()
  try {
    letGo.throwIfAborted()
    const { closed } = await calls.send(
      {
        operation: 'GetStreamingEvents',
        body: streamRequest(subscriptions, minutes),
        impersonated: charged,
        header: () => true,
        has: ({ streaming }) => streaming,
        answer: () => streamReader({ ...hearer, sign, refused }),
        verdict: () => null,
        refusal: meaning,
        affinity,
        streams: true
      },
      over.signal
    )
    return closed ? null : brokenOff()
  } catch (error) {
    if (over.signal.reason instanceof RemoteError) return over.signal.reason
    return error instanceof RemoteError ? error : fault(error)
  } finally {
    cancel()
    letGo.removeEventListener('abort', stop)
  }
}

export function fault(cause: unknown): RemoteError {
  const hint = 'Edits could not be heard of because of a fault in this service: report it with its log.'
  return new RemoteError('protocol_error', hint, { cause })
}
