/** The users of one tenant as sync knows them: whose calendars are to be read, and what of a change asks for it. */
import type { RemoteError } from '../../errors.ts'
import type { Store, UserRecord } from '../../storage/store.ts'
import { unsealable } from '../connection/open-connector.ts'
import type { ReadTarget, Targets } from './target-registry.ts'

export interface People {
  /** Takes note of users; resolves to the targets that must be read for what has changed. */
  note(users: readonly string[]): Promise<readonly string[]>
  /** Takes note of everybody, page by page. */
  noteAll(page: (users: readonly string[], keys: readonly string[]) => Promise<void>): Promise<void>
  /** As `noteAll`, after which the store may have lost what it held: those are read again, and who is gone is let go. */
  noteAllAnew(page: (users: readonly string[], keys: readonly string[]) => Promise<void>): Promise<void>
}

const size = 500

export function peopleOf(
  tenant: string,
  targets: Targets,
  needs: {
    readonly store: Store
    /** Throws when the mailbox cannot be unsealed. */
    readonly targetOf: (record: UserRecord) => ReadTarget | null
    /** Whether there is something to read with. */
    readonly isConnected: () => boolean
    readonly isClosed: () => boolean
    readonly mark: (users: readonly string[], error: RemoteError) => Promise<void>
  }
): People {
  const { store } = needs
  return {
    note: (users) => note(users, () => false),
    noteAll: (page) => each(() => false, page),
    async noteAllAnew(page) {
      const there = new Set<string>()
      await each(isLost, async (users, keys) => {
        for (const user of users) there.add(user)
        await page(users, keys)
      })
      if (needs.isClosed()) return
      for (const user of [...targets.users()]) if (!there.has(user)) targets.note(user, null, null)
    }
  }

  async function each(isLost: Lost, page: Parameters<People['noteAll']>[0]): Promise<void> {
    let after: string | undefined
    while (!needs.isClosed()) {
      const users = await store.users(tenant, after === undefined ? { limit: size } : { limit: size, after })
      after = users.at(-1)?.id
      if (after === undefined) return
      const ids = users.map(({ id }) => id)
      await page(ids, await note(ids, isLost))
    }
  }

  async function note(users: readonly string[], isLost: Lost): Promise<string[]> {
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
      const changed = targets.note(user, record, target)
      if (record === null || target === null) return
      if (changed || isLost(record, target.key)) keys.add(target.key)
    })
    if (sealedAway.length > 0) await needs.mark(sealedAway, unsealable)
    return [...keys]
  }

  /** Whether the record is of before the last success: then nothing that is remembered of it counts. */
  function isLost({ sync }: UserRecord, key: string): boolean {
    const entry = targets.entry(key)
    if (entry === undefined || entry.confirmedAt === null) return false
    if (sync.confirmedAt !== null && sync.confirmedAt >= entry.confirmedAt) return false
    entry.held = null
    return true
  }
}

type Lost = (record: UserRecord, key: string) => boolean
