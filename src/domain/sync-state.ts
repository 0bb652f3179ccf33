/** How well a user's timeline mirrors the calendar at an instant. */
import type { Instant } from './calendar-event.ts'

export const syncStateNames = ['off', 'never', 'failed', 'stale', 'fresh'] as const
export type SyncStateName = (typeof syncStateNames)[number]

/** What is kept about the reading of one user's calendar. */
export interface SyncRecord {
  /** Counts up whenever what was read before no longer counts: a new mailbox, a new connection, sync switched off. */
  readonly generation: number
  /** Whether the calendar is to be read: sync is enabled and there is a mailbox. */
  readonly enabled: boolean
  /** When `enabled` became what it is, or the generation began. */
  readonly enabledSince: Instant
  /** The last attempt that succeeded: what is held was true then. Null: no timeline is held. */
  readonly confirmedAt: Instant | null
  /** Since when it has been fresh without a break. */
  readonly freshSince: Instant | null
  /** Since when attempts have failed without a success between. */
  readonly failedSince: Instant | null
  /** Why the last attempt failed, or what it could not see (then `failedSince` is null). No subject is in it. */
  readonly fault: { readonly code: string; readonly hint: string } | null
  /** What the calendar server let us see at the last success. */
  readonly detail: DetailLevel | null
  /** Whether the calendar had an active subscription at the last success: then it is reconciled, not polled. */
  readonly subscribed: boolean
  /** Since when a notified edit is unread beyond its time, or the tenant has no worker; null: neither. */
  readonly overdueSince: Instant | null
  /** Milliseconds that the last successful read took, where that is longer than the polling interval; else null. */
  readonly slowMs: number | null
  /** Events, as of the last full read, that name a number to forward to which the rules do not allow. */
  readonly refusedForwards: number
  /** Where the mailbox is, of a tenant with several connections; absent: not known, or there were never several. */
  readonly home?: MailboxHome
}

/**
 * How it was found out over which connection a mailbox is read. `answered`: it alone has the mailbox. `events`, `order`: two have one, and this
 * one had events in the last 30 days, or stands first. `moved`: the connection before had the mailbox no longer.
 */
export const homeProofs = ['answered', 'events', 'order', 'moved'] as const

export interface MailboxHome {
  /** The id of the connection. */
  readonly connection: string
  readonly since: Instant
  readonly proof: (typeof homeProofs)[number]
}

/**
 * Milliseconds: a subscribed calendar is confirmed at least so often. Where availability can be compared it is confirmed every
 * hour; where it can only be read whole, every five or so: a quarter of a request per mailbox and hour allows no more.
 */
export const reconcileIntervalMs = 6 * 3_600_000

/**
 * What can be seen of a calendar: everything that decides (`subjects`); subjects, but not who answered what
 * (`subjects-only`, as GetUserAvailability has it); or no more than when somebody is busy.
 */
export const detailLevels = ['subjects', 'subjects-only', 'availability'] as const
export type DetailLevel = (typeof detailLevels)[number]

export interface SyncState {
  readonly state: SyncStateName
  readonly since: Instant
}

/** What a user's record is before anything was read. */
export function initialSyncRecord(enabled: boolean, at: Instant, generation = 0): SyncRecord {
  return {
    generation,
    enabled,
    enabledSince: at,
    confirmedAt: null,
    freshSince: null,
    failedSince: null,
    fault: null,
    detail: null,
    subscribed: false,
    overdueSince: null,
    slowMs: null,
    refusedForwards: 0
  }
}

/**
 * The instant at which a held timeline becomes stale unless it is confirmed again; null where none is held. `staleAfterMs`
 * is milliseconds: twice the connection's `pollSeconds`. With a subscription it is one reconciliation, if that is longer; but an
 * edit that is notified of must be read, so once reading fails a subscription counts for no longer than `staleAfterMs`.
 */
export function staleAt(record: SyncRecord, staleAfterMs: number): Instant | null {
  const { enabled, confirmedAt, failedSince, subscribed, overdueSince, slowMs } = record
  if (!enabled || confirmedAt === null) return null
  // The next read may take as long as the last, and dates from its beginning.
  const maxAgeMs = staleAfterMs + 2 * (slowMs ?? 0)
  let stale = confirmedAt + maxAgeMs
  if (subscribed) {
    const reconcileDueAt = confirmedAt + Math.max(reconcileIntervalMs, maxAgeMs)
    stale =
      failedSince === null
        ? reconcileDueAt
        : Math.min(reconcileDueAt, Math.max(confirmedAt, failedSince) + maxAgeMs)
  }
  return overdueSince === null ? stale : Math.min(stale, overdueSince)
}

/** The state at an instant. `staleAfterMs` is as in `staleAt`. */
export function syncStateAt(record: SyncRecord, staleAfterMs: number, at: Instant): SyncState {
  if (!record.enabled) return { state: 'off', since: record.enabledSince }
  const stale = staleAt(record, staleAfterMs)
  if (stale === null) {
    return record.failedSince === null
      ? { state: 'never', since: record.enabledSince }
      : { state: 'failed', since: record.failedSince }
  }
  if (at >= stale) return { state: 'stale', since: stale }
  return { state: 'fresh', since: record.freshSince ?? record.enabledSince }
}

/** The record after a success at `at`: a run of freshness goes on unless it was broken before. */
export function markSynced(
  record: SyncRecord,
  at: Instant,
  staleAfterMs: number,
  outcome: Pick<SyncRecord, 'detail' | 'fault' | 'subscribed'> &
    Partial<Pick<SyncRecord, 'slowMs' | 'refusedForwards'>>
): SyncRecord {
  const continues = syncStateAt(record, staleAfterMs, at).state === 'fresh'
  return {
    ...record,
    confirmedAt: at,
    freshSince: continues ? record.freshSince : at,
    failedSince: null,
    fault: outcome.fault,
    detail: outcome.detail,
    subscribed: outcome.subscribed,
    overdueSince: null,
    slowMs: outcome.slowMs ?? null,
    refusedForwards: outcome.refusedForwards ?? record.refusedForwards
  }
}

/** The record after a failure at `at`: what is held stays held. */
export function markFailed(record: SyncRecord, at: Instant, fault: SyncRecord['fault']): SyncRecord {
  return { ...record, failedSince: record.failedSince ?? at, fault }
}

/** The record once an edit is known of that could not be read in time. What is held is stale from `since` on. */
export function markOverdue(record: SyncRecord, since: Instant): SyncRecord {
  return { ...record, overdueSince: Math.min(since, record.overdueSince ?? since) }
}
