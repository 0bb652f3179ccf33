/** What a reading makes of a user's record: success and failure, the timeline, and whether consumers can see it. */
import type { CalendarRead, ReadResult } from '../../connectors/connector.ts'
import type { Instant } from '../../domain/calendar-event.ts'
import { type CompiledRules, compileUserTriggers, decide } from '../../domain/decide.ts'
import { markFailed, markSynced, type SyncRecord } from '../../domain/sync-state.ts'
import { buildTimeline, sameTimelineFrom, type Timeline } from '../../domain/timeline.ts'
import type { RemoteError } from '../../errors.ts'
import type { ReadingOutcome, Store, UserRecord } from '../../storage/store.ts'
import { changesStatus, maxCursorAgeMs } from './status-change.ts'

export interface OutcomeContext {
  readonly rules: CompiledRules
  /** Milliseconds: twice the polling interval. */
  readonly staleAfter: number
}

/** What the target was at its last full read, and whether notices tell of its edits now. */
export interface TargetSyncState {
  /** What could not be seen when the version was read that an `unchanged` confirms. */
  readonly fault: SyncRecord['fault']
  readonly subscribed: boolean
}

/** When a read began, and when its outcome is saved. A success dates from the former: only that is certain. */
export interface OutcomeTimes {
  readonly at: Instant
  readonly now: Instant
}

/** What is to be saved for the user; null where nothing is. */
export function buildOutcome(
  reading: ReadResult,
  held: UserRecord,
  { fault, subscribed: watched }: TargetSyncState,
  { rules, staleAfter }: OutcomeContext,
  { at, now }: OutcomeTimes
): ReadingOutcome | null {
  const { user, timeline } = held
  const sync = notAhead(held.sync, now)
  if (reading.outcome === 'failed') return buildFailure(reading.error, held, staleAfter, now)
  const success = (found: Pick<SyncRecord, 'fault' | 'detail'>): SyncRecord => ({
    ...markSynced(sync, now, staleAfter, { ...found, subscribed: watched }),
    confirmedAt: Math.min(at, now)
  })
  const withVisibility = (outcome: Omit<ReadingOutcome, 'visible'>): ReadingOutcome => ({
    ...outcome,
    visible: changesStatus(held, outcome, staleAfter, now)
  })
  if (reading.outcome === 'unchanged') {
    if (timeline === null) return null
    return withVisibility({ user: user.id, sync: success({ fault, detail: sync.detail }), timeline: 'same' })
  }
  const found = decided(reading, rules, user)
  const same = timeline !== null && sameTimelineFrom(timeline, found, now - maxCursorAgeMs)
  return withVisibility({
    user: user.id,
    sync: success({ fault: faultOf(reading), detail: reading.detail }),
    timeline: same ? 'same' : found
  })
}

/** Null where the record says so already. */
export function buildFailure(
  { code, hint }: RemoteError,
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
  return { ...outcome, visible: changesStatus(held, outcome, staleAfter, now) }
}

function decided(reading: CalendarRead, rules: CompiledRules, user: UserRecord['user']): Timeline {
  const own = compileUserTriggers(user.triggers, rules)
  const decisions = reading.events.flatMap((event) => decide(event, rules, own) ?? [])
  return buildTimeline(decisions, rules, reading.truncatedAt)
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
    failedSince: past(sync.failedSince)
  }
}

/** Records a failure for users who were not asked for, because it would have hit them too. */
export async function saveFailures(
  store: Store,
  tenant: string,
  users: readonly string[],
  error: RemoteError,
  staleAfter: number,
  clock: () => Instant
): Promise<void> {
  const chunk = 500
  for (let from = 0; from < users.length; from += chunk) {
    const records = await store.records(tenant, users.slice(from, from + chunk))
    const now = clock()
    const outcomes = records.flatMap((held) =>
      held === null || !held.sync.enabled ? [] : (buildFailure(error, held, staleAfter, now) ?? [])
    )
    if (outcomes.length > 0) await store.saveReadings(tenant, outcomes, now)
  }
}
