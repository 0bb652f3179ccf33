/** What Exchange answers instead of a calendar, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import { quotePowerShell } from '../powershell.ts'
import type { EwsVersion } from './client/versions.ts'
import { shownResponseCode } from './response-codes.ts'
import type { ResponseStatus } from './soap/response.ts'

/** What is filled into a hint. */
export interface ErrorContext {
  /** Null where the call concerned many. */
  readonly mailbox: string | null
  /** The service account, as it signs in. */
  readonly account: string
  readonly access: 'delegate' | 'impersonation'
  readonly version: EwsVersion
}

interface Meaning {
  readonly code: SyncCode
  readonly hint: (circumstances: ErrorContext) => string
  /** It concerns the service account or the server, not this mailbox. */
  readonly connection?: true
  /** What it means of the mailbox that is impersonated or asked for; absent: the same as of the service account. */
  readonly ofMailbox?: Meaning
}

/** Never for what is throttled: that is the budgets' to say. */
export function toEwsError(status: ResponseStatus, circumstances: ErrorContext): RemoteError {
  const inner = status.inner !== null && meanings.has(status.inner) ? status.inner : null
  const code = inner ?? status.code
  const known = meanings.get(code) ?? unknown
  const meaning = (circumstances.mailbox === null ? undefined : known.ofMailbox) ?? known
  return new RemoteError(meaning.code, `${meaning.hint(circumstances)}${shownResponseCode(code)}`, {
    // A transient error of a call for many may be one mailbox's doing.
    scope:
      meaning.connection || (circumstances.mailbox === null && meaning.code !== 'unreachable')
        ? 'connection'
        : 'mailbox',
    isMailboxAbsent: circumstances.mailbox !== null && code === 'ErrorNonExistentMailbox'
  })
}

export function isThrottled({ code, inner, backOffMs: backOff }: ResponseStatus): boolean {
  return throttling.has(code) || throttling.has(inner ?? '') || backOff !== null
}

/** The budget is that of how many calls run at a time: it is free again as soon as one ends. */
export function isConcurrency({ code }: ResponseStatus): boolean {
  return code === 'ErrorExceededConnectionCount' || code === 'ErrorTooManyObjectsOpened'
}

const throttling = new Set([
  'ErrorServerBusy',
  'ErrorExceededConnectionCount',
  'ErrorTooManyObjectsOpened',
  'ErrorExceededFindCountLimit'
])

/** The command that lets the account read this calendar, whatever the folder is called in its owner's language. */
export function grantReviewer({ mailbox, account, version }: ErrorContext): string {
  const user = quotePowerShell(account)
  const owner = quotePowerShell(mailbox ?? 'MAILBOX')
  // 2007 has no Add-MailboxFolderPermission.
  if (version.grants === 'mailbox') {
    return `Add-MailboxPermission -Identity ${owner} -User ${user} -AccessRights FullAccess`
  }
  return `Get-MailboxFolderStatistics -Identity ${owner} -FolderScope Calendar | Where-Object { $_.FolderType -eq 'Calendar' } | ForEach-Object { Add-MailboxFolderPermission -Identity (${owner} + ':' + $_.FolderId) -User ${user} -AccessRights Reviewer }`
}

function grantImpersonation({ account, version }: ErrorContext): string {
  const user = quotePowerShell(account)
  return version.grants === 'mailbox'
    ? `give it ms-Exch-EPI-Impersonation on the Client Access servers and ms-Exch-EPI-May-Impersonate on the mailbox databases (Add-ADPermission -User ${user} -ExtendedRights …)`
    : `New-ManagementRoleAssignment -Name Hanvisa -Role ApplicationImpersonation -User ${user}, or widen its scope (Get-ManagementRoleAssignment -Role ApplicationImpersonation -GetEffectiveUsers shows whom it holds for)`
}

const who = ({ mailbox }: ErrorContext) => mailbox ?? 'A mailbox'

const noMailbox: Meaning = {
  code: 'mailbox_unknown',
  hint: (circumstances) =>
    `${who(circumstances)} is no address of a mailbox here: correct the user's mailbox (the primary SMTP address), or see whether it was moved to the cloud.`
}
const noRights: Meaning = {
  code: 'access_denied',
  hint: (circumstances) =>
    circumstances.access === 'delegate'
      ? `${who(circumstances)} shows this account nothing: ${grantReviewer(circumstances)}`
      : `The calendar of ${who(circumstances)} may not be read, or is not there: ${grantImpersonation(circumstances)}.`
}
const transient: Meaning = {
  code: 'unreachable',
  hint: (circumstances) =>
    `Exchange has trouble with ${circumstances.mailbox ?? 'its mailboxes'} now. No action is needed: Hanvisa tries again.`
}
const otherSite: Meaning = {
  code: 'unreachable',
  hint: (circumstances) =>
    `Exchange could not ask the server on which ${who(circumstances)} stands. It is tried again by itself; if it stays so, check the address, and the set-up between the sites or organisations.`
}
const notImpersonated: Meaning = {
  code: 'access_denied',
  hint: (circumstances) =>
    `The account may not impersonate ${who(circumstances)}: ${grantImpersonation(circumstances)}.`
}
const wrongServer: Meaning = {
  code: 'unreachable',
  hint: (circumstances) =>
    `${who(circumstances)} stands on a server that this one does not pass calls on to: write that server's EWS address in url, or have it found by autodiscover.`
}
const account = (code: SyncCode, what: string): Meaning => ({ code, connection: true, hint: () => what })
/** Codes that Exchange uses of the account that signs in, and of the account of an impersonated mailbox (ResponseCode). */
const accountOrMailbox = (code: SyncCode, what: string, ofMailbox: string): Meaning => ({
  ...account(code, what),
  ofMailbox: {
    code: 'access_denied',
    hint: (circumstances) => `The account of ${who(circumstances)} ${ofMailbox}`
  }
})
const notPrimary: Meaning = {
  code: 'mailbox_unknown',
  hint: (circumstances) =>
    `${who(circumstances)} is not the primary address of its mailbox: enter the primary SMTP address as the user's mailbox (Get-Mailbox ${quotePowerShell(circumstances.mailbox ?? 'MAILBOX')} | Format-List PrimarySmtpAddress shows it).`
}
const misread: Meaning = {
  code: 'protocol_error',
  connection: true,
  hint: () =>
    "Exchange does not take the request: set the connection's version to that of the server, and report it if that is right."
}
const unknown: Meaning = {
  code: 'protocol_error',
  hint: (circumstances) =>
    `Exchange did not show the calendar of ${who(circumstances)} and gives a reason that is not known here: see its log (HttpProxy\\Ews, Logging\\Ews) for the response code, and report it.`
}

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['ErrorMailRecipientNotFound', noMailbox],
  ['ErrorNonExistentMailbox', noMailbox],
  ['ErrorInvalidSmtpAddress', noMailbox],
  ['ErrorInvalidRecipients', noMailbox],
  ['ErrorMissingEmailAddress', noMailbox],
  ['ErrorCannotFindUser', noMailbox],
  ['ErrorNonPrimarySmtpAddress', notPrimary],
  ['ErrorNoFreeBusyAccess', noRights],
  ['ErrorAccessDenied', noRights],
  ['ErrorFolderNotFound', noRights],
  ['ErrorItemNotFound', noRights],
  ['ErrorImpersonateUserDenied', notImpersonated],
  ['ErrorImpersonationDenied', notImpersonated],
  [
    'ErrorImpersonationFailed',
    account(
      'unreachable',
      'Exchange could not impersonate: check its connection to Active Directory, and trusts between forests.'
    )
  ],
  [
    'ErrorInvalidExchangeImpersonationHeaderData',
    account(
      'access_denied',
      'The sign-in is one that may not impersonate: use an application (auth.kind oauth, client credentials), or access delegate.'
    )
  ],
  [
    'ErrorAccountDisabled',
    accountOrMailbox(
      'secret_invalid',
      'The account is disabled: enable it in Active Directory, or use another.',
      "is disabled: enable it in Active Directory, or take the user's mailbox out."
    )
  ],
  [
    'ErrorPasswordExpired',
    accountOrMailbox(
      'secret_expired',
      "The account's password has expired: set a new one, and put it here.",
      'has a password that has expired: its owner must set a new one.'
    )
  ],
  [
    'ErrorPasswordChangeRequired',
    accountOrMailbox(
      'secret_expired',
      'The account must change its password: do so, and put it here.',
      'must change its password: its owner must do so.'
    )
  ],
  [
    'ErrorCallerIsInvalidADAccount',
    account(
      'access_denied',
      'The account is not valid in the directory of this Exchange: use one of that organisation.'
    )
  ],
  ['ErrorProxyRequestProcessingFailed', otherSite],
  ['ErrorProxyRequestNotAllowed', otherSite],
  ['ErrorProxyGroupSidLimitExceeded', otherSite],
  ['ErrorServiceDiscoveryFailed', otherSite],
  ['ErrorAvailabilityConfigNotFound', otherSite],
  ['ErrorNoRespondingCASInDestinationSite', wrongServer],
  ['ErrorCrossSiteRequest', wrongServer],
  ['ErrorWrongServerVersion', wrongServer],
  ['ErrorWrongServerVersionDelegate', wrongServer],
  ['ErrorMailboxLogonFailed', transient],
  ['ErrorFreeBusyGenerationFailed', transient],
  ['ErrorConnectionFailed', transient],
  ['ErrorMailboxFailover', transient],
  ['ErrorMailboxMoveInProgress', transient],
  ['ErrorMailboxStoreUnavailable', transient],
  ['ErrorADUnavailable', transient],
  ['ErrorADOperation', transient],
  ['ErrorInternalServerTransientError', transient],
  ['ErrorInternalServerError', transient],
  ['ErrorTimeoutExpired', transient],
  ['ErrorIndividualMailboxLimitReached', transient],
  ['ErrorInvalidServerVersion', misread],
  ['ErrorIncorrectSchemaVersion', misread],
  ['ErrorInvalidSchemaVersionForMailboxVersion', wrongServer],
  ['ErrorSchemaValidation', misread],
  ['ErrorInvalidRequest', misread],
  [
    'ErrorFreeBusyDLLimitReached',
    {
      code: 'mailbox_unknown',
      hint: (circumstances) => `${who(circumstances)} is a group: write the address of one mailbox.`
    }
  ],
  [
    'ErrorResultSetTooBig',
    {
      code: 'protocol_error',
      hint: (circumstances) =>
        `${who(circumstances)} has more entries within an hour than Exchange shows at a time (1,000): thin the calendar out.`
    }
  ]
])
