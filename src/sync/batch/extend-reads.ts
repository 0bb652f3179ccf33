/**
 * Runs that go on where the window ends, a vacation say: the calendar is read beyond it, for those users alone, until the run
 * ends or 180 days ahead. What that found is kept for hours, so that polls pay nothing for it.
 */
import type { Instant, Span } from '../../domain/calendar-event.ts'
import type { Decision } from '../../domain/decide.ts'
import type { ReadBeyondWindow } from '../targets/read-beyond-window.ts'
import type { BatchContext } from './batch-context.ts'
import { buildDecidedCalendar, type DecidedCalendar, decideEvents } from './decide-calendar.ts'
import { fetchCalendars } from './fetch-calendars.ts'
import type { PlannedTarget } from './planned-target.ts'

const dayMs = 86_400_000
/** Days ahead of now; where the run still goes on there, its end is unknown. */
const maxDaysAhead = 180
/** Days of one read: Exchange answers GetUserAvailability for 62 days at most, Exchange 2007 for 42. */
const daysPerRead = 30
/** Milliseconds after which an edit beyond the window is found if its notification was missed. */
const validForMs = 6 * 3_600_000
/** After a read beyond the window that failed. */
const retryAfterMs = 30 * 60_000
/** Milliseconds that all of this may add to a batch. */
const maxExtensionMs = 15_000

/** What a batch has read and decided so far, by user. */
export type DecidedByUser = ReadonlyMap<string, DecidedCalendar>

/** What was read beyond the window, by key; targets without a run that goes on there have none. */
export async function extendReads(
  context: BatchContext,
  planned: readonly PlannedTarget[],
  decided: DecidedByUser,
  { at, window, signal }: { readonly at: Instant; readonly window: Span; readonly signal: AbortSignal }
): Promise<Map<string, ReadBeyondWindow>> {
  const found = new Map<string, ReadBeyondWindow>()
  const continuing = planned.filter(({ records }) =>
    records.some(({ user }) => isTruncated(decided.get(user.id)))
  )
  if (continuing.length === 0) return found
  const late = new AbortController()
  const cancel = context.timers.after(maxExtensionMs, () => late.abort())
  const ends = AbortSignal.any([signal, late.signal])
  try {
    await Promise.all(
      continuing.map(async (one) => {
        const beyond =
          keptReadBeyondWindow(context, one, window.end) ??
          (await readBeyondWindow(context, one, decided, { at, window, signal: ends }))
        found.set(one.key, beyond)
      })
    )
  } finally {
    cancel()
  }
  return found
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

async function readBeyondWindow(
  context: BatchContext,
  one: PlannedTarget,
  inWindow: DecidedByUser,
  { at, window, signal }: { readonly at: Instant; readonly window: Span; readonly signal: AbortSignal }
): Promise<ReadBeyondWindow> {
  const decisions = new Map<string, readonly Decision[]>(one.records.map(({ user }) => [user.id, []]))
  const last = at + maxDaysAhead * dayMs
  let validMs = validForMs
  let start = window.end
  let continues = true
  while (start < last && continues) {
    const end = Math.min(start + daysPerRead * dayMs, last)
    // The version that the server gave is of the window alone.
    const request = { ...one, hasTimelines: false }
    const result = (await fetchCalendars(context, [request], { start, end }, signal)).get(one.key)
    if (result?.outcome !== 'read') {
      validMs = retryAfterMs
      break
    }
    start = end
    continues = false
    for (const { user } of one.records) {
      const found = await decideEvents(context.rules, user, result)
      const beyond = [...decisions.get(user.id)!, ...found]
      decisions.set(user.id, beyond)
      const all = [...(inWindow.get(user.id)?.decisions ?? []), ...beyond]
      const extent = { horizon: window.end, readUntil: start }
      continues ||= isTruncated(await buildDecidedCalendar(context.rules, all, extent))
    }
  }
  return {
    configHash: one.configHash,
    horizon: window.end,
    dirtySeq: one.dirtySeq,
    validUntil: context.timers.now() + validMs,
    decisions,
    readUntil: start
  }
}

/** Whether a run goes on where the reads end, so that its end is in the days after. */
function isTruncated(decided: DecidedCalendar | undefined): boolean {
  return decided !== undefined && decided.timeline.truncatedAt !== null
}
