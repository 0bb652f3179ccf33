/** "This calendar was edited", coalesced: it is read at once, then at most once more in two seconds. */
import type { Timers } from './timers.ts'

export const noticeInterval = 2_000

export interface Notices {
  /** `readAt`: when its last read began, on the monotonic clock. */
  heard(key: string, readAt: number): void
  clear(): void
}

export function noticesOf(timers: Timers, read: (key: string) => void): Notices {
  const pending = new Map<string, () => void>()
  return {
    heard(key, readAt) {
      if (pending.has(key)) return
      const wait = readAt + noticeInterval - timers.now()
      if (wait <= 0) return read(key)
      const cancel = timers.after(wait, () => {
        pending.delete(key)
        read(key)
      })
      pending.set(key, cancel)
    },
    clear() {
      for (const cancel of pending.values()) cancel()
      pending.clear()
    }
  }
}
