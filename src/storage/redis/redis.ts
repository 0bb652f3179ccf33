/** The store for several processes: everything in Redis, every write one script, followers told by Pub/Sub. */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../../domain/calendar-event.ts'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import {
  connectionRecord,
  overrideRecord,
  rulesRecord,
  syncRecord,
  tenantRecord,
  timelineRecord,
  userRecord
} from '../codec.ts'
import { LOG_LENGTH } from '../lmdb/change-log.ts'
import { RULE_VERSIONS, type RulesVersion, type Store, StoreUnavailable, TenantGone } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { syncParts } from './codec.ts'
import { openRedisConnection } from './connection.ts'
import { redisFeed } from './feed.ts'
import { findInstallation, type Installation, saveKeyCheck, startInstallation } from './installation.ts'
import { channelOf, isTenantId, TENANTS_KEY, tenantKeys } from './keys.ts'
import { redisQueries } from './queries.ts'
import type { WriteScript } from './scripts.ts'
import { redisTenantLock } from './tenant-lock.ts'

export interface RedisOptions {
  readonly address: RedisAddress
  /** How many entries of each tenant's change log are kept. */
  readonly logLength?: number
  /** Milliseconds to wait at the start for a Redis that cannot be reached yet, or loads its data. */
  readonly connectTimeoutMs?: number
  /** What was kept is gone, or has come back: `emptied()` says which. */
  readonly onEmptied?: () => void
}

export interface RedisStore extends Store {
  readonly installation: Installation
  /**
   * True once the data that this process began with is not there any more, until it is put back from a backup or the
   * process ends. Writes go on: the operator puts the configuration again.
   */
  emptied(): boolean
  /** Keeps a sealed text by which the master key is known; gives the one that was kept first. For seal.ts. */
  keyCheck(text: string): Promise<string>
}

/** Throws a SetupError, one sentence that says what to do, when this Redis cannot be used. */
export async function openRedis({
  address,
  logLength = LOG_LENGTH,
  connectTimeoutMs: patience = 10_000,
  onEmptied = () => {}
}: RedisOptions): Promise<RedisStore> {
  let emptied = false
  let opened: { readonly installation: Installation; recheck(): void } | null = null
  const link = await openRedisConnection({
    address,
    name: 'hanvisa-store',
    connectTimeoutMs: patience,
    onHeartbeat(id) {
      if (opened === null) return
      const { installation, recheck } = opened
      // Marked at once, so that a process that starts now knows; this one knows by the id that it began with.
      if (id === null) startInstallation(link, installation.id, Date.now()).catch(() => {})
      if (emptied === (id !== installation.id)) return
      emptied = !emptied
      recheck()
      onEmptied()
    }
  })
  const installation = await findInstallation(link, address).catch((error) => {
    link.close()
    throw error
  })
  const feed = redisFeed(link, address, 'hanvisa')
  opened = { installation, recheck: feed.recheck }
  const turn = redisTenantLock(link)
  const reading = redisQueries(link)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | null = null

  /** Everything that is asked of the store, begun before this returns. `close` waits for it. */
  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (closing !== null) throw new StoreUnavailable('The store is closed.')
    const promise = work()
    running.add(promise)
    return promise.finally(() => running.delete(promise))
  }

  const stores = (token: string): RedisStore => {
    async function write(
      tenant: string,
      script: WriteScript,
      at: Instant,
      args: readonly (string | number | Buffer)[]
    ): Promise<unknown> {
      const settling = feed.pendingSubscribe(tenant)
      if (settling !== null) await settling
      const begin = { token, logLength, channel: channelOf(tenant), at: JSON.stringify(at) }
      const [status, epoch, sequence, result] = await link.write(script, tenantKeys(tenant), begin, args)
      if (status === 'GONE') throw gone(tenant)
      if (status === 'LOST') throw new StoreUnavailable('The turn was lost: nothing was saved, try again.')
      if (status === 'LATE') throw new StoreUnavailable('Redis was too slow: nothing was saved, try again.')
      if (sequence !== '')
        await feed.waitForDelivery(tenant, { epoch: `${epoch}`, sequence: Number(sequence) })
      return result
    }
    const change = (
      tenant: string,
      script: WriteScript,
      at: Instant,
      args: () => (string | number | Buffer)[]
    ) =>
      run(() => {
        if (!isTenantId(tenant)) return Promise.reject(gone(tenant))
        return write(tenant, script, at, args())
      })
    const listed = (tenant: string) => link.ask((client) => client.zadd(TENANTS_KEY, 0, tenant))

    return {
      installation,
      tenants: (page) => run(() => reading.tenants(page)),
      tenant: (id) => run(() => reading.tenant(id)),
      saveTenant: (tenant, at) =>
        run(async () => {
          if (!isTenantId(tenant.id)) throw new RangeError('A tenant id holds a character that it must not.')
          // Twice: before, so that none is ever there unlisted; after, because somebody may have removed it meanwhile.
          const [, isNew] = await Promise.all([
            listed(tenant.id),
            write(tenant.id, 'saveTenant', at, [randomUUID(), tenantRecord.encode(tenant)])
          ])
          if (isNew === 1) await listed(tenant.id)
          return isNew === 1
        }),
      removeTenant: (id) =>
        run(async () => {
          if (!isTenantId(id)) return false
          const removed = await write(id, 'removeTenant', 0, [])
          await link.ask((client) => client.zrem(TENANTS_KEY, id))
          // It may have come again since.
          if ((await link.ask((client) => client.exists(tenantKeys(id).head))) === 1) await listed(id)
          return removed === 1
        }),

      connection: (tenant) => run(() => reading.connection(tenant)),
      saveConnection: async (tenant, connection, reread, at) =>
        1 ===
        (await change(tenant, 'saveConnection', at, () => [
          connection === null ? '' : connectionRecord.encode(connection),
          reread ? '1' : '0',
          syncRecord.encode(initialSyncRecord(true, at)),
          syncRecord.encode(initialSyncRecord(false, at))
        ])),

      rules: (tenant, version) => run(() => reading.rules(tenant, version)),
      ruleVersions: (tenant) => run(() => reading.ruleVersions(tenant)),
      async saveRules(tenant, expected, { at, put, effective }) {
        const saved: RulesVersion = { version: expected + 1, at, put, effective }
        const args = () => [expected, rulesRecord.encode(saved), RULE_VERSIONS]
        return (await change(tenant, 'saveRules', at, args)) === 1 ? saved : null
      },

      users: (tenant, page) => run(() => reading.users(tenant, page)),
      record: (tenant, user) => run(async () => (await reading.records(tenant, [user]))[0] ?? null),
      records: (tenant, ids) => run(() => reading.records(tenant, ids)),
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
        return (await change(tenant, 'saveUsers', at, args)) as string[]
      },
      removeUsers: async (tenant, users, at) =>
        (await change(tenant, 'removeUsers', at, () => [...users])) as string[],

      async saveOverride(tenant, user, override, at) {
        const args = () => [idsOf([user]), user, override === null ? '' : overrideRecord.encode(override)]
        return (await change(tenant, 'saveOverride', at, args)) === 1
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

      snapshot: (tenant) => run(() => feed.positionAtSubscribe(tenant).then(() => reading.snapshot(tenant))),
      log: (tenant, after) => run(() => reading.log(tenant, after)),
      readAfter: (tenant, after, users) => run(() => reading.readAfter(tenant, after, users)),
      follow: feed.follow,

      withTenantLock: (tenant, work) => run(() => turn(tenant, (mine) => work(stores(mine)))),
      reachable: () => link.alive() && feed.isComplete(),
      emptied: () => emptied,
      keyCheck: (text) => run(() => saveKeyCheck(link, 'keyCheck', text)),

      close() {
        closing ??= (async () => {
          await Promise.allSettled(running)
          feed.close()
          link.close()
        })()
        return closing
      }
    }
  }
  return stores('')
}

function idsOf(users: readonly string[]): string {
  return JSON.stringify([...new Set(users)])
}

function gone(tenant: string): TenantGone {
  return new TenantGone(`There is no tenant "${tenant}".`)
}
