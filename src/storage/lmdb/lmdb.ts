/** The embedded store: one process, one lmdb file, one transaction for every write. */
import { open, type RootDatabase } from 'lmdb'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { KeyedLock } from '../../lib/keyed-lock.ts'
import { isStaleWrite } from '../is-stale-write.ts'
import {
  type FeedEvent,
  RULE_VERSIONS,
  type RulesVersion,
  type Store,
  StoreUnavailable,
  type Vacated
} from '../store.ts'
import { ApiKeyTable, lmdbApiKeys } from './api-keys.ts'
import { changeLog, LOG_LENGTH } from './change-log.ts'
import { type LockedDataDir, lockDataDir, withSetupError } from './data-dir.ts'
import { groupCommit } from './group-commit.ts'
import { PendingWork } from './pending-work.ts'
import {
  readLogOfUser,
  readLogSlice,
  readNewestRules,
  readRecord,
  readRecords,
  readRuleVersions,
  takeSnapshot
} from './queries.ts'
import { lmdbSessions } from './sessions.ts'
import { openTables, type Tables } from './tables.ts'

/**
 * Address space, not disk: the file grows as it fills. Given beforehand, because the map need then never be moved
 * under those who read; a million users with sixty intervals each need some 2 GB.
 */
const LARGEST_FILE = 64 * 1024 ** 3

export interface LmdbOptions {
  /** Made where it is missing. All of it belongs to the store. */
  readonly folder: string
  /** How many entries of each tenant's change log are kept, and of the one of API keys. */
  readonly logLength?: number
}

/**
 * Opens the store and holds the folder until `close`. Throws a SetupError, one sentence that says what to do, when
 * the folder is in use, damaged, of a newer version, not writable, or on a full disk.
 */
export async function openLmdb({ folder, logLength = LOG_LENGTH }: LmdbOptions): Promise<Store> {
  const held = await lockDataDir(folder)
  try {
    const root = await withSetupError(folder, async () =>
      open({
        path: held.path,
        // Otherwise a folder whose name holds a dot is taken for a file.
        noSubdir: false,
        mapSize: LARGEST_FILE,
        maxDbs: 32,
        encoding: 'binary',
        // A commit is on disk when it is done; groupCommit sees to it that many writes share one.
        overlappingSync: false,
        // Otherwise lmdb makes its own promise for each turn, whose rejection on a full disk no code can catch.
        eventTurnBatching: false
      })
    )
    const tables = await withSetupError(folder, async () => openTables(root))
    await held.complete()
    return lmdbStore(root, tables, held, logLength)
  } catch (error) {
    await held.release()
    throw error
  }
}

function lmdbStore(root: RootDatabase, tables: Tables, held: LockedDataDir, logLength: number): Store {
  const { tenants, heads, connections, imports, rules, users, syncs, timelines, overrides } = tables
  const commits = groupCommit(root, held.path)
  const log = changeLog(tables, logLength)
  const slicedReads = new Set<Promise<unknown>>()
  const tenantLock = new KeyedLock()
  const apiKeys = new ApiKeyTable(tables, logLength)
  const work = new PendingWork({ tables, apiKeys, log, write })
  let closing: Promise<void> | null = null

  /** One write. The tenant's followers receive what it puts into `feeds` once it is on disk. */
  async function write<T>(tenant: string, step: (feeds: FeedEvent[]) => T): Promise<T> {
    const { result } = await commits.write(
      () => {
        const feeds: FeedEvent[] = []
        return { result: step(feeds), feeds }
      },
      ({ feeds }) => log.tell(tenant, feeds)
    )
    return result
  }

  /** Reads within one turn see one state. */
  async function read<T>(action: () => T | Promise<T>): Promise<T> {
    if (closing !== null) throw new StoreUnavailable('The store is closed.')
    return action()
  }

  /** A read that gives the event loop back in between. `close` waits for it. */
  function readInSlices<T>(action: () => Promise<T>): Promise<T> {
    return read(() => {
      const reading = action()
      slicedReads.add(reading)
      return reading.finally(() => slicedReads.delete(reading))
    })
  }

  /** Of a tenant that is gone nothing is read, though some of it may still be there. */
  function readOf<T>(tenant: string, none: T, action: () => T): Promise<T> {
    return read(() => (heads.get(tenant) === null ? none : action()))
  }

  const store: Store = {
    apiKeys: lmdbApiKeys(tables, apiKeys, { read, write }),
    sessions: lmdbSessions(tables, { read, write }),

    tenants: ({ limit, after }) => read(() => tenants.page(limit, after)),
    tenant: (id) => read(() => tenants.get(id)),
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
        for (const table of [tenants, connections, imports, heads]) table.remove(id)
        work.begin(id, { kind: 'remove' }, feeds)
        feeds.push({ kind: 'tenant removed' })
        return true
      })
      if (removed) await work.finish(id)
      return removed
    },

    connection: (tenant) => read(() => connections.get(tenant)),
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

    rules: (tenant, version) =>
      readOf(tenant, null, () =>
        version === undefined ? readNewestRules(tables, tenant) : rules.get(tenant, version)
      ),
    ruleVersions: (tenant) =>
      readInSlices(async () => (heads.get(tenant) === null ? [] : readRuleVersions(tables, tenant))),
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

    users: (tenant, page) => readOf(tenant, [], () => users.page(tenant, page)),
    record: (tenant, user) => readOf(tenant, null, () => readRecord(tables, tenant, user)),
    records: (tenant, ids) =>
      readInSlices(async () =>
        heads.get(tenant) === null ? ids.map(() => null) : readRecords(tables, tenant, ids)
      ),
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
    removeUsers: (tenant, ids, at) =>
      write(tenant, (feeds) => {
        const head = log.headOf(tenant)
        let { minGeneration } = head
        const removed: string[] = []
        const vacated: Vacated[] = []
        for (const user of ids) {
          const kept = syncs.get(tenant, user)
          if (kept === null) continue
          minGeneration = Math.max(minGeneration, kept.generation + 1)
          const before = users.get(tenant, user)
          if (before !== null) vacated.push({ user, extension: before.extension })
          for (const table of [users, syncs, timelines, overrides]) table.remove(tenant, user)
          apiKeys.removeOfUser(tenant, user)
          removed.push(user)
        }
        if (removed.length === 0) return removed
        heads.put(tenant, { ...head, minGeneration })
        feeds.push(log.append(tenant, at, removed, vacated))
        return removed
      }),

    importProgress: (tenant) => read(() => imports.get(tenant)),
    saveImportProgress: (tenant, progress) =>
      write(tenant, () => {
        log.headOf(tenant)
        imports.put(tenant, progress)
      }),

    saveOverride: (tenant, user, override, at) =>
      write(tenant, (feeds) => {
        log.headOf(tenant)
        if (syncs.get(tenant, user) === null) return false
        if (override === null) overrides.remove(tenant, user)
        else overrides.put(tenant, user, override)
        feeds.push(log.append(tenant, at, [user]))
        return true
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
          const shows = outcome.visible || (timeline !== 'same' && overrides.get(tenant, user) !== null)
          ;(shows ? visible : confirmed).add(user)
        }
        if (visible.size > 0) feeds.push(log.append(tenant, at, [...visible]))
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

    snapshot: (tenant) => readInSlices(() => takeSnapshot(root, tables, tenant)),
    log: (tenant, after) =>
      readInSlices(async () => (await readLogSlice(root, tables, tenant, after, []))?.entries ?? null),
    logOfUser: (tenant, user) =>
      readInSlices(async () => (heads.get(tenant) === null ? [] : readLogOfUser(tables, tenant, user))),
    readAfter: (tenant, after, ids) => readInSlices(() => readLogSlice(root, tables, tenant, after, ids)),
    follow: log.follow,

    withTenantLock: (tenant, work) => tenantLock.run(tenant, () => work(store)),
    reachable: () => closing === null,

    close() {
      closing ??= (async () => {
        await commits.close()
        await Promise.allSettled(slicedReads)
        await root.close()
        await held.release()
      })()
      return closing
    }
  }
  work.resume()
  return store
}
