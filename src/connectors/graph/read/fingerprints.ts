/** Digests of many calendars, twenty for one HTTP request: of every event's change key, or of availability alone. */
import { RemoteError } from '../../../errors.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { ReadRequest, Target } from '../../connector.ts'
import { membersOf } from '../client/batch-response.ts'
import { type CalendarViewQuery, readCalendarViews } from './calendar-view.ts'
import type { GraphReader } from './read-mailboxes.ts'
import type { ScheduleResult } from './schedules.ts'

/** As many as one batch and one getSchedule take. */
const maxTargets = 20

/**
 * One for each target, in order; null where there is none to be had. Where subjects decide, a calendar's digest is of `changeKey`,
 * which Exchange changes with every edit (learn.microsoft.com/graph/api/resources/event): one of the subject alone shows too.
 * Where only availability is granted or wanted, it is of that.
 */
export async function readFingerprints(
  request: ReadRequest,
  reader: GraphReader
): Promise<readonly (string | null)[]> {
  const found = new Map<Target, string | null>()
  for (let from = 0; from < request.targets.length; from += maxTargets) {
    const targets = request.targets.slice(from, from + maxTargets)
    const digests = request.subjects
      ? await digestsByChange({ ...request, targets }, reader)
      : await digestsByAvailability({ ...request, targets }, reader)
    targets.forEach((target, index) => {
      found.set(target, digests[index] ?? null)
    })
  }
  return request.targets.map((target) => found.get(target) ?? null)
}

/** `$select` works on calendarView for all but the times of creation and change (user-list-calendarview). */
const changeKeys: CalendarViewQuery<string> = {
  select: 'id,changeKey',
  pageSize: 1_000,
  parsePage(body) {
    const { value } = membersOf(body)
    if (!Array.isArray(value)) throw noChangeKey
    return value.map((item) => {
      const { id, changeKey } = membersOf(item)
      if (typeof id !== 'string' || typeof changeKey !== 'string' || changeKey === '') throw noChangeKey
      return `${id} ${changeKey}`
    })
  }
}

const noChangeKey = new RemoteError('protocol_error', "Graph's list of events lacks their change keys.")

async function digestsByChange(request: ReadRequest, reader: GraphReader): Promise<(string | null)[]> {
  const { targets, window, signal } = request
  const asked = targets.map((target) => ({ target, window }))
  const views = await readCalendarViews(asked, changeKeys, reader, signal)
  const refused = targets.filter((_, index) => views[index]?.outcome === 'refused')
  const availability = await digestsByAvailability({ ...request, targets: refused }, reader)
  return targets.map((target, index) => {
    const view = views[index]
    if (view?.outcome === 'read') return digestOfLines(view.events)
    return availability[refused.indexOf(target)] ?? null
  })
}

async function digestsByAvailability(
  { targets, window, signal }: ReadRequest,
  { schedules }: GraphReader
): Promise<(string | null)[]> {
  // getSchedule knows SMTP addresses alone.
  const addressed = targets.filter(({ mailbox }) => mailbox.includes('@'))
  if (addressed.length === 0) return targets.map(() => null)
  const read = await schedules.read(addressed, window, signal)
  return targets.map((target) => availabilityDigest(read[addressed.indexOf(target)]))
}

/** Subjects stay out: who sees them depends on whose rights the call was made with, which is another mailbox's with every batch. */
function availabilityDigest(schedule: ScheduleResult | undefined): string | null {
  if (schedule === undefined || schedule instanceof RemoteError) return null
  return digestOfLines(schedule.map(({ start, end, busy }) => `${start} ${end} ${busy}`))
}

/** In whatever order Graph lists them. */
function digestOfLines(lines: readonly string[]): string {
  const sorted = [...lines].sort()
  return digestOf(sorted.join('\n')).slice(0, 22)
}
