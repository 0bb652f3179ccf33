/** Why a consumer could not be sent something, as operators see it. */

/** Closed: the API and alarms switch on it. */
export const deliveryCodes = [
  'unreachable',
  'access_denied',
  'refused',
  'peer_cannot',
  'user_unknown',
  'throttled',
  'protocol_error',
  'gone',
  'settings_invalid'
] as const
export type DeliveryCode = (typeof deliveryCodes)[number]

/**
 * `retry`: as the kind's schedule says. `refused`: the consumer says no; tried again all the same, and shown as `refused`. `disable`:
 * nothing more is sent until somebody resumes it.
 */
export type Consequence = 'retry' | 'refused' | 'disable'

/** The consumer as a whole did not take what was sent. Neither message nor hint holds a secret, a label or an answer's body. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly code: DeliveryCode
  /** What to do about it, in plain words. */
  readonly hint: string
  readonly consequence: Consequence
  /** Milliseconds until it takes something again, if it said so. */
  readonly retryAfterMs: number | null

  constructor(
    code: DeliveryCode,
    hint: string,
    options: { readonly consequence?: Consequence; readonly retryAfterMs?: number | null } = {}
  ) {
    super(`${code}: ${hint}`)
    this.code = code
    this.hint = hint
    this.consequence = options.consequence ?? 'retry'
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** Of whatever a send rejects with. */
export function toDeliveryError(error: unknown, deadline: AbortSignal): DeliveryError {
  if (error instanceof DeliveryError) return error
  if (deadline.aborted)
    return new DeliveryError(
      'unreachable',
      'The consumer did not answer in time. It is tried again by itself.'
    )
  return new DeliveryError('protocol_error', 'That is a fault of ours. The log of the service has it.')
}
