/** What is kept of alarms in Redis: a tenant's among the fields of its head, so that it goes with the tenant; the provider's in a hash. */
import type { AlarmDocuments, AlarmStore } from '../alarms.ts'
import type { Codec } from '../codec.ts'
import { alarmListRecord, alarmOverviewRecord, alarmStateRecord } from '../kept-alarms.ts'
import { StoreUnavailable, TenantGone } from '../store.ts'
import type { RedisConnection } from './connection.ts'
import { ALARMS_KEY, isTenantId, tenantKeys } from './keys.ts'

interface RedisAlarmsDeps {
  readonly link: RedisConnection
  /** Does work as long as the store is not closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

/** The fields that hold the documents. */
export const alarmFields = { lists: 'alarmList', states: 'alarmState', overview: 'alarmOverview' } as const

export function redisAlarms({ link, run }: RedisAlarmsDeps): AlarmStore {
  const gone = (tenant: string | null) => new TenantGone(`There is no tenant "${tenant}".`)
  const documentsIn = <T extends { readonly version: number }>(
    field: string,
    codec: Codec<T>
  ): AlarmDocuments<T> => ({
    read: (tenant) =>
      run(async () => {
        if (tenant !== null && !isTenantId(tenant)) return null
        const bytes = await link.ask((client) => client.hgetBuffer(keyOf(tenant), field))
        return bytes && codec.decode(bytes)
      }),
    save: (tenant, document) =>
      run(async () => {
        if (tenant !== null && !isTenantId(tenant)) throw gone(tenant)
        const bytes = codec.encode(document)
        const done = await link.saveAlarms(keyOf(tenant), {
          field,
          bytes,
          version: document.version,
          ofTenant: tenant !== null
        })
        if (done === 'GONE') throw gone(tenant)
        if (done === 'LATE') throw new StoreUnavailable('Redis was too slow: nothing was saved, try again.')
        return done === 1
      })
  })
  return {
    lists: documentsIn(alarmFields.lists, alarmListRecord),
    states: documentsIn(alarmFields.states, alarmStateRecord),
    overview: documentsIn(alarmFields.overview, alarmOverviewRecord)
  }
}

function keyOf(tenant: string | null): string {
  return tenant === null ? ALARMS_KEY : tenantKeys(tenant).head
}
