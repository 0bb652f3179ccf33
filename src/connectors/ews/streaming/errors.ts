/** What Exchange's refusals mean where they concern subscriptions and streams, in the words of the operator who must act. */
import { RemoteError } from '../../../errors.ts'
import { quotePowerShell } from '../../powershell.ts'
import type { EwsVersion } from '../client/versions.ts'
import type { ResponseStatus } from '../soap/response.ts'

interface StreamingErrorContext {
  readonly mailbox: string
  readonly account: string
  readonly version: EwsVersion
}

const meanwhile = 'Until then edits of this calendar are found by polling.'

/** Null for what means here what it means everywhere. Budgets of calls are not touched: these are others. */
export function streamingError(
  { code }: ResponseStatus,
  { mailbox, account, version }: StreamingErrorContext
): RemoteError | null {
  if (code === 'ErrorExceededSubscriptionCount') return subscriptionLimitError(mailbox, account, version)
  if (code === 'ErrorExceededConnectionCount') {
    const whose = version.chargesMailbox ? mailbox : 'the account'
    const remedy =
      version.affinityCookie === 'exchangecookie'
        ? `raise EWSMaxConcurrency in the throttling policy (Set-ThrottlingPolicy)`
        : `raise HangingConnectionLimit in the web.config of EWS on the mailbox servers`
    return new RemoteError(
      'throttled',
      `Exchange opens no further stream for ${whose}: ${remedy}, or end other programs' streams. ${meanwhile} (${code})`,
      { scope: version.chargesMailbox ? 'mailbox' : 'connection' }
    )
  }
  if (code !== 'ErrorSubscriptionDelegateAccessNotSupported') return null
  return new RemoteError(
    'access_denied',
    `Only the owner of ${mailbox}, or who impersonates the owner, is notified of edits: New-ManagementRoleAssignment -Name Hanvisa -Role ApplicationImpersonation -User ${quotePowerShell(account)}. ${meanwhile} (${code})`
  )
}

function subscriptionLimitError(
  mailbox: string,
  account: string,
  { chargesMailbox }: EwsVersion
): RemoteError {
  const hint = chargesMailbox
    ? `Programs hold as many subscriptions to ${mailbox} as its throttling policy allows: raise EWSMaxSubscriptions in it (Set-ThrottlingPolicy), or end one of them.`
    : `The account holds as many subscriptions as its throttling policy allows: New-ThrottlingPolicy -Name Hanvisa -EWSMaxSubscriptions 5000; Set-ThrottlingPolicyAssociation -Identity ${quotePowerShell(account)} -ThrottlingPolicy Hanvisa.`
  return new RemoteError('throttled', `${hint} ${meanwhile} (ErrorExceededSubscriptionCount)`, {
    scope: chargesMailbox ? 'mailbox' : 'connection'
  })
}

/** No more streams than the account is charged for: the rest stays as it is. */
export function streamLimitError({ streams }: EwsVersion): RemoteError {
  return new RemoteError(
    'throttled',
    `This version of Exchange charges all streams to the account, and lets it have ${streams}: calendars beyond ${(streams - 1) * maxMailboxesPerStream} are polled. From 2010 SP2 RU4 on there is no such limit.`
  )
}

/** Of our own: each is a connection that hangs, here, in every proxy, and in IIS. */
export const maxSingleMailboxStreams = 200

export function singleIdentityLimitError(): RemoteError {
  return new RemoteError(
    'throttled',
    `This server takes one mailbox to a stream, and no more than ${maxSingleMailboxStreams} streams are opened: calendars beyond those are polled.`
  )
}

export function subscriptionEndedError(mailbox: string): RemoteError {
  return new RemoteError(
    'unreachable',
    `Exchange has ended the subscription to ${mailbox}, as it does when a server restarts or a mailbox moves. It is made anew by itself.`
  )
}

export function streamSilentError(milliseconds: number): RemoteError {
  return new RemoteError(
    'unreachable',
    `Exchange's stream sent nothing for ${milliseconds / 1000} s, not even a heartbeat, so it counts as broken. It is opened again by itself. If this happens often, check that no proxy or load balancer buffers replies.`,
    { scope: 'connection' }
  )
}

export function streamBrokenError(): RemoteError {
  return new RemoteError(
    'unreachable',
    "Exchange's stream ended without a word. It is opened anew by itself; check network and load balancer if it stays so.",
    { scope: 'connection' }
  )
}

/** By our own doing, and soon over. */
export function streamReopenedError(): RemoteError {
  return new RemoteError('unreachable', "Exchange's stream is opened anew.", { scope: 'connection' })
}

/** Microsoft's own limit for one connection. */
export const maxMailboxesPerStream = 200
