/** Reads what Redis keeps of a tenant. Each read is of one moment; large ones are decoded in steps. */
import type { ChainableCommander } from 'ioredis'
import { initialSyncRecord } from '../../domain/sync-state.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import {
  absencesRecord,
  importProgressRecord,
  overrideRecord,
  rulesRecord,
  tenantRecord,
  timelineRecord,
  userRecord
} from '../codec.ts'
import { connectionRecord } from '../connection-codec.ts'
import type { ImportProgress } from '../import-progress.ts'
import type { Page } from '../page.ts'
import {
  type LogEntry,
  type LogSlice,
  namesUser,
  type RulesVersion,
  type StoredConnection,
  type Tenant,
  type TenantSnapshot,
  type User,
  type UserRecord
} from '../store.ts'
import { decodeRereads, decodeSync, type Rereads } from './codec.ts'
import type { RedisConnection } from './connection.ts'
import { isTenantId, TENANTS_KEY, tenantKeys } from './keys.ts'

/** Users decoded in one slice: about 5 ms. */
const STEP = 125
const ENTRIES = 1000

export function redisQueries(link: RedisConnection) {
  const field = async (tenant: string, name: string): Promise<Buffer | null> =>
    isTenantId(tenant) ? link.ask((client) => client.hgetBuffer(tenantKeys(tenant).head, name)) : null

  /** The answers to what is queued, all of one moment. */
  async function together<T>(
    queue: (multi: ChainableCommander) => void,
    ask: RedisConnection['ask'] = (call) => link.ask(call)
  ): Promise<T> {
    const answers = await ask((client) => {
      const multi = client.multi()
      queue(multi)
      return multi.exec()
    })
    return (answers ?? []).map(([error, answer]) => {
      if (error !== null) throw error
      return answer
    }) as T
  }

  const readRecords = (tenant: string, after: number | null, ids: readonly string[]) =>
    link.readRecords(tenantKeys(tenant), after, ids) as Promise<RecordsAnswer>

  async function records(tenant: string, ids: readonly string[]): Promise<(UserRecord | null)[]> {
    if (!isTenantId(tenant) || ids.length === 0) return ids.map(() => null)
    const [[, , , ...rereads], , ...columns] = await readRecords(tenant, null, ids)
    return recordsIn(columns, ids, decodeRereads(...rereads))
  }

  async function recordsIn(
    columns: readonly Column[],
    ids: readonly string[],
    rereads: Rereads
  ): Promise<(UserRecord | null)[]> {
    const found: (UserRecord | null)[] = []
    for (let index = 0; index < ids.length; index++) {
      if (index % STEP === STEP - 1) await nextSlice()
      const [user, ...parts] = columns.map((column) => column[index] ?? null)
      found.push(user ? recordOf(user, rereads, parts) : null)
    }
    return found
  }

  async function log(tenant: string, after: number): Promise<LogEntry[] | null> {
    if (!isTenantId(tenant)) return null
    const { head, log: key } = tenantKeys(tenant)
    const entries: LogEntry[] = []
    let begun: string | null = null
    for (let from = after; ; from = entries.at(-1)?.position ?? from) {
      const [[epoch, newest], kept, page] = await together<
        [[string | null, string | null], number, [string, string[]][]]
      >((multi) =>
        multi
          .hmget(head, 'epoch', 'position')
          .xlen(key)
          .xrange(key, `${from + 1}-0`, '+', 'COUNT', ENTRIES)
      )
      if (epoch === null || from < Number(newest) - kept || (begun !== null && begun !== epoch)) return null
      begun = epoch
      for (const [, [, text = '']] of page) entries.push(JSON.parse(text))
      if (page.length < ENTRIES) return entries
    }
  }

  async function logOfUser(tenant: string, user: string): Promise<LogEntry[]> {
    if (!isTenantId(tenant)) return []
    const found: LogEntry[] = []
    for (let from = '-'; ; ) {
      const page = await link.ask((client) =>
        client.xrange(tenantKeys(tenant).log, from, '+', 'COUNT', ENTRIES)
      )
      for (const [, [, text = '']] of page) {
        const entry: LogEntry = JSON.parse(text)
        if (namesUser(entry, user)) found.push(entry)
      }
      if (page.length < ENTRIES) return found
      from = `(${page.at(-1)![0]}`
      await nextSlice()
    }
  }

  async function readAfter(tenant: string, after: number, ids: readonly string[]): Promise<LogSlice | null> {
    if (!isTenantId(tenant)) return null
    const [head, [kept = 0, page = []], ...columns] = await readRecords(tenant, after, ids)
    const [epoch, newest, sequence, ...rereads] = head
    if (epoch === null || after < Number(newest) - kept) return null
    const entries = page.map(([, [, text]]): LogEntry => JSON.parse(`${text}`))
    return {
      epoch: `${epoch}`,
      revision: Number(sequence ?? 0),
      entries,
      records: await recordsIn(columns, ids, decodeRereads(...rereads))
    }
  }

  async function snapshot(tenant: string): Promise<TenantSnapshot | null> {
    if (!isTenantId(tenant)) return null
    const keys = tenantKeys(tenant)
    const columns = [keys.users, keys.syncs, keys.timelines, keys.overrides, keys.absences]
    const [head, ids, ...flat] = await together<[Record<string, Buffer>, string[], ...Buffer[][]]>(
      (multi) => {
        multi.hgetallBuffer(keys.head).zrange(keys.ids, 0, '-1')
        // In capitals ioredis leaves it the flat list that it is, and makes no object of it in one go.
        for (const key of columns) multi.callBuffer('HGETALL', key)
      },
      (call) => link.askBulk(call)
    )
    if (head.tenant === undefined) return null
    const hashes: Hash[] = []
    for (const [index] of columns.entries()) hashes.push(await gather(flat[index] ?? []))
    const [users, ...others] = hashes
    const rereads = decodeRereads(head.rereads, head.rereadAt)
    const found: UserRecord[] = []
    for (const id of ids) {
      if (found.length % STEP === STEP - 1) await nextSlice()
      const user = users?.get(id)
      if (user === undefined) continue
      const parts = others.map((hash) => hash.get(id))
      found.push(recordOf(user, rereads, parts))
    }
    return {
      tenant: tenantRecord.decode(head.tenant),
      rules: head.rules === undefined ? null : rulesRecord.decode(head.rules),
      connection: head.connection === undefined ? null : connectionRecord.decode(head.connection),
      users: found,
      epoch: `${head.epoch}`,
      position: Number(head.position),
      loggedAt: Number(head.loggedAt),
      revision: Number(head.sequence ?? 0)
    }
  }

  async function tenants({ limit, after = '' }: Page): Promise<Tenant[]> {
    const found: Tenant[] = []
    for (let from = after; found.length < limit; ) {
      const wanted = limit - found.length
      const ids = await link.ask((client) =>
        client.zrange(TENANTS_KEY, from === '' ? '-' : `(${from}`, '+', 'BYLEX', 'LIMIT', 0, wanted)
      )
      // Each in a slot of its own. One that is listed and not there was removed, or is being made.
      for (const bytes of await Promise.all(ids.map((id) => field(id, 'tenant')))) {
        if (bytes !== null) found.push(tenantRecord.decode(bytes))
      }
      if (ids.length < wanted) break
      from = ids.at(-1) ?? from
    }
    return found
  }

  return {
    tenants,
    async tenant(id: string): Promise<Tenant | null> {
      const bytes = await field(id, 'tenant')
      return bytes && tenantRecord.decode(bytes)
    },
    async connection(tenant: string): Promise<StoredConnection | null> {
      const bytes = await field(tenant, 'connection')
      return bytes && connectionRecord.decode(bytes)
    },
    async importProgress(tenant: string): Promise<ImportProgress | null> {
      const bytes = await field(tenant, 'import')
      return bytes && importProgressRecord.decode(bytes)
    },
    async rules(tenant: string, version?: number): Promise<RulesVersion | null> {
      if (!isTenantId(tenant)) return null
      const bytes =
        version === undefined
          ? await field(tenant, 'rules')
          : await link.ask((client) => client.hgetBuffer(tenantKeys(tenant).rules, `${version}`))
      return bytes && rulesRecord.decode(bytes)
    },
    async ruleVersions(tenant: string): Promise<RulesVersion[]> {
      if (!isTenantId(tenant)) return []
      const kept = await link.ask((client) => client.hvalsBuffer(tenantKeys(tenant).rules))
      const versions: RulesVersion[] = []
      for (const bytes of kept) {
        versions.push(rulesRecord.decode(bytes))
        // A version may be hundreds of kilobytes.
        await nextSlice()
      }
      return versions.sort((a, b) => b.version - a.version)
    },
    async users(tenant: string, { limit, after = '' }: Page): Promise<User[]> {
      if (!isTenantId(tenant)) return []
      return (await link.usersPage(tenantKeys(tenant), after, limit)).map((bytes) => userRecord.decode(bytes))
    },
    records,
    log,
    logOfUser,
    readAfter,
    snapshot
  }
}

/** As scripts/read-records.lua returns it: of the head, of the log, and the parts of the records. */
type RecordsAnswer = [
  head: [epoch: Kept, position: Kept, sequence: Kept, rereads: Kept, rereadAt: Kept],
  log: [] | [length: number, entries: [id: Buffer, fields: [name: Buffer, text: Buffer]][]],
  ...columns: Column[]
]

type Hash = Map<string, Buffer>

/** Names and values in turn, as Redis gives a hash. */
async function gather(flat: readonly Buffer[]): Promise<Hash> {
  const hash: Hash = new Map()
  for (let index = 0; index + 1 < flat.length; index += 2) {
    if (index % (16 * STEP) === 0) await nextSlice()
    hash.set(`${flat[index]}`, flat[index + 1] as Buffer)
  }
  return hash
}

type Column = readonly (Buffer | null)[]
type Kept = Buffer | null | undefined

/** `parts`: in the order of the columns, after the user. */
function recordOf(user: Buffer, rereads: Rereads, parts: readonly Kept[]): UserRecord {
  const [sync, timeline, override, absences] = parts
  return {
    user: userRecord.decode(user),
    override: override ? overrideRecord.decode(override) : null,
    absences: absences ? absencesRecord.decode(absences).absences : [],
    timeline: timeline ? timelineRecord.decode(timeline) : null,
    sync: sync ? decodeSync(sync, rereads) : initialSyncRecord(false, 0)
  }
}
