/** Caller names and contacts in lmdb. A list's contacts lie by `list contact`, and which of them have a number by `list number`. */
import { isDeepStrictEqual } from 'node:util'
import { nextSlice } from '../../lib/time-slices.ts'
import type { ContactRecord, ContactStore } from '../contacts.ts'
import type { FeedEvent } from '../store.ts'
import type { ChangeLog } from './change-log.ts'
import type { Table, Tables } from './tables.ts'

/** Records read or removed in one slice. */
const RECORDS_PER_SLICE = 300

/** Nothing that a Status shows changed, but the write has its entry in the audit. */
const saved: FeedEvent = { kind: 'confirmed', users: [] }

interface LmdbContactsDeps {
  readonly tables: Tables
  readonly log: Pick<ChangeLog, 'headOf'>
  readonly read: <T>(action: () => T | Promise<T>) => Promise<T>
  readonly write: <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => Promise<T>
}

export function lmdbContacts({ tables, log, read, write }: LmdbContactsDeps): ContactStore {
  const { heads, callerNames, contacts, contactNumbers, contactLists } = tables

  /** Within a write. */
  function unlink(tenant: string, list: string, { contact, numbers }: ContactRecord): void {
    for (const number of numbers) {
      const key = `${list} ${number}`
      const others = idsAt(tenant, key).filter((other) => other !== contact)
      if (others.length === 0) contactNumbers.remove(tenant, key)
      else contactNumbers.put(tenant, key, others.join(' '))
    }
  }

  function link(tenant: string, list: string, { contact, numbers }: ContactRecord): void {
    for (const number of numbers) {
      const key = `${list} ${number}`
      contactNumbers.put(tenant, key, [...idsAt(tenant, key), contact].join(' '))
    }
  }

  const idsAt = (tenant: string, key: string) => contactNumbers.get(tenant, key)?.split(' ') ?? []

  /** What lies below the list in one of the tables, in slices. */
  async function* slicesOf<T>(
    table: Table<string, T>,
    tenant: string,
    list: string
  ): AsyncGenerator<[string, T][]> {
    const begin = `${list} `
    for (let after = begin; ; ) {
      const some = await read(() => table.entries(tenant, { after, limit: RECORDS_PER_SLICE }))
      const own = some.filter(([key]) => key.startsWith(begin))
      if (own.length > 0) yield own
      if (own.length < RECORDS_PER_SLICE) return
      after = own.at(-1)![0]
      await nextSlice()
    }
  }

  /** First the contacts, so that nothing is found any more. */
  async function forgetList(tenant: string, list: string): Promise<void> {
    for (const table of [contacts, contactNumbers]) {
      for await (const some of slicesOf<unknown>(table, tenant, list)) {
        await write(tenant, () => {
          for (const [key] of some) table.remove(tenant, key)
        })
      }
    }
    await write(tenant, () => contactLists.remove(tenant, list))
  }

  async function forgetLists(tenant: string): Promise<void> {
    for (const list of await read(() => contactLists.ids(tenant))) await forgetList(tenant, list)
  }

  return {
    settings: (tenant) => read(() => (heads.get(tenant) === null ? null : callerNames.get(tenant))),
    async saveSettings(tenant, settings) {
      // What a process that died while it turned them off has left.
      if (settings !== null && callerNames.get(tenant) === null) await forgetLists(tenant)
      const before = await write(tenant, (feeds) => {
        log.headOf(tenant)
        const wasOn = callerNames.get(tenant) !== null
        if (settings !== null) callerNames.put(tenant, settings)
        else callerNames.remove(tenant)
        feeds.push(saved)
        return wasOn
      })
      if (settings === null) await forgetLists(tenant)
      return before
    },
    lists: (tenant) => read(() => (heads.get(tenant) === null ? [] : contactLists.ids(tenant))),
    find: (tenant, list, number) =>
      read(() => {
        if (heads.get(tenant) === null) return []
        return idsAt(tenant, `${list} ${number}`).flatMap(
          (contact) => contacts.get(tenant, `${list} ${contact}`) ?? []
        )
      }),
    async *eachSlice(tenant, list) {
      if ((await read(() => heads.get(tenant))) === null) return
      for await (const some of slicesOf(contacts, tenant, list)) yield some.map(([, contact]) => contact)
    },
    save: (tenant, list, given) =>
      write(tenant, () => {
        log.headOf(tenant)
        if (callerNames.get(tenant) === null) return false
        contactLists.put(tenant, list, list)
        for (const contact of given) {
          const key = `${list} ${contact.contact}`
          const before = contacts.get(tenant, key)
          if (before !== null) unlink(tenant, list, before)
          contacts.put(tenant, key, contact)
          link(tenant, list, contact)
        }
        return true
      }),
    saveResealed: (tenant, list, given) =>
      write(tenant, () => {
        for (const { before, sealed } of given) {
          const key = `${list} ${before.contact}`
          if (isDeepStrictEqual(contacts.get(tenant, key), before))
            contacts.put(tenant, key, { ...before, sealed })
        }
      }),
    removeContacts: (tenant, list, given) =>
      write(tenant, () => {
        for (const contact of given) {
          const key = `${list} ${contact}`
          const before = contacts.get(tenant, key)
          if (before === null) continue
          unlink(tenant, list, before)
          contacts.remove(tenant, key)
        }
      }),
    removeList: forgetList
  }
}
