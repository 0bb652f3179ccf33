/** Digests of availability by getSchedule: twenty calendars for the price of one. */
import { createHash } from 'node:crypto'
import { RemoteError } from '../../../errors.ts'
import type { ReadRequest } from '../../connector.ts'
import type { ScheduleReader, ScheduleResult } from './schedules.ts'

/** One for each target, in order; null where there is none to be had. */
export async function readFingerprints(
  { targets, window, signal }: ReadRequest,
  schedules: ScheduleReader
): Promise<readonly (string | null)[]> {
  // getSchedule knows SMTP addresses alone.
  const addressed = targets.filter(({ mailbox }) => mailbox.includes('@'))
  const found = new Map<unknown, ScheduleResult>()
  for (let from = 0; from < addressed.length; from += most) {
    const asked = addressed.slice(from, from + most)
    const read = await schedules.read(asked, window, signal)
    asked.forEach((target, index) => {
      const schedule = read[index]
      if (schedule !== undefined) found.set(target, schedule)
    })
  }
  return targets.map((target) => digestOf(found.get(target)))
}

const most = 20

/**
 * Of when and how somebody is busy, in order of time. Subjects stay out: who sees them depends on whose rights the call
 * was made with, which is another mailbox's with every batch.
 */
function digestOf(schedule: ScheduleResult | undefined): string | null {
  if (schedule === undefined || schedule instanceof RemoteError) return null
  const items = schedule.map(({ start, end, busy }) => `${start} ${end} ${busy}`).sort()
  return createHash('sha256').update(items.join('\n')).digest('base64url').slice(0, 22)
}
