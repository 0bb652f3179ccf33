/** What a read makes of a user's record: success and failure, the timeline, and whether consumers can see it. */
import type { ReadResult } from '../../connectors/connector.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import { markFailed, markOverdue, markSynced, type SyncRecord } from '../../domain/sync-state.ts'
import { dropEndedBefore, sameTimelineFrom } from '../../domain/timeline.ts'
import { maxCursorAgeMs } from '../../domain/window.ts'
import type { RemoteFault } from '../../errors.ts'
import type { ReadingOutcome, Store, UserRecord } from '../../storage/store.ts'
import type { DecidedCalendar } from './decide-calendar.ts'
import { changesStatus } from './status-change.ts'

/** What was read of one user's calendar, decided. */
export interface DecidedRead {
  readonly result: ReadResult
  /** Null where nothing was read. */
  readonly decided: DecidedCalendar | null
}

export interface TargetSyncState {
  /** What could not be seen when the version was read that an `unchanged` confirms. */
  readonly fault: SyncRecord['fault']
  /** Whether it has an active subscription now. */
  readonly subscribed: boolean
}

/** When a read began, and when its outcome is saved. A success dates from the former: only that is certain. */
export interface OutcomeTimes {
  readonly at: Instant
  readonly now: Instant
  /** As `Store.historyMs`. */
  readonly historyMs: number
  /** Whether the tenant has office hours. */
  readonly hasHours: boolean
}

/** Milliseconds without a confirmation after which a polled calendar is stale. */
export function staleAfterMs(pollMs: number): number {
  return 2 * pollMs
}

/** What is to be saved for the user; null where nothing is. */
export function buildOutcome(
  { result, decided }: DecidedRead,
  held: UserRecord,
  { fault, subscribed }: TargetSyncState,
  pollMs: number,
  { at, now, historyMs, hasHours }: OutcomeTimes
): ReadingOutcome | null {
  const { user, timeline } = held
  const sync = notAhead(held.sync, now)
  const staleAfter = staleAfterMs(pollMs)
  if (result.outcome === 'failed') return buildFailure(result.error, held, staleAfter, now)
  const shortened = timeline === null ? null : dropEndedBefore(timeline, now - historyMs)
  const slowMs = now - at > pollMs ? now - at : null
  const success = (
    found: Pick<SyncRecord, 'fault' | 'detail'> & Partial<Pick<SyncRecord, 'refusedForwards'>>
  ): SyncRecord => ({
    ...markSynced(sync, now, staleAfter, { ...found, subscribed, slowMs }),
    confirmedAt: Math.min(at, now)
  })
  const withVisibility = (outcome: Omit<ReadingOutcome, 'visible'>): ReadingOutcome => ({
    ...outcome,
    visible: changesStatus(
      held,
      outcome,
      staleAfter,
      now,
      decided?.mask ?? null,
      hasHours || user.officeHours !== undefined
    )
  })
  if (result.outcome === 'unchanged' || decided === null) {
    if (timeline === null) return null
    return withVisibility({
      user: user.id,
      sync: success({ fault, detail: sync.detail }),
      timeline: shortened ?? 'same'
    })
  }
  const { decisions, timeline: found } = decided
  const refusedForwards = decisions.filter(({ forwardRefused }) => forwardRefused).length
  const same = timeline !== null && sameTimelineFrom(timeline, found, now - maxCursorAgeMs)
  return withVisibility({
    user: user.id,
    sync: success({ fault: faultOf(result), detail: result.detail, refusedForwards }),
    timeline: same && shortened === null ? 'same' : found
  })
}

/** Null where the record says so already. */
export function buildFailure(
  { code, hint }: RemoteFault,
  held: UserRecord,
  staleAfter: number,
  now: Instant
): ReadingOutcome | null {
  const sync = notAhead(held.sync, now)
  if (sync.failedSince !== null && sync.fault?.code === code && sync.fault.hint === hint) return null
  const outcome = {
    user: held.user.id,
    sync: markFailed(sync, now, { code, hint }),
    timeline: 'same'
  } as const
  return { ...outcome, visible: changesStatus(held, outcome, staleAfter, now, null) }
}

export function faultOf(reading: ReadResult): SyncRecord['fault'] {
  if (reading.outcome !== 'read' || reading.partialRead === null) return null
  return { code: reading.partialRead.code, hint: reading.partialRead.hint }
}

/** The record with nothing in the future: after the clock was set back, such a success would hide that it is stale. */
function notAhead(sync: SyncRecord, now: Instant): SyncRecord {
  const past = (instant: Instant | null) => (instant === null ? null : Math.min(instant, now))
  return {
    ...sync,
    confirmedAt: past(sync.confirmedAt),
    freshSince: past(sync.freshSince),
    failedSince: past(sync.failedSince),
    overdueSince: past(sync.overdueSince)
  }
}

const usersPerSave = 500

/** Records a failure for users whose calendars were not requested, because it holds for them too. */
export function saveFailures(
  store: Store,
  tenant: string,
  users: readonly string[],
  error: RemoteFault,
  {
    pollMs,
    clock,
    isAffected = () => true
  }: {
    readonly pollMs: number
    readonly clock: () => Instant
    readonly isAffected?: (record: UserRecord) => boolean
  }
): Promise<void> {
  return saveEach(store, tenant, users, clock, (held, now) =>
    isAffected(held) ? buildFailure(error, held, staleAfterMs(pollMs), now) : null
  )
}

/** Records that a notified edit of these calendars was not read in time, or that no worker is left for the tenant. */
export function saveOverdue(
  store: Store,
  tenant: string,
  users: readonly string[],
  since: Instant,
  { pollMs, clock }: { readonly pollMs: number; readonly clock: () => Instant }
): Promise<void> {
  return saveEach(store, tenant, users, clock, (held, now) => {
    const { subscribed, overdueSince, confirmedAt } = held.sync
    if (!subscribed || overdueSince !== null || confirmedAt === null) return null
    const outcome = {
      user: held.user.id,
      sync: markOverdue(held.sync, Math.min(since, now)),
      timeline: 'same'
    } as const
    return { ...outcome, visible: changesStatus(held, outcome, staleAfterMs(pollMs), now, null) }
  })
}

async function saveEach(
  store: Store,
  tenant: string,
  users: readonly string[],
  clock: () => Instant,
  build: (held: UserRecord, now: Instant) => ReadingOutcome | null
): Promise<void> {
  for (let from = 0; from < users.length; from += usersPerSave) {
    const records = await store.records(tenant, users.slice(from, from + usersPerSave))
    const now = clock()
    const outcomes = records.flatMap((held) =>
      held === null || !held.sync.enabled ? [] : (build(held, now) ?? [])
    )
    if (outcomes.length > 0) await store.saveReadings(tenant, outcomes, now)
  }
}
