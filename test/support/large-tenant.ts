/** A tenant of so many users that the embedded store removes it, or has it read anew, in several slices. */
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { Store } from '../../src/storage/store.ts'
import {
  sampleCause,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from '../contracts/store-samples.ts'

export const LARGE_TENANT = 'large'
export const LARGE_TENANT_USERS = 1_500
const USERS_PER_WRITE = 300

/** Makes the tenant where it is missing, and gives a timeline to every user who has none. */
export async function fillLargeTenant(store: Store): Promise<void> {
  if ((await store.tenant(LARGE_TENANT)) === null) await store.saveTenant(sampleTenant(LARGE_TENANT), 1)
  const ids = Array.from({ length: LARGE_TENANT_USERS }, (_, index) => `user-${index}`)
  for (let from = 0; from < ids.length; from += USERS_PER_WRITE) {
    const some = ids.slice(from, from + USERS_PER_WRITE)
    const stored = await store.records(LARGE_TENANT, some)
    const missing = some.filter((_, index) => stored[index] === null)
    await store.saveUsers(
      LARGE_TENANT,
      missing.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) })),
      1
    )
    const records = await store.records(LARGE_TENANT, some)
    const timeline = sampleTimeline([sampleCause(0)])
    const outcomes = records.flatMap((record) =>
      record === null || record.timeline !== null
        ? []
        : [{ user: record.user.id, sync: sampleSync(record.sync.generation, 2), timeline, visible: true }]
    )
    await store.saveReadings(LARGE_TENANT, outcomes, 2)
  }
}
