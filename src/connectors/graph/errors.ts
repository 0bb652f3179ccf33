/** What Graph answers instead of a calendar, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../errors.ts'
import { type GraphResponse, membersOf } from './client/batch-response.ts'

/** `mailbox` and `clientId` are filled into the hint. */
export function graphResponseError(answer: GraphResponse, mailbox: string, clientId: string): RemoteError {
  const codes = codesOf(answer.body)
  const { code, hint, connection } = meaningOf(answer.status, codes, mailbox, clientId)
  return new RemoteError(code, `${hint}${shown(answer.status, codes)}`, {
    scope: connection || answer.isWholeBatch ? 'connection' : 'mailbox',
    retryAfter: answer.retryAfterMs
  })
}

/** Worth sending again soon: throttled, or the far side's own trouble. */
export function isTransient(answer: GraphResponse): boolean {
  const { status } = answer
  // 424: of a batch that is throttled as a whole, by the older of Microsoft's two descriptions.
  return status === 429 || status === 424 || status === 509 || (status >= 500 && status !== 501)
}

/** Graph said that this calendar may not be read so; availability may still be granted. */
export function isAccessRefused(answer: GraphResponse): boolean {
  return answer.status === 403 && !isThrottled(answer.status, codesOf(answer.body))
}

interface Meaning {
  readonly code: SyncCode
  readonly hint: string
  readonly connection?: boolean
}

/** The codes decide before the status: the same trouble comes with several. */
function meaningOf(status: number, codes: readonly string[], mailbox: string, clientId: string): Meaning {
  const said = (...names: string[]) => codes.some((code) => names.includes(code.toLowerCase()))
  if (isThrottled(status, codes)) {
    return { code: 'throttled', hint: 'Microsoft 365 asks for fewer requests. It is tried again by itself.' }
  }
  if (said('authorization_requestdenied', 'nopermissionsinaccesstoken')) {
    return {
      code: 'consent_missing',
      connection: true,
      hint: 'The application lacks the permission: grant it Calendars.Read (application) in Entra and give admin consent, or assign it by RBAC for Applications in Exchange Online.'
    }
  }
  if (status === 401 || said('invalidauthenticationtoken')) {
    return {
      code: 'access_denied',
      connection: true,
      hint: 'Graph refuses the token that Entra gave: check that login and Graph are of the same cloud.'
    }
  }
  if (said('mailboxinfostale')) {
    return {
      code: 'unreachable',
      hint: "The directory's entry of the mailbox is stale: use the user's object id as mailbox."
    }
  }
  if (said('mailboxnotenabledforrestapi')) {
    return {
      code: 'mailbox_unknown',
      hint: `${mailbox} has no mailbox in Exchange Online: it is unlicensed, deleted, still being made, or on-premises.`
    }
  }
  if (said('extensionerror')) {
    return {
      code: 'unreachable',
      hint: 'The mailbox is moving, on-premises, or shut off by a policy. It is tried again by itself.'
    }
  }
  if (status === 403) {
    return {
      code: 'access_denied',
      hint: `The application may not read this calendar: grant it Calendars.Read with admin consent, or include the mailbox in its scope. See what holds with: Test-ServicePrincipalAuthorization -Identity ${quotePowerShell(clientId)} -Resource ${quotePowerShell(mailbox)}. A change takes up to two hours.`
    }
  }
  if (status === 404 || said('errorinvaliduser', 'errornonexistentmailbox')) {
    return {
      code: 'mailbox_unknown',
      hint: `${mailbox} is no user of this directory: correct the user's mailbox.`
    }
  }
  if (status >= 500 || status === 424) {
    return { code: 'unreachable', hint: 'Microsoft 365 has trouble. It is tried again by itself.' }
  }
  return {
    code: 'protocol_error',
    hint: 'Graph does not take the request: check the mailbox address and the cloud.'
  }
}

function isThrottled(status: number, codes: readonly string[]): boolean {
  const throttling = ['toomanyrequests', 'applicationthrottled', 'activitylimitreached', 'errorserverbusy']
  return status === 429 || status === 509 || codes.some((code) => throttling.includes(code.toLowerCase()))
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

/** Graph's code, where it is a code: what came over the network goes into no hint unseen. */
function shown(status: number, codes: readonly string[]): string {
  const code = codes.find((candidate) => /^[A-Za-z][A-Za-z0-9_.]{2,60}$/.test(candidate))
  return code === undefined ? ` (HTTP ${status})` : ` (HTTP ${status} ${code})`
}

/** As PowerShell takes it whole, whatever it holds. */
export function quotePowerShell(argument: string): string {
  return /^[\w@.+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "''")}'`
}
