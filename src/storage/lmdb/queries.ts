/** Reads what the lmdb file holds of a tenant. What is large is of one moment, and is read in slices. */
import type { RootDatabase, Transaction } from 'lmdb'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { nextSlice, Slice } from '../../lib/time-slices.ts'
import {
  type LogEntry,
  type LogSlice,
  namesUser,
  type RulesVersion,
  type TenantSnapshot,
  type UserRecord
} from '../store.ts'
import type { Tables } from './tables.ts'

/** Users read for a snapshot in one slice: a few milliseconds. */
const USERS_PER_SLICE = 100
const ENTRIES_PER_SLICE = 500
/** A version of the rules counts as so many items of a slice: it may be hundreds of kilobytes. */
const ITEMS_PER_VERSION = 16

export function readRecord(
  tables: Tables,
  tenant: string,
  id: string,
  transaction?: Transaction
): UserRecord | null {
  const user = tables.users.get(tenant, id, transaction)
  return user === null ? null : { user, ...readOtherParts(tables, tenant, id, transaction) }
}

/** The records of many users, in slices; of one moment where there is a transaction. */
export async function readRecords(
  tables: Tables,
  tenant: string,
  ids: readonly string[],
  transaction?: Transaction
): Promise<(UserRecord | null)[]> {
  const found: (UserRecord | null)[] = []
  const slice = new Slice()
  for (const id of ids) {
    found.push(readRecord(tables, tenant, id, transaction))
    if (slice.isOver()) await slice.next()
  }
  return found
}

/** As `Store.readAfter` describes. */
export async function readLogSlice(
  root: RootDatabase,
  tables: Tables,
  tenant: string,
  after: number,
  ids: readonly string[]
): Promise<LogSlice | null> {
  const transaction = root.useReadTransaction()
  try {
    const head = tables.heads.get(tenant, transaction)
    if (head === null || after < head.first - 1) return null
    const entries: LogEntry[] = []
    for (;;) {
      const from = entries.at(-1)?.position ?? after
      const some = tables.log.page(tenant, { after: from, limit: ENTRIES_PER_SLICE, transaction })
      entries.push(...some)
      if (some.length < ENTRIES_PER_SLICE) break
      await nextSlice()
    }
    return {
      epoch: head.epoch,
      revision: 0,
      entries,
      records: await readRecords(tables, tenant, ids, transaction)
    }
  } finally {
    transaction.done()
  }
}

/** The kept entries that name the user, in slices. Entries that are trimmed meanwhile may be missing. */
export async function readLogOfUser(tables: Tables, tenant: string, user: string): Promise<LogEntry[]> {
  const found: LogEntry[] = []
  for (let after = 0; ; ) {
    const some = tables.log.page(tenant, { after, limit: ENTRIES_PER_SLICE })
    found.push(...some.filter((entry) => namesUser(entry, user)))
    if (some.length < ENTRIES_PER_SLICE) return found
    after = some.at(-1)!.position
    await nextSlice()
  }
}

/** The versions that are kept, newest first. */
export async function readRuleVersions({ rules }: Tables, tenant: string): Promise<RulesVersion[]> {
  const found: RulesVersion[] = []
  const slice = new Slice()
  for (const version of rules.ids(tenant).reverse()) {
    const kept = rules.get(tenant, version)
    if (kept !== null) found.push(kept)
    if (slice.isOver(ITEMS_PER_VERSION)) await slice.next()
  }
  return found
}

function readOtherParts(
  { overrides, absences, timelines, syncs }: Tables,
  tenant: string,
  id: string,
  transaction?: Transaction
): Omit<UserRecord, 'user'> {
  return {
    override: overrides.get(tenant, id, transaction),
    absences: absences.get(tenant, id, transaction)?.absences ?? [],
    timeline: timelines.get(tenant, id, transaction),
    sync: syncs.get(tenant, id, transaction) ?? initialSyncRecord(false, 0)
  }
}

export function readNewestRules(
  { rules }: Tables,
  tenant: string,
  transaction?: Transaction
): RulesVersion | null {
  const newest = rules.ids(tenant, transaction).at(-1)
  return newest === undefined ? null : rules.get(tenant, newest, transaction)
}

export async function takeSnapshot(
  root: RootDatabase,
  tables: Tables,
  tenant: string
): Promise<TenantSnapshot | null> {
  const transaction = root.useReadTransaction()
  try {
    const stored = tables.tenants.get(tenant, transaction)
    const head = tables.heads.get(tenant, transaction)
    if (stored === null || head === null) return null
    const records: UserRecord[] = []
    for (;;) {
      const after = records.at(-1)?.user.id
      const users = tables.users.page(tenant, { after, limit: USERS_PER_SLICE, transaction })
      for (const user of users) {
        records.push({ user, ...readOtherParts(tables, tenant, user.id, transaction) })
      }
      if (users.length < USERS_PER_SLICE) break
      await nextSlice()
    }
    return {
      tenant: stored,
      rules: readNewestRules(tables, tenant, transaction),
      connection: tables.connections.get(tenant, transaction),
      users: records,
      epoch: head.epoch,
      position: head.position,
      loggedAt: tables.log.get(tenant, head.position, transaction)?.at ?? 0,
      revision: 0
    }
  } finally {
    transaction.done()
  }
}
