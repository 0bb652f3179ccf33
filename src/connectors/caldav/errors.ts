/** What CalDAV servers answer instead of a calendar, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import { retryAfterOf } from '../../lib/retry-after.ts'

/** What a request was for. */
export interface DavErrorContext {
  /** The user whose calendar it was for, as a hint may show it; null: for all. */
  readonly user: string | null
  readonly purpose: 'service' | 'principal' | 'calendar'
}

/** The parts of an account and of a response that a hint is made from. */
interface AccountName {
  readonly user: string
  readonly isShared: boolean
}
interface FailedResponse {
  readonly status: number
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

export function davStatusError(
  { status, url, headers }: FailedResponse,
  account: AccountName,
  context: DavErrorContext,
  now: number
): RemoteError {
  const { host } = new URL(url)
  const scope = context.user === null && account.isShared ? 'connection' : 'mailbox'
  const error = (code: SyncCode, hint: string) => new RemoteError(code, hint, { scope })
  if (status === 429 || status === 503) {
    return new RemoteError(
      'throttled',
      `${host} asks for fewer calls (HTTP ${status}). It is tried again by itself.`,
      {
        scope: account.isShared ? 'connection' : 'mailbox',
        retryAfter: retryAfterOf(headers.get('retry-after'), now)
      }
    )
  }
  if (status === 403)
    return context.user === null
      ? error('access_denied', refusedServiceHint(host, account))
      : accessDenied(account, context.user)
  if (status === 404 || status === 410) {
    return context.user === null
      ? error(
          'protocol_error',
          `${host} has no CalDAV service at this address (HTTP ${status}): correct it (docs/caldav.md has the addresses of common servers).`
        )
      : unknownMailbox(context.user, `${host} has no calendar for it (HTTP ${status})`)
  }
  if (status >= 500 && status !== 501) {
    return error(
      'unreachable',
      `${host} is in trouble (HTTP ${status}). It is tried again by itself; see its log if it stays so.`
    )
  }
  if (status === 200 || status === 405 || status === 501) {
    return error(
      'protocol_error',
      `${host} speaks no CalDAV at this address (HTTP ${status}): correct it (docs/caldav.md has the addresses of common servers).`
    )
  }
  return error(
    'protocol_error',
    `${host} answered HTTP ${status} where a calendar was expected: check the address, and what stands before the server.`
  )
}

function refusedServiceHint(host: string, { user }: AccountName): string {
  return `${host} does not let the account ${user} use CalDAV (HTTP 403): grant it that right on the server.`
}

/** HTTP 401. `challenge` is WWW-Authenticate. */
export function refusedPasswordError(
  host: string,
  challenge: string | null,
  { user, isShared }: AccountName
): RemoteError {
  const scope = isShared ? 'connection' : 'mailbox'
  const offersBasic = challenge === null || /(^|[\s,])basic\b/i.test(challenge)
  if (!offersBasic) {
    // Names that are known: a header may hold anything.
    const other = /\b(digest|bearer|negotiate|ntlm)\b/i.exec(challenge)?.[1]?.toLowerCase() ?? 'another'
    return new RemoteError(
      'secret_invalid',
      `${host} offers no Basic sign-in (${other} instead): switch Basic on for CalDAV at the server (in Baïkal: WebDAV authentication type). Google takes OAuth alone and cannot be read over CalDAV.`,
      { scope }
    )
  }
  const remedy = isShared
    ? 'correct "auth" of the connection'
    : "correct them in the user's mailbox (https://name:password@…, with characters such as @ and / percent-encoded)"
  return new RemoteError(
    'secret_invalid',
    `${host} refuses the user name ${isShared ? `${user} ` : ''}and its password (HTTP 401): ${remedy}; where the server wants app passwords, make one for Hanvisa.`,
    { scope }
  )
}

export function accessDenied({ user, isShared }: AccountName, mailbox: string): RemoteError {
  return new RemoteError(
    'access_denied',
    isShared
      ? `The account ${user} may not read the calendar of ${mailbox}: share that calendar with it, or give it the right to read all (docs/caldav.md says how for each server).`
      : 'The server does not let this account read the calendar that the mailbox names: correct the address, or leave its path out, so that the calendar is found.'
  )
}

/** `why` is a half sentence. */
export function unknownMailbox(mailbox: string, why: string): RemoteError {
  return new RemoteError(
    'mailbox_unknown',
    `${mailbox} was not found: ${why}. Correct the user's mailbox (the name or address by which the CalDAV server knows the user), or "userUrl" of the connection.`
  )
}

/** Of what a read threw. */
export function toCaldavError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new RemoteError(
      'unreachable',
      'The CalDAV server did not answer in time. It is tried again by itself; see its load if it stays so.'
    )
  }
  return new RemoteError(
    'protocol_error',
    'The calendar could not be read because of a fault in this service: report it with its log.',
    { cause: error }
  )
}
