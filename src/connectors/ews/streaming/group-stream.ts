/** One stream of a group: which mailboxes it serves, and how far it has come. */
import type { After } from '../../../lib/timers.ts'
import { streamReopenedError } from './errors.ts'
import type { GroupMembers } from './group-members.ts'
import type { WatchedMailbox } from './watched-mailbox.ts'

/** A stream that is replaced may go on for so long, to notify of earlier edits. */
const drainMs = 5_000

export class GroupStream {
  /** By subscription. */
  readonly members: ReadonlyMap<string, WatchedMailbox>
  /** Whom it is charged to. */
  readonly charged: WatchedMailbox
  isOpen = false
  /** It has been open for a while. */
  isSteady = false
  /** Another has taken its place. */
  isReplaced = false
  /** One of its subscriptions was ended by ourselves. */
  hasOwnDelete = false
  readonly #abort = new AbortController()
  readonly #timers = new Set<() => void>()
  readonly #after: After

  constructor(members: readonly WatchedMailbox[], charged: WatchedMailbox, after: After) {
    this.members = new Map(members.map((member) => [member.subscription ?? '', member]))
    this.charged = charged
    this.#after = after
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  serves({ subscription }: WatchedMailbox): boolean {
    return subscription !== null && this.members.has(subscription)
  }

  /** The members that are still meant by these subscriptions; by null, all. */
  currentMembers(group: GroupMembers, ids: ReadonlySet<string> | null): WatchedMailbox[] {
    const found: WatchedMailbox[] = []
    for (const [id, member] of this.members) {
      if (member.subscription === id && group.has(member) && (ids?.has(id) ?? true)) found.push(member)
    }
    return found
  }

  setTimer(delayMs: number, call: () => void): void {
    this.#timers.add(this.#after(delayMs, call))
  }

  /** At once, or after it has notified of earlier edits. */
  replace(atOnce: boolean): void {
    this.isReplaced = true
    if (atOnce) this.end()
    else this.setTimer(drainMs, () => this.end())
  }

  end(): void {
    this.#abort.abort(streamReopenedError())
  }

  clearTimers(): void {
    for (const cancel of this.#timers) cancel()
  }
}
