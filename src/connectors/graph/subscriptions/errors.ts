/** Why a calendar's edits are not notified, in the words of the operator who must act, and when it is worth another try. */
import { RemoteError, type SyncCode } from '../../../errors.ts'
import { type BackoffOptions, backoffMs } from '../../../lib/backoff.ts'
import { quotePowerShell } from '../../powershell.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import { graphResponseError } from '../errors.ts'

export interface SubscriptionFailure {
  readonly error: RemoteError
  /** Whether all calls fail in the same way: then one asks, and the others wait. */
  readonly isApplicationWide: boolean
  readonly retryPolicy: keyof typeof retryPolicies
}

const polled = 'Its edits are found by polling meanwhile.'

/** `host` is what Microsoft 365 must reach, `mailbox` and `clientId` are filled into the hint. */
export function subscriptionError(
  answer: GraphResponse,
  about: { readonly mailbox: string; readonly clientId: string; readonly host: string }
): SubscriptionFailure {
  const { mailbox, clientId, host } = about
  const plain = graphResponseError(answer, mailbox, clientId)
  const message = messageOf(answer.body)
  const shown = / \(HTTP [^)]*\)$/.exec(plain.hint)?.[0] ?? ''
  const failure = (
    code: SyncCode,
    hint: string,
    isApplicationWide = false,
    retryPolicy: SubscriptionFailure['retryPolicy'] = isApplicationWide ? 'application' : 'perMailbox'
  ): SubscriptionFailure => ({
    error: new RemoteError(code, `${hint}${shown}`, { retryAfter: plain.retryAfter }),
    isApplicationWide,
    retryPolicy
  })
  if (answer.isWholeBatch) return toSubscriptionFailure(plain)
  if (/expiration (date ?time )?can only be/i.test(message)) {
    return failure(
      'clock_wrong',
      'Graph does not take the time until which to subscribe: check the clock of this machine.',
      true
    )
  }
  if (answer.status === 400 && /validation/i.test(`${shown}${message}`)) {
    return failure(
      'unreachable',
      `Microsoft 365 got no answer from this service at ${host}: HANVISA_PUBLIC_URL must be an https address that leads here from the internet, with a public certificate. Calendars are polled meanwhile.`,
      true,
      'unreached'
    )
  }
  if (plain.code === 'consent_missing') {
    return failure(
      'consent_missing',
      `Edits are not notified: grant the application Calendars.Read (application) in Entra and give admin consent; Calendars.ReadBasic does not suffice for subscriptions. ${polled}`
    )
  }
  // The Outlook service's own status may stand in the message alone (learn.microsoft.com/answers/questions/417261).
  if (plain.code === 'throttled' || /Status Code: (ServiceUnavailable|TooManyRequests)/i.test(message)) {
    return toSubscriptionFailure(plain)
  }
  if (/Test-ApplicationAccessPolicy|insufficient_claims/.test(plain.hint)) {
    return { error: plain, isApplicationWide: false, retryPolicy: 'perMailbox' }
  }
  if (answer.status === 403) {
    return /\b(limit|quota|maximum|exceed)/i.test(message)
      ? failure(
          'throttled',
          `${mailbox} has as many subscriptions as it may have, of all applications together: end some. ${polled}`
        )
      : failure(
          'access_denied',
          `The application may not subscribe to this calendar: grant it Calendars.Read with admin consent (Calendars.ReadBasic does not suffice), or include the mailbox in its scope. See what holds with: Test-ServicePrincipalAuthorization -Identity ${quotePowerShell(clientId)} -Resource ${quotePowerShell(mailbox)}. ${polled}`
        )
  }
  if (answer.status === 404) {
    return failure(
      'mailbox_unknown',
      `${mailbox} has no calendar that can be subscribed to: it is no user of this directory, has no mailbox in Exchange Online, or is a room. ${polled}`
    )
  }
  return toSubscriptionFailure(plain)
}

/** 409, and what is in the way is not to be removed. */
export function duplicateSubscription(mailbox: string, byNeighbour: boolean): RemoteError {
  const hint = byNeighbour
    ? `The application already subscribes to ${mailbox} for another tenant of this installation: give each its own app registration.`
    : `The application already subscribes to ${mailbox}: for another installation (give each its own app registration), or under another spelling of this mailbox.`
  return new RemoteError('protocol_error', `${hint} ${polled}`)
}

export const subscriptionEnded = new RemoteError(
  'unreachable',
  'Microsoft 365 ended the subscription to this calendar; it is made anew by itself.'
)

export const malformedResponse = new RemoteError(
  'protocol_error',
  'What Graph answered to the subscription is not as documented. It is tried again by itself.'
)

const retryPolicies = {
  /** What time alone may mend. */
  transient: { firstMs: 5_000, maxMs: 300_000 },
  /** Graph's validation request did not reach the service: during a start the load balancer refuses requests for some seconds. */
  unreached: { firstMs: 5_000, maxMs: 3_600_000 },
  /** What fails for the whole application, and an operator must mend: one asks. */
  application: { firstMs: 60_000, maxMs: 3_600_000 },
  /** The same of one mailbox: thousands ask. Grants take up to two hours to spread. */
  perMailbox: { firstMs: 3_600_000, maxMs: 3_600_000 },
  /** Directories lock accounts whose secret is wrong too often. */
  secretRefused: { firstMs: 900_000, maxMs: 900_000 }
} satisfies Record<string, BackoffOptions>

/** Exchange is reported to send `Retry-After: 1` or 0 whatever the error (msgraph-sdk-javascript#297). */
const namedTimeFloor: BackoffOptions = { firstMs: 2_000, maxMs: 60_000 }

/** Milliseconds until the next try after so many failures in a row (from 1). `random` is in [0, 1). */
export function subscriptionRetryDelayMs(
  { error, retryPolicy }: SubscriptionFailure,
  failures: number,
  random: number
): number {
  if (error.retryAfter === undefined) return backoffMs(retryPolicies[retryPolicy], failures, random)
  return Math.max(error.retryAfter, backoffMs(namedTimeFloor, failures, random))
}

/** `Subscription Id X already exists for the requested combination`: X, as long as it looks like an id. */
export function conflictingId(body: unknown): string | null {
  return /\bId ([0-9a-f][0-9a-f-]{7,63})\b/i.exec(messageOf(body))?.[1] ?? null
}

/** Whether Graph says of this call that the permission is missing. */
export function isConsentMissing(response: GraphResponse | RemoteError): boolean {
  return (
    !(response instanceof RemoteError) &&
    response.status >= 400 &&
    graphResponseError(response, '', '').code === 'consent_missing'
  )
}

/** What is wrong with a call as a whole, or with the sign-in. */
export function toSubscriptionFailure(error: RemoteError): SubscriptionFailure {
  const all = error.scope === 'connection'
  if (error.code === 'secret_invalid' || error.code === 'secret_expired') {
    return { error, isApplicationWide: all, retryPolicy: 'secretRefused' }
  }
  const isTransient = error.code === 'throttled' || error.code === 'unreachable'
  return {
    error,
    isApplicationWide: all,
    retryPolicy: isTransient ? 'transient' : all ? 'application' : 'perMailbox'
  }
}

function messageOf(body: unknown): string {
  const { message } = membersOf(membersOf(body).error)
  return typeof message === 'string' ? message.slice(0, 2_000) : ''
}
