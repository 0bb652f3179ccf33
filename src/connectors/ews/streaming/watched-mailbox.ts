/** One mailbox that is subscribed to, for however many listeners, and the state that was last reported to them. */
import type { RemoteError } from '../../../errors.ts'
import type { SubscriptionListener } from '../../connector.ts'

export class WatchedMailbox {
  readonly mailbox: string
  /** The server's id; null while there is none. */
  subscription: string | null = null
  /** Edits may have gone unnotified: the calendar is to be read once its stream runs again. */
  hasMissed = false
  /** Failures in a row; counted from 0 again when its stream has run for a while. */
  failures = 0
  readonly #listeners = new Set<SubscriptionListener>()
  #state: 'active' | RemoteError | null = null

  constructor(mailbox: string) {
    this.mailbox = mailbox
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0
  }

  /** A listener that joins later gets the state, though not before `subscribe` has returned. */
  addListener(listener: SubscriptionListener): void {
    this.#listeners.add(listener)
    if (this.#state !== null) queueMicrotask(() => this.#tellState(listener))
  }

  /** Says whether it was one. */
  removeListener(listener: SubscriptionListener): boolean {
    return this.#listeners.delete(listener)
  }

  /** Edits are notified from now on; also notifies of what was missed. */
  setActive(): void {
    if (this.#state !== 'active') {
      this.#state = 'active'
      for (const listener of [...this.#listeners]) listener.onActive()
    }
    if (!this.hasMissed) return
    this.hasMissed = false
    this.notifyChanged()
  }

  setInactive(reason: RemoteError | null): void {
    const state = this.#state
    if (state === reason || (state !== 'active' && state?.hint === reason?.hint)) return
    this.#state = reason
    for (const listener of [...this.#listeners]) listener.onInactive(reason)
  }

  notifyChanged(): void {
    for (const listener of [...this.#listeners]) listener.onChange()
  }

  #tellState(listener: SubscriptionListener): void {
    if (!this.#listeners.has(listener)) return
    if (this.#state === 'active') listener.onActive()
    else if (this.#state !== null) listener.onInactive(this.#state)
  }
}
