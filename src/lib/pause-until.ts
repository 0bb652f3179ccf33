/** Waits for a time, or until a signal is aborted, whichever comes first. */
import type { After } from './timers.ts'

export function pauseUntil(milliseconds: number, signal: AbortSignal, after: After): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = after(milliseconds, end)
    signal.addEventListener('abort', end, { once: true })
    function end(): void {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
