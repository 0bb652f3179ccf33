/** How far the newest import of a tenant is, as operators read it. */
import type { Instant } from '../domain/calendar-event.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { ImportProgress } from '../storage/import-progress.ts'

/**
 * Milliseconds after which a running import that saved no progress counts as interrupted: its process ended. One that lives gives up
 * sooner, however long the store is away or others change the tenant.
 */
const MAX_SILENCE_MS = 180_000

export interface ImportProgressResponse extends Omit<ImportProgress, 'id' | 'startedAt' | 'updatedAt'> {
  readonly startedAt: string
  readonly updatedAt: string
  /** What to do, where something is to be done. */
  readonly hint: string | null
}

export function toProgressResponse(progress: ImportProgress, now: Instant): ImportProgressResponse {
  const { id: _, startedAt, updatedAt, ...rest } = progress
  const isSilent = progress.state === 'running' && now - updatedAt > MAX_SILENCE_MS
  const state = isSilent ? 'interrupted' : progress.state
  return {
    ...rest,
    state,
    startedAt: formatInstant(startedAt),
    updatedAt: formatInstant(updatedAt),
    hint:
      state === 'interrupted'
        ? `At least ${progress.saved} of ${progress.total} users are as the file has them: send the same file again, what is saved ` +
          'already counts as unchanged.'
        : null
  }
}
