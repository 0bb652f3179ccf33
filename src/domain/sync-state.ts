/** How well a user's timeline mirrors the calendar at an instant. */
import type { Instant } from './calendar-event.ts'

export type SyncStateName = 'off' | 'never' | 'failed' | 'stale' | 'fresh'

/** What is kept about the reading of one user's calendar. */
export interface SyncRecord {
  /** Counts up whenever what was read before no longer counts: a new mailbox, a new connection, sync switched off. */
  readonly generation: number
  /** Whether the calendar is to be read: sync is enabled and there is a mailbox. */
  readonly wanted: boolean
  /** When `wanted` became what it is, or the generation began. */
  readonly wantedSince: Instant
  /** The last attempt that succeeded: what is held was true then. Null: no timeline is held. */
  readonly confirmedAt: Instant | null
  /** Since when it has been fresh without a break. */
  readonly freshSince: Instant | null
  /** Since when attempts have failed without a success between. */
  readonly failedSince: Instant | null
  /** Why the last attempt failed, or what it could not see (then `failedSince` is null). No subject is in it. */
  readonly fault: { readonly code: string; readonly hint: string } | null
  /** What the far side let us see at the last success. */
  readonly saw: Sight | null
  /** Whether notices told of edits at the last success: then calendars are swept, not polled. */
  readonly watched: boolean
}

/**
 * Milliseconds: a watched calendar is confirmed at least so often. Where availability can be compared it is confirmed every
 * hour; where it can only be read whole, every five or so: a quarter of a request per mailbox and hour allows no more.
 */
export const sweepInterval = 6 * 3_600_000

/**
 * What can be seen of a calendar: everything that decides (`subjects`); subjects, but not who answered what
 * (`subjects-only`, as GetUserAvailability has it); or no more than when somebody is busy.
 */
export const sights = ['subjects', 'subjects-only', 'availability'] as const
export type Sight = (typeof sights)[number]

export interface SyncState {
  readonly state: SyncStateName
  readonly since: Instant
}

/** What a user's record is before anything was read. */
export function unread(wanted: boolean, at: Instant, generation = 0): SyncRecord {
  return {
    generation,
    wanted,
    wantedSince: at,
    confirmedAt: null,
    freshSince: null,
    failedSince: null,
    fault: null,
    saw: null,
    watched: false
  }
}

/**
 * The instant at which a held timeline becomes stale unless it is confirmed again; null when none is held. `staleAfter`
 * is milliseconds: twice the connection's `pollSeconds`. With notices it is one sweep, if that is longer; but what they tell
 * of must be read, so they vouch for a calendar no longer than `staleAfter` once reading fails.
 */
export function staleAt(record: SyncRecord, staleAfter: number): Instant | null {
  const { wanted, confirmedAt, failedSince, watched } = record
  if (!wanted || confirmedAt === null) return null
  if (!watched) return confirmedAt + staleAfter
  const swept = confirmedAt + Math.max(sweepInterval, staleAfter)
  return failedSince === null ? swept : Math.min(swept, Math.max(confirmedAt, failedSince) + staleAfter)
}

/** The state at an instant. `staleAfter` is as in `staleAt`. */
export function syncStateAt(record: SyncRecord, staleAfter: number, at: Instant): SyncState {
  if (!record.wanted) return { state: 'off', since: record.wantedSince }
  const stale = staleAt(record, staleAfter)
  if (stale === null) {
    return record.failedSince === null
      ? { state: 'never', since: record.wantedSince }
      : { state: 'failed', since: record.failedSince }
  }
  if (at >= stale) return { state: 'stale', since: stale }
  return { state: 'fresh', since: record.freshSince ?? record.wantedSince }
}

/** The record after a success at `at`: a run of freshness goes on unless it was broken before. */
export function confirmed(
  record: SyncRecord,
  at: Instant,
  staleAfter: number,
  outcome: Pick<SyncRecord, 'saw' | 'fault' | 'watched'>
): SyncRecord {
  const goesOn = syncStateAt(record, staleAfter, at).state === 'fresh'
  return {
    ...record,
    confirmedAt: at,
    freshSince: goesOn ? record.freshSince : at,
    failedSince: null,
    fault: outcome.fault,
    saw: outcome.saw,
    watched: outcome.watched
  }
}

/** The record after a failure at `at`: what is held stays held. */
export function failed(record: SyncRecord, at: Instant, fault: SyncRecord['fault']): SyncRecord {
  return { ...record, failedSince: record.failedSince ?? at, fault }
}
