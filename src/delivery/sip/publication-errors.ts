/** What the answers of a presence server mean that are no success. */
import { retryAfterOf } from '../../lib/retry-after.ts'
import { type DeliveryCode, DeliveryError } from '../delivery-error.ts'
import type { SipResponse } from './sip-message.ts'

/** Milliseconds until it is asked again. */
const cannotRetryMs = 30 * 60_000

/** The server does not take this one user. */
export class UserError extends DeliveryError {}

const cannot: Readonly<Record<number, string>> = {
  404: 'does not know the address',
  405: 'does not take PUBLISH',
  415: 'does not take the document',
  489: 'does not take the event: leave it out of "publish", or load its module'
}

export function publicationError(response: SipResponse): DeliveryError {
  const { status } = response
  const reason = cannot[status]
  if (status === 404) {
    return new UserError(
      'peer_cannot',
      'The SIP server answered 404: make the extension there, or correct it here.'
    )
  }
  if (reason !== undefined) {
    return new DeliveryError('peer_cannot', `The SIP server answered ${status}: it ${reason}.`, {
      consequence: 'refused',
      retryAfterMs: cannotRetryMs
    })
  }
  const code: DeliveryCode = status === 403 ? 'access_denied' : status === 503 ? 'throttled' : 'refused'
  const retryAfterMs = retryAfterOf(response.header('retry-after')?.split(/[;( ]/)[0], 0) ?? null
  return new DeliveryError(code, `The SIP server answered ${status}: its log says why.`, {
    consequence: status === 403 ? 'refused' : 'retry',
    retryAfterMs
  })
}
