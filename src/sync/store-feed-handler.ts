/** Applies the store's changes of one tenant, one after the other; a store that fails is asked again. */
import { type Log, redactError } from '../lib/redact-error.ts'
import type { Semaphore } from '../lib/semaphore.ts'
import { nextSlice } from '../lib/time-slices.ts'
import type { Timers } from '../lib/timers.ts'
import type { FeedEvent, Store } from '../storage/store.ts'
import { type SavedRecordCache, SavedRecords } from './batch/saved-records.ts'

export interface FeedHandlers {
  /** With `isNew` nothing that was known of the tenant counts any more. */
  applyTenant(isNew: boolean): Promise<void>
  applyUsers(users: readonly string[]): Promise<void>
  /** Any record of any user may have changed. */
  resyncUsers(): Promise<void>
}

/** The users whose records were changed by others since it began. */
export interface ChangeTracker {
  has(user: string): boolean
  stop(): void
}

interface FeedDeps {
  readonly savedRecords: SavedRecordCache
  readonly store: Store
  readonly timers: Timers
  readonly log: Log
  /** Shared by all tenants: who takes over thousands of them must not decode all their records in one turn of the loop. */
  readonly tenantLoads: Semaphore
}

const maxUsersPerRound = 500
/** Milliseconds until a store that failed is asked again. */
const retryMs = 5_000

/** Begins as if the whole tenant had just been changed. */
export class StoreFeedHandler {
  /** Records that nobody else changed since they were kept, as far as the feed says. */
  readonly savedRecords: SavedRecords
  readonly #tenant: string
  readonly #handlers: FeedHandlers
  readonly #deps: FeedDeps
  readonly #unfollow: () => void
  #tenantChanged = true
  #isNew = true
  #resync = false
  /** Users that may have changed; null: none. */
  #users: Set<string> | null = null
  /** Of each user in a write of our own: writes under way, users' events since, and how many of them the writes account for. */
  readonly #ownWrites = new Map<string, { writes: number; events: number; saved: number }>()
  readonly #trackers = new Set<{ all: boolean; readonly users: Set<string> }>()
  #work: Promise<void> | null = null
  #cancelRetry: (() => void) | null = null
  #closed = false

  /** `cacheName` tells the kept records of two handlers of one tenant apart. */
  constructor(tenant: string, handlers: FeedHandlers, deps: FeedDeps, cacheName = tenant) {
    this.#tenant = tenant
    this.#handlers = handlers
    this.#deps = deps
    this.savedRecords = new SavedRecords(cacheName, deps.savedRecords)
    this.#unfollow = deps.store.follow(tenant, (event) => this.#onFeedEvent(event))
    this.#wake()
  }

  /** The tenant, its rules or its connection may have changed. */
  invalidate(): void {
    this.#tenantChanged = true
    this.#wake()
  }

  /** Resolves when every change so far is applied, or the store has failed. */
  async whenIdle(): Promise<void> {
    while (this.#work !== null) await this.#work
  }

  /** Tracks what others change from now on, so that what was read before need not be read again. */
  trackChanges(): ChangeTracker {
    const tracker = { all: false, users: new Set<string>() }
    this.#trackers.add(tracker)
    return {
      has: (user) => tracker.all || tracker.users.has(user),
      stop: () => void this.#trackers.delete(tracker)
    }
  }

  /**
   * Writes records of these users; resolves to those that were saved. The feed's events of the write come before it resolves,
   * one for each user that was saved, and are ignored. A further event is somebody else's change and is applied.
   */
  async writeOwn(
    users: readonly string[],
    write: () => Promise<readonly string[]>
  ): Promise<readonly string[]> {
    for (const user of users) {
      const own = this.#ownWrites.get(user) ?? { writes: 0, events: 0, saved: 0 }
      own.writes += 1
      this.#ownWrites.set(user, own)
    }
    let saved: readonly string[] = []
    try {
      saved = await write()
      return saved
    } finally {
      this.#endOwnWrite(users, new Set(saved))
    }
  }

  /** Follows no more; resolves when nothing is being applied. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unfollow()
    this.#cancelRetry?.()
    await this.whenIdle()
  }

  #onFeedEvent(event: FeedEvent): void {
    const users =
      event.kind === 'logged' ? event.entry.users : event.kind === 'confirmed' ? event.users : 'all'
    if (users === 'all') this.#tenantChanged = true
    else this.#onUsersChanged(users.filter((user) => !this.#isDuringOwnWrite(user)))
    if (users === 'all') {
      this.savedRecords.forgetAll()
      for (const tracker of this.#trackers) tracker.all = true
    }
    // What is there after this is another tenant of the same name.
    if (event.kind === 'tenant removed') this.#isNew = true
    if (event.kind === 'gap') this.#resync = true
    this.#wake()
  }

  #onUsersChanged(users: readonly string[]): void {
    if (users.length === 0) return
    this.#addUsers(users)
    for (const user of users) this.savedRecords.forget(user)
    for (const tracker of this.#trackers) for (const user of users) tracker.users.add(user)
  }

  /** Counts an event of a user in a write of our own: whose it was shows when the write ends. */
  #isDuringOwnWrite(user: string): boolean {
    const own = this.#ownWrites.get(user)
    if (own === undefined) return false
    own.events += 1
    return true
  }

  #endOwnWrite(users: readonly string[], saved: ReadonlySet<string>): void {
    const changed = users.filter((user) => {
      const own = this.#ownWrites.get(user)!
      own.writes -= 1
      if (saved.has(user)) own.saved += 1
      else this.savedRecords.forget(user)
      if (own.writes > 0) return false
      this.#ownWrites.delete(user)
      return own.events > own.saved
    })
    if (changed.length === 0) return
    this.#onUsersChanged(changed)
    this.#wake()
  }

  #addUsers(users: readonly string[]): void {
    this.#users ??= new Set()
    for (const user of users) this.#users.add(user)
  }

  get #hasChanges(): boolean {
    return this.#tenantChanged || this.#resync || this.#users !== null
  }

  #wake(): void {
    if (this.#closed || this.#work !== null || this.#cancelRetry !== null) return
    this.#work = this.#apply().then(
      () => {
        this.#work = null
        if (this.#hasChanges) this.#wake()
      },
      (error) => {
        this.#work = null
        const { log, timers } = this.#deps
        log.warn(
          { tenant: this.#tenant, ...redactError(error) },
          'changes could not be read from the store; trying again'
        )
        this.#cancelRetry = timers.after(retryMs, () => {
          this.#cancelRetry = null
          this.#wake()
        })
      }
    )
  }

  async #apply(): Promise<void> {
    while (!this.#closed && this.#hasChanges) {
      const { tenantLoads } = this.#deps
      if (this.#tenantChanged) await tenantLoads.run(() => this.#applyTenant())
      else if (this.#resync) await tenantLoads.run(() => this.#resyncUsers())
      else await this.#applyUsers()
      // Over the embedded store no await above yields to the event loop by itself.
      if (this.#hasChanges) await nextSlice()
    }
  }

  async #applyTenant(): Promise<void> {
    if (this.#closed) return
    const isNew = this.#isNew
    this.#tenantChanged = this.#isNew = false
    try {
      await this.#handlers.applyTenant(isNew)
    } catch (error) {
      this.#tenantChanged = true
      this.#isNew ||= isNew
      throw error
    }
  }

  async #resyncUsers(): Promise<void> {
    if (this.#closed) return
    this.#resync = false
    try {
      await this.#handlers.resyncUsers()
    } catch (error) {
      this.#resync = true
      throw error
    }
  }

  async #applyUsers(): Promise<void> {
    const users = [...this.#users!].slice(0, maxUsersPerRound)
    for (const user of users) this.#users!.delete(user)
    if (this.#users!.size === 0) this.#users = null
    try {
      await this.#handlers.applyUsers(users)
    } catch (error) {
      this.#addUsers(users)
      throw error
    }
  }
}
