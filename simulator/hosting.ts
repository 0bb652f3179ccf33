/** Where a mailbox stands, and what Exchange on premises and Microsoft 365 say of it. */

/**
 * `online`: both have it. `absent`: the user is there and has no mailbox (deleted): Graph answers 404. `unlicensed`: the same, and over
 * Graph it is answered by a bare 401 though the token is good (azure-docs#27188). The others are a move to the cloud: `onPremises`
 * before it, `moveInProgress` for minutes at its end, `moved` while Graph's directory is still stale, `cloud` from then on.
 */
export const hostings = [
  'online',
  'absent',
  'unlicensed',
  'onPremises',
  'moveInProgress',
  'moved',
  'cloud'
] as const
export type Hosting = (typeof hostings)[number]

export interface HostingRefusal {
  readonly code: string
  readonly message: string
}

const nonExistent: HostingRefusal = {
  code: 'ErrorNonExistentMailbox',
  message: 'The SMTP address has no mailbox associated with it.'
}

/** What EWS says of a mailbox that is impersonated or opened; null: it is opened. */
export function ewsRefusal(hosting: Hosting | undefined): HostingRefusal | null {
  if (hosting === undefined || hosting === 'absent' || hosting === 'moved' || hosting === 'cloud') {
    return nonExistent
  }
  if (hosting !== 'moveInProgress') return null
  return {
    code: 'ErrorMailboxMoveInProgress',
    message: 'The mailbox is being moved, or is on another server or database.'
  }
}

/** Whether GetUserAvailability asks the cloud, which tells times alone. */
export function isAskedAcross(hosting: Hosting): boolean {
  return hosting === 'moved' || hosting === 'cloud'
}

/** What Graph answers instead of a calendar; null: the calendar. */
export function graphRefusal(
  hosting: Hosting
): { readonly status: 401 } | { readonly status: 404 | 503; readonly code: string } | null {
  if (hosting === 'unlicensed') return { status: 401 }
  if (hosting === 'moved') return { status: 503, code: 'MailboxInfoStale' }
  if (hosting === 'absent' || hosting === 'onPremises' || hosting === 'moveInProgress') {
    return { status: 404, code: 'MailboxNotEnabledForRESTAPI' }
  }
  return null
}
