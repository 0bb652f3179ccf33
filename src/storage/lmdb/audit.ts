/** The audit in lmdb: entries by position, parts about users by entry, and which parts are about which user. */
import type { Instant } from '../../domain/calendar-event.ts'
import { formatInstant } from '../../lib/rfc3339.ts'
import {
  type AuditDraft,
  type AuditEntry,
  type AuditLog,
  type AuditRecord,
  emptyAudit,
  withoutOthers
} from '../audit.ts'
import { hashOfEntry, sealEntry } from '../audit-chain.ts'
import { TenantGone } from '../store.ts'
import type { Tables } from './tables.ts'

/** Stands for the provider where a tenant's id is expected; no tenant's id looks so. */
const PROVIDER = '*'
/** Parts that are looked up at a time. */
const PARTS_PER_STEP = 64

/** What is done to the audit within a write. */
export class AuditTable {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** Parts are kept about users who are there alone. */
  append(owner: string, draft: AuditDraft): void {
    const { users, auditHeads, auditEntries, auditParts, auditPartsOfUsers } = this.#tables
    const head = auditHeads.get(owner) ?? emptyAudit
    const { entry, parts, hash } = sealEntry(draft, head)
    auditEntries.put(owner, entry.position, entry)
    for (const [index, salted] of parts.entries()) {
      if (users.get(owner, salted.part.user) === null) continue
      const place = `${entry.position}/${index}`
      auditParts.put(owner, place, salted)
      auditPartsOfUsers.put(owner, `${salted.part.user} ${place}`, place)
    }
    auditHeads.put(owner, { ...head, position: entry.position, hash })
  }

  /** Removes every part about the user. The entries stay, and their hashes. */
  eraseUser(owner: string, user: string): void {
    const { auditParts, auditPartsOfUsers } = this.#tables
    for (const place of this.placesOf(owner, user)) {
      auditParts.remove(owner, place)
      auditPartsOfUsers.remove(owner, `${user} ${place}`)
    }
  }

  placesOf(owner: string, user: string): string[] {
    const begin = `${user} `
    const found: string[] = []
    // Without an end a user of whom there are none would read those of others.
    const before = `${user}!`
    for (let after = begin; ; ) {
      const own = this.#tables.auditPartsOfUsers.entries(owner, { after, before, limit: PARTS_PER_STEP })
      found.push(...own.map(([, place]) => place))
      if (own.length < PARTS_PER_STEP) return found
      after = own.at(-1)![0]
    }
  }

  /** Entries from before the instant, at most `limit`; how many that were. */
  trim(owner: string, before: Instant, limit: number): number {
    const { auditHeads, auditEntries } = this.#tables
    const head = auditHeads.get(owner)
    if (head === null) return 0
    let last = null
    let count = 0
    for (const entry of auditEntries.page(owner, { limit })) {
      if (entry.at >= formatInstant(before)) break
      for (const index of entry.parts.keys()) this.#removePart(owner, `${entry.position}/${index}`)
      auditEntries.remove(owner, entry.position)
      last = entry
      count += 1
    }
    if (last !== null)
      auditHeads.put(owner, { ...head, trimmed: last.position, trimmedHash: hashOfEntry(last) })
    return count
  }

  #removePart(owner: string, place: string): void {
    const { auditParts, auditPartsOfUsers } = this.#tables
    const kept = auditParts.get(owner, place)
    if (kept === null) return
    auditParts.remove(owner, place)
    auditPartsOfUsers.remove(owner, `${kept.part.user} ${place}`)
  }
}

interface LmdbAccess {
  read<T>(action: () => T | Promise<T>): Promise<T>
  write<T>(tenant: string, step: () => T): Promise<T>
}

export function lmdbAudit(tables: Tables, table: AuditTable, { read, write }: LmdbAccess): AuditLog {
  const { heads, auditHeads, auditEntries, auditParts } = tables
  const isGone = (tenant: string | null) => tenant !== null && heads.get(tenant) === null

  const recordOf = (owner: string, entry: AuditEntry): AuditRecord => ({
    entry,
    parts: entry.parts.map((_, index) => auditParts.get(owner, `${entry.position}/${index}`))
  })

  return {
    append: (tenant, draft) =>
      write(tenant ?? PROVIDER, () => {
        if (isGone(tenant)) throw new TenantGone(`There is no tenant "${tenant}".`)
        table.append(tenant ?? PROVIDER, draft)
      }),
    head: (tenant) =>
      read(() => (isGone(tenant) ? emptyAudit : (auditHeads.get(tenant ?? PROVIDER) ?? emptyAudit))),
    page: (tenant, { after, limit }) =>
      read(() => {
        const owner = tenant ?? PROVIDER
        if (isGone(tenant)) return []
        return auditEntries.page(owner, { after, limit }).map((entry) => recordOf(owner, entry))
      }),
    ofUser: (tenant, user) =>
      read(() => {
        if (isGone(tenant)) return []
        const positions = table.placesOf(tenant, user).map((place) => Number(place.split('/')[0]))
        return [...new Set(positions)]
          .sort((one, other) => one - other)
          .map((position) => withoutOthers(recordOf(tenant, auditEntries.get(tenant, position)!), user))
      }),
    trim: (tenant, before, limit) =>
      write(tenant ?? PROVIDER, () => (isGone(tenant) ? 0 : table.trim(tenant ?? PROVIDER, before, limit)))
  }
}
