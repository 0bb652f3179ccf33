/** Every error that a person must act on, in three families: the caller, an operator of the calendar system, or the operator of this installation. */

/** The closed list of problem codes, each with its HTTP status. */
export const problemStatus = {
  invalid_request: 400,
  number_unreadable: 400,
  unauthorized: 401,
  insufficient_role: 403,
  cross_site_request: 403,
  not_found: 404,
  name_unknown: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  code_in_use: 409,
  not_confirmed: 409,
  import_superseded: 409,
  limit_reached: 409,
  cursor_expired: 410,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal_error: 500,
  calendar_unreachable: 502,
  store_unavailable: 503,
  overloaded: 503
} as const
export type ProblemCode = keyof typeof problemStatus

/** The caller must send something else. Becomes an RFC 9457 problem whose `type` ends in `code`. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly code: ProblemCode
  /** The members, parameters or rows at fault, each with what to do. */
  readonly errors: readonly FieldFault[]

  constructor(code: ProblemCode, message: string, errors: readonly FieldFault[] = []) {
    super(message)
    this.status = problemStatus[code]
    this.code = code
    this.errors = errors
  }
}

/** The caller must wait. */
export class RateLimited extends RequestError {
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds: number) {
    super('rate_limited', message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface FieldFault {
  /** Where: a JSON pointer without its first slash, a query parameter, or a header. */
  readonly field: string
  readonly message: string
  /** The row of a CSV file, the header row being 1. */
  readonly row?: number
}

/** Why a calendar could not be read, as operators see it. Closed: consumers switch on it. */
export const syncCodes = [
  'mailbox_unknown',
  'access_denied',
  'subject_not_readable',
  'secret_invalid',
  'secret_expired',
  'consent_missing',
  'throttled',
  'unreachable',
  'protocol_error',
  'clock_wrong',
  'proxy_refused',
  'mailbox_twice',
  'mailbox_outside'
] as const
export type SyncCode = (typeof syncCodes)[number]

/**
 * A calendar system did not do what was asked: time must pass (`retryAfter`), or the operator must act (`hint`).
 * Neither message nor hint may hold a subject, a location, a secret or a reply's body.
 */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly code: SyncCode
  /** What to do about it, in plain words, with the command filled in where one helps. */
  readonly hint: string
  /** What is affected: this mailbox alone, or every read over the connection. */
  readonly scope: 'mailbox' | 'connection'
  /** Milliseconds until the calendar system accepts calls again, if it said so. */
  readonly retryAfter: number | undefined
  /** Whether the calendar system said for certain that it has no such mailbox: it may have moved to another. */
  readonly isMailboxAbsent: boolean

  constructor(
    code: SyncCode,
    hint: string,
    options: {
      scope?: 'mailbox' | 'connection'
      retryAfter?: number | undefined
      isMailboxAbsent?: boolean
      cause?: unknown
    } = {}
  ) {
    super(`${code}: ${hint}`, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = hint
    this.scope = options.scope ?? 'mailbox'
    this.retryAfter = options.retryAfter
    this.isMailboxAbsent = options.isMailboxAbsent ?? false
  }
}

/** What is kept of a RemoteError. The error itself holds its cause, and with its stack whatever took part in the call. */
export type RemoteFault = Pick<RemoteError, 'code' | 'hint'>

/** The operator of this installation must act before it can start or go on. The message is the whole story. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}
