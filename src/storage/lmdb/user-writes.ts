/** Writes of users in lmdb: each one transaction, with its log entry. */
import { withoutEnded } from '../../domain/ended.ts'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { personalList } from '../contacts.ts'
import { isStaleWrite } from '../is-stale-write.ts'
import type { Store, Vacated } from '../store.ts'
import type { LmdbWritesDeps } from './tenant-writes.ts'

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

export function lmdbUserWrites({
  tables,
  log,
  apiKeys,
  audit,
  contactLists,
  historyMs,
  write
}: LmdbWritesDeps): UserWrites {
  const { heads, connections, users, syncs, timelines, overrides, absences, deliveries } = tables
  return {
    saveUsers: (tenant, given, at) =>
      write(tenant, (feeds) => {
        const { minGeneration } = log.headOf(tenant)
        const fresh = new Set<string>()
        const vacated: Vacated[] = []
        for (const { user, sync } of given) {
          const kept = syncs.get(tenant, user.id)
          if (kept === null) fresh.add(user.id)
          const { extension } = users.get(tenant, user.id) ?? user
          if (extension !== user.extension) vacated.push({ user: user.id, extension })
          users.put(tenant, user.id, user)
          if (kept !== null && sync === null) continue
          const next = sync ?? initialSyncRecord(user.syncEnabled && user.mailbox !== null, at)
          const least = kept === null ? minGeneration : kept.generation + 1
          syncs.put(tenant, user.id, { ...next, generation: Math.max(next.generation, least) })
          timelines.remove(tenant, user.id)
        }
        const ids = [...new Set(given.map(({ user }) => user.id))]
        if (ids.length > 0) feeds.push(log.append(tenant, at, ids, vacated))
        return [...fresh]
      }),
    async removeUsers(tenant, ids, at) {
      const removed = await write(tenant, (feeds) => {
        const head = log.headOf(tenant)
        let { minGeneration } = head
        const consumers = tables.consumers.ids(tenant)
        const removed: string[] = []
        const vacated: Vacated[] = []
        for (const user of ids) {
          const kept = syncs.get(tenant, user)
          if (kept === null) continue
          minGeneration = Math.max(minGeneration, kept.generation + 1)
          const before = users.get(tenant, user)
          if (before !== null) vacated.push({ user, extension: before.extension })
          for (const table of [users, syncs, timelines, overrides, absences]) table.remove(tenant, user)
          apiKeys.removeOfUser(tenant, user)
          audit.eraseUser(tenant, user)
          contactLists.abandon(tenant, personalList(user))
          for (const consumer of consumers) deliveries.remove(tenant, `${consumer} ${user}`)
          removed.push(user)
        }
        if (removed.length === 0) return removed
        heads.put(tenant, { ...head, minGeneration })
        feeds.push(log.append(tenant, at, removed, vacated))
        return removed
      })
      await contactLists.forgetAbandoned(tenant)
      return removed
    },

    saveOverride: (tenant, user, override, at) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        if (syncs.get(tenant, user) === null) return false
        if (override === null) overrides.remove(tenant, user)
        else overrides.put(tenant, user, override)
        feeds.push(log.append(tenant, at, [user]))
        return true
      }),
    saveAbsences: (tenant, given, at) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        const there = given.filter(({ user }) => syncs.get(tenant, user) !== null)
        for (const { user, absences: list } of there) {
          if (list.length === 0) absences.remove(tenant, user)
          else absences.put(tenant, user, { absences: list })
        }
        const ids = there.map(({ user }) => user)
        if (ids.length > 0) feeds.push(log.append(tenant, at, ids))
        return ids
      }),
    saveReadings: (tenant, outcomes, at) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        const visible = new Set<string>()
        const confirmed = new Set<string>()
        for (const outcome of outcomes) {
          const { user, sync, timeline } = outcome
          if (isStaleWrite(syncs.get(tenant, user), sync, at)) continue
          syncs.put(tenant, user, sync)
          if (timeline !== 'same') timelines.put(tenant, user, timeline)
          const isOverlaid = overrides.get(tenant, user) !== null || absences.get(tenant, user) !== null
          const shows = outcome.visible || (timeline !== 'same' && isOverlaid)
          ;(shows ? visible : confirmed).add(user)
        }
        if (visible.size > 0) feeds.push(log.append(tenant, at, [...visible]))
        else log.dropOld(tenant, at)
        if (confirmed.size > 0) feeds.push({ kind: 'confirmed', users: [...confirmed] })
        return [...new Set([...visible, ...confirmed])]
      }),

    saveResealed: (tenant, connection, given) =>
      write(tenant, () => {
        log.headOf(tenant)
        if (connection !== null && connections.get(tenant) !== null) connections.put(tenant, connection)
        for (const user of given) {
          if (users.get(tenant, user.id) !== null) users.put(tenant, user.id, user)
        }
      }),
    trimHistory: (tenant, ids, at) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        const changed: string[] = []
        for (const user of ids) {
          const parts = {
            timeline: timelines.get(tenant, user),
            override: overrides.get(tenant, user),
            absences: absences.get(tenant, user)?.absences ?? []
          }
          const left = withoutEnded(parts, at - historyMs)
          if (Object.keys(left).length > 0) changed.push(user)
          if (left.timeline) timelines.put(tenant, user, left.timeline)
          if (left.override === null) overrides.remove(tenant, user)
          if (left.absences?.length === 0) absences.remove(tenant, user)
          else if (left.absences !== undefined) absences.put(tenant, user, { absences: left.absences })
        }
        const isLong = log.dropOld(tenant, at)
        if (changed.length > 0) feeds.push(log.append(tenant, at, changed))
        return isLong
      })
  }
}
