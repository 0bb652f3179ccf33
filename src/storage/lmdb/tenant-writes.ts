/** Writes of a tenant, its connection and its rules in lmdb: each one transaction, with its log entry. */
import { type FeedEvent, RULE_VERSIONS, type RulesVersion, type Store } from '../store.ts'
import type { ApiKeyTable } from './api-keys.ts'
import type { AuditTable } from './audit.ts'
import type { ChangeLog } from './change-log.ts'
import type { ContactLists } from './contact-lists.ts'
import type { PendingWork } from './pending-work.ts'
import type { Tables } from './tables.ts'

type TenantWrites = Pick<
  Store,
  'saveTenant' | 'removeTenant' | 'saveConnection' | 'saveRules' | 'saveImportProgress'
>

/** One transaction. The tenant's followers receive what `step` puts into `feeds` once it is on disk. */
export type LmdbWrite = <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => Promise<T>

export interface LmdbWritesDeps {
  readonly tables: Tables
  readonly log: ChangeLog
  readonly apiKeys: ApiKeyTable
  readonly audit: AuditTable
  readonly work: PendingWork
  readonly contactLists: ContactLists
  /** As `Store.historyMs`. */
  readonly historyMs: number
  readonly write: LmdbWrite
}

export function lmdbTenantWrites({ tables, log, work, write }: LmdbWritesDeps): TenantWrites {
  const { tenants, heads, connections, imports, rules } = tables
  return {
    async saveTenant(tenant, at) {
      const { id } = tenant
      for (;;) {
        const isNew = await write(id, (feeds) => {
          const head = heads.get(id)
          // What is left of an earlier tenant of this id goes first.
          if (head === null && tables.pending.get(id) !== null) return null
          tenants.put(id, tenant)
          if (head === null) log.begin(id)
          feeds.push(log.append(id, at, 'all'))
          return head === null
        })
        if (isNew !== null) return isNew
        await work.finish(id)
      }
    },
    async removeTenant(id) {
      const removed = await write(id, (feeds) => {
        if (heads.get(id) === null) return false
        for (const table of [
          tenants,
          connections,
          imports,
          tables.alarmLists,
          tables.alarmStates,
          tables.callerNames,
          heads,
          tables.auditHeads
        ])
          table.remove(id)
        work.begin(id, { kind: 'remove' }, feeds)
        feeds.push({ kind: 'tenant removed' })
        return true
      })
      if (removed) await work.finish(id)
      return removed
    },

    async saveConnection(tenant, connection, reread, at) {
      const before = await write(tenant, (feeds) => {
        log.headOf(tenant)
        const before = connections.get(tenant) !== null
        if (connection === null) connections.remove(tenant)
        else connections.put(tenant, connection)
        if (reread) work.begin(tenant, { kind: 'reread', at, after: null }, feeds)
        feeds.push(log.append(tenant, at, 'all'))
        return before
      })
      if (reread) await work.finish(tenant)
      return before
    },

    saveRules: (tenant, expected, { at, by = null, put, effective }) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        const newest = rules.ids(tenant).at(-1) ?? 0
        if (newest !== expected) return null
        const saved: RulesVersion = { version: newest + 1, at, by, put, effective }
        rules.put(tenant, saved.version, saved)
        rules.remove(tenant, saved.version - RULE_VERSIONS)
        feeds.push(log.append(tenant, at, 'all'))
        return saved
      }),

    saveImportProgress: (tenant, progress) =>
      write(tenant, () => {
        log.headOf(tenant)
        imports.put(tenant, progress)
      })
  }
}
