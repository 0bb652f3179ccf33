/** What a request asks about, found or refused: a tenant's view, a user in it, an instant. */
import type { Instant } from '../domain/calendar-event.ts'
import { windowAt } from '../domain/window.ts'
import { RequestError } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/rfc3339.ts'
import type { StatusService } from '../status/status-service.ts'
import type { TenantView } from '../status/tenant-view.ts'
import type { UserState } from '../status/user-state.ts'

export async function requireView(statusService: StatusService, tenant: string): Promise<TenantView> {
  const view = await statusService.view(tenant)
  if (view === null) throw new RequestError('not_found', `There is no tenant "${tenant}".`)
  return view
}

/** What comes from memory while the store is away says so. */
export function setDegradedHeader(
  reply: { header(name: string, value: string): unknown },
  { isCurrent }: { readonly isCurrent: boolean }
): void {
  if (!isCurrent) reply.header('hanvisa-degraded', 'store')
}

export function requireUserState(view: TenantView, user: string): UserState {
  const person = view.user(user)
  if (person === null) throw new RequestError('not_found', `There is no user "${user}" in this tenant.`)
  return person
}

/** An instant of `?at=`: calendars are held for the window only. */
export function requireInstantInWindow(text: string, now: Instant): Instant {
  const at = parseInstant(text)
  const { start, end } = windowAt(now)
  if (at !== null && at >= start && at < end) return at
  const message = `must be an RFC 3339 time from ${formatInstant(start)} until before ${formatInstant(end)}, for which calendars are held`
  throw new RequestError('invalid_request', '', [{ field: 'at', message }])
}
