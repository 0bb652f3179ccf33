/** How long an edit takes from the calendar to whoever follows the changes. */
import type { Edit } from './calendars.ts'
import type { SampleTenant } from './tenants.ts'

export interface EditStopwatch {
  /** An edit that was begun at `at` was made. Gives how long it took where it shows already, else null. */
  editMade(edit: Edit, at: number): EditLatency | null
  /** These users' statuses changed just now. Gives the edits that show by it. */
  statusesChanged(tenant: SampleTenant, users: readonly string[]): readonly EditLatency[]
}

export interface EditLatency {
  readonly edit: Edit
  readonly milliseconds: number
}

/** `now` is monotonic, in milliseconds. */
export function createEditStopwatch(now: () => number): EditStopwatch {
  const waiting = new Map<string, { readonly edit: Edit; readonly at: number }>()
  const changedAt = new Map<string, number>()
  const keyOf = (tenant: SampleTenant, user: string) => `${tenant.id} ${user}`
  return {
    editMade(edit, at) {
      const key = keyOf(edit.tenant, edit.person.id)
      waiting.delete(key)
      // What changes nothing now shows when its time has come, or not at all.
      if (!edit.atOnce) return null
      const shown = changedAt.get(key) ?? Number.NEGATIVE_INFINITY
      if (shown >= at) return { edit, milliseconds: shown - at }
      waiting.set(key, { edit, at })
      return null
    },
    statusesChanged(tenant, users) {
      const seen: EditLatency[] = []
      for (const user of users) {
        const key = keyOf(tenant, user)
        changedAt.set(key, now())
        const one = waiting.get(key)
        if (one !== undefined) seen.push({ edit: one.edit, milliseconds: now() - one.at })
        waiting.delete(key)
      }
      return seen
    }
  }
}
