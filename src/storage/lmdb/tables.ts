/** The tables of the lmdb file: what lies under which key. Reads within a write see what it wrote. */

import type { Database, RootDatabase, Transaction } from 'lmdb'
import type { Override } from '../../domain/override.ts'
import type { SyncRecord } from '../../domain/sync-state.ts'
import type { Timeline } from '../../domain/timeline.ts'
import type { AbsencesRecord } from '../absences-record.ts'
import type { ApiKeyRecord } from '../api-keys.ts'
import type { AuditEntry, AuditHead, SaltedPart } from '../audit.ts'
import type { Codec } from '../codec.ts'
import type { ConsumerProgress, ConsumerRecord, UserDelivery } from '../consumers.ts'
import type { ContactRecord } from '../contacts.ts'
import type { SessionRecord } from '../sessions.ts'
import type { LogEntry, RulesVersion, User } from '../store.ts'
import { type ApiKeyLogEntry, tableRecords } from './table-records.ts'

/** One record for each tenant. Keys sort by UTF-8 bytes. */
export interface TenantTable<T> {
  get(tenant: string, at?: Transaction): T | null
  put(tenant: string, value: T): void
  remove(tenant: string): void
  /** Ids after `after`, at most `limit`, with what is under them. */
  page(limit: number, after?: string): T[]
  entries(): T[]
}

/** Many records below each tenant, by user id, version or position. */
export interface Table<Id extends string | number, T> {
  get(tenant: string, id: Id, at?: Transaction): T | null
  put(tenant: string, id: Id, value: T): void
  remove(tenant: string, id: Id): void
  /** At most `limit` of them; how many that were. */
  removeSome(tenant: string, limit: number): number
  /** In order of ids, from the first after `after`, at most `limit`. */
  page(tenant: string, options: PageOptions<Id>): T[]
  ids(tenant: string, at?: Transaction): Id[]
  entries(tenant: string, options: PageOptions<Id>): [Id, T][]
  /** Of all tenants, from the first after `after`, at most `limit`. */
  slice(
    after: readonly [string, Id] | null,
    limit: number
  ): { readonly key: [string, Id]; readonly value: T }[]
}

export interface PageOptions<Id> {
  readonly after?: Id | undefined
  /** Up to, and without, this one. */
  readonly before?: Id
  readonly limit?: number
  readonly transaction?: Transaction
}

export type Tables = ReturnType<typeof openTables>

export function openTables(root: RootDatabase) {
  const database = <Key extends string | [string, string | number]>(name: string): Database<Buffer, Key> =>
    root.openDB<Buffer, Key>({ name, encoding: 'binary' })
  const ofTenants = <T>(name: keyof typeof tableRecords, codec: Codec<T>) =>
    tenantTable(database<string>(name), codec)
  const below = <Id extends string | number, T>(name: keyof typeof tableRecords, codec: Codec<T>) =>
    table<Id, T>(database<[string, Id]>(name), codec)
  const records = tableRecords
  return {
    tenants: ofTenants('tenants', records.tenants),
    heads: ofTenants('heads', records.heads),
    connections: ofTenants('connections', records.connections),
    rules: below<number, RulesVersion>('rules', records.rules),
    users: below<string, User>('users', records.users),
    // Apart from the users: confirmations of readings are by far the most writes and touch these alone.
    syncs: below<string, SyncRecord>('syncs', records.syncs),
    timelines: below<string, Timeline>('timelines', records.timelines),
    overrides: below<string, Override>('overrides', records.overrides),
    absences: below<string, AbsencesRecord>('absences', records.absences),
    log: below<number, LogEntry>('log', records.log),
    imports: ofTenants('imports', records.imports),
    pending: ofTenants('pending', records.pending),
    // api-keys.ts says what stands for a tenant here.
    apiKeys: below<string, ApiKeyRecord>('api-keys', records['api-keys']),
    apiKeysOfUsers: below<string, string>('api-keys-of-users', records['api-keys-of-users']),
    apiKeyUses: below<string, string>('api-key-uses', records['api-key-uses']),
    apiKeyLog: below<number, ApiKeyLogEntry>('api-key-log', records['api-key-log']),
    apiKeyHeads: ofTenants('api-key-heads', records['api-key-heads']),
    // sessions.ts too.
    sessions: below<string, SessionRecord>('sessions', records.sessions),
    // audit.ts too.
    auditHeads: ofTenants<AuditHead>('audit-heads', records['audit-heads']),
    auditEntries: below<number, AuditEntry>('audit-entries', records['audit-entries']),
    auditParts: below<string, SaltedPart>('audit-parts', records['audit-parts']),
    auditPartsOfUsers: below<string, string>('audit-parts-of-users', records['audit-parts-of-users']),
    alarmLists: ofTenants('alarm-lists', records['alarm-lists']),
    alarmStates: ofTenants('alarm-states', records['alarm-states']),
    alarmOverviews: ofTenants('alarm-overviews', records['alarm-overviews']),
    consumers: below<string, ConsumerRecord>('consumers', records.consumers),
    consumerProgress: below<string, ConsumerProgress>('consumer-progress', records['consumer-progress']),
    // By `consumer user`.
    deliveries: below<string, UserDelivery>('deliveries', records.deliveries),
    callerNames: ofTenants('caller-names', records['caller-names']),
    // contacts.ts says under which ids.
    contacts: below<string, ContactRecord>('contacts', records.contacts),
    contactNumbers: below<string, string>('contact-numbers', records['contact-numbers']),
    contactLists: below<string, string>('contact-lists', records['contact-lists'])
  }
}

/** lmdb's keys end at 1,978 bytes. An id that is longer than this names nothing. */
const LONGEST_ID = 500

function tenantTable<T>(db: Database<Buffer, string>, { encode, decode }: Codec<T>): TenantTable<T> {
  return {
    get(tenant, at) {
      const bytes = isKey(tenant) ? db.get(tenant, at && { transaction: at }) : undefined
      return bytes === undefined ? null : decode(bytes)
    },
    put(tenant, value) {
      void db.put(tenant, encode(value))
    },
    remove(tenant) {
      void db.remove(tenant)
    },
    page(limit, after) {
      const from = after === undefined || after === '' ? {} : { start: cut(after), exclusiveStart: true }
      return [...db.getRange({ ...from, limit })].map(({ value }) => decode(value))
    },
    entries: () => [...db.getRange({})].map(({ value }) => decode(value))
  }
}

function table<Id extends string | number, T>(
  db: Database<Buffer, [string, Id]>,
  { encode, decode }: Codec<T>
): Table<Id, T> {
  // [tenant] sorts before every [tenant, id], and all of them before any other tenant's.
  const range = (tenant: string, { after, before, limit, transaction }: PageOptions<Id>) => ({
    start: (after === undefined ? [tenant] : [tenant, cut(after)]) as [string, Id],
    exclusiveStart: true,
    ...(before === undefined ? {} : { end: [tenant, cut(before)] as [string, Id] }),
    ...(limit === undefined ? {} : { limit }),
    ...(transaction === undefined ? {} : { transaction })
  })
  const entries = (tenant: string, options: PageOptions<Id>): [Id, Buffer][] => {
    const found: [Id, Buffer][] = []
    for (const { key, value } of db.getRange(range(tenant, options))) {
      if (key[0] !== tenant) break
      found.push([key[1], value])
    }
    return found
  }
  const ids = (tenant: string, options: PageOptions<Id>): Id[] => {
    const found: Id[] = []
    for (const key of db.getKeys(range(tenant, options))) {
      if (key[0] !== tenant) break
      found.push(key[1])
    }
    return found
  }
  const removeOne = (tenant: string, id: Id) => {
    void db.remove([tenant, id])
  }
  return {
    get(tenant, id, at) {
      const bytes = isKey(tenant) && isKey(id) ? db.get([tenant, id], at && { transaction: at }) : undefined
      return bytes === undefined ? null : decode(bytes)
    },
    put(tenant, id, value) {
      void db.put([tenant, id], encode(value))
    },
    remove: removeOne,
    removeSome(tenant, limit) {
      const some = ids(tenant, { limit })
      for (const id of some) removeOne(tenant, id)
      return some.length
    },
    page: (tenant, options) =>
      isKey(tenant) ? entries(tenant, options).map(([, value]) => decode(value)) : [],
    ids: (tenant, at) => (isKey(tenant) ? ids(tenant, at === undefined ? {} : { transaction: at }) : []),
    entries: (tenant, options) => entries(tenant, options).map(([id, value]) => [id, decode(value)]),
    slice: (after, limit) => {
      const start = after === null ? {} : { start: [...after] as [string, Id], exclusiveStart: true }
      return [...db.getRange({ ...start, limit })].map(({ key, value }) => ({ key, value: decode(value) }))
    }
  }
}

function isKey(id: string | number): boolean {
  return typeof id === 'number' || (id !== '' && id.length <= LONGEST_ID)
}

/** Enough of an id that is too long to be a key: no id that is kept sorts between the two. */
function cut<Id extends string | number>(id: Id): Id {
  return (typeof id === 'string' && id.length > LONGEST_ID ? id.slice(0, LONGEST_ID) : id) as Id
}
