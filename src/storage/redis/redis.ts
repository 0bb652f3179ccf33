/** The store for several processes: everything in Redis, every write one script, the feed by Pub/Sub. */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../../domain/calendar-event.ts'
import type { AuditDraft } from '../audit.ts'
import { importProgressRecord, rulesRecord, tenantRecord } from '../codec.ts'
import { connectionRecord } from '../connection-codec.ts'
import { HISTORY_MS, LOG_LENGTH } from '../lmdb/change-log.ts'
import type { KeyCheckStore } from '../secrets/master-keys.ts'
import { RULE_VERSIONS, type RulesVersion, type Store, StoreUnavailable } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { redisAlarms } from './alarms.ts'
import { redisApiKeys } from './api-keys.ts'
import { AuditChainer, redisAudit } from './audit.ts'
import { RedisConnection } from './connection.ts'
import { redisConsumers } from './consumers.ts'
import { redisContacts } from './contacts.ts'
import { requireWritten, tenantGone } from './errors.ts'
import { RedisFeed } from './feed.ts'
import { findInstallation, type Installation, startInstallation } from './installation.ts'
import { redisKeyCheck } from './key-check.ts'
import { auditKeys, channelOf, isTenantId, TENANTS_KEY, tenantKeys } from './keys.ts'
import { redisQueries } from './queries.ts'
import { ReplicaRegistry } from './replica-registry.ts'
import type { WriteScript } from './scripts.ts'
import { redisSessions } from './sessions.ts'
import { redisTenantLock } from './tenant-lock.ts'
import { redisUserWrites } from './user-writes.ts'

export interface RedisOptions {
  readonly address: RedisAddress
  /** How many entries of each tenant's change log are kept, and of the one of API keys. */
  readonly logLength?: number
  /** As `Store.historyMs`. */
  readonly historyMs?: number
  /** Milliseconds to wait at the start for a Redis that cannot be reached yet, or loads its data. */
  readonly connectTimeoutMs?: number
  /** The stored data is gone, or was restored: `emptied()` says which. */
  readonly onEmptied?: () => void
}

export interface RedisStore extends Store {
  readonly installation: Installation
  /**
   * True once the data that this process started with is gone, until it is restored from a backup or the process ends.
   * Writes go on: the operator puts the configuration again.
   */
  emptied(): boolean
  readonly keyCheck: KeyCheckStore
  readonly replicas: ReplicaRegistry
}

/** Throws a SetupError, one sentence that says what to do, when this Redis cannot be used. */
export async function openRedis({
  address,
  logLength = LOG_LENGTH,
  historyMs = HISTORY_MS,
  connectTimeoutMs = 10_000,
  onEmptied = () => {}
}: RedisOptions): Promise<RedisStore> {
  let emptied = false
  let opened: { readonly installation: Installation; recheck(): void } | null = null
  const link = await RedisConnection.open({
    address,
    name: 'hanvisa-store',
    connectTimeoutMs,
    onHeartbeat(id) {
      if (opened === null) return
      const { installation, recheck } = opened
      // Marked at once for processes that start from now on; this one compares the id that it started with.
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
  const feed = new RedisFeed(link, address, 'hanvisa')
  opened = { installation, recheck: () => feed.recheck() }
  const tenantLock = redisTenantLock(link)
  const reading = redisQueries(link)
  const keyCheck = redisKeyCheck(link)
  const replicas = new ReplicaRegistry(link)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | null = null

  /** Starts every call to the store before it returns. `close` waits for all of them. */
  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (closing !== null) throw new StoreUnavailable('The store is closed.')
    const promise = work()
    running.add(promise)
    return promise.finally(() => running.delete(promise))
  }

  const sessions = redisSessions({ link, run })
  const alarms = redisAlarms({ link, run })
  const { apiKeys, removeKeysOfTenant, removeKeysOfUsers } = redisApiKeys({ link, logLength, run })

  const chainer = new AuditChainer()
  const audit = redisAudit({ link, run, append: appendToAudit })

  async function appendToAudit(tenant: string | null, draft: AuditDraft): Promise<void> {
    if (tenant !== null && !isTenantId(tenant)) throw tenantGone(tenant)
    const header = { token: '', logLength, historyMs, channel: '', at: JSON.stringify(draft.at) }
    const keys = auditKeys(tenant)
    const answer = await chainer.write(keys.audit, draft, (auditEntry) =>
      link.write('appendAudit', keys, { ...header, auditEntry }, [tenant === null ? 'provider' : ''])
    )
    requireWritten(answer, tenant ?? '')
  }

  /** The store whose writes need the lock of this token, and append the entry, where there is one. */
  const stores = (token: string, draft: AuditDraft | null): RedisStore => {
    async function write(
      tenant: string,
      script: WriteScript,
      at: Instant,
      args: readonly (string | number | Buffer)[]
    ): Promise<unknown> {
      const pendingSubscribe = feed.pendingSubscribe(tenant)
      if (pendingSubscribe !== null) await pendingSubscribe
      const begin = { token, logLength, historyMs, channel: channelOf(tenant), at: JSON.stringify(at) }
      const keys = tenantKeys(tenant)
      const answer = await chainer.write(keys.audit, draft, (auditEntry) =>
        link.write(script, keys, { ...begin, auditEntry }, args)
      )
      const [epoch, sequence, result] = requireWritten(answer, tenant)
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
        if (!isTenantId(tenant)) return Promise.reject(tenantGone(tenant))
        return write(tenant, script, at, args())
      })
    const records: Store['records'] = (tenant, ids) => run(() => reading.records(tenant, ids))
    const listed = (tenant: string) => link.ask((client) => client.zadd(TENANTS_KEY, 0, tenant))

    return {
      historyMs,
      installation,
      apiKeys,
      sessions,
      audit,
      withEntry: (draft) => stores(token, draft),
      alarms,
      consumers: redisConsumers({
        link,
        run,
        write: (tenant, script, args) => write(tenant, script, 0, args)
      }),
      contacts: redisContacts({
        link,
        run,
        write: (tenant, script, args) => write(tenant, script, 0, args)
      }),
      tenants: (page) => run(() => reading.tenants(page)),
      tenant: (id) => run(() => reading.tenant(id)),
      saveTenant: (tenant, at) =>
        run(async () => {
          if (!isTenantId(tenant.id)) throw new RangeError('A tenant id holds a character that it must not.')
          // Twice: before, so that no tenant exists unlisted; after, because another process may have removed it meanwhile.
          const [, isNew] = await Promise.all([
            listed(tenant.id),
            write(tenant.id, 'saveTenant', at, [randomUUID(), tenantRecord.encode(tenant)])
          ])
          if (isNew === 1) {
            await listed(tenant.id)
            // What a removal that was broken off left of an earlier tenant of this name.
            await removeKeysOfTenant(tenant.id)
          }
          return isNew === 1
        }),
      removeTenant: (id) =>
        run(async () => {
          if (!isTenantId(id)) return false
          // The keys lie in another slot. They go first, and again after, in case one was added meanwhile.
          const [, removed] = await Promise.all([removeKeysOfTenant(id), write(id, 'removeTenant', 0, [])])
          await removeKeysOfTenant(id)
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
          reread ? '1' : '0'
        ])),

      rules: (tenant, version) => run(() => reading.rules(tenant, version)),
      ruleVersions: (tenant) => run(() => reading.ruleVersions(tenant)),
      async saveRules(tenant, expected, { at, by = null, put, effective }) {
        const saved: RulesVersion = { version: expected + 1, at, by, put, effective }
        const args = () => [expected, rulesRecord.encode(saved), RULE_VERSIONS]
        return (await change(tenant, 'saveRules', at, args)) === 1 ? saved : null
      },

      users: (tenant, page) => run(() => reading.users(tenant, page)),
      record: (tenant, user) => run(async () => (await reading.records(tenant, [user]))[0] ?? null),
      records,
      ...redisUserWrites({ change, removeKeysOfUsers, records, historyMs }),

      importProgress: (tenant) => run(() => reading.importProgress(tenant)),
      async saveImportProgress(tenant, progress) {
        await change(tenant, 'saveImportProgress', progress.updatedAt, () => [
          importProgressRecord.encode(progress)
        ])
      },

      snapshot: (tenant) => run(() => feed.positionAtSubscribe(tenant).then(() => reading.snapshot(tenant))),
      log: (tenant, after) => run(() => reading.log(tenant, after)),
      logOfUser: (tenant, user) => run(() => reading.logOfUser(tenant, user)),
      readAfter: (tenant, after, users) => run(() => reading.readAfter(tenant, after, users)),
      follow: (tenant, onEvent) => feed.follow(tenant, onEvent),

      withTenantLock: (tenant, work) => run(() => tenantLock(tenant, (token) => work(stores(token, draft)))),
      reachable: () => link.alive() && feed.isComplete(),
      emptied: () => emptied,
      keyCheck,
      replicas,

      close() {
        closing ??= (async () => {
          await Promise.allSettled([...running, replicas.close()])
          feed.close()
          link.close()
        })()
        return closing
      }
    }
  }
  return stores('', null)
}
