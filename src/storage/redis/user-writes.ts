/** Writes of users in Redis: each one script, with its log entry. */
import type { Instant } from '../../domain/calendar-event.ts'
import { withoutEnded } from '../../domain/ended.ts'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { absencesRecord, overrideRecord, timelineRecord, userRecord } from '../codec.ts'
import { connectionRecord } from '../connection-codec.ts'
import type { Store, UserRecord } from '../store.ts'
import { syncParts } from './codec.ts'
import { isTenantId } from './keys.ts'
import type { WriteScript } from './scripts.ts'

interface RedisUserWritesDeps {
  readonly change: (
    tenant: string,
    script: WriteScript,
    at: Instant,
    args: () => (string | number | Buffer)[]
  ) => Promise<unknown>
  readonly removeKeysOfUsers: (tenant: string, users: readonly string[]) => Promise<unknown>
  readonly records: Store['records']
  /** As `Store.historyMs`. */
  readonly historyMs: number
}

type UserWrites = Pick<
  Store,
  | 'saveUsers'
  | 'removeUsers'
  | 'saveOverride'
  | 'saveAbsences'
  | 'saveReadings'
  | 'saveResealed'
  | 'trimHistory'
>

export function redisUserWrites({
  change,
  removeKeysOfUsers,
  records,
  historyMs
}: RedisUserWritesDeps): UserWrites {
  return {
    async saveUsers(tenant, given, at) {
      const args = () => [
        idsOf(given.map(({ user }) => user.id)),
        ...given.flatMap(({ user, sync }) => [
          user.id,
          userRecord.encode(user),
          sync === null ? '0' : '1',
          ...syncParts(sync ?? initialSyncRecord(user.syncEnabled && user.mailbox !== null, at))
        ])
      ]
      const fresh = (await change(tenant, 'saveUsers', at, args)) as string[]
      // What a removal that was broken off left of earlier users of these names.
      if (fresh.length > 0) await removeKeysOfUsers(tenant, fresh)
      return fresh
    },
    removeUsers: async (tenant, users, at) => {
      const [, removed] = await Promise.all([
        isTenantId(tenant) ? removeKeysOfUsers(tenant, users) : null,
        change(tenant, 'removeUsers', at, () => [...users])
      ])
      await removeKeysOfUsers(tenant, users)
      return removed as string[]
    },

    async saveOverride(tenant, user, override, at) {
      const args = () => [idsOf([user]), user, override === null ? '' : overrideRecord.encode(override)]
      return (await change(tenant, 'saveOverride', at, args)) === 1
    },
    async saveAbsences(tenant, given, at) {
      const args = () =>
        given.flatMap(({ user, absences }) => [
          user,
          absences.length === 0 ? '' : absencesRecord.encode({ absences })
        ])
      return (await change(tenant, 'saveAbsences', at, args)) as string[]
    },
    async saveReadings(tenant, outcomes, at) {
      const args = () =>
        outcomes.flatMap(({ user, sync, timeline, visible }) => [
          user,
          ...syncParts(sync),
          timeline === 'same' ? '' : timelineRecord.encode(timeline),
          visible ? '1' : '0'
        ])
      return (await change(tenant, 'saveReadings', at, args)) as string[]
    },

    saveResealed: async (tenant, connection, users) => {
      await change(tenant, 'saveResealed', 0, () => [
        connection === null ? '' : connectionRecord.encode(connection),
        ...users.flatMap((user) => [user.id, userRecord.encode(user)])
      ])
    },
    async trimHistory(tenant, users, at) {
      const found = users.length === 0 ? [] : await records(tenant, users)
      const args = () =>
        found.flatMap((record) => (record === null ? [] : endedParts(record, at - historyMs)))
      return (await change(tenant, 'trimHistory', at, args)) === 1
    }
  }
}

/** Of each part that ended: its kind, the user, its bytes, and those that are left. */
function endedParts(record: UserRecord, before: Instant): (string | Buffer)[] {
  const { user, timeline, override, absences } = record
  const left = withoutEnded(record, before)
  const args: (string | Buffer)[] = []
  if (left.timeline)
    args.push('t', user.id, timelineRecord.encode(timeline!), timelineRecord.encode(left.timeline))
  if (left.override === null) args.push('o', user.id, overrideRecord.encode(override!), '')
  if (left.absences !== undefined) {
    const after = left.absences.length === 0 ? '' : absencesRecord.encode({ absences: left.absences })
    args.push('a', user.id, absencesRecord.encode({ absences }), after)
  }
  return args
}

function idsOf(users: readonly string[]): string {
  return JSON.stringify([...new Set(users)])
}
