/** What of a tenant's change log is in memory: who changed at which position, and when each entry was logged. */
import type { Instant } from '../domain/calendar-event.ts'
import { type Journal, journal } from '../lib/ring-log.ts'
import type { Cursor } from './cursor.ts'

export interface RecentLog {
  /** Who changed after this position is known; who changed before may be not. */
  readonly completeAfter: number
  changed(position: number, user: string | 'all'): void
  /** The entry at the position is in the view. */
  grew(position: number, at: Instant): void
  between(after: number, upTo: number): (string | 'all')[]
  /** False where it is known that another entry stood at the cursor's position when it was given. */
  mayHold(cursor: Cursor): boolean
}

/** Positions kept in memory; who asks for older ones is answered from the store. */
const MOST_MARKS = 20_000

export function recentLog(position: number, loggedAt: Instant): RecentLog {
  const users: Journal<string | 'all'> = journal(position, MOST_MARKS)
  const instants: Journal<Instant> = journal(position - 1, MOST_MARKS)
  instants.add(position, loggedAt)

  return {
    get completeAfter() {
      return users.completeAfter
    },
    changed: users.add,
    grew: instants.add,
    between: users.between,
    mayHold(cursor) {
      const place = cursor.position
      const known = place > instants.completeAfter ? instants.between(place - 1, place)[0] : undefined
      return known === undefined || restsOn(cursor, known)
    }
  }
}

/** Whether the entry that stood at the cursor's position when it was given was logged then. */
export function restsOn({ logged }: Cursor, at: Instant): boolean {
  return logged === null || logged === at
}
