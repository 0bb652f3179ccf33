/** One mailbox that is watched, for however many listeners, and what they were told last. */
import type { RemoteError } from '../../../errors.ts'
import type { SubscriptionListener } from '../../connector.ts'

export interface WatchedMailbox {
  readonly mailbox: string
  readonly listeners: ReadonlySet<SubscriptionListener>
  /** The server's name for what it holds; null while there is nothing. */
  subscription: string | null
  /** Something may have happened that nobody was told of: the calendar is to be read once it is heard again. */
  hasMissed: boolean
  /** Tries that failed since it was last heard for a while. */
  failures: number
  addListener(listener: SubscriptionListener): void
  removeListener(listener: SubscriptionListener): void
  /** Heard from now on; also tells of what was missed. */
  setActive(): void
  setInactive(reason: RemoteError | null): void
  notifyChanged(): void
}

export function watchedMailbox(mailbox: string): WatchedMailbox {
  const listeners = new Set<SubscriptionListener>()
  let told: 'live' | RemoteError | null = null

  /** Whoever joins hears how it stands, though not before `watch` has returned. */
  function inform(listener: SubscriptionListener): void {
    if (!listeners.has(listener)) return
    if (told === 'live') listener.onActive()
    else if (told !== null) listener.onInactive(told)
  }

  const made: WatchedMailbox = {
    mailbox,
    listeners,
    subscription: null,
    hasMissed: false,
    failures: 0,
    addListener(listener) {
      listeners.add(listener)
      if (told !== null) queueMicrotask(() => inform(listener))
    },
    removeListener: (listener) => void listeners.delete(listener),
    setActive() {
      if (told !== 'live') {
        told = 'live'
        for (const listener of [...listeners]) listener.onActive()
      }
      if (!made.hasMissed) return
      made.hasMissed = false
      made.notifyChanged()
    },
    setInactive(reason) {
      if (told === reason || (told !== 'live' && told?.hint === reason?.hint)) return
      told = reason
      for (const listener of [...listeners]) listener.onInactive(reason)
    },
    notifyChanged() {
      for (const listener of [...listeners]) listener.onChange()
    }
  }
  return made
}
