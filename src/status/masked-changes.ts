/** Changes of which masked audiences see nothing, as a sick leave that became another absence of the same times: they are not woken by them. */
import type { Instant } from '../domain/calendar-event.ts'
import { showSame } from '../domain/mask.ts'
import { maxCursorAgeMs } from '../domain/window.ts'
import type { LogEntry } from '../storage/store.ts'
import { maskedAudience } from './audience.ts'
import { type AppliedEntry, namedUsers } from './recent-entries.ts'
import { type TenantContext, timelineFor, type UserState } from './user-state.ts'
import { hasSameSync, type ViewContents } from './view-contents.ts'

/**
 * The entries with those of their users in whom nothing changed for masked audiences. `next` is the users as the last entry left
 * them, `before` has them as they were before the first. Who is named twice may have been seen differently between: a cursor may
 * come from a replica that was there.
 */
export function markUnseen(
  entries: readonly LogEntry[],
  next: readonly UserState[],
  { users: before, context, clock }: ViewContents
): readonly AppliedEntry[] {
  if (context.mask.isEmpty) return entries
  const counts = new Map<string, number>()
  for (const user of entries.flatMap(namedUsers)) counts.set(user, (counts.get(user) ?? 0) + 1)
  const unseen = new Set<string>()
  for (const user of next) {
    const known = before.get(user.id)
    if (known === undefined || counts.get(user.id) !== 1) continue
    if (looksSameMasked(known, user, context, clock.now)) unseen.add(user.id)
  }
  return unseen.size === 0 ? entries : entries.map((entry) => ({ ...entry, unseenMasked: unseen }))
}

/** Whether a masked audience sees the same of both, whatever it has seen in the time for which cursors are honoured. */
function looksSameMasked(before: UserState, after: UserState, context: TenantContext, now: Instant): boolean {
  return (
    before.extension === after.extension &&
    before.displayName === after.displayName &&
    before.timeZone === after.timeZone &&
    hasSameSync(before, context, after, context, now) &&
    showSame(
      timelineFor(before, context, maskedAudience),
      timelineFor(after, context, maskedAudience),
      now - maxCursorAgeMs
    )
  )
}
