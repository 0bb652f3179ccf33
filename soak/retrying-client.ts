/** Calls to the service that are made until it takes them, whatever dies meanwhile. */
import { setTimeout as after } from 'node:timers/promises'

export interface Calls {
  /** What the service answered that it never should. */
  readonly faults: readonly string[]
  readonly triedAgain: () => number
  /** Whether a call that was cut off counted nobody knows, but the same once more does no harm. */
  insist(method: string, path: string, body?: object): Promise<void>
}

/** What a call may meet that goes by itself: nobody lives, or the store is away. */
const passing: readonly number[] = [502, 503]

export function openCalls(origin: string, key: string): Calls {
  const faults: string[] = []
  let triedAgain = 0

  return {
    faults,
    triedAgain: () => triedAgain,
    async insist(method, path, body) {
      for (;;) {
        const response = await fetch(`${origin}${path}`, {
          method,
          headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) })
        }).catch(() => null)
        const text = await response?.text().catch(() => '')
        if (response?.ok || (method === 'DELETE' && response?.status === 404)) return
        if (response && !passing.includes(response.status)) {
          faults.push(`${method} ${path}: ${response.status} ${text}`)
        }
        triedAgain += 1
        await after(100)
      }
    }
  }
}
