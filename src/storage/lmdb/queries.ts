/** Reads what the lmdb file holds of a tenant; a snapshot is of one moment, and gives the event loop back in between. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RootDatabase, Transaction } from 'lmdb'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import type { RulesVersion, TenantSnapshot, UserRecord } from '../store.ts'
import type { ChangeLog } from './change-log.ts'
import type { Tables } from './tables.ts'

/** Users read for a snapshot before the event loop is given back: about 10 ms. */
const USERS_PER_STEP = 250

export function readRecord(tables: Tables, tenant: string, id: string): UserRecord | null {
  const user = tables.users.get(tenant, id)
  return user === null ? null : { user, ...readOtherParts(tables, tenant, id) }
}

function readOtherParts(
  { overrides, timelines, syncs }: Tables,
  tenant: string,
  id: string,
  transaction?: Transaction
): Omit<UserRecord, 'user'> {
  return {
    override: overrides.get(tenant, id, transaction),
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
  log: ChangeLog,
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
      const users = tables.users.page(tenant, { after, limit: USERS_PER_STEP, transaction })
      for (const user of users) {
        records.push({ user, ...readOtherParts(tables, tenant, user.id, transaction) })
      }
      if (users.length < USERS_PER_STEP) break
      await nextTurn()
    }
    return {
      tenant: stored,
      rules: readNewestRules(tables, tenant, transaction),
      connection: tables.connections.get(tenant, transaction),
      users: records,
      epoch: head.epoch,
      position: head.position,
      loggedAt: log.after(tenant, head.position - 1)?.[0]?.at ?? 0
    }
  } finally {
    transaction.done()
  }
}
