/** What a view holds after a write of readings, made of what it held before and of what the write saved. */
import { emptyTimeline } from '../domain/timeline-runs.ts'
import type { SavedReading } from '../storage/saved-readings.ts'
import type { ShownRecord, UserState } from './user-state.ts'

/** By user; null where one is not in the view. */
export function recordsAfter(
  readings: readonly SavedReading[],
  userOf: (id: string) => UserState | null
): Map<string, ShownRecord> | null {
  const records = new Map<string, ShownRecord>()
  for (const { user: id, sync, timeline } of readings) {
    const user = userOf(id)
    if (user === null) return null
    const before = records.get(id)?.timeline ?? timelineOf(user)
    const { override, absences } = user
    const after = timeline === 'same' ? before : timeline
    records.set(id, { user, override, absences, timeline: after, sync })
  }
  return records
}

function timelineOf({ calendar, rulesVersion }: UserState): ShownRecord['timeline'] {
  return calendar === emptyTimeline ? null : { ...calendar, rulesVersion }
}
