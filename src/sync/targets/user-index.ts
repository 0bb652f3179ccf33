/** The users of one tenant as sync knows them: whose calendars are to be read, and what of a change asks for it. */
import type { RemoteError } from '../../errors.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import { unsealError } from '../connection/open-connector.ts'
import type { ReadTarget, TargetRegistry } from './target-registry.ts'

export interface UserIndex {
  /** Takes note of users; resolves to the targets that must be read for what has changed. */
  apply(users: readonly string[]): Promise<readonly string[]>
  /** Takes note of everybody, page by page. */
  applyAll(page: (users: readonly string[], keys: readonly string[]) => Promise<void>): Promise<void>
  /** As `noteAll`, after which the store may have lost what it held: those are read again, and who is gone is let go. */
  resync(page: (users: readonly string[], keys: readonly string[]) => Promise<void>): Promise<void>
}

const size = 500

export function createUserIndex(
  tenant: string,
  targets: TargetRegistry,
  needs: {
    readonly store: Store
    /** Throws when the mailbox cannot be unsealed. */
    readonly targetOf: (record: UserRecord) => ReadTarget | null
    /** Whether there is something to read with. */
    readonly isConnected: () => boolean
    readonly isClosed: () => boolean
    readonly mark: (users: readonly string[], error: RemoteError) => Promise<void>
  }
): UserIndex {
  const { store } = needs
  return {
    apply: (users) => note(users, () => false),
    applyAll: (page) => each(() => false, page),
    async resync(page) {
      const there = new Set<string>()
      await each(isStale, async (users, keys) => {
        for (const user of users) there.add(user)
        await page(users, keys)
      })
      if (needs.isClosed()) return
      for (const user of [...targets.users()]) if (!there.has(user)) targets.apply(user, null, null)
    }
  }

  async function each(isStale: Lost, page: Parameters<UserIndex['applyAll']>[0]): Promise<void> {
    let after: string | undefined
    while (!needs.isClosed()) {
      const users = await store.users(tenant, after === undefined ? { limit: size } : { limit: size, after })
      after = users.at(-1)?.id
      if (after === undefined) return
      const ids = users.map(({ id }) => id)
      await page(ids, await note(ids, isStale))
    }
  }

  async function note(users: readonly string[], isStale: Lost): Promise<string[]> {
    const records = await store.records(tenant, users)
    const sealedAway: string[] = []
    const keys = new Set<string>()
    users.forEach((user, index) => {
      const record = records[index] ?? null
      let target: ReadTarget | null = null
      try {
        target = record === null ? null : needs.targetOf(record)
      } catch {
        sealedAway.push(user)
      }
      if (target !== null && !needs.isConnected()) return
      const changed = targets.apply(user, record, target)
      if (record === null || target === null) return
      if (changed || isStale(record, target.key)) keys.add(target.key)
    })
    if (sealedAway.length > 0) await needs.mark(sealedAway, unsealError)
    return [...keys]
  }

  /** Whether the record is of before the last success: then nothing that is remembered of it counts. */
  function isStale({ sync }: UserRecord, key: string): boolean {
    const entry = targets.get(key)
    if (entry === undefined || entry.confirmedAt === null) return false
    if (sync.confirmedAt !== null && sync.confirmedAt >= entry.confirmedAt) return false
    entry.lastSync = null
    return true
  }
}

type Lost = (record: UserRecord, key: string) => boolean
