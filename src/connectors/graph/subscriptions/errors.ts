/** Why a calendar's edits are not told of, in the words of the operator who must act, and when it is worth another try. */
import { RemoteError, type SyncCode } from '../../../errors.ts'
import { type GraphResponse, membersOf } from '../client/batch-response.ts'
import { graphResponseError, quotePowerShell } from '../errors.ts'

export interface SubscriptionFailure {
  readonly error: RemoteError
  /** Whether the same holds for all: then one asks, and the others wait. */
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
  const refusal = (
    code: SyncCode,
    hint: string,
    all = false,
    patience: SubscriptionFailure['retryPolicy'] = all ? 'standing' : 'hourly'
  ): SubscriptionFailure => ({
    error: new RemoteError(code, `${hint}${shown}`, { retryAfter: plain.retryAfter }),
    isApplicationWide: all,
    retryPolicy: patience
  })
  if (/expiration (date ?time )?can only be/i.test(message)) {
    return refusal(
      'protocol_error',
      'Graph does not take the time until which to subscribe: check the clock of this machine.',
      true
    )
  }
  if (answer.status === 400 && /validation/i.test(`${shown}${message}`)) {
    return refusal(
      'unreachable',
      `Microsoft 365 got no answer from this service at ${host}: HANVISA_PUBLIC_URL must be an https address that leads here from the internet, with a public certificate. Calendars are polled meanwhile.`,
      true,
      'unheard'
    )
  }
  if (plain.code === 'consent_missing') {
    return refusal(
      'consent_missing',
      'Edits are not told of: grant the application Calendars.Read (application) in Entra and give admin consent; Calendars.ReadBasic does not suffice for subscriptions. Calendars are polled meanwhile.',
      true
    )
  }
  // The Outlook service's own status may stand in the message alone (learn.microsoft.com/answers/questions/417261).
  if (plain.code === 'throttled' || /Status Code: (ServiceUnavailable|TooManyRequests)/i.test(message)) {
    return toSubscriptionFailure(plain)
  }
  if (answer.status === 403) {
    return /\b(limit|quota|maximum|exceed)/i.test(message)
      ? refusal(
          'throttled',
          `${mailbox} has as many subscriptions as it may have, of all applications together: end some. ${polled}`
        )
      : refusal(
          'access_denied',
          `The application may not subscribe to this calendar: grant it Calendars.Read with admin consent (Calendars.ReadBasic does not suffice), or include the mailbox in its scope. See what holds with: Test-ServicePrincipalAuthorization -Identity ${quotePowerShell(clientId)} -Resource ${quotePowerShell(mailbox)}. ${polled}`
        )
  }
  if (answer.status === 404) {
    return refusal(
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

/** A calendar that is read in two zones is two calendars here, and one there. */
export const shared = new RemoteError(
  'protocol_error',
  'Graph tells of edits of a mailbox once, and users share this one in different time zones: give them the same zone. It is polled meanwhile.'
)

export const subscriptionEnded = new RemoteError(
  'unreachable',
  'Microsoft 365 ended the subscription to this calendar; it is made anew by itself.'
)

export const malformedResponse = new RemoteError(
  'protocol_error',
  'What Graph answered to the subscription is not as documented. It is tried again by itself.'
)

/** Milliseconds after the first failure; twice as long after each further one. */
const retryPolicies = {
  /** What time alone may mend. */
  passing: { first: 5_000, longest: 300_000 },
  /** Graph's question did not reach us: while we start, what stands before us lets nobody in for some seconds. */
  unheard: { first: 5_000, longest: 3_600_000 },
  /** What holds for all, and an operator must mend: one asks. */
  standing: { first: 60_000, longest: 3_600_000 },
  /** The same of one mailbox: thousands ask. Grants take up to two hours to spread. */
  hourly: { first: 3_600_000, longest: 3_600_000 },
  /** Directories lock accounts whose secret is wrong too often. */
  refused: { first: 900_000, longest: 900_000 }
}

/**
 * Milliseconds until the next try after so many failures in a row (from 1). `place` in [0, 1) draws from the upper half, so
 * that those who failed together do not come back together.
 */
export function retryDelayMs(
  { error, retryPolicy: patience }: SubscriptionFailure,
  failures: number,
  place: number
): number {
  if (error.retryAfter !== undefined) return Math.max(1_000, error.retryAfter)
  const { first, longest } = retryPolicies[patience]
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 20)) * (0.5 + place / 2)
}

/** What is wrong with a call as a whole, or with the sign-in. */
export function toSubscriptionFailure(error: RemoteError): SubscriptionFailure {
  const all = error.scope === 'connection'
  if (error.code === 'secret_invalid' || error.code === 'secret_expired') {
    return { error, isApplicationWide: all, retryPolicy: 'refused' }
  }
  const passing = error.code === 'throttled' || error.code === 'unreachable'
  return { error, isApplicationWide: all, retryPolicy: passing ? 'passing' : all ? 'standing' : 'hourly' }
}

function messageOf(body: unknown): string {
  const { message } = membersOf(membersOf(body).error)
  return typeof message === 'string' ? message.slice(0, 2_000) : ''
}
