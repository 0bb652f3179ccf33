/** Which calendars of a tenant are to be read, and for whom: a mailbox that users share is read once. */
import { createHash } from 'node:crypto'
import type { Instant } from '../../domain/calendar-event.ts'
import type { SyncRecord } from '../../domain/sync-state.ts'
import type { User, UserRecord } from '../../storage/store.ts'
import type { ReleaseMode } from '../notifications/target-subscriptions.ts'

/** A calendar that is to be read: a mailbox, in a zone. */
export interface ReadTarget {
  /** A digest, since the URL of a published calendar is a secret. Digests sort at random, which spreads the polls. */
  readonly key: string
  readonly mailbox: string
  /** IANA name. */
  readonly timeZone: string
}

/** The user's calendar, or null when it is not to be read. Throws when the mailbox cannot be unsealed. */
export function targetOf(
  user: User,
  tenantZone: string,
  unseal: (mailbox: NonNullable<User['mailbox']>) => string
): ReadTarget | null {
  if (!user.syncEnabled || user.mailbox === null) return null
  const mailbox = unseal(user.mailbox)
  const timeZone = user.timeZone ?? tenantZone
  const digest = createHash('sha256').update(timeZone).update('\0').update(mailbox).digest('base64url')
  return { key: digest.slice(0, 22), mailbox, timeZone }
}

/** What was read for a user is obsolete when this is another: a new generation, or other triggers of their own. */
export function userConfigHash({ user: { triggers }, sync: { generation } }: UserRecord): string {
  if (triggers.length === 0) return `${generation}`
  return `${generation} ${createHash('sha256').update(JSON.stringify(triggers)).digest('base64url')}`
}

/** What a calendar was read as: what rests on it counts only as long as it is asked for on the same basis. */
export interface LastSync {
  /** On what the timelines rest beside the calendar itself. */
  readonly inputHash: string
  /** The basis without the window, whose end is `until`. */
  readonly configHash: string
  readonly windowEnd: Instant
  /** What the far side called the version. */
  readonly etag: string | null
  /** The fingerprint taken before it was read. */
  readonly fingerprint: string | null
  /** What was not seen. */
  readonly fault: SyncRecord['fault']
}

/** What the readers of one target have in common. Mailboxes are not held: they are unsealed when they are read. */
export interface TargetState {
  readonly users: Set<string>
  /** When its last read began, on the monotonic clock. */
  readAt: number
  /** When its availability was last compared, and until when that is not tried again; on the monotonic clock. */
  comparedAt: number
  noFingerprintUntil: number
  /** Counts what was heard of it that only a read can answer, and how much of that the last success has seen. */
  dirtySeq: number
  syncedSeq: number
  /** It is in line for a sweep: comparing its availability will do, unless something was heard. */
  reconcilePending: boolean
  /** Its last success: everything up to then is in the timelines. */
  confirmedAt: Instant | null
  /** Since when it is to be read. */
  readonly enabledSince: Instant
  /** Failures in a row. */
  failures: number
  lastSync: LastSync | null
  /** Ends the connector's watch. */
  release: (parting: ReleaseMode) => void
}

export interface TargetRegistry {
  /** The keys of those who read `users`; all keys without. */
  keys(users?: readonly string[]): readonly string[]
  get(key: string): TargetState | undefined
  users(): IterableIterator<string>
  /** Something was heard of these that only a read can answer. */
  markDirty(keys: readonly string[]): void
  /**
   * When the one that is furthest behind was last known to be as it is: confirmed, or now where edits are told of and reading
   * works. Null when there is none.
   */
  oldestSyncAt(now: Instant, isLive: (key: string) => boolean): Instant | null
  /** Counts up whenever a target comes or goes. */
  readonly revision: number
  /** Takes note of a user as they are now (null: gone), and says whether their calendar must be read for it. */
  apply(user: string, record: UserRecord | null, target: ReadTarget | null): boolean
  /** Forgets everybody. */
  clear(parting: ReleaseMode): void
}

/** `added` is called with a target's first reader; what it returns is called after the last has left. */
export function createTargetRegistry(added: (target: ReadTarget) => TargetState['release']): TargetRegistry {
  const entries = new Map<string, TargetState>()
  let revision = 0
  /** By user: their target and mark. */
  const known = new Map<string, { readonly key: string; readonly mark: string }>()

  return {
    keys: (users) =>
      users === undefined
        ? [...entries.keys()]
        : [...new Set(users.flatMap((user) => known.get(user)?.key ?? []))],
    get: (key) => entries.get(key),
    users: () => known.keys(),
    markDirty(keys) {
      for (const key of keys) {
        const entry = entries.get(key)
        if (entry !== undefined) entry.dirtySeq += 1
      }
    },
    oldestSyncAt(now, isLive) {
      let oldest: Instant | null = null
      for (const [key, { confirmedAt, enabledSince: wantedSince, failures }] of entries) {
        const told = confirmedAt !== null && failures === 0 && isLive(key)
        oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, told ? now : (confirmedAt ?? wantedSince))
      }
      return oldest
    },
    get revision() {
      return revision
    },
    apply(user, record, target) {
      const before = known.get(user)
      if (record === null || target === null) {
        if (before !== undefined) leave(user, before.key)
        return false
      }
      const mark = userConfigHash(record)
      if (before?.key === target.key && before.mark === mark) return false
      if (before !== undefined && before.key !== target.key) leave(user, before.key)
      enter(user, target, record, mark)
      return true
    },
    clear(parting) {
      for (const entry of entries.values()) entry.release(parting)
      entries.clear()
      known.clear()
      revision += 1
    }
  }

  function enter(user: string, target: ReadTarget, record: UserRecord, mark: string): void {
    let entry = entries.get(target.key)
    if (entry === undefined) {
      entry = {
        users: new Set(),
        readAt: Number.NEGATIVE_INFINITY,
        comparedAt: Number.NEGATIVE_INFINITY,
        noFingerprintUntil: Number.NEGATIVE_INFINITY,
        dirtySeq: 0,
        syncedSeq: 0,
        reconcilePending: false,
        confirmedAt: record.sync.confirmedAt,
        enabledSince: record.sync.enabledSince,
        failures: 0,
        lastSync: null,
        release: () => {}
      }
      entries.set(target.key, entry)
      revision += 1
      entry.release = added(target)
    }
    entry.users.add(user)
    known.set(user, { key: target.key, mark })
  }

  function leave(user: string, key: string): void {
    known.delete(user)
    const entry = entries.get(key)
    if (entry === undefined) return
    entry.users.delete(user)
    if (entry.users.size > 0) return
    entry.release('stop')
    entries.delete(key)
    revision += 1
  }
}
