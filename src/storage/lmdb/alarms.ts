/** What is kept of alarms in lmdb. */
import type { AlarmDocuments, AlarmStore } from '../alarms.ts'
import { TenantGone } from '../store.ts'
import type { Tables, TenantTable } from './tables.ts'

/** Stands for the provider where a tenant's id is expected; no tenant's id looks so. */
const PROVIDER = '*'

interface LmdbAccess {
  read<T>(action: () => T | Promise<T>): Promise<T>
  write<T>(tenant: string, step: () => T): Promise<T>
}

export function lmdbAlarms(
  { alarmLists, alarmStates, alarmOverviews, heads }: Tables,
  { read, write }: LmdbAccess
): AlarmStore {
  const documentsIn = <T extends { readonly version: number }>(table: TenantTable<T>): AlarmDocuments<T> => ({
    read: (tenant) => read(() => table.get(tenant ?? PROVIDER)),
    save: (tenant, document) =>
      write(tenant ?? PROVIDER, () => {
        if (tenant !== null && heads.get(tenant) === null) {
          throw new TenantGone(`There is no tenant "${tenant}".`)
        }
        const kept = table.get(tenant ?? PROVIDER)?.version ?? 0
        if (kept !== document.version - 1) return false
        table.put(tenant ?? PROVIDER, document)
        return true
      })
  })
  return {
    lists: documentsIn(alarmLists),
    states: documentsIn(alarmStates),
    overview: documentsIn(alarmOverviews)
  }
}
