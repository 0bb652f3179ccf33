/** What Graph answers instead of a calendar, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import { quotePowerShell } from '../powershell.ts'
import { type GraphResponse, membersOf } from './client/batch-response.ts'

/**
 * `mailbox` and `clientId` are filled into the hint. The answer to one request of a batch is that mailbox's alone, whatever it
 * says: of a batch under one token Graph answers 401 or 403 to some and 200 to others (no licence, a guest, a mailbox on
 * premises: azure-docs#27188). Only the answer to the whole batch is the connection's.
 */
export function graphResponseError(response: GraphResponse, mailbox: string, clientId: string): RemoteError {
  const codes = codesOf(response.body)
  const { code, hint } = meaningOf(response, codes, mailbox, clientId)
  return new RemoteError(code, `${hint}${shownCode(response.status, codes)}`, {
    scope: response.isWholeBatch ? 'connection' : 'mailbox',
    retryAfter: response.retryAfterMs,
    isMailboxAbsent: !response.isWholeBatch && response.status === 404 && saysAny(codes, absentCodes)
  })
}

/** That the mailbox is not in Exchange Online, said for certain. Any other 4xx leaves that open. */
const absentCodes = [
  'mailboxnotenabledforrestapi',
  'errornonexistentmailbox',
  'resourcenotfound',
  'request_resourcenotfound'
]

/** Worth sending again soon: throttled, or a fault of Microsoft's own. */
export function isTransient({ status }: GraphResponse): boolean {
  // 424: of a batch that is throttled as a whole, by the older of Microsoft's two descriptions.
  return status === 429 || status === 424 || status === 509 || (status >= 500 && status !== 501)
}

/** Graph said that this calendar may not be read so; availability may still be granted. */
export function isAccessRefused(response: GraphResponse): boolean {
  return response.status === 403 && !isThrottled(response.status, codesOf(response.body))
}

/** Whether it is the token that Graph does not take, and not some of the mailboxes that were asked for with it. */
export function isTokenRejected(responses: readonly GraphResponse[]): boolean {
  return responses.every(
    ({ status, body, isWholeBatch }) =>
      status === 401 && (isWholeBatch || saysAny(codesOf(body), ['invalidauthenticationtoken']))
  )
}

interface Meaning {
  readonly code: SyncCode
  readonly hint: string
}

/** The codes decide before the status: the same fault comes with several. */
function meaningOf(
  { status, body, challenge, isWholeBatch }: GraphResponse,
  codes: readonly string[],
  mailbox: string,
  clientId: string
): Meaning {
  const said = (...names: string[]) => saysAny(codes, names)
  if (isThrottled(status, codes)) {
    return { code: 'throttled', hint: 'Microsoft 365 asks for fewer requests. It is tried again by itself.' }
  }
  // learn.microsoft.com/entra/identity-platform/claims-challenge: Conditional Access, evaluated while a token lives.
  if (/insufficient_claims/i.test(challenge ?? '') || said('insufficient_claims')) {
    return {
      code: 'access_denied',
      hint: 'Conditional Access of the directory blocks the application (insufficient_claims): exclude its service principal there, or allow the address of this service.'
    }
  }
  if (said('authorization_requestdenied', 'nopermissionsinaccesstoken')) {
    return {
      code: 'consent_missing',
      hint: 'The application lacks the permission: grant it Calendars.Read (application) in Entra and give admin consent, or assign it by RBAC for Applications in Exchange Online.'
    }
  }
  if (said('organizationfromtenantguidnotfound')) {
    return {
      code: 'mailbox_unknown',
      hint: 'The directory has no Exchange Online at all: check tenantId, or that the directory has a licence with Exchange Online. Mailboxes on premises are read over a connection of kind ews.'
    }
  }
  if (said('mailboxinfostale')) {
    return {
      code: 'unreachable',
      hint: "The directory's entry of the mailbox is stale: use the user's object id as mailbox."
    }
  }
  if (said(...noMailboxCodes)) return noMailbox(mailbox)
  if (status === 401 && !isWholeBatch && !said('invalidauthenticationtoken')) return noMailbox(mailbox)
  if (status === 401 || said('invalidauthenticationtoken')) {
    return {
      code: 'access_denied',
      hint: 'Graph refuses the token that Entra gave: check that login and Graph are of the same cloud.'
    }
  }
  if (said('extensionerror')) {
    return {
      code: 'unreachable',
      hint: 'The mailbox is moving, on-premises, or shut off by a policy. It is tried again by itself.'
    }
  }
  if (status === 403) return { code: 'access_denied', hint: accessHint(body, mailbox, clientId) }
  if (said('erroritemnotfound')) {
    return {
      code: 'mailbox_unknown',
      hint: `The mailbox ${mailbox} has no default calendar: open its calendar once in Outlook on the web, or correct the user's mailbox.`
    }
  }
  if (status === 404 || said('errorinvaliduser')) {
    return {
      code: 'mailbox_unknown',
      hint: `${mailbox} is no user of this directory: correct the user's mailbox.`
    }
  }
  if (status >= 500 || status === 424) {
    return {
      code: 'unreachable',
      hint: 'Microsoft 365 has trouble. No action is needed: Hanvisa tries again.'
    }
  }
  return {
    code: 'protocol_error',
    hint: 'Graph does not take the request: check the mailbox address and the cloud.'
  }
}

const noMailboxCodes = [
  'mailboxnotenabledforrestapi',
  'mailboxnotsupportedforrestapi',
  'mailboxnothostedinexchangeonline',
  'errornonexistentmailbox'
]

function noMailbox(mailbox: string): Meaning {
  return {
    code: 'mailbox_unknown',
    hint: `${mailbox} has no mailbox in Exchange Online: it is unlicensed, a guest, deleted, still being made, or on premises.`
  }
}

/** The message is Microsoft's own and the same in every language (auth-limit-mailbox-access, "Handle API errors"). */
function accessHint(body: unknown, mailbox: string, clientId: string): string {
  const { message } = membersOf(membersOf(body).error)
  if (typeof message === 'string' && /Access to OData is disabled/i.test(message)) {
    return `An application access policy keeps the application out of this mailbox: add the mailbox to the group that the policy names. See what holds with: Test-ApplicationAccessPolicy -Identity ${quotePowerShell(mailbox)} -AppId ${quotePowerShell(clientId)}. A change takes up to two hours.`
  }
  return `The application may not read this calendar: grant it Calendars.Read with admin consent, or include the mailbox in its scope. See what holds with: Test-ServicePrincipalAuthorization -Identity ${quotePowerShell(clientId)} -Resource ${quotePowerShell(mailbox)}. A change takes up to two hours.`
}

function isThrottled(status: number, codes: readonly string[]): boolean {
  const throttling = ['toomanyrequests', 'applicationthrottled', 'activitylimitreached', 'errorserverbusy']
  return status === 429 || status === 509 || saysAny(codes, throttling)
}

function saysAny(codes: readonly string[], names: readonly string[]): boolean {
  return codes.some((code) => names.includes(code.toLowerCase()))
}

/** From without to within: the innermost is the most exact, and its place is written in several ways. */
function codesOf(body: unknown): string[] {
  const codes: string[] = []
  let level = membersOf(membersOf(body).error)
  for (let depth = 0; depth < 6; depth += 1) {
    if (typeof level.code === 'string') codes.push(level.code)
    level = membersOf(level.innerError ?? level.innererror)
  }
  return codes
}

/**
 * Codes that may be shown to operators: closed, so that nothing else that came over the network goes into a hint
 * (learn.microsoft.com/graph/errors, and those of Exchange that public reports have).
 */
const knownCodes: ReadonlyMap<string, string> = new Map(
  [
    ...['accessDenied', 'ActivityLimitReached', 'ApplicationThrottled', 'Authorization_RequestDenied'],
    ...['BadGateway', 'BadRequest', 'ErrorAccessDenied', 'ErrorInternalServerError', 'ErrorInvalidParameter'],
    ...['ErrorInvalidRequest', 'ErrorInvalidUser', 'ErrorItemNotFound', 'ErrorMailboxDataArrayTooBig'],
    ...['ErrorNonExistentMailbox', 'ErrorServerBusy', 'ErrorTimeIntervalTooBig', 'ExtensionError'],
    ...['FailedDependency', 'Forbidden', 'generalException', 'insufficient_claims', 'InternalServerError'],
    ...['InvalidAuthenticationToken', 'InvalidRequest', 'itemNotFound', 'MailboxInfoStale'],
    ...['MailboxNotEnabledForRESTAPI', 'MailboxNotHostedInExchangeOnline', 'MailboxNotSupportedForRESTAPI'],
    ...['NoPermissionsInAccessToken', 'NotFound', 'notAllowed', 'notSupported'],
    ...['OrganizationFromTenantGuidNotFound', 'quotaLimitReached', 'Request_BadRequest'],
    ...['Request_ResourceNotFound', 'RequestBroker--ParseUri', 'ResourceNotFound', 'resyncRequired'],
    ...['serviceNotAvailable', 'syncStateNotFound', 'TimeZoneNotSupportedException', 'TooManyRequests'],
    ...['unauthenticated', 'UnknownError', 'ValidationError']
  ].map((code) => [code.toLowerCase(), code])
)

function shownCode(status: number, codes: readonly string[]): string {
  for (const candidate of codes) {
    const known = knownCodes.get(candidate.toLowerCase())
    if (known !== undefined) return ` (HTTP ${status} ${known})`
  }
  return ` (HTTP ${status})`
}
