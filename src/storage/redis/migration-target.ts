/** Copies tenants as they are into Redis, numbers and all: for `hanvisa migrate`, while no service runs there. */
import type { ChainableCommander } from 'ioredis'
import { SetupError } from '../../errors.ts'
import type { AlarmListRecord, AlarmStateRecord } from '../alarms.ts'
import type { ListedApiKey } from '../api-keys.ts'
import type { AuditHead, AuditRecord } from '../audit.ts'
import { auditEntryRecord, auditPartRecord } from '../audit-codec.ts'
import {
  absencesRecord,
  overrideRecord,
  rulesRecord,
  tenantRecord,
  timelineRecord,
  userRecord
} from '../codec.ts'
import { connectionRecord } from '../connection-codec.ts'
import { consumerProgressRecord, userDeliveryRecord } from '../consumer-codec.ts'
import type { ConsumerProgress, ConsumerRecord, UserDelivery } from '../consumers.ts'
import { callerNamesRecord } from '../contact-codec.ts'
import type { CallerNamesRecord, ContactRecord } from '../contacts.ts'
import { alarmListRecord, alarmStateRecord } from '../kept-alarms.ts'
import { LOG_LENGTH } from '../lmdb/change-log.ts'
import type { LogEntry, RulesVersion, TenantSnapshot, UserRecord } from '../store.ts'
import type { RedisAddress } from './address.ts'
import { alarmFields } from './alarms.ts'
import { redisApiKeys } from './api-keys.ts'
import { encodeSync } from './codec.ts'
import { RedisConnection } from './connection.ts'
import { encodeConsumer } from './consumers.ts'
import { CALLER_NAMES_FIELD, encodeContact } from './contacts.ts'
import { findInstallation } from './installation.ts'
import {
  ALARMS_KEY,
  auditKeys,
  contactNumbersKey,
  contactsKey,
  deliveriesKey,
  STORE_KEY,
  TENANTS_KEY,
  type TenantKeys,
  tenantKeys
} from './keys.ts'
import { readScript } from './scripts.ts'

/** The alarms of a tenant, or of the provider. */
export interface WholeAlarms {
  readonly list: AlarmListRecord | null
  readonly state: AlarmStateRecord | null
}

/** A consumer, how far it is, and what it acknowledged. */
export interface WholeConsumer {
  readonly record: ConsumerRecord
  readonly progress: ConsumerProgress | null
  /** By user. */
  readonly deliveries: readonly UserDelivery[]
}

/** Whether caller names are on, and every list of contacts. */
export interface WholeCallerNames {
  readonly settings: CallerNamesRecord | null
  readonly lists: readonly { readonly list: string; readonly contacts: readonly ContactRecord[] }[]
}

/** Everything of a tenant. */
export interface WholeTenant {
  readonly snapshot: TenantSnapshot
  readonly versions: readonly RulesVersion[]
  /** Without a gap, up to the snapshot's position. */
  readonly log: readonly LogEntry[]
  readonly apiKeys: readonly ListedApiKey[]
  readonly alarms: WholeAlarms
  readonly consumers: readonly WholeConsumer[]
  readonly callerNames: WholeCallerNames
  readonly audit: WholeAudit
}

export interface WholeAudit {
  readonly head: AuditHead
  /** Without a gap, from the first that is kept to the head. */
  readonly records: readonly AuditRecord[]
}

export interface RedisImport {
  /**
   * Whether a copy from this source is begun, goes on, or was done before. `keyCheck` is the source's, by which the master
   * key is known. Throws SetupError where Redis holds anything else.
   */
  begin(source: string, keyCheck: string): Promise<'begun' | 'goes on' | 'done'>
  /** False when it is there already: a tenant shows only once it is whole. */
  copy(tenant: WholeTenant): Promise<boolean>
  copyProviderKeys(keys: readonly ListedApiKey[]): Promise<void>
  copyProviderAudit(audit: WholeAudit): Promise<void>
  copyProviderAlarms(alarms: WholeAlarms): Promise<void>
  done(): Promise<void>
  close(): void
}

const beginScript = readScript('begin-migration')

/** Users and log entries in one write. */
const STEP = 500

/** Throws SetupError. */
export async function openImport(address: RedisAddress): Promise<RedisImport> {
  const link = await RedisConnection.open({
    address,
    name: 'hanvisa-migrate',
    connectTimeoutMs: 10_000,
    onHeartbeat: () => {}
  })
  const together = (queue: (multi: ChainableCommander) => void) =>
    link.ask(async (client) => {
      const multi = client.multi()
      queue(multi)
      for (const [error] of (await multi.exec()) ?? []) if (error) throw error
    })
  await findInstallation(link, address).catch((error) => {
    link.close()
    throw error
  })

  /** The chain as it is. What a copy that was broken off left behind goes first. */
  async function copyAudit(keys: TenantKeys, { head, records }: WholeAudit): Promise<void> {
    const { audit, auditHead, auditParts, auditPartsOfUsers } = keys
    await link.ask((client) => client.unlink(audit, auditHead, auditParts, auditPartsOfUsers))
    for (let from = 0; from < records.length; from += STEP) {
      await together((multi) => {
        for (const record of records.slice(from, from + STEP)) putAuditRecord(multi, keys, record)
      })
    }
    if (head.position > 0) await link.ask((client) => client.hset(auditHead, { ...head }))
  }

  const { copyKeys } = redisApiKeys({ link, logLength: LOG_LENGTH, run: (work) => work() })

  return {
    async begin(source, keyCheck) {
      const tenants = await link.ask((client) => client.zcard(TENANTS_KEY))
      const state = await link.ask((client) =>
        client.eval(beginScript, 1, STORE_KEY, source, keyCheck, tenants)
      )
      if (state !== 'another') return state as 'begun' | 'goes on' | 'done'
      throw new SetupError(
        `Redis at ${address.shown} holds the data of another Hanvisa: name an empty Redis, or, if that data is of no use, ` +
          'empty it ("redis-cli FLUSHDB").'
      )
    },
    copyProviderKeys: copyKeys,
    copyProviderAudit: (audit) => copyAudit(auditKeys(null), audit),
    async copyProviderAlarms(alarms) {
      const fields = alarmFieldsOf(alarms)
      if (Object.keys(fields).length > 0) await link.ask((client) => client.hset(ALARMS_KEY, fields))
    },
    async copy({ snapshot, versions, log, apiKeys, alarms, audit, consumers, callerNames }) {
      const keys = tenantKeys(snapshot.tenant.id)
      await link.ask((client) => client.zadd(TENANTS_KEY, 0, snapshot.tenant.id))
      if ((await link.ask((client) => client.exists(keys.head))) === 1) return false
      // What a copy that was broken off left behind.
      const { head: _, lock: __, ...rest } = keys
      await link.ask((client) => client.unlink(...Object.values(rest)))
      await copyKeys(apiKeys)
      for (let from = 0; from < snapshot.users.length; from += STEP) {
        await together((multi) => {
          for (const record of snapshot.users.slice(from, from + STEP)) putUser(multi, keys, record)
        })
      }
      for (let from = 0; from < log.length; from += STEP) {
        await together((multi) => {
          for (const entry of log.slice(from, from + STEP)) {
            multi.xadd(keys.log, `${entry.position}-0`, 'entry', JSON.stringify(entry))
          }
        })
      }
      await copyAudit(keys, audit)
      for (const consumer of consumers) {
        for (let from = 0; from === 0 || from < consumer.deliveries.length; from += STEP) {
          const deliveries = consumer.deliveries.slice(from, from + STEP)
          await together((multi) => putConsumer(multi, snapshot.tenant.id, { ...consumer, deliveries }))
        }
        await link.recordConsumerChange(snapshot.tenant.id)
      }
      for (const { list, contacts } of callerNames.lists) {
        await link.ask((client) => client.sadd(keys.contactLists, list))
        const fields = contactFields(snapshot.tenant.id, list, contacts)
        for (let from = 0; from < fields.length; from += STEP) {
          await together((multi) => {
            for (const [key, field, value] of fields.slice(from, from + STEP)) multi.hset(key, field, value)
          })
        }
      }
      await together((multi) => {
        for (const version of versions)
          multi.hset(keys.rules, `${version.version}`, rulesRecord.encode(version))
        const { settings } = callerNames
        const names = settings === null ? {} : { [CALLER_NAMES_FIELD]: callerNamesRecord.encode(settings) }
        multi.hset(keys.head, { ...headOf(snapshot), ...alarmFieldsOf(alarms), ...names })
      })
      return true
    },
    done: () => link.ask((client) => client.hset(STORE_KEY, 'copied', Date.now())).then(() => {}),
    close: () => link.close()
  }
}

function putConsumer(
  multi: ChainableCommander,
  tenant: string,
  { record, progress, deliveries }: WholeConsumer
): void {
  const { consumers, consumerProgress } = tenantKeys(tenant)
  multi.hset(consumers, record.id, encodeConsumer(record))
  if (progress !== null) multi.hset(consumerProgress, record.id, consumerProgressRecord.encode(progress))
  for (const one of deliveries)
    multi.hset(deliveriesKey(tenant, record.id), one.user, userDeliveryRecord.encode(one))
}

/** Key, field and value of all that a list is in Redis. */
function contactFields(
  tenant: string,
  list: string,
  contacts: readonly ContactRecord[]
): (readonly [string, string, Buffer | string])[] {
  const byNumber = new Map<string, string[]>()
  for (const { contact, numbers } of contacts) {
    for (const number of numbers) {
      const known = byNumber.get(number)
      if (known === undefined) byNumber.set(number, [contact])
      else known.push(contact)
    }
  }
  return [
    ...contacts.map((one) => [contactsKey(tenant, list), one.contact, encodeContact(one)] as const),
    ...[...byNumber].map(([number, ids]) => [contactNumbersKey(tenant, list), number, ids.join(' ')] as const)
  ]
}

function putUser(multi: ChainableCommander, keys: TenantKeys, record: UserRecord): void {
  const { user, sync, timeline, override, absences } = record
  multi.zadd(keys.ids, 0, user.id)
  multi.hset(keys.users, user.id, userRecord.encode(user))
  multi.hset(keys.syncs, user.id, encodeSync(sync))
  if (timeline !== null) multi.hset(keys.timelines, user.id, timelineRecord.encode(timeline))
  if (override !== null) multi.hset(keys.overrides, user.id, overrideRecord.encode(override))
  if (absences.length > 0) multi.hset(keys.absences, user.id, absencesRecord.encode({ absences }))
}

function alarmFieldsOf({ list, state }: WholeAlarms): Record<string, Buffer> {
  return {
    ...(list !== null && { [alarmFields.lists]: alarmListRecord.encode(list) }),
    ...(state !== null && { [alarmFields.states]: alarmStateRecord.encode(state) })
  }
}

function putAuditRecord(multi: ChainableCommander, keys: TenantKeys, { entry, parts }: AuditRecord): void {
  multi.xadd(keys.audit, `${entry.position}-0`, 'entry', `${auditEntryRecord.encode(entry)}`)
  for (const [index, salted] of parts.entries()) {
    if (salted === null) continue
    const place = `${entry.position}/${index}`
    multi.hset(keys.auditParts, place, auditPartRecord.encode(salted))
    multi.zadd(keys.auditPartsOfUsers, 0, `${salted.part.user} ${place}`)
  }
}

function headOf({ tenant, connection, rules, users, epoch, position, loggedAt }: TenantSnapshot) {
  return {
    tenant: tenantRecord.encode(tenant),
    epoch,
    position,
    loggedAt: JSON.stringify(loggedAt),
    sequence: 0,
    // Above all that users there have. Of those who went, no reading is under way any more.
    minGeneration: users.reduce((most, { sync }) => Math.max(most, sync.generation + 1), 0),
    ...(connection === null ? {} : { connection: connectionRecord.encode(connection) }),
    ...(rules === null ? {} : { rules: rulesRecord.encode(rules), rulesVersion: rules.version })
  }
}
