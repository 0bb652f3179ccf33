/** Caller names and contacts in lmdb. A list's contacts lie by `list contact`, and which of them have a number by `list number`. */
import { isDeepStrictEqual } from 'node:util'
import type { ContactRecord, ContactStore } from '../contacts.ts'
import type { FeedEvent } from '../store.ts'
import type { ChangeLog } from './change-log.ts'
import type { ContactLists } from './contact-lists.ts'
import type { Tables } from './tables.ts'

/** Nothing that a Status shows changed, but the write has its entry in the audit. */
const saved: FeedEvent = { kind: 'confirmed', users: [] }

interface LmdbContactsDeps {
  readonly tables: Tables
  readonly lists: ContactLists
  readonly log: Pick<ChangeLog, 'headOf'>
  readonly read: <T>(action: () => T | Promise<T>) => Promise<T>
  readonly write: <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => Promise<T>
}

export function lmdbContacts({ tables, lists, log, read, write }: LmdbContactsDeps): ContactStore {
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
  const isThere = (tenant: string, list: string) => heads.get(tenant) !== null && lists.isKept(tenant, list)

  return {
    settings: (tenant) => read(() => (heads.get(tenant) === null ? null : callerNames.get(tenant))),
    async saveSettings(tenant, settings) {
      const before = await write(tenant, (feeds) => {
        log.headOf(tenant)
        const wasOn = callerNames.get(tenant) !== null
        if (settings !== null) callerNames.put(tenant, settings)
        else {
          callerNames.remove(tenant)
          for (const list of contactLists.ids(tenant)) lists.abandon(tenant, list)
        }
        feeds.push(saved)
        return wasOn
      })
      if (settings === null) await lists.forgetAbandoned(tenant)
      return before
    },
    lists: (tenant) => read(() => (heads.get(tenant) === null ? [] : lists.names(tenant))),
    find: (tenant, list, number) =>
      read(() => {
        if (!isThere(tenant, list)) return []
        return idsAt(tenant, `${list} ${number}`).flatMap(
          (contact) => contacts.get(tenant, `${list} ${contact}`) ?? []
        )
      }),
    async *eachSlice(tenant, list) {
      if (!(await read(() => isThere(tenant, list)))) return
      for await (const some of lists.slicesOf(contacts, tenant, list))
        yield some.map(([, contact]) => contact)
    },
    async save(tenant, list, given) {
      // What is left of an earlier list of this name goes first.
      if (await read(() => !lists.isKept(tenant, list))) await lists.forgetAbandoned(tenant)
      return write(tenant, () => {
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
      })
    },
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
    async removeList(tenant, list) {
      await write(tenant, () => lists.abandon(tenant, list))
      await lists.forgetAbandoned(tenant)
    }
  }
}
