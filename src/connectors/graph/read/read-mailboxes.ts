/** One read of up to twenty mailboxes: by subject where that is wanted and granted, else by availability. */
import type { CalendarEvent, Span } from '../../../domain/calendar-event.ts'
import { RemoteError } from '../../../errors.ts'
import type { CalendarRead, PartialRead, ReadRequest, ReadResult } from '../../connector.ts'
import {
  type CalendarViewDeps,
  type CalendarViewResult,
  readCalendarViews,
  wholeEvents
} from './calendar-view.ts'
import type { ScheduleReader } from './schedules.ts'

export interface GraphReader extends CalendarViewDeps {
  readonly schedules: ScheduleReader
}

interface ReadOutcome extends Pick<CalendarRead, 'detail' | 'partialRead'> {
  readonly events: readonly CalendarEvent[]
}

/** One result for each target, in order. */
export async function readMailboxes(
  request: ReadRequest,
  reader: GraphReader
): Promise<readonly ReadResult[]> {
  const found = request.subjects ? await bySubject(request, reader) : await byAvailability(request, reader)
  return found.map((one): ReadResult => {
    if (one instanceof RemoteError) return { outcome: 'failed', error: one }
    return { outcome: 'read', ...one, events: touching(one.events, request.window), etag: null }
  })
}

async function bySubject(
  { targets, window, signal }: ReadRequest,
  reader: GraphReader
): Promise<(ReadOutcome | RemoteError)[]> {
  const views = await readCalendarViews(
    targets.map((target) => ({ target, window })),
    wholeEvents,
    reader,
    signal
  )
  const refused = targets.filter((_, index) => views[index]?.outcome === 'refused')
  const schedules = refused.length === 0 ? [] : await reader.schedules.read(refused, window, signal)
  return targets.map((target, index) => {
    const schedule = schedules[refused.indexOf(target)]
    if (schedule === undefined) return wholeOf(views[index])
    if (schedule instanceof RemoteError) return bothErrors(wholeOf(views[index]), schedule)
    return { events: schedule, detail: 'availability', partialRead: subjectsHidden }
  })
}

/**
 * By getSchedule, which knows SMTP addresses alone. What it cannot show (an object id, a user name that is no address,
 * a thousand entries) calendarView may.
 */
async function byAvailability(
  request: ReadRequest,
  reader: GraphReader
): Promise<(ReadOutcome | RemoteError)[]> {
  const { targets, window, signal } = request
  const addressed = targets.filter(({ mailbox }) => mailbox.includes('@'))
  const schedules = addressed.length === 0 ? [] : await reader.schedules.read(addressed, window, signal)
  const found = targets.map((target) => schedules[addressed.indexOf(target)])
  const left = targets.filter((_, index) => isWorthAnotherWay(found[index]))
  const views = await readCalendarViews(
    left.map((target) => ({ target, window })),
    wholeEvents,
    reader,
    signal
  )
  return targets.map((target, index) => {
    const schedule = found[index]
    const view = views[left.indexOf(target)]
    if (view !== undefined) {
      const seen = wholeOf(view)
      return schedule instanceof RemoteError ? bothErrors(schedule, seen) : seen
    }
    if (schedule === undefined || schedule instanceof RemoteError) return schedule ?? nothing
    return { events: schedule, detail: 'availability', partialRead: null }
  })
}

/** Neither way led to the calendar: what the operator can do about each is said, under the first one's code. */
function bothErrors(first: ReadOutcome | RemoteError, second: ReadOutcome | RemoteError) {
  if (!(first instanceof RemoteError)) return first
  if (!(second instanceof RemoteError)) return second
  if (first.code === second.code) return first
  if (first.code === 'unreachable') return second
  const retryAfter = second.retryAfter ?? first.retryAfter
  return new RemoteError(first.code, `${first.hint} ${second.hint}`, { scope: first.scope, retryAfter })
}

function isWorthAnotherWay(schedule: readonly CalendarEvent[] | RemoteError | undefined): boolean {
  if (schedule === undefined) return true
  return schedule instanceof RemoteError && schedule.scope === 'mailbox' && schedule.code !== 'throttled'
}

function wholeOf(view: CalendarViewResult | undefined): ReadOutcome | RemoteError {
  if (view?.outcome !== 'read') return view?.error ?? nothing
  return { events: view.events, detail: 'subjects', partialRead: null }
}

const nothing = new RemoteError('protocol_error', 'Graph gave no answer for this mailbox.')

const subjectsHidden: PartialRead = {
  code: 'subject_not_readable',
  hint: 'Only availability is granted, so triggers cannot match: grant the application Calendars.Read with admin consent, or include the mailbox in its scope.'
}

/** Days that float may come back though they lie just outside by the user's own clock. */
function touching(events: readonly CalendarEvent[], window: Span): CalendarEvent[] {
  return events.filter(({ start, end }) => start < window.end && end > window.start)
}
