/** Finds the principal of a user whom another account reads: beside that account's own principal, or by a search. */
import { RemoteError, type SyncCode } from '../../../errors.ts'
import type { DavAccount, DavClient } from '../client/dav-client.ts'
import { comparablePath, lastSegment } from '../client/multistatus.ts'
import { principalSearchBody } from '../client/requests.ts'
import { unknownMailbox } from '../errors.ts'
import { type CalendarPrincipal, isNamed, principalOf, readPrincipal } from './principal.ts'
import type { DavService } from './service-discovery.ts'

const refusals: readonly SyncCode[] = ['mailbox_unknown', 'access_denied']

interface SoughtUser {
  readonly mailbox: string
  readonly shownUser: string
}

/** Throws `mailbox_unknown` where there is none of that name or address. */
export async function findPrincipal(
  client: DavClient,
  account: DavAccount,
  service: DavService,
  { mailbox, shownUser }: SoughtUser,
  signal: AbortSignal
): Promise<CalendarPrincipal> {
  const names = [mailbox.toLowerCase()]
  const isUsers = (principal: CalendarPrincipal | null): principal is CalendarPrincipal =>
    principal !== null && isNamed(comparablePath(new URL(principal.url).pathname), principal.addresses, names)
  for (const url of siblingsOf(service.principal, account.user, mailbox)) {
    const principal = await orNone(readPrincipal(client, account, url, shownUser, signal), refusals)
    if (isUsers(principal)) return principal
  }
  if (mailbox.includes('@')) {
    for (const url of service.collections) {
      const request = { method: 'REPORT', url, depth: '0', body: principalSearchBody(mailbox) } as const
      const context = { user: shownUser, purpose: 'principal' } as const
      const found = await orNone(client.multistatus(account, request, context, signal), [
        ...refusals,
        // The report is not spoken there (400, 405, 501).
        'protocol_error'
      ])
      const principals = (found?.responses ?? []).map((response) =>
        principalOf(response, new URL(response.href, found!.url).href)
      )
      const principal = principals.find((one) => isUsers(one) && one.homes.length > 0)
      if (principal !== undefined) return principal
    }
  }
  throw unknownMailbox(
    shownUser,
    'the server has no principal of that name or address, or shows it to nobody; "userUrl" or "preset" of the connection says where calendars are'
  )
}

/** The account's own principal with the user's name in place of its own; its own where the user is the account. */
function siblingsOf(principal: string, account: string, mailbox: string): string[] {
  const url = new URL(principal)
  if (mailbox.toLowerCase() === account.toLowerCase()) return [url.href]
  const own = lastSegment(url.pathname)
  if (own !== account.toLowerCase() && own !== account.split('@')[0]!.toLowerCase()) return []
  const segments = url.pathname.split('/')
  const index = segments.findLastIndex((segment) => segment !== '')
  segments[index] = encodeURIComponent(mailbox)
  url.pathname = segments.join('/')
  return [url.href]
}

/** Null for what the server refuses or does not know: the next way is tried. */
async function orNone<T>(answer: Promise<T>, codes: readonly SyncCode[]): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RemoteError && error.scope === 'mailbox' && codes.includes(error.code)) return null
    throw error
  }
}
