/**
 * The removal of whole lists of contacts in lmdb, in slices. A list is abandoned in the write that removes it, its user or everything:
 * from then on nothing of it is found, and what is left of it goes after, also after a crash.
 */
import { nextSlice } from '../../lib/time-slices.ts'
import type { FeedEvent } from '../store.ts'
import type { Table, Tables } from './tables.ts'

/** Records read or removed in one slice. */
const RECORDS_PER_SLICE = 300
/** Stands in place of a list's name once it is abandoned. */
const ABANDONED = ''

interface ContactListsDeps {
  readonly tables: Tables
  readonly read: <T>(action: () => T | Promise<T>) => Promise<T>
  readonly write: <T>(tenant: string, step: (feeds: FeedEvent[]) => T) => Promise<T>
}

export class ContactLists {
  readonly #deps: ContactListsDeps

  constructor(deps: ContactListsDeps) {
    this.#deps = deps
  }

  /** Goes on with what the process before left. */
  resume(): void {
    for (const { id } of this.#deps.tables.tenants.entries()) void this.forgetAbandoned(id).catch(() => {})
  }

  /** What of the tenant's lists is kept, by name. */
  names(tenant: string): string[] {
    const { contactLists } = this.#deps.tables
    return contactLists.ids(tenant).filter((list) => this.isKept(tenant, list))
  }

  isKept(tenant: string, list: string): boolean {
    return (this.#deps.tables.contactLists.get(tenant, list) ?? ABANDONED) !== ABANDONED
  }

  /** Within a write. Then `forgetAbandoned` is to be called. */
  abandon(tenant: string, list: string): void {
    const { contactLists } = this.#deps.tables
    if (contactLists.get(tenant, list) !== null) contactLists.put(tenant, list, ABANDONED)
  }

  async forgetAbandoned(tenant: string): Promise<void> {
    const { tables, read, write } = this.#deps
    const { contactLists, contacts, contactNumbers } = tables
    const abandoned = await read(() =>
      contactLists.ids(tenant).filter((list) => contactLists.get(tenant, list) === ABANDONED)
    )
    for (const list of abandoned) {
      for (const table of [contacts, contactNumbers]) {
        for await (const some of this.slicesOf<unknown>(table, tenant, list)) {
          await write(tenant, () => {
            for (const [key] of some) table.remove(tenant, key)
          })
        }
      }
      await write(tenant, () => contactLists.remove(tenant, list))
    }
  }

  /** What lies below the list in one of the tables, by `list id`. */
  async *slicesOf<T>(table: Table<string, T>, tenant: string, list: string): AsyncGenerator<[string, T][]> {
    const begin = `${list} `
    for (let after = begin; ; ) {
      const some = await this.#deps.read(() => table.entries(tenant, { after, limit: RECORDS_PER_SLICE }))
      const own = some.filter(([key]) => key.startsWith(begin))
      if (own.length > 0) yield own
      if (own.length < RECORDS_PER_SLICE) return
      after = own.at(-1)![0]
      await nextSlice()
    }
  }
}
