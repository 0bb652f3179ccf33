/** The one error of everything here that reads what a server sent. */
import { RemoteError } from '../../../../errors.ts'

export function malformed(fault: string): RemoteError {
  return new RemoteError(
    'protocol_error',
    `The server's NTLM challenge is malformed (${fault}): a proxy or load balancer between may have spoilt it.`,
    { scope: 'connection' }
  )
}
