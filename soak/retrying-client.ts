/** Calls to the service that are made until it takes them, whatever dies meanwhile. */
import { setTimeout as after } from 'node:timers/promises'
import { checkAnswer } from '../test/support/openapi.ts'

export interface RetryingClient {
  /** What the service answered that it never should. */
  readonly faults: readonly string[]
  readonly retries: () => number
  /** Whether a call that was cut off counted nobody knows, but the same once more does no harm. */
  callUntilAccepted(method: string, path: string, body?: object): Promise<void>
}

/** What a call may meet that goes by itself: nobody lives, or the store is away. */
const transientStatuses: readonly number[] = [502, 503]

export function createRetryingClient(origin: string, key: string): RetryingClient {
  const faults: string[] = []
  let retries = 0

  return {
    faults,
    retries: () => retries,
    async callUntilAccepted(method, path, body) {
      for (;;) {
        const response = await fetch(`${origin}${path}`, {
          method,
          headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) })
        }).catch(() => null)
        const text = (await response?.text().catch(() => null)) ?? null
        if (response !== null && text !== null) faults.push(...undocumented(method, path, response, text))
        if (response?.ok || (method === 'DELETE' && response?.status === 404)) return
        if (response && !transientStatuses.includes(response.status)) {
          faults.push(`${method} ${path}: ${response.status} ${text}`)
        }
        retries += 1
        await after(100)
      }
    }
  }
}

/** 502 is the load balancer's; all else is the service's, and must be as it is documented. */
function undocumented(method: string, path: string, response: Response, text: string): string[] {
  const { status, headers } = response
  if (status === 502) return []
  try {
    checkAnswer({ method, path, status, contentType: headers.get('content-type'), text })
    return []
  } catch (error) {
    return [String(error)]
  }
}
