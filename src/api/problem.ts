/** Every error as an RFC 9457 problem: the caller's with field and remedy, our own without a word of the inside. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import {
  type FieldFault,
  type ProblemCode,
  problemStatus,
  RateLimited,
  RemoteError,
  RequestError
} from '../errors.ts'
import { ImportInterrupted } from '../management/import-run.ts'
import { StoreUnavailable, TenantGone } from '../storage/store.ts'
import { challengesFor, outOfRoleChallenge } from './auth/challenge.ts'
import { faultsOf } from './validation.ts'

export const PROBLEM_JSON = 'application/problem+json'

/** Seconds after which a store that was away, or a service that was overloaded, is worth another try. */
const RETRY_SECONDS = 5

export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: readonly FieldFault[]
  /** Of `calendar_unreachable`: the sync code and what to do about it. */
  readonly code?: string
  readonly hint?: string
}

const titles: Readonly<Record<ProblemCode, string>> = {
  invalid_request: 'Invalid request',
  number_unreadable: 'Unreadable number',
  unauthorized: 'Unauthorized',
  insufficient_role: 'Insufficient role',
  cross_site_request: 'Cross-site request',
  not_found: 'Not found',
  name_unknown: 'Unknown caller',
  method_not_allowed: 'Method not allowed',
  not_acceptable: 'Not acceptable',
  code_in_use: 'Diversion in use',
  not_confirmed: 'Not confirmed',
  import_superseded: 'Another import began',
  limit_reached: 'Limit reached',
  cursor_expired: 'Cursor expired',
  precondition_failed: 'Precondition failed',
  too_large: 'Request too large',
  unsupported_media_type: 'Unsupported media type',
  rate_limited: 'Too many requests',
  internal_error: 'Internal error',
  calendar_unreachable: 'Calendar unreachable',
  store_unavailable: 'Store unavailable',
  overloaded: 'Overloaded'
}

/** For Fastify's `setErrorHandler` and `frameworkErrors`. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error)
  const where = { method: request.method, route: request.routeOptions.url ?? null, status: problem.status }
  if (error instanceof StoreUnavailable) request.log.warn({ ...where, why: error.message }, 'store away')
  else if (problem.status >= 500 && !(error instanceof RemoteError || error instanceof RequestError))
    request.log.error({ ...where, err: error }, 'failed')
  else request.log.debug({ ...where, problem: problem.type }, 'refused')

  if (problem.status === 401) reply.header('www-authenticate', challengesFor(request.headers))
  if (problem.status === 403) reply.header('www-authenticate', outOfRoleChallenge)
  if (error instanceof RateLimited) reply.header('retry-after', String(error.retryAfterSeconds))
  if (problem.status === 503) reply.header('retry-after', String(RETRY_SECONDS))
  reply.code(problem.status).type(PROBLEM_JSON).send(JSON.stringify(problem))
}

/** For `setNotFoundHandler`. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply): void {
  sendError(
    new RequestError('not_found', 'There is nothing at this address: see /docs for the calls.'),
    request,
    reply
  )
}

export function problemOf(error: unknown): ProblemDetails {
  if (error instanceof RequestError) return problem(error.code, detailOf(error), error.errors)
  if (error instanceof RemoteError) {
    return { ...problem('calendar_unreachable', error.hint), code: error.code, hint: error.hint }
  }
  if (error instanceof TenantGone) return problem('not_found', 'There is no such tenant (any more).')
  if (error instanceof ImportInterrupted) return problem('store_unavailable', error.message)
  if (error instanceof StoreUnavailable) {
    return problem(
      'store_unavailable',
      'The store cannot be reached now: what comes from memory is still answered. Send the same again in a moment.'
    )
  }
  return (
    fromFastifyError(error) ??
    problem('internal_error', 'That is a fault of ours. The log of the service has it.')
  )
}

function problem(code: ProblemCode, detail: string, errors: readonly FieldFault[] = []): ProblemDetails {
  return {
    type: `urn:hanvisa:problem:${code}`,
    title: titles[code],
    status: problemStatus[code],
    detail,
    ...(errors.length > 0 && { errors })
  }
}

/** A message that has nothing to add to the faults is made of them. */
function detailOf({ message, errors }: RequestError): string {
  return message === '' ? summarizeErrors(errors) : message
}

function summarizeErrors(errors: readonly FieldFault[]): string {
  const first = errors.slice(0, 3).map(({ field, message, row }) => {
    const place = row === undefined ? field : `row ${row}, ${field}`
    return `${place}: ${message}`
  })
  const more = errors.length - first.length
  return first.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

/** What Fastify refuses before or while it reads a request. */
function fromFastifyError(error: unknown): ProblemDetails | null {
  if (!(error instanceof Error)) return null
  const { code, statusCode, validation, validationContext } = error as FastifyError
  if (validation !== undefined) {
    const errors = faultsOf(validation, validationContext)
    return problem('invalid_request', summarizeErrors(errors), errors)
  }
  const known = fastifyProblems[code]
  if (known !== undefined) return problem(...known)
  if (statusCode === 413) return problem('too_large', 'The request is larger than this call takes.')
  return statusCode !== undefined && statusCode < 500
    ? problem('invalid_request', 'The request could not be read.')
    : null
}

const fastifyProblems: Readonly<Record<string, [ProblemCode, string]>> = {
  FST_ERR_BAD_URL: [
    'invalid_request',
    'The address cannot be decoded: write % itself as %25, and text as UTF-8.'
  ],
  FST_ERR_MAX_PARAM_LENGTH: [
    'invalid_request',
    'A part of the address is too long: an id has at most 64 characters, a trigger’s text 200.'
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'Send the body as application/json (an import of users as text/csv) and say so in Content-Type.'
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: [
    'invalid_request',
    'The body is empty though Content-Type says JSON: send the JSON, or no Content-Type.'
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: [
    'invalid_request',
    'The body is no valid JSON (or holds __proto__): check quotes, commas and brackets; the text must be UTF-8.'
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'too_large',
    'The body is larger than this call takes (1 MiB; an import of users 16 MiB): send it in parts.'
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid_request',
    'The body is not as long as Content-Length says: send it again.'
  ]
}

/** For Fastify's `clientErrorHandler`: what node could not even read as HTTP is answered on the bare socket. */
export function sendClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, status, detail]: [ProblemCode, number, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['too_large', 431, 'The headers are larger than 16 KiB.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['invalid_request', 408, 'The request did not arrive in time: send it again.']
        : ['invalid_request', 400, 'That is no HTTP request that can be read.']
  const body = JSON.stringify({ ...problem(code, detail), status })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_JSON}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
