/** What lies under which key in Redis, `TENANT` and `DIGEST` standing for a tenant's id and a digest. */
import type { AnyKeptRecord } from '../../lib/kept-record.ts'
import { alarmLockOf } from '../alarms.ts'
import { keptCallerNames, keptContact, keptContactList, keptContactNumber } from '../contact-codec.ts'
import { alarmListRecord, alarmOverviewRecord, alarmStateRecord } from '../kept-alarms.ts'
import { keptConsumer, keptConsumerProgress, keptUserDelivery } from '../kept-consumers.ts'
import {
  keptAbsences,
  keptApiKey,
  keptAuditEntry,
  keptAuditHead,
  keptAuditPart,
  keptConnection,
  keptImport,
  keptLogEntry,
  keptOverride,
  keptRules,
  keptSession,
  keptSync,
  keptTenant,
  keptTimeline,
  keptUser
} from '../kept-records.ts'
import {
  ALARMS_KEY,
  API_KEY_KEYS,
  auditKeys,
  CONSUMER_INDEX_KEYS,
  contactNumbersKey,
  contactsKey,
  deliveriesKey,
  REPLICAS_KEY,
  STORE_KEY,
  sessionKey,
  sessionsOfKey,
  TENANTS_KEY,
  tenantKeys
} from './keys.ts'

const withTenant = 'the tenant is deleted'

const installation: AnyKeptRecord = {
  name: 'installation',
  about: [],
  until: 'the data is deleted',
  members: { fields: 'which data this is, its form, and by what its master key is recognised' }
}
const tenantIds: AnyKeptRecord = {
  name: 'tenant ids',
  about: [],
  until: withTenant,
  members: { id: 'names the tenant' }
}
const userIds: AnyKeptRecord = {
  name: 'user ids',
  about: ['users'],
  until: `the user is deleted; ${withTenant}`,
  members: { id: 'the user’s id, in order' }
}
const keyIds: AnyKeptRecord = {
  name: 'API key ids',
  about: ['users'],
  until: 'the key is removed',
  members: { owner: 'the tenant’s id', user: 'the user’s id', id: 'the key’s id' }
}
const keyUses: AnyKeptRecord = {
  name: 'last use of an API key',
  about: ['users'],
  until: 'the key is removed',
  members: { text: 'the day, in UTC' }
}
const keyLog: AnyKeptRecord = {
  name: 'log entry of API keys, in Redis',
  about: [],
  until: '20,000 later ones',
  members: { id: 'the id of the key that changed', mark: 'tells the write apart' }
}
const logHead: AnyKeptRecord = {
  name: 'log head, in Redis',
  about: [],
  until: withTenant,
  members: { fields: 'where the log stands, and how often all calendars were to be read anew' }
}
const keyLogHead: AnyKeptRecord = {
  name: 'log head of API keys, in Redis',
  about: [],
  until: 'the data is deleted',
  members: { fields: 'where the log of API keys stands' }
}
const lock: AnyKeptRecord = { name: 'lock', about: [], until: 'seconds', members: { token: 'who holds it' } }
const sessionsOf: AnyKeptRecord = {
  name: 'sessions of an operator',
  about: ['operators'],
  until: '48 hours without a sign-in',
  members: { digests: 'the SHA-256 of session ids, under that of the identity' }
}
const auditPartsOfUsers: AnyKeptRecord = {
  name: 'parts of the audit about users',
  about: ['users'],
  until: 'the part is removed',
  members: { text: 'the user’s id, and in which entry it is' }
}
const consumerPosition: AnyKeptRecord = {
  name: 'count of changed consumers',
  about: [],
  until: 'the data is deleted',
  members: { number: 'counts the changes' }
}
const consumerTenants: AnyKeptRecord = {
  name: 'tenants with consumers',
  about: [],
  until: withTenant,
  members: { id: 'the tenant’s id, by its last change' }
}
const replicas: AnyKeptRecord = {
  name: 'replica',
  about: [],
  until: '15 seconds after it ended',
  members: { fields: 'host name, process id and ids of master keys' }
}

const of = tenantKeys('TENANT')
const ofProvider = auditKeys(null)

export const keptKeys: Readonly<Record<string, readonly AnyKeptRecord[]>> = {
  [STORE_KEY]: [installation],
  [TENANTS_KEY]: [tenantIds],
  [of.head]: [
    keptTenant,
    keptConnection,
    keptRules,
    keptImport,
    alarmListRecord.kept,
    alarmStateRecord.kept,
    keptCallerNames,
    logHead
  ],
  [of.ids]: [userIds],
  [of.users]: [keptUser],
  [of.syncs]: [keptSync],
  [of.timelines]: [keptTimeline],
  [of.overrides]: [keptOverride],
  [of.absences]: [keptAbsences],
  [of.rules]: [keptRules],
  [of.log]: [keptLogEntry],
  [of.lock]: [lock],
  [of.audit]: [keptAuditEntry],
  [of.auditHead]: [keptAuditHead],
  [of.auditParts]: [keptAuditPart],
  [of.auditPartsOfUsers]: [auditPartsOfUsers],
  [of.consumers]: [keptConsumer],
  [of.consumerProgress]: [keptConsumerProgress],
  [deliveriesKey('TENANT', 'CONSUMER')]: [keptUserDelivery],
  [of.contactLists]: [keptContactList],
  [contactsKey('TENANT', 'LIST')]: [keptContact],
  [contactNumbersKey('TENANT', 'LIST')]: [keptContactNumber],
  [CONSUMER_INDEX_KEYS.position]: [consumerPosition],
  [CONSUMER_INDEX_KEYS.changed]: [consumerTenants],
  [ofProvider.audit]: [keptAuditEntry],
  [ofProvider.auditHead]: [keptAuditHead],
  [API_KEY_KEYS.records]: [keptApiKey],
  [API_KEY_KEYS.byOwner]: [keyIds],
  [API_KEY_KEYS.byUser]: [keyIds],
  [API_KEY_KEYS.uses]: [keyUses],
  [API_KEY_KEYS.log]: [keyLog],
  [API_KEY_KEYS.head]: [keyLogHead],
  [sessionKey('DIGEST')]: [keptSession],
  [sessionsOfKey('DIGEST')]: [sessionsOf],
  [tenantKeys(alarmLockOf(null)).lock]: [lock],
  [ALARMS_KEY]: [alarmListRecord.kept, alarmStateRecord.kept, alarmOverviewRecord.kept],
  [REPLICAS_KEY]: [replicas]
}
