/**
 * All API keys in memory, so that a request is authenticated without the store. The registry asks the store every second what has
 * changed: a revocation, a rotation or a new key holds on every replica soon after. What the store has not confirmed for long is no
 * longer relied on (`freshness`).
 */

import type { Instant } from '../domain/calendar-event.ts'
import { digestOf } from '../lib/digest.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import { machineTimers, type Timers } from '../lib/timers.ts'
import type { ApiKeyRecord, ApiKeyStore, ApiKeyUse } from '../storage/api-keys.ts'
import { isLikeKey } from './api-key-format.ts'
import { type Principal, ROLES } from './principal.ts'

/** Milliseconds between two looks at the store. */
const POLL_INTERVAL_MS = 1000
/** Until this age of the last confirmation everything may be done with a key: a revocation is in force within it. */
const MAX_CURRENT_AGE_MS = 5000
/** Until this age of the last confirmation a key opens reads. */
const MAX_READ_AGE_MS = 60_000
const SAVE_USES_INTERVAL_MS = 60_000
const DAY_MS = 86_400_000

/**
 * How sure `authenticate` is. `current`: the store confirmed the keys within 5 s. `stale`: within 60 s; a key opens reads alone.
 * `unknown`: longer ago; a key opens nothing.
 */
export type KeyFreshness = 'current' | 'stale' | 'unknown'

export interface KeyRegistryDeps {
  readonly store: ApiKeyStore
  readonly clock: () => Instant
  readonly timers?: Timers
}

/** A key as it is held: what requests are given, and when it ends. */
interface HeldKey extends Principal {
  /** In which reading of all keys it was there last. */
  readonly reading: number
  readonly digest: string
  readonly expiresAt: Instant | null
  readonly previousDigest: string | null
  readonly previousUntil: Instant
}

export class KeyRegistry {
  readonly #store: ApiKeyStore
  readonly #clock: () => Instant
  readonly #timers: Timers
  readonly #byDigest = new Map<string, HeldKey>()
  readonly #byId = new Map<string, HeldKey>()
  /** Those that end. Most do not. */
  readonly #ending = new Map<string, HeldKey>()
  /** One string for each tenant, however many keys it has. */
  readonly #tenants = new Map<string, string>()
  #position = ''
  /** Counts the readings of all keys. */
  #reading = 0
  /** On the timers' scale: when the last look was begun that came back. */
  #confirmedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<boolean> | null = null
  #cancelPoll: () => void = () => {}
  #cancelSave: () => void = () => {}
  /** The keys used since they were last saved, by id. */
  #uses = new Map<string, ApiKeyUse>()
  /** Ids of the keys whose use today is noted, so that a day is saved once. */
  readonly #usedToday = new Set<string>()
  /** Days since 1970, UTC. */
  #today = -1
  #isClosed = false

  private constructor({ store, clock, timers = machineTimers }: KeyRegistryDeps) {
    this.#store = store
    this.#clock = clock
    this.#timers = timers
  }

  /** When keys end, by tenant; by null the provider's. Those without an end are left out. */
  ends(): ReadonlyMap<string | null, readonly Instant[]> {
    const ends = new Map<string | null, Instant[]>()
    for (const { tenant, expiresAt } of this.#byId.values()) {
      if (expiresAt === null) continue
      const known = ends.get(tenant)
      if (known === undefined) ends.set(tenant, [expiresAt])
      else known.push(expiresAt)
    }
    return ends
  }

  /** Resolves once every key is known. */
  static async open(deps: KeyRegistryDeps): Promise<KeyRegistry> {
    const registry = new KeyRegistry(deps)
    const begun = registry.#timers.now()
    await registry.#readAll()
    registry.#confirmedAt = begun
    registry.#schedulePoll()
    registry.#scheduleSave()
    return registry
  }

  /** Whose key it is; null when it is none, or no longer one. */
  authenticate(key: string): Principal | null {
    // The checksum is not looked at: a key with a wrong one has another digest.
    if (!isLikeKey(key)) return null
    const now = this.#clock()
    const held = this.#find(digestOf(key), now)
    if (held !== null) this.#noteUse(held, now)
    return held
  }

  /** Whether the key of this digest is one, still. */
  holds(digest: string): boolean {
    return this.#find(digest, this.#clock()) !== null
  }

  freshness(): KeyFreshness {
    const age = this.#timers.now() - this.#confirmedAt
    if (age <= MAX_CURRENT_AGE_MS) return 'current'
    return age <= MAX_READ_AGE_MS ? 'stale' : 'unknown'
  }

  /**
   * Asks the store now what has changed; resolves to whether it answered. After it `authenticate` knows every change that was
   * made before the call: a key that another replica made a moment ago, too. Many calls share one look.
   */
  async confirm(): Promise<boolean> {
    // A look under way may have passed the change already.
    if (this.#looking !== null) await this.#looking
    return this.#look()
  }

  /** How many keys end within so many days; those that have ended are not counted. */
  countEndingWithin(days: number): number {
    const now = this.#clock()
    let count = 0
    for (const { expiresAt } of this.#ending.values()) {
      if (expiresAt !== null && expiresAt > now && expiresAt <= now + days * DAY_MS) count++
    }
    return count
  }

  /** How many keys are held. */
  get size(): number {
    return this.#byId.size
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelPoll()
    this.#cancelSave()
    await this.#looking
    await this.#saveUses()
  }

  #find(digest: string, now: Instant): HeldKey | null {
    const held = this.#byDigest.get(digest)
    if (held === undefined) return null
    if (held.expiresAt !== null && held.expiresAt <= now) return null
    return held.digest !== digest && held.previousUntil <= now ? null : held
  }

  #look(): Promise<boolean> {
    this.#looking ??= this.#readChanges()
      .then(
        () => true,
        () => false
      )
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #readChanges(): Promise<void> {
    const begun = this.#timers.now()
    for (;;) {
      const slice = await this.#store.changesAfter(this.#position)
      if (slice === null) {
        await this.#readAll()
        break
      }
      for (const { id, key } of slice.changes) {
        if (key === null) this.#drop(id)
        else this.#hold(key)
      }
      this.#position = slice.position
      if (slice.changes.length === 0) break
    }
    this.#confirmedAt = begun
  }

  async #readAll(): Promise<void> {
    const position = await this.#store.position()
    this.#reading++
    for await (const keys of this.#store.all()) for (const key of keys) this.#hold(key)
    await forEachInSlices(this.#byId.values(), ({ id, reading }) => {
      if (reading < this.#reading) this.#drop(id)
    })
    this.#position = position
  }

  #hold(key: ApiKeyRecord): void {
    this.#drop(key.id)
    const held = this.#toHeld(key)
    // Of a role that a later version made nothing is known: such a key opens nothing here.
    if (held === null) return
    this.#byId.set(held.id, held)
    if (held.expiresAt !== null) this.#ending.set(held.id, held)
    this.#byDigest.set(held.digest, held)
    if (held.previousDigest !== null) this.#byDigest.set(held.previousDigest, held)
  }

  #drop(id: string): void {
    const held = this.#byId.get(id)
    if (held === undefined) return
    this.#byId.delete(id)
    this.#ending.delete(id)
    this.#byDigest.delete(held.digest)
    if (held.previousDigest !== null) this.#byDigest.delete(held.previousDigest)
  }

  #toHeld(key: ApiKeyRecord): HeldKey | null {
    const role = ROLES.find((known) => known === key.role)
    if (role === undefined) return null
    return {
      kind: 'key',
      id: key.id,
      name: key.name,
      role,
      tenant: key.tenant === null ? null : this.#sharedName(key.tenant),
      user: key.user,
      colleagues: key.colleagues,
      sensitive: key.sensitive,
      reading: this.#reading,
      digest: key.digest,
      expiresAt: key.expiresAt,
      previousDigest: key.previous?.digest ?? null,
      previousUntil: key.previous?.until ?? 0
    }
  }

  #sharedName(tenant: string): string {
    const known = this.#tenants.get(tenant)
    if (known !== undefined) return known
    this.#tenants.set(tenant, tenant)
    return tenant
  }

  #schedulePoll(): void {
    if (this.#isClosed) return
    this.#cancelPoll = this.#timers.after(POLL_INTERVAL_MS, () => {
      void this.#look().then(() => this.#schedulePoll())
    })
  }

  #scheduleSave(): void {
    if (this.#isClosed) return
    this.#cancelSave = this.#timers.after(SAVE_USES_INTERVAL_MS, () => {
      void this.#saveUses().then(() => this.#scheduleSave())
    })
  }

  #noteUse({ tenant, id }: HeldKey, now: Instant): void {
    const today = Math.floor(now / DAY_MS)
    if (today !== this.#today) {
      this.#today = today
      this.#usedToday.clear()
    }
    if (this.#usedToday.has(id)) return
    this.#usedToday.add(id)
    this.#uses.set(id, { tenant, id, day: new Date(now).toISOString().slice(0, 10) })
  }

  async #saveUses(): Promise<void> {
    if (this.#uses.size === 0) return
    const uses = this.#uses
    this.#uses = new Map()
    try {
      await this.#store.saveUses([...uses.values()])
    } catch {
      // The store is away: with the next save.
      for (const [id, use] of uses) if (!this.#uses.has(id)) this.#uses.set(id, use)
    }
  }
}
