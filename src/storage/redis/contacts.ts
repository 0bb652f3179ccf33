/** Caller names and contacts in Redis: with their tenant, so that they go with it. */
import { nextSlice } from '../../lib/time-slices.ts'
import { callerNamesRecord, contactRecord } from '../contact-codec.ts'
import type { ContactRecord, ContactStore } from '../contacts.ts'
import type { RedisConnection } from './connection.ts'
import { tenantGone } from './errors.ts'
import { contactNumbersKey, contactsKey, isTenantId, tenantKeys } from './keys.ts'
import type { WriteScript } from './scripts.ts'

/** The field of a tenant's head. */
export const CALLER_NAMES_FIELD = 'callerNames'

const LF = 0x0a
const RECORDS_PER_SCAN = 500

interface RedisContactsDeps {
  readonly link: RedisConnection
  /** Does work as long as the store is not closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
  readonly write: (
    tenant: string,
    script: WriteScript,
    args: readonly (string | number | Buffer)[]
  ) => Promise<unknown>
}

export function redisContacts({ link, run, write }: RedisContactsDeps): ContactStore {
  /** A tenant of such an id is nowhere. */
  const readOf = <T>(tenant: string, none: T, work: () => Promise<T>) =>
    run(async () => (isTenantId(tenant) ? work() : none))
  const writeOf = <T>(tenant: string, work: () => Promise<T>) =>
    run(() => (isTenantId(tenant) ? work() : Promise.reject(tenantGone(tenant))))

  return {
    settings: (tenant) =>
      readOf(tenant, null, async () => {
        const bytes = await link.ask((client) =>
          client.hgetBuffer(tenantKeys(tenant).head, CALLER_NAMES_FIELD)
        )
        return bytes && callerNamesRecord.decode(bytes)
      }),
    saveSettings: (tenant, settings) =>
      writeOf(tenant, async () => {
        const record = settings === null ? '' : callerNamesRecord.encode(settings)
        return (await write(tenant, 'saveCallerNames', [record])) === 1
      }),
    lists: (tenant) =>
      readOf(tenant, [], () => link.ask((client) => client.smembers(tenantKeys(tenant).contactLists))),
    find: (tenant, list, number) =>
      readOf(tenant, [], async () => {
        const ids = await link.ask((client) => client.hget(contactNumbersKey(tenant, list), number))
        if (ids === null) return []
        const kept = await link.ask((client) =>
          client.hmgetBuffer(contactsKey(tenant, list), ...ids.split(' '))
        )
        return kept.flatMap((bytes) => (bytes === null ? [] : [decodeContact(bytes)]))
      }),
    async *eachSlice(tenant, list) {
      if (!isTenantId(tenant)) return
      for (let cursor = '0'; ; ) {
        const [next, flat]: [Buffer, Buffer[]] = await run(() =>
          link.askBulk((client) =>
            client.hscanBuffer(contactsKey(tenant, list), cursor, 'COUNT', RECORDS_PER_SCAN)
          )
        )
        const some = flat.filter((_, index) => index % 2 === 1).map(decodeContact)
        if (some.length > 0) yield some
        cursor = next.toString()
        if (cursor === '0') return
        await nextSlice()
      }
    },
    save: (tenant, list, contacts) =>
      writeOf(tenant, async () => {
        const args = contacts.flatMap((one) => [
          one.contact,
          one.numbers.join(' '),
          contactRecord.encode(one)
        ])
        return (await write(tenant, 'saveContacts', [list, ...args])) === 1
      }),
    saveResealed: (tenant, list, contacts) =>
      readOf(tenant, undefined, async () => {
        const args = contacts.flatMap(({ before, sealed }) => [
          before.contact,
          encodeContact(before),
          encodeContact({ ...before, sealed })
        ])
        await write(tenant, 'saveResealedContacts', [list, ...args])
      }),
    removeContacts: (tenant, list, contacts) =>
      readOf(tenant, undefined, async () => {
        if (contacts.length > 0) await write(tenant, 'removeContacts', [list, ...contacts])
      }),
    removeList: (tenant, list) =>
      readOf(tenant, undefined, async () => {
        await write(tenant, 'removeContacts', [list])
      })
  }
}

/** The numbers, a line feed, the record: as scripts/save-contacts.lua writes it. */
export function encodeContact(contact: ContactRecord): Buffer {
  return Buffer.concat([Buffer.from(`${contact.numbers.join(' ')}\n`), contactRecord.encode(contact)])
}

function decodeContact(bytes: Buffer): ContactRecord {
  return contactRecord.decode(bytes.subarray(bytes.indexOf(LF) + 1))
}
