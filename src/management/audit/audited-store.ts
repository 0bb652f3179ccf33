/**
 * The store as one call sees it: each write says in the audit who made it, from where, and what was before and after. Where the data
 * is the tenant's the entry is in the same step as the write. API keys and the making and deleting of tenants are elsewhere: there an
 * entry is written before (`begun`) and one after, so that no such write is without one, whatever dies in between.
 */
import { isDeepStrictEqual } from 'node:util'
import { Mask } from '../../domain/mask.ts'
import type { RuleSet } from '../../domain/rule-set.ts'
import type { AlarmStore } from '../../storage/alarms.ts'
import type { ApiKeyStore } from '../../storage/api-keys.ts'
import type { AuditOutcome } from '../../storage/audit.ts'
import type { ConsumerStore } from '../../storage/consumers.ts'
import type { ContactStore } from '../../storage/contacts.ts'
import { type Store, StoreUnavailable, TenantGone } from '../../storage/store.ts'
import { defaultRules } from '../resolve-rules.ts'
import { type Attribution, type AuditedChange, draftOf } from './attribution.ts'
import {
  changeOf,
  describeAbsenceChange,
  describeAlarmList,
  describeCallerNames,
  describeConnection,
  describeConsumer,
  describeKeyChange,
  describeOverride,
  describeTenant,
  describeUserChange
} from './describe-records.ts'

/** What of the store writes nothing. A new member is one of these, or is audited below: else this does not compile. */
type ReadMember =
  | 'historyMs'
  | 'tenants'
  | 'tenant'
  | 'connection'
  | 'rules'
  | 'ruleVersions'
  | 'users'
  | 'record'
  | 'records'
  | 'importProgress'
  | 'snapshot'
  | 'log'
  | 'logOfUser'
  | 'readAfter'
  | 'follow'
  | 'reachable'
  | 'close'
  | 'audit'
  | 'withEntry'

/** The members that write. */
export type StoreWrites = Omit<Store, ReadMember>

export interface AuditedStoreDeps {
  /** As `ManagementDeps.packs`. */
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly clock: () => number
}

/** `target`: what every entry says beside what the write does. */
export function createAuditedStore(
  store: Store,
  by: Attribution,
  deps: AuditedStoreDeps,
  target: AuditedChange['target'] = {}
): Store {
  const { packs, clock } = deps
  const draft = (change: AuditedChange, outcome: AuditOutcome = 'done') =>
    draftOf(by, { ...change, target: { ...target, ...change.target } }, outcome, clock())
  const written = (change: AuditedChange) => store.withEntry(draft(change))
  const maskOf = async (tenant: string) =>
    new Mask((await store.rules(tenant))?.effective ?? defaultRules(packs))

  /** A write that is no step of the log's: between an entry that it begins and one that says how it ended. */
  async function surround(
    tenant: string | null,
    change: AuditedChange,
    write: () => Promise<boolean>
  ): Promise<boolean> {
    await store.audit.append(tenant, draft(change, 'begun'))
    const end = async (outcome: AuditOutcome) => {
      try {
        await store.audit.append(tenant, draft(change, outcome))
      } catch (error) {
        // What is done is done: that it was begun is in the audit.
        if (!(error instanceof StoreUnavailable || error instanceof TenantGone)) throw error
      }
    }
    let isDone: boolean
    try {
      isDone = await write()
    } catch (error) {
      // With the store away nobody knows whether it was done: then nothing more is said.
      if (!(error instanceof StoreUnavailable)) await end('failed')
      throw error
    }
    await end(isDone ? 'done' : 'failed')
    return isDone
  }

  const writes: StoreWrites = {
    async saveTenant(tenant, at) {
      const { id } = tenant
      const before = await store.tenant(id)
      const change = changeOf(describeTenant(before), describeTenant(tenant))
      const save = () => written({ target: { tenant: id }, ...change }).saveTenant(tenant, at)
      // Tenants come and go in the provider's log as well.
      return before === null ? surround(null, { target: { tenant: id }, ...change }, save) : save()
    },
    async removeTenant(id) {
      const before = await store.tenant(id)
      if (before === null) return store.removeTenant(id)
      const change = { target: { tenant: id }, ...changeOf(describeTenant(before), null) }
      return surround(null, change, () => store.removeTenant(id))
    },
    async saveConnection(tenant, connection, reread, at) {
      const before = describeConnection(await store.connection(tenant))
      const change = changeOf(before, describeConnection(connection))
      return written(change).saveConnection(tenant, connection, reread, at)
    },
    saveRules(tenant, expected, rules) {
      const version = expected + 1
      const change = {
        target: { rulesVersion: version },
        before: expected === 0 ? null : { version: expected },
        after: { version }
      }
      return written(change).saveRules(tenant, expected, rules)
    },
    async saveUsers(tenant, given, at) {
      const ids = given.map(({ user }) => user.id)
      const before = await store.records(tenant, ids)
      // Their calendars are begun anew, for a change of the connection that has an entry of its own.
      if (given.every(({ user }, index) => isDeepStrictEqual(before[index]?.user, user))) {
        return store.saveUsers(tenant, given, at)
      }
      const mask = await maskOf(tenant)
      const parts = given.map(({ user }, index) =>
        describeUserChange(before[index]?.user ?? null, user, mask)
      )
      const created = before.filter((record) => record === null).length
      return written({ after: { saved: given.length, created }, parts }).saveUsers(tenant, given, at)
    },
    async removeUsers(tenant, users, at) {
      const before = await store.records(tenant, users)
      // What the audit has about them goes with them: how many there were is left.
      const removed = before.filter((record) => record !== null).length
      return written({ after: { removed } }).removeUsers(tenant, users, at)
    },
    async saveOverride(tenant, user, override, at) {
      const mask = await maskOf(tenant)
      const before = (await store.record(tenant, user))?.override ?? null
      const change = { before: describeOverride(before, mask), after: describeOverride(override, mask) }
      return written({ parts: [{ user, ...change }] }).saveOverride(tenant, user, override, at)
    },
    async saveAbsences(tenant, given, at) {
      const mask = await maskOf(tenant)
      const before = await store.records(
        tenant,
        given.map(({ user }) => user)
      )
      const parts = given.map(({ user, absences }, index) =>
        describeAbsenceChange(user, before[index]?.absences ?? [], absences, mask)
      )
      return written({ parts }).saveAbsences(tenant, given, at)
    },
    // How far an import is: its batches have their entries.
    saveImportProgress: store.saveImportProgress,
    // What the service does by itself.
    saveReadings: store.saveReadings,
    saveResealed: store.saveResealed,
    trimHistory: store.trimHistory,
    sessions: store.sessions,
    apiKeys: auditedKeys(store.apiKeys, surround),
    alarms: auditedAlarms(store.alarms, surround),
    consumers: auditedConsumers(store.consumers, (change) => written(change).consumers),
    contacts: auditedContacts(store.contacts, (change) => written(change).contacts),
    withTenantLock: (tenant, work) =>
      store.withTenantLock(tenant, (locked) => work(createAuditedStore(locked, by, deps, target)))
  }
  return { ...store, ...writes }
}

type Surround = (
  tenant: string | null,
  change: AuditedChange,
  write: () => Promise<boolean>
) => Promise<boolean>

/** What is raised and sent the service writes by itself. */
function auditedAlarms(alarms: AlarmStore, surround: Surround): AlarmStore {
  const { lists } = alarms
  return {
    ...alarms,
    lists: {
      ...lists,
      async save(tenant, list) {
        const before = await lists.read(tenant)
        const change = changeOf(before && describeAlarmList(before), describeAlarmList(list))
        return surround(tenant, change, () => lists.save(tenant, list))
      }
    }
  }
}

function auditedKeys(keys: ApiKeyStore, surround: Surround): ApiKeyStore {
  return {
    ...keys,
    add: (key, max) => surround(key.tenant, describeKeyChange(null, key), () => keys.add(key, max)),
    async replace(key, digest) {
      const change = describeKeyChange(await keys.find(key.tenant, key.id), key)
      return surround(key.tenant, change, () => keys.replace(key, digest))
    },
    async remove(tenant, id) {
      const before = await keys.find(tenant, id)
      if (before === null) return keys.remove(tenant, id)
      return surround(tenant, describeKeyChange(before, null), () => keys.remove(tenant, id))
    }
  }
}

/** How far a consumer is the service writes by itself. */
function auditedConsumers(
  consumers: ConsumerStore,
  written: (change: AuditedChange) => ConsumerStore
): ConsumerStore {
  return {
    ...consumers,
    async save(tenant, consumer, progress, forget) {
      const before = describeConsumer(await consumers.find(tenant, consumer.id))
      const change = { target: { consumer: consumer.id }, ...changeOf(before, describeConsumer(consumer)) }
      return written(change).save(tenant, consumer, progress, forget)
    },
    async remove(tenant, id) {
      const before = describeConsumer(await consumers.find(tenant, id))
      return written({ target: { consumer: id }, ...changeOf(before, null) }).remove(tenant, id)
    }
  }
}

/** A list is saved in many steps; the settings name the one that is in use, and their entry says so. */
function auditedContacts(
  contacts: ContactStore,
  written: (change: AuditedChange) => ContactStore
): ContactStore {
  return {
    ...contacts,
    async saveSettings(tenant, settings) {
      const before = describeCallerNames(await contacts.settings(tenant))
      return written(changeOf(before, describeCallerNames(settings))).saveSettings(tenant, settings)
    }
  }
}

/** For calls that declare no write: one that writes all the same fails, and a test finds it. */
export function createReadOnlyStore(store: Store): Store {
  const refuse = async (): Promise<never> => {
    throw new Error(
      'a write without an entry in the audit: set config.audit, and write through request.management'
    )
  }
  const writes: StoreWrites = {
    saveTenant: refuse,
    removeTenant: refuse,
    saveConnection: refuse,
    saveRules: refuse,
    saveUsers: refuse,
    removeUsers: refuse,
    saveOverride: refuse,
    saveAbsences: refuse,
    saveImportProgress: refuse,
    saveReadings: refuse,
    saveResealed: refuse,
    trimHistory: refuse,
    sessions: store.sessions,
    apiKeys: { ...store.apiKeys, add: refuse, replace: refuse, remove: refuse },
    alarms: { ...store.alarms, lists: { ...store.alarms.lists, save: refuse } },
    consumers: { ...store.consumers, save: refuse, remove: refuse, saveProgress: refuse },
    contacts: {
      ...store.contacts,
      saveSettings: refuse,
      save: refuse,
      saveResealed: refuse,
      removeContacts: refuse,
      removeList: refuse
    },
    withTenantLock: (tenant, work) =>
      store.withTenantLock(tenant, (locked) => work(createReadOnlyStore(locked)))
  }
  return { ...store, ...writes }
}
