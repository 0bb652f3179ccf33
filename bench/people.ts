/** Users with calendars, as the store would give them, for the figures of the view. */
import { unread } from '../src/domain/sync-state.ts'
import type { Ground, Timeline } from '../src/domain/timeline.ts'
import type { TenantSnapshot, UserRecord } from '../src/storage/store.ts'

const HOUR = 3_600_000
/** What a snapshot from the store looks like: every timeline with objects of its own. */
const ground = (index: number): Ground => ({
  diversion: index % 3 === 0 ? 'lunch' : 'meeting',
  phone: 'closed',
  from: 'tenant',
  index: index % 3,
  private: false
})

export function userRecord(number: number, intervals: number, from: number, at: number): UserRecord {
  const id = `user${number}`
  const timeline: Timeline = {
    borders: Float64Array.from({ length: 2 * intervals }, (_, place) => from + place * HOUR),
    grounds: Array.from({ length: intervals }, (_, place) => ground(place)),
    unreadAt: null,
    rulesVersion: 1
  }
  return {
    user: {
      id,
      displayName: `Anna Andersson ${number}`,
      extension: String(100_000 + number),
      numbers: [`+467${String(number).padStart(8, '0')}`],
      mailbox: { address: `${id}@acme.example` },
      syncEnabled: true,
      timeZone: null,
      triggers: [],
      triggersSince: 0
    },
    override: null,
    timeline,
    sync: { ...unread(true, at), confirmedAt: at, freshSince: at, saw: 'subjects' }
  }
}

export function snapshotOf(users: readonly UserRecord[]): TenantSnapshot {
  return {
    tenant: { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' },
    rules: null,
    connection: null,
    users,
    epoch: 'bench',
    position: 1,
    loggedAt: 0
  }
}
