/** The embedded store: one process, one lmdb file, one transaction for every write. */
import { open, type RootDatabase } from 'lmdb'
import { KeyedLock } from '../../lib/keyed-lock.ts'
import type { AuditDraft } from '../audit.ts'
import { type FeedEvent, type Store, StoreUnavailable } from '../store.ts'
import { lmdbAlarms } from './alarms.ts'
import { ApiKeyTable, lmdbApiKeys } from './api-keys.ts'
import { AuditTable, lmdbAudit } from './audit.ts'
import { changeLog, HISTORY_MS, LOG_LENGTH } from './change-log.ts'
import { ConsumerChanges, lmdbConsumers } from './consumers.ts'
import { ContactLists } from './contact-lists.ts'
import { lmdbContacts } from './contacts.ts'
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
import { lmdbTenantWrites } from './tenant-writes.ts'
import { lmdbUserWrites } from './user-writes.ts'

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
  /** As `Store.historyMs`. */
  readonly historyMs?: number
}

/**
 * Opens the store and holds the folder until `close`. Throws a SetupError, one sentence that says what to do, when
 * the folder is in use, damaged, of a newer version, not writable, or on a full disk.
 */
export async function openLmdb({
  folder,
  logLength = LOG_LENGTH,
  historyMs = HISTORY_MS
}: LmdbOptions): Promise<Store> {
  const held = await lockDataDir(folder)
  try {
    const root = await withSetupError(folder, async () =>
      open({
        path: held.path,
        // Otherwise a folder whose name holds a dot is taken for a file.
        noSubdir: false,
        mapSize: LARGEST_FILE,
        maxDbs: 64,
        encoding: 'binary',
        // A commit is on disk when it is done; groupCommit sees to it that many writes share one.
        overlappingSync: false,
        // Otherwise lmdb makes its own promise for each turn, whose rejection on a full disk no code can catch.
        eventTurnBatching: false
      })
    )
    // In one transaction: each would wait for the disk otherwise.
    const tables = await withSetupError(folder, async () => root.transactionSync(() => openTables(root)))
    await held.complete()
    return lmdbStore(root, tables, held, { logLength, historyMs })
  } catch (error) {
    await held.release()
    throw error
  }
}

function lmdbStore(
  root: RootDatabase,
  tables: Tables,
  held: LockedDataDir,
  { logLength, historyMs }: Required<Omit<LmdbOptions, 'folder'>>
): Store {
  const { tenants, heads, connections, imports, rules, users } = tables
  const commits = groupCommit(root, held.path)
  const log = changeLog(tables, logLength, historyMs)
  const slicedReads = new Set<Promise<unknown>>()
  const tenantLock = new KeyedLock()
  const apiKeys = new ApiKeyTable(tables, logLength)
  const auditTable = new AuditTable(tables)
  const consumerChanges = new ConsumerChanges(tables)
  const work = new PendingWork({ tables, apiKeys, log, write })
  let closing: Promise<void> | null = null

  /** One write. The tenant's followers receive what it puts into `feeds` once it is on disk. */
  async function write<T>(
    tenant: string,
    step: (feeds: FeedEvent[]) => T,
    draft: AuditDraft | null = null
  ): Promise<T> {
    const { result } = await commits.write(
      () => {
        const feeds: FeedEvent[] = []
        const result = step(feeds)
        if (draft !== null && feeds.length > 0 && heads.get(tenant) !== null) auditTable.append(tenant, draft)
        return { result, feeds }
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

  const access = { read, write }
  const contactLists = new ContactLists({ tables, read, write })
  const shared = {
    historyMs,
    apiKeys: lmdbApiKeys(tables, apiKeys, access),
    sessions: lmdbSessions(tables, access),
    audit: lmdbAudit(tables, auditTable, access),
    alarms: lmdbAlarms(tables, access),

    tenants: ({ limit, after }) => read(() => tenants.page(limit, after)),
    tenant: (id) => read(() => tenants.get(id)),
    connection: (tenant) => read(() => connections.get(tenant)),
    rules: (tenant, version) =>
      readOf(tenant, null, () =>
        version === undefined ? readNewestRules(tables, tenant) : rules.get(tenant, version)
      ),
    ruleVersions: (tenant) =>
      readInSlices(async () => (heads.get(tenant) === null ? [] : readRuleVersions(tables, tenant))),
    users: (tenant, page) => readOf(tenant, [], () => users.page(tenant, page)),
    record: (tenant, user) => readOf(tenant, null, () => readRecord(tables, tenant, user)),
    records: (tenant, ids) =>
      readInSlices(async () =>
        heads.get(tenant) === null ? ids.map(() => null) : readRecords(tables, tenant, ids)
      ),
    importProgress: (tenant) => read(() => imports.get(tenant)),
    snapshot: (tenant) => readInSlices(() => takeSnapshot(root, tables, tenant)),
    log: (tenant, after) =>
      readInSlices(async () => (await readLogSlice(root, tables, tenant, after, []))?.entries ?? null),
    logOfUser: (tenant, user) =>
      readInSlices(async () => (heads.get(tenant) === null ? [] : readLogOfUser(tables, tenant, user))),
    readAfter: (tenant, after, ids) => readInSlices(() => readLogSlice(root, tables, tenant, after, ids)),
    follow: log.follow,

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
  } satisfies Partial<Store>

  /** The store whose writes append the entry, where there is one. */
  function storeWith(draft: AuditDraft | null): Store {
    const writing = {
      tables,
      log,
      apiKeys,
      audit: auditTable,
      work,
      contactLists,
      historyMs,
      write: <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => write(tenant, step, draft)
    }
    const store: Store = {
      ...shared,
      ...lmdbTenantWrites(writing),
      ...lmdbUserWrites(writing),
      consumers: lmdbConsumers({ ...writing, read, changes: consumerChanges }),
      contacts: lmdbContacts({ ...writing, lists: contactLists, read }),
      withEntry: storeWith,
      withTenantLock: (tenant, work) => tenantLock.run(tenant, () => work(store))
    }
    return store
  }

  work.resume()
  contactLists.resume()
  return storeWith(null)
}
