/** "This calendar was edited", coalesced: it is read at once, then at most once more in two seconds. */
import type { Timers } from '../../lib/timers.ts'
import type { Priority } from '../queue/queue.ts'

export const debounceMs = 2_000

/** An edit may be what mends a read that failed; one that fails on and on is not repeated for every edit. */
export function notificationPriority(failures: number): Priority {
  return failures < 2 ? 'soon' : 'poll'
}

export interface NotificationDebouncer {
  /** `readAt`: when its last read began, on the monotonic clock. */
  notify(key: string, readAt: number): void
  /** A read of it begins: what is heard from now on is not in it. */
  onReadStart(key: string): void
  forget(key: string): void
  clear(): void
}

/** `read` puts a calendar in line and resolves to whether it stands there. */
export function createNotificationDebouncer(
  timers: Timers,
  read: (key: string) => Promise<boolean>
): NotificationDebouncer {
  /** Heard of too soon after the last read: how to cancel the next. */
  const later = new Map<string, () => void>()
  /** In line, however long that takes (the far side may have asked for a pause): that read sees what is heard meanwhile. */
  const inLine = new Set<string>()

  return {
    notify(key, readAt) {
      if (later.has(key) || inLine.has(key)) return
      const wait = readAt + debounceMs - timers.now()
      if (wait <= 0) return enter(key)
      const cancel = timers.after(wait, () => {
        later.delete(key)
        enter(key)
      })
      later.set(key, cancel)
    },
    onReadStart: (key) => void inLine.delete(key),
    forget(key) {
      later.get(key)?.()
      later.delete(key)
      inLine.delete(key)
    },
    clear() {
      for (const cancel of later.values()) cancel()
      later.clear()
      inLine.clear()
    }
  }

  function enter(key: string): void {
    inLine.add(key)
    void read(key).then((stands) => {
      if (!stands) inLine.delete(key)
    })
  }
}
