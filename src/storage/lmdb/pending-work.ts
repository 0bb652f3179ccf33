/**
 * Work on all records of a tenant in slices, so that no transaction holds the event loop for long: what is left of a tenant that
 * was removed, and calendars that must be read anew. What is left to do is on disk with the write that asked for it, and is gone on
 * with after a crash.
 */
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import type { FeedEvent } from '../store.ts'
import type { ApiKeyTable } from './api-keys.ts'
import type { ChangeLog } from './change-log.ts'
import type { Pending } from './table-records.ts'
import type { Tables } from './tables.ts'

/** Records removed, or begun anew, in one transaction: a few milliseconds. */
const RECORDS_PER_SLICE = 300

interface PendingWorkDeps {
  readonly tables: Tables
  readonly apiKeys: ApiKeyTable
  readonly log: ChangeLog
  readonly write: (tenant: string, step: (feeds: FeedEvent[]) => boolean) => Promise<boolean>
}

export class PendingWork {
  readonly #tables: Tables
  readonly #apiKeys: ApiKeyTable
  readonly #log: ChangeLog
  readonly #write: (tenant: string, step: (feeds: FeedEvent[]) => boolean) => Promise<boolean>
  readonly #running = new Map<string, Promise<void>>()

  constructor({ tables, apiKeys, log, write }: PendingWorkDeps) {
    this.#tables = tables
    this.#apiKeys = apiKeys
    this.#log = log
    this.#write = write
  }

  /** Goes on with what the process before left. */
  resume(): void {
    for (const { tenant } of this.#tables.pending.entries()) void this.finish(tenant)
  }

  /** Within a write: does the first slice at once. Then `finish` is to be called. */
  begin(tenant: string, pending: Pending, feeds: FeedEvent[]): void {
    this.#tables.pending.put(tenant, { tenant, pending })
    this.#doSlice(tenant, feeds)
  }

  /** Resolves when nothing is left to do for the tenant, or when the store is closed or cannot be written. */
  finish(tenant: string): Promise<void> {
    let running = this.#running.get(tenant)
    if (running === undefined) {
      running = this.#doAll(tenant).finally(() => this.#running.delete(tenant))
      this.#running.set(tenant, running)
    }
    return running
  }

  async #doAll(tenant: string): Promise<void> {
    try {
      while (this.#tables.pending.get(tenant) !== null) {
        await nextSlice()
        if (!(await this.#write(tenant, (feeds) => this.#doSlice(tenant, feeds)))) break
      }
    } catch {
      // The record is on disk: the next start, or the next call, continues.
    }
  }

  /** Within a write. Whether something is left to do. */
  #doSlice(tenant: string, feeds: FeedEvent[]): boolean {
    const work = this.#tables.pending.get(tenant)?.pending
    if (work === undefined) return false
    const isDone = work.kind === 'remove' ? this.#removeSome(tenant) : this.#rereadSome(tenant, work, feeds)
    if (isDone) this.#tables.pending.remove(tenant)
    return !isDone
  }

  #removeSome(tenant: string): boolean {
    const { rules, users, syncs, timelines, overrides, absences, log } = this.#tables
    const { auditParts, auditPartsOfUsers, auditEntries } = this.#tables
    const audit = [auditParts, auditPartsOfUsers, auditEntries]
    const { consumers, consumerProgress, deliveries } = this.#tables
    const { contacts, contactNumbers, contactLists } = this.#tables
    let left = RECORDS_PER_SLICE
    for (const table of [
      this.#apiKeys,
      rules,
      users,
      syncs,
      timelines,
      overrides,
      absences,
      log,
      ...audit,
      consumers,
      consumerProgress,
      deliveries,
      contacts,
      contactNumbers,
      contactLists
    ]) {
      left -= table.removeSome(tenant, left)
      if (left === 0) return false
    }
    return true
  }

  #rereadSome(
    tenant: string,
    { at, after }: Extract<Pending, { kind: 'reread' }>,
    feeds: FeedEvent[]
  ): boolean {
    const { syncs, timelines, pending } = this.#tables
    const some = syncs.entries(tenant, { after: after ?? undefined, limit: RECORDS_PER_SLICE })
    for (const [id, { enabled, generation }] of some) {
      timelines.remove(tenant, id)
      syncs.put(tenant, id, initialSyncRecord(enabled, at, generation + 1))
    }
    const ids = some.map(([id]) => id)
    // The write that requested the work has a log entry, which covers the first slice.
    if (after !== null && ids.length > 0) feeds.push(this.#log.append(tenant, at, ids))
    if (ids.length < RECORDS_PER_SLICE) return true
    pending.put(tenant, { tenant, pending: { kind: 'reread', at, after: ids.at(-1) ?? null } })
    return false
  }
}
