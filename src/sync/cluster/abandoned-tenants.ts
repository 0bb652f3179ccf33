/**
 * Detects tenants without a worker, in the processes that answer calls. No process receives their notifications, so their
 * calendars with a subscription are recorded as stale. The next worker reads them all, which makes them fresh again.
 */

import type { Instant } from '../../domain/calendar-event.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { eachPage } from '../../storage/page.ts'
import type { Store } from '../../storage/store.ts'
import { saveOverdue } from '../batch/build-outcome.ts'
import { shardOf } from './shards.ts'

/** Milliseconds since each shard was last owned, by shard; null where it never was. */
export type ReadShardAges = () => Promise<readonly (number | null)[]>

export interface AbandonedTenantsDeps {
  readonly store: Store
  readonly readShardAges: ReadShardAges
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
}

/** Milliseconds without an owner. Another worker takes over within ten seconds, a new one starts within a minute or two. */
const maxUnownedMs = 4 * 60_000
const checkIntervalMs = 30_000
const itemsPerPage = 500

export class AbandonedTenants {
  readonly #deps: AbandonedTenantsDeps
  /** Shards of which all tenants were recorded, and that had no owner since. */
  readonly #recorded = new Set<number>()
  #check: Promise<void> = Promise.resolve()
  #cancel: () => void = () => {}
  #closed = false

  constructor(deps: AbandonedTenantsDeps) {
    this.#deps = deps
    this.#schedule()
  }

  /** Resolves when nothing is being recorded. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#check
  }

  #schedule(): void {
    if (this.#closed) return
    this.#cancel = this.#deps.timers.after(checkIntervalMs, () => {
      this.#check = this.#run().then(() => this.#schedule())
    })
  }

  async #run(): Promise<void> {
    try {
      const ages = await this.#deps.readShardAges()
      const abandoned = new Map<number, Instant>()
      ages.forEach((ageMs, shard) => {
        if (ageMs === null || ageMs < maxUnownedMs) this.#recorded.delete(shard)
        else if (!this.#recorded.has(shard)) {
          abandoned.set(shard, this.#deps.clock() - ageMs + maxUnownedMs)
        }
      })
      if (abandoned.size > 0) await this.#record(abandoned)
    } catch (error) {
      this.#deps.log.warn({ ...redactError(error) }, 'abandoned tenants could not be recorded; trying again')
    }
  }

  async #record(abandoned: ReadonlyMap<number, Instant>): Promise<void> {
    const { store, log } = this.#deps
    log.warn({ shards: abandoned.size }, 'no worker reads these tenants: start one')
    for await (const tenants of eachPage(itemsPerPage, (page) => store.tenants(page))) {
      for (const { id } of tenants) {
        const since = abandoned.get(shardOf(id))
        if (since !== undefined && !this.#closed) await this.#recordTenant(id, since)
      }
      if (this.#closed) break
    }
    for (const shard of abandoned.keys()) this.#recorded.add(shard)
  }

  async #recordTenant(tenant: string, since: Instant): Promise<void> {
    const { store, clock } = this.#deps
    const connection = await store.connection(tenant)
    if (connection === null) return
    const pollMs = 1000 * connection.pollSeconds
    for await (const some of eachPage(itemsPerPage, (page) => store.users(tenant, page))) {
      const users = some.map(({ id }) => id)
      // Every replica detects it at the same time: under the lock the second finds it recorded, and writes nothing.
      await store.withTenantLock(tenant, (locked) =>
        saveOverdue(locked, tenant, users, since, { pollMs, clock })
      )
    }
  }
}
