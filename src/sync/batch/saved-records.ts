/**
 * Records as this process saved them last, so that the next batch need not read them. One that another writer changed, or may have,
 * is forgotten. It may be out of date for as long as an event of the feed takes, as one that was read just before: the store refuses
 * a save of another generation, and counts an override that came meanwhile.
 */
import type { UserRecord } from '../../storage/store.ts'

/** Of a process: about 15 MB with ten intervals each. */
const maxRecords = 10_000
/** Of a longer timeline nothing is kept. */
const maxIntervals = 100

interface KeptRecord {
  /** Whose it is: what a tenant forgot at once has another. */
  readonly owner: object
  readonly record: UserRecord
}

/** Those of all tenants of a process; the one that was used least recently gives way. */
export class SavedRecordCache {
  readonly #kept = new Map<string, KeptRecord>()

  get(key: string, owner: object): UserRecord | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    this.#kept.delete(key)
    if (kept.owner !== owner) return null
    this.#kept.set(key, kept)
    return kept.record
  }

  put(key: string, kept: KeptRecord): void {
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    if (this.#kept.size <= maxRecords) return
    const [oldest] = this.#kept.keys()
    this.#kept.delete(oldest!)
  }

  delete(key: string): void {
    this.#kept.delete(key)
  }
}

/** Those of one tenant. */
export class SavedRecords {
  readonly #tenant: string
  readonly #cache: SavedRecordCache
  #owner: object = {}

  constructor(tenant: string, cache: SavedRecordCache) {
    this.#tenant = tenant
    this.#cache = cache
  }

  get(user: string): UserRecord | null {
    return this.#cache.get(this.#keyOf(user), this.#owner)
  }

  keep(record: UserRecord): void {
    if ((record.timeline?.causes.length ?? 0) > maxIntervals) return
    this.#cache.put(this.#keyOf(record.user.id), { owner: this.#owner, record })
  }

  forget(user: string): void {
    this.#cache.delete(this.#keyOf(user))
  }

  forgetAll(): void {
    this.#owner = {}
  }

  #keyOf(user: string): string {
    return `${this.#tenant}/${user}`
  }
}
