/** What a principal says of itself, and whether it is the user that was asked for: nobody else's calendar may be read as the user's. */
import type { DavAccount, DavClient } from '../client/dav-client.ts'
import { comparablePath, type DavResponse, lastSegment, resolveHref } from '../client/multistatus.ts'
import { principalBody } from '../client/requests.ts'

export interface CalendarPrincipal {
  readonly url: string
  /** Where the principal's calendars are; empty where it does not say. */
  readonly homes: readonly string[]
  /** E-mail addresses, lower case. */
  readonly addresses: readonly string[]
  /** Where invitations and questions for free/busy times are posted; null where there is no such place. */
  readonly outbox: string | null
}

/** Null where there is no such principal. Throws RemoteError. */
export async function readPrincipal(
  client: DavClient,
  account: DavAccount,
  url: string,
  user: string,
  signal: AbortSignal
): Promise<CalendarPrincipal | null> {
  const request = { method: 'PROPFIND', url, depth: '0', body: principalBody } as const
  const answer = await client.multistatus(account, request, { user, purpose: 'principal' }, signal)
  const [response] = answer.responses
  // Xandikos answers 207 and says 404 within.
  if (response === undefined || response.status === 404) return null
  return principalOf(response, answer.url)
}

export function principalOf(response: DavResponse, base: string): CalendarPrincipal {
  const { properties } = response
  const hrefsOf = (name: string) =>
    (properties.get(name)?.hrefs ?? []).map((href) => resolveHref(href, base).href)
  return {
    url: hrefsOf('principal-URL')[0] ?? base,
    homes: hrefsOf('calendar-home-set'),
    addresses: addressesOf(response),
    outbox: hrefsOf('schedule-outbox-URL')[0] ?? null
  }
}

/** The e-mail addresses in `calendar-user-address-set` (RFC 6638 section 2.4.1), lower case. */
export function addressesOf({ properties }: DavResponse): string[] {
  return (properties.get('calendar-user-address-set')?.hrefs ?? []).flatMap((href) => {
    const address = /^mailto:([^\s?]+@[^\s?]+)/i.exec(href)?.[1]
    if (address === undefined) return []
    try {
      return [decodeURIComponent(address).toLowerCase()]
    } catch {
      return [address.toLowerCase()]
    }
  })
}

/** The path of who owns a resource, to compare with; null where the server does not say (Xandikos: an empty element, or 501). */
export function ownerPathOf({ properties }: DavResponse, base: string): string | null {
  const [href] = properties.get('owner')?.hrefs ?? []
  return href === undefined || href === '' ? null : comparablePath(resolveHref(href, base).pathname)
}

/** SOGo answers for a login that it does not know as this principal, with an empty calendar: the user would read as free. */
export function isAnonymous(path: string): boolean {
  return lastSegment(path) === 'anonymous'
}

/** Whether the principal at this path is the one that `names` (lower case) name: by its last segment, or by its addresses. */
export function isNamed(path: string, addresses: readonly string[], names: readonly string[]): boolean {
  if (isAnonymous(path)) return false
  return names.includes(lastSegment(path)) || addresses.some((address) => names.includes(address))
}
