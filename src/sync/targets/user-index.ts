/** The users of one tenant as sync knows them: whose calendars are to be read, and what of a change asks for it. */
import type { RemoteError } from '../../errors.ts'
import { nextSlice } from '../../lib/time-slices.ts'
import { eachPage } from '../../storage/page.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import { unsealError } from '../connection/open-connector.ts'
import type { ReadTarget } from './read-target.ts'
import type { TargetRegistry } from './target-registry.ts'

export interface UserIndexDeps {
  readonly store: Store
  readonly targets: TargetRegistry
  /** Throws when the mailbox cannot be unsealed. */
  readonly targetOf: (record: UserRecord) => ReadTarget | null
  /** Whether there is something to read with. */
  readonly isConnected: () => boolean
  readonly isClosed: () => boolean
  readonly saveFailures: (users: readonly string[], error: RemoteError) => Promise<void>
}

/** Called with some of the users, and with the targets that must be read for what has changed of them. */
export type OnUsersApplied = (users: readonly string[], keys: readonly string[]) => Promise<void>

/** Whether a record is older than what is remembered of its target. */
type IsStale = (record: UserRecord, key: string) => boolean

/** Users that one turn of the event loop takes: some milliseconds. */
const usersPerPage = 250

export class UserIndex {
  readonly #tenant: string
  readonly #deps: UserIndexDeps

  constructor(tenant: string, deps: UserIndexDeps) {
    this.#tenant = tenant
    this.#deps = deps
  }

  /** Takes users as they are now; resolves to the targets that must be read for what has changed. */
  apply(users: readonly string[]): Promise<readonly string[]> {
    return this.#apply(users, () => false)
  }

  /** Takes everybody, page by page. */
  applyAll(onPage: OnUsersApplied): Promise<void> {
    return this.#eachPage(() => false, onPage)
  }

  /** As `applyAll`, after which the store may have lost what it held: those are read again, and who is gone is let go. */
  async resync(onPage: OnUsersApplied): Promise<void> {
    const { targets, isClosed } = this.#deps
    const found = new Set<string>()
    await this.#eachPage(
      (record, key) => this.#isStale(record, key),
      async (users, keys) => {
        for (const user of users) found.add(user)
        await onPage(users, keys)
      }
    )
    if (isClosed()) return
    for (const user of [...targets.users()]) if (!found.has(user)) targets.apply(user, null, null)
  }

  async #eachPage(isStale: IsStale, onPage: OnUsersApplied): Promise<void> {
    const { store, isClosed } = this.#deps
    if (isClosed()) return
    for await (const users of eachPage(usersPerPage, (page) => store.users(this.#tenant, page))) {
      const ids = users.map(({ id }) => id)
      await onPage(ids, await this.#apply(ids, isStale))
      await nextSlice()
      if (isClosed()) return
    }
  }

  async #apply(users: readonly string[], isStale: IsStale): Promise<string[]> {
    const { store, targets, targetOf, isConnected, saveFailures } = this.#deps
    const records = await store.records(this.#tenant, users)
    const unreadable: string[] = []
    const keys = new Set<string>()
    users.forEach((user, index) => {
      const record = records[index] ?? null
      let target: ReadTarget | null = null
      try {
        target = record === null ? null : targetOf(record)
      } catch {
        unreadable.push(user)
      }
      if (target !== null && !isConnected()) return
      const isChanged = targets.apply(user, record, target)
      if (record === null || target === null) return
      if (isChanged || isStale(record, target.key)) keys.add(target.key)
    })
    if (unreadable.length > 0) await saveFailures(unreadable, unsealError)
    return [...keys]
  }

  /** Whether the record is of before the last success: then nothing that is remembered of it counts. */
  #isStale({ sync }: UserRecord, key: string): boolean {
    const state = this.#deps.targets.get(key)
    if (state === undefined || state.confirmedAt === null) return false
    if (sync.confirmedAt !== null && sync.confirmedAt >= state.confirmedAt) return false
    state.forgetLastSync()
    return true
  }
}
