/** What of a tenant's change log is in memory: who changed at which position, and when each entry was logged. */
import type { Instant } from '../domain/calendar-event.ts'
import { createRingLog, type RingLog } from '../lib/ring-log.ts'
import type { Cursor } from './cursor.ts'

export interface RecentEntries {
  /** Who changed after this position is known; who changed before may be not. */
  readonly completeAfter: number
  addUser(position: number, user: string | 'all'): void
  /** The entry at the position is in the view. */
  addEntry(position: number, at: Instant): void
  usersBetween(after: number, upTo: number): (string | 'all')[]
  /** False where it is known that another entry stood at the cursor's position when it was given. */
  mayContain(cursor: Cursor): boolean
}

/** Positions kept in memory; who asks for older ones is answered from the store. */
const MAX_ENTRIES = 20_000

export function recentEntries(position: number, loggedAt: Instant): RecentEntries {
  const users: RingLog<string | 'all'> = createRingLog(position, MAX_ENTRIES)
  const instants: RingLog<Instant> = createRingLog(position - 1, MAX_ENTRIES)
  instants.add(position, loggedAt)

  return {
    get completeAfter() {
      return users.completeAfter
    },
    addUser: users.add,
    addEntry: instants.add,
    usersBetween: users.between,
    mayContain(cursor) {
      const place = cursor.position
      const known = place > instants.completeAfter ? instants.between(place - 1, place)[0] : undefined
      return known === undefined || isSameEntry(cursor, known)
    }
  }
}

/** Whether the entry that stood at the cursor's position when it was given was logged then. */
export function isSameEntry({ loggedAt: logged }: Cursor, at: Instant): boolean {
  return logged === null || logged === at
}
