/** Graph's refusals in Graph's shape. Codes are as seen in the field; most messages are in words of our own. */
import type { ProtocolResponse } from '../protocol-message.ts'

export interface Ids {
  readonly request: string
  readonly client: string
  /** Epoch milliseconds. */
  readonly now: number
}

export function errorResponse(
  ids: Ids,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {}
): ProtocolResponse {
  const date = new Date(ids.now).toISOString().slice(0, 19)
  const innerError = { date, 'request-id': ids.request, 'client-request-id': ids.client }
  return {
    status,
    headers: { 'Cache-Control': 'private', 'Content-Type': 'application/json', ...headers },
    body: { error: { code, message, innerError } }
  }
}

/** What a status most often comes with on calendar calls. */
const usual: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['ErrorInvalidRequest', 'Your request cannot be completed.'],
  401: ['UnknownError', ''],
  403: ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
  404: [
    'MailboxNotEnabledForRESTAPI',
    'The mailbox is either inactive, soft-deleted, or is hosted on-premise.'
  ],
  409: ['ErrorIrresolvableConflict', 'The send or update operation could not be performed.'],
  410: ['syncStateNotFound', 'The sync state is not found and data must be synchronized again.'],
  429: ['ApplicationThrottled', 'Application is over its MailboxConcurrency limit.'],
  500: ['generalException', 'An internal server error occurred.'],
  502: ['BadGateway', 'The gateway got no answer that it could use.'],
  503: ['serviceNotAvailable', 'The service is temporarily unavailable.'],
  504: ['UnknownError', 'The gateway waited too long.']
}

/** What a fault orders: any status, any code. */
export function orderedError(
  ids: Ids,
  order: { status: number; code?: string; message?: string; retryAfter?: string }
): ProtocolResponse {
  const [code, message] = usual[order.status] ?? ['generalException', 'This fault was ordered.']
  const retry: Record<string, string> =
    order.retryAfter === undefined ? {} : { 'Retry-After': order.retryAfter }
  return errorResponse(ids, order.status, order.code ?? code, order.message ?? message, retry)
}
