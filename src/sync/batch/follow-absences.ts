/**
 * Absences that go on where the window ends: the calendar is read beyond it, for those users alone, until the absence ends or
 * 180 days ahead. What that found is kept for hours, so that polls pay nothing for it.
 */
import type { CalendarRead, ReadResult } from '../../connectors/connector.ts'
import { buildTimeline } from '../../domain/build-timeline.ts'
import type { Instant, Span } from '../../domain/calendar-event.ts'
import { compileUserTriggers, type Decision, decide } from '../../domain/decide.ts'
import type { UserRecord } from '../../storage/store.ts'
import type { ReadBeyondWindow } from '../targets/read-beyond-window.ts'
import type { BatchContext } from './batch-context.ts'
import { fetchCalendars } from './fetch-calendars.ts'
import type { PlannedTarget } from './planned-target.ts'

const dayMs = 86_400_000
/** Days ahead of now; where the absence still goes on there, its end is unknown. */
const maxDaysAhead = 180
/** Days of one read: Exchange answers GetUserAvailability for 62 days at most, Exchange 2007 for 42. */
const daysPerRead = 30
/** Milliseconds after which an edit beyond the window is found if its notification was missed. */
const validForMs = 6 * 3_600_000
/** After a read beyond the window that failed. */
const retryAfterMs = 30 * 60_000
/** Milliseconds that all of this may add to a batch. */
const maxFollowMs = 15_000

/** The extension of each target that has one, by key; targets without a continuing run have none. */
export async function followAbsences(
  context: BatchContext,
  planned: readonly PlannedTarget[],
  results: ReadonlyMap<string, ReadResult>,
  { at, window, signal }: { readonly at: Instant; readonly window: Span; readonly signal: AbortSignal }
): Promise<Map<string, ReadBeyondWindow>> {
  const found = new Map<string, ReadBeyondWindow>()
  const late = new AbortController()
  const cancel = context.timers.after(maxFollowMs, () => late.abort())
  const ends = AbortSignal.any([signal, late.signal])
  try {
    await Promise.all(
      planned.map(async (one) => {
        const result = results.get(one.key)
        if (result?.outcome !== 'read' || !continuesBeyond(context, one, [result], window.end, window.end))
          return
        found.set(
          one.key,
          keptReadBeyondWindow(context, one, window.end) ??
            (await follow(context, one, result, { at, window, signal: ends }))
        )
      })
    )
  } finally {
    cancel()
  }
  return found
}

/** The decisions of one user for the events of a read. */
export function decideEvents(
  { rules }: Pick<BatchContext, 'rules'>,
  { user }: Pick<UserRecord, 'user'>,
  { events }: CalendarRead
): Decision[] {
  const own = compileUserTriggers(user.triggers, rules)
  return events.flatMap((event) => decide(event, rules, own) ?? [])
}

/** What is known from before, where it still holds. */
function keptReadBeyondWindow(
  { timers }: BatchContext,
  { state, configHash, dirtySeq }: PlannedTarget,
  horizon: Instant
): ReadBeyondWindow | null {
  const kept = state.readBeyondWindow
  const holds =
    kept !== null &&
    kept.configHash === configHash &&
    kept.horizon === horizon &&
    kept.dirtySeq === dirtySeq &&
    timers.now() < kept.validUntil
  return holds ? kept : null
}

async function follow(
  context: BatchContext,
  one: PlannedTarget,
  base: CalendarRead,
  { at, window, signal }: { readonly at: Instant; readonly window: Span; readonly signal: AbortSignal }
): Promise<ReadBeyondWindow> {
  const reads: CalendarRead[] = []
  const last = at + maxDaysAhead * dayMs
  let validMs = validForMs
  let start = window.end
  while (start < last && continuesBeyond(context, one, [base, ...reads], window.end, start)) {
    const end = Math.min(start + daysPerRead * dayMs, last)
    // The version that the server gave is of the window alone.
    const request = { ...one, hasTimelines: false }
    const result = (await fetchCalendars(context, [request], { start, end }, signal)).get(one.key)
    if (result?.outcome !== 'read') {
      validMs = retryAfterMs
      break
    }
    reads.push(result)
    start = end
  }
  const decisions = new Map(
    one.records.map((record) => [
      record.user.id,
      reads.flatMap((read) => decideEvents(context, record, read))
    ])
  )
  return {
    configHash: one.configHash,
    horizon: window.end,
    dirtySeq: one.dirtySeq,
    validUntil: context.timers.now() + validMs,
    decisions,
    readUntil: start
  }
}

/** Whether a user's run goes on where the reads end, so that its end is in the days after. */
function continuesBeyond(
  context: BatchContext,
  { records }: PlannedTarget,
  reads: readonly CalendarRead[],
  horizon: Instant,
  readUntil: Instant
): boolean {
  return records.some((record) => {
    const decisions = reads.flatMap((read) => decideEvents(context, record, read))
    return buildTimeline(decisions, context.rules, { horizon, readUntil }).truncatedAt !== null
  })
}
