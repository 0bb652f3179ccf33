/** Changes of what is kept of alarms: read, changed, and saved only over the version that was read. */
import { isDeepStrictEqual } from 'node:util'
import {
  type AlarmDocuments,
  type AlarmListRecord,
  type AlarmStateRecord,
  emptyAlarmList,
  emptyAlarmState
} from '../storage/alarms.ts'
import { StoreUnavailable } from '../storage/store.ts'

/** Others may save meanwhile: then the change is made again. */
const maxAttempts = 20

/**
 * Resolves to the document as it is then. `change` gives a document without side effects; the same one where nothing is to be saved.
 * Rejects with TenantGone or StoreUnavailable.
 */
export async function changeDocument<T extends { readonly version: number }>(
  documents: AlarmDocuments<T>,
  tenant: string | null,
  empty: T,
  change: (document: T) => T
): Promise<T> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const before = (await documents.read(tenant)) ?? empty
    const after = change(before)
    if (isDeepStrictEqual(before, after)) return before
    const saved = { ...after, version: before.version + 1 }
    if (await documents.save(tenant, saved)) return saved
  }
  throw new StoreUnavailable('Others have been changing these alarms all the time: try again.')
}

export function changeList(
  documents: AlarmDocuments<AlarmListRecord>,
  tenant: string | null,
  change: (list: AlarmListRecord) => AlarmListRecord
): Promise<AlarmListRecord> {
  return changeDocument(documents, tenant, emptyAlarmList, change)
}

export function changeState(
  documents: AlarmDocuments<AlarmStateRecord>,
  tenant: string | null,
  change: (state: AlarmStateRecord) => AlarmStateRecord
): Promise<AlarmStateRecord> {
  return changeDocument(documents, tenant, emptyAlarmState, change)
}
