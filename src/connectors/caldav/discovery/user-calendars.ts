/** Which resources of a folder are calendars that count for a user, and in which version each is. */
import { comparablePath, type DavResponse, resolveHref } from '../client/multistatus.ts'
import { ownerPathOf } from './principal.ts'

export interface UserCalendar {
  readonly url: string
  /** Opaque: getctag, sync-token and the ETag of the collection. Null where the server states none of them. */
  readonly version: string | null
}

/** A user has a handful; what is beyond is not read. */
const maxCalendars = 30

/**
 * Calendars with appointments, of the owner alone. Of a folder: without those that are shared into it by others, and without
 * those that their owner has set not to count as busy (RFC 6638 section 9.1).
 */
export function calendarsIn(
  responses: readonly DavResponse[],
  base: string,
  { depth, ownerPath }: { readonly depth: '0' | '1'; readonly ownerPath: string | null }
): UserCalendar[] {
  const calendars = new Map<string, UserCalendar>()
  for (const response of responses) {
    const { properties } = response
    const types = properties.get('resourcetype')?.children ?? []
    if (!types.includes('calendar')) continue
    const components = properties.get('supported-calendar-component-set')?.children
    if (components !== undefined && components.length > 0 && !components.includes('VEVENT')) continue
    const isTransparent =
      properties.get('schedule-calendar-transp')?.children.includes('transparent') ?? false
    if (depth === '1' && isTransparent) continue
    const owner = ownerPathOf(response, base)
    if (owner !== null && ownerPath !== null && owner !== ownerPath) continue
    const { href, pathname } = resolveHref(response.href, base)
    calendars.set(comparablePath(pathname), { url: href, version: versionOf(response) })
    if (calendars.size === maxCalendars) break
  }
  return [...calendars.values()]
}

function versionOf({ properties }: DavResponse): string | null {
  const parts = ['getctag', 'sync-token', 'getetag'].map((name) => properties.get(name)?.text.trim() ?? '')
  return parts.every((part) => part === '') ? null : JSON.stringify(parts)
}
