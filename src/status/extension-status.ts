/** What holds for an extension, which several users may share: a switch knows extensions, not users. */
import type { Instant } from '../domain/calendar-event.ts'
import { statusAt } from '../domain/status.ts'
import type { UserState } from './user-state.ts'

/**
 * Whose Status is shown: the extension is closed only while it is for all who share it. Of the open the first by id; if all
 * are closed, who is reachable first, then the first by id.
 */
export function pickShownUser(users: readonly UserState[], at: Instant): UserState | null {
  let shown: UserState | null = null
  let shownFrom = Infinity
  for (const user of users) {
    const { phone, reachableAt } = statusAt(user.effective, at)
    const reachableFrom = phone === 'open' ? -Infinity : (reachableAt ?? Infinity)
    if (shown !== null && reachableFrom >= shownFrom) continue
    shown = user
    shownFrom = reachableFrom
  }
  return shown
}

/** `status` is the JSON of the user who is shown; it names the extension. */
export function extensionStatusJson(users: readonly UserState[], status: string): string {
  return `{"users":${JSON.stringify(users.map(({ id }) => id))},${status.slice(1)}`
}

export function removedExtensionJson(extension: string): string {
  return JSON.stringify({ extension, removed: true })
}

export function compareExtensions(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
