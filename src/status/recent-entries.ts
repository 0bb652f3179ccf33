/** The part of a tenant's change log in memory: which users changed at which position, and when each entry was logged. */
import type { Instant } from '../domain/calendar-event.ts'
import { RingLog } from '../lib/ring-log.ts'
import type { LogEntry, TenantSnapshot, Vacated } from '../storage/store.ts'
import { type Cursor, cursorExpired } from './cursor.ts'

/** Users of so many entries are kept in memory; for older ones the store is read. */
const MAX_USERS = 20_000

/** Gives the entries of the store's log after a position; null where it does not go back so far. */
export type ReadLog = (after: number) => Promise<readonly LogEntry[] | null>

/** An entry of the log as it was applied. */
export interface AppliedEntry extends LogEntry {
  /** Those of its users in whom it changed nothing that a masked audience sees. */
  readonly unseenMasked?: ReadonlySet<string>
}

export class RecentEntries {
  readonly #entries: RingLog<AppliedEntry>
  readonly #first: { readonly position: number; readonly at: Instant }

  /** `at` is when the entry at the position was logged. */
  constructor(position: number, at: Instant) {
    this.#first = { position, at }
    this.#entries = new RingLog(position, MAX_USERS)
  }

  /** Who changed after this position is known; who changed before may be not. */
  get completeAfter(): number {
    return this.#entries.completeAfter
  }

  add(entry: AppliedEntry): void {
    this.#entries.add(entry.position, entry, entry.users === 'all' ? 1 : 1 + entry.users.length)
  }

  /** Users of whom the entry at the position that is present does not say that they are gone. */
  addVacated(
    { position, loggedAt }: Pick<TenantSnapshot, 'position' | 'loggedAt'>,
    vacated: Vacated[]
  ): void {
    if (vacated.length === 0) return
    this.add({ position, at: loggedAt, users: vacated.map(({ user }) => user), vacated })
  }

  between(after: number, upTo: number): AppliedEntry[] {
    return this.#entries.between(after, upTo)
  }

  /** The entries after the cursor that are out of memory, and perhaps some that are not. Throws RequestError for an expired cursor. */
  async readOlder(cursor: Cursor, readLog: ReadLog): Promise<readonly LogEntry[]> {
    let entries: readonly LogEntry[] = []
    // More may go out of memory while the store reads.
    while ((entries.at(-1)?.position ?? cursor.position) < this.completeAfter) {
      const logged = await readLog(Math.max(0, cursor.position - 1))
      if (logged === null) throw cursorExpired('The change log does not go back so far any more.')
      if (logged.some(({ position, at }) => position <= cursor.position && !isSameEntry(cursor, at))) {
        throw cursorExpired('What it rests on was lost from the change log.')
      }
      entries = logged.filter(({ position }) => position > cursor.position)
    }
    return entries
  }

  /** False where it is known that another entry stood at the cursor's position when it was given. */
  mayContain(cursor: Cursor): boolean {
    const { position } = cursor
    const at =
      position === this.#first.position ? this.#first.at : this.between(position - 1, position)[0]?.at
    return at === undefined || isSameEntry(cursor, at)
  }
}

export function namedUsers({ users }: LogEntry): readonly string[] {
  return users === 'all' ? [] : users
}

/** Whether the entry that stood at the cursor's position when it was given was logged then. */
export function isSameEntry({ loggedAt }: Cursor, at: Instant): boolean {
  return loggedAt === null || loggedAt === at
}
