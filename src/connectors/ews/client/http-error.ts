/** What an HTTP status says where there is no SOAP to read, in the words of the operator who must act. */
import { RemoteError, type SyncCode } from '../../../errors.ts'

/** Null for the statuses that SOAP comes with: 200, and 500 for faults. `mailbox` is the impersonated one. */
export function httpError(status: number, host: string, mailbox: string | null): RemoteError | null {
  if (status === 200 || status === 500) return null
  const [code, hint] = meaningOf(status, host)
  const scope = status === 403 && mailbox !== null ? 'mailbox' : 'connection'
  return new RemoteError(code, `${hint} (HTTP ${status})`, { scope })
}

function meaningOf(status: number, host: string): [SyncCode, string] {
  if (status === 403) {
    return [
      'access_denied',
      `${host} has EWS closed to this account or program: Set-CASMailbox -EwsEnabled $true, and let the user agent "Hanvisa" in (Set-OrganizationConfig -EwsApplicationAccessPolicy, -EwsAllowList).`
    ]
  }
  if (status === 404 || status === 405 || status === 410) {
    return ['protocol_error', `${host} has no EWS at that address: write https://…/EWS/Exchange.asmx in url.`]
  }
  if (status === 440) {
    return [
      'protocol_error',
      `${host} asks people to sign in by a form: url is that of Outlook on the web, or a gateway before the server asks for a form.`
    ]
  }
  if (status === 456) {
    return ['access_denied', `${host} has blocked the account, or wants it to sign in by hand once.`]
  }
  if (status >= 500 || status === 408 || status === 429) {
    return ['unreachable', `${host} has trouble. It is tried again by itself.`]
  }
  return ['protocol_error', `${host} does not take the call: check url, and what stands before the server.`]
}
