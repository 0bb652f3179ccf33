/** The calendars of a tenant that are read, and their users: a mailbox that users share is read once. */
import type { Instant } from '../../domain/calendar-event.ts'
import { forEachInSlices } from '../../lib/time-slices.ts'
import type { UserRecord } from '../../storage/store.ts'
import type { ReleaseMode } from '../notifications/target-subscriptions.ts'
import { type ReadTarget, userConfigHash } from './read-target.ts'
import { TargetState } from './target-state.ts'

interface KnownUser {
  readonly key: string
  readonly configHash: string
}

/** So many failures in a row, and a mailbox counts as unreadable: the operator must act, and waiting does not help. */
export const unreadableFailures = 3

export class TargetRegistry {
  readonly #onAdded: (target: ReadTarget) => TargetState['release']
  readonly #states = new Map<string, TargetState>()
  readonly #users = new Map<string, KnownUser>()
  #revision = 0

  /** `onAdded` is called with a target's first user; what it returns is called after the last has left. */
  constructor(onAdded: (target: ReadTarget) => TargetState['release']) {
    this.#onAdded = onAdded
  }

  /** Counts up whenever a target comes or goes. */
  get revision(): number {
    return this.#revision
  }

  /** The keys of the calendars of `users`; all keys without. */
  keys(users?: readonly string[]): readonly string[] {
    if (users === undefined) return [...this.#states.keys()]
    return [...new Set(users.flatMap((user) => this.#users.get(user)?.key ?? []))]
  }

  get(key: string): TargetState | undefined {
    return this.#states.get(key)
  }

  users(): IterableIterator<string> {
    return this.#users.keys()
  }

  /**
   * When the target that is furthest behind was last confirmed; with an active subscription and successful reads it counts as
   * confirmed now. Null when there is none. Unreadable mailboxes are counted apart.
   */
  oldestSyncAt(now: Instant, isSubscribed: (key: string) => boolean): Instant | null {
    let oldest: Instant | null = null
    for (const [key, { confirmedAt, enabledSince, failures }] of this.#states) {
      if (failures >= unreadableFailures) continue
      const isCurrent = confirmedAt !== null && failures === 0 && isSubscribed(key)
      oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, isCurrent ? now : (confirmedAt ?? enabledSince))
    }
    return oldest
  }

  /** Mailboxes that fail again and again, while the connection works. */
  countUnreadable(): number {
    let count = 0
    for (const { failures } of this.#states.values()) if (failures >= unreadableFailures) count += 1
    return count
  }

  entries(): IterableIterator<[string, TargetState]> {
    return this.#states.entries()
  }

  /** Takes a user as they are now (null: gone), and says whether their calendar must be read for it. */
  apply(user: string, record: UserRecord | null, target: ReadTarget | null): boolean {
    const before = this.#users.get(user)
    if (record === null || target === null) {
      if (before !== undefined) this.#leave(user, before.key)
      return false
    }
    const configHash = userConfigHash(record)
    if (before?.key === target.key && before.configHash === configHash) return false
    if (before !== undefined && before.key !== target.key) this.#leave(user, before.key)
    this.#join(user, target, record)
    this.#users.set(user, { key: target.key, configHash })
    return true
  }

  /** Forgets everybody at once. Resolves once all are released. */
  async clear(mode: ReleaseMode): Promise<void> {
    const states = [...this.#states.values()]
    this.#states.clear()
    this.#users.clear()
    this.#revision += 1
    await forEachInSlices(states, (state) => state.release(mode))
  }

  #join(user: string, target: ReadTarget, { sync }: UserRecord): void {
    let state = this.#states.get(target.key)
    if (state === undefined) {
      state = new TargetState(sync)
      this.#states.set(target.key, state)
      this.#revision += 1
      state.release = this.#onAdded(target)
    }
    state.users.add(user)
  }

  #leave(user: string, key: string): void {
    this.#users.delete(user)
    const state = this.#states.get(key)
    if (state === undefined) return
    state.users.delete(user)
    if (state.users.size > 0) return
    state.release('unsubscribe')
    this.#states.delete(key)
    this.#revision += 1
  }
}
