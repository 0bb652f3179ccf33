/** Calls to the service that are made until it takes them, whatever dies meanwhile. */
import { setTimeout as after } from 'node:timers/promises'

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
        const text = await response?.text().catch(() => '')
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
