/**
 * Entra's refusals. Numbers and OAuth errors are Microsoft's ("Microsoft Entra authentication and authorization
 * error codes"), and so is the shape; the sentences say the same in words of our own.
 */
import { randomUUID } from 'node:crypto'
import type { ProtocolResponse } from '../protocol-message.ts'

interface Refusal {
  readonly status: number
  readonly error: string
  readonly says: (what: string) => string
}

const refusals = {
  65001: refusal(400, 'invalid_grant', (app) => `Nobody has consented to the use of application '${app}'.`),
  70003: refusal(400, 'unsupported_grant_type', (grant) => `The grant type '${grant}' is not supported.`),
  90002: refusal(400, 'invalid_request', (tenant) => `Tenant '${tenant}' not found.`),
  90014: refusal(400, 'invalid_request', (name) => `The required field '${name}' is missing.`),
  90033: refusal(503, 'temporarily_unavailable', () => 'A transient error has occurred. Please try again.'),
  90038: refusal(400, 'invalid_request', (tenant) => `Tenant '${tenant}' belongs to another national cloud.`),
  90055: refusal(429, 'temporarily_unavailable', () => 'The tenant is throttled: too many requests.'),
  500011: refusal(400, 'invalid_resource', (name) => `Resource principal '${name}' not found in the tenant.`),
  700016: refusal(400, 'unauthorized_client', (app) => `Application '${app}' not found in the directory.`),
  700021: refusal(401, 'invalid_client', () => 'Issuer or subject of the assertion is not the client_id.'),
  700023: refusal(
    401,
    'invalid_client',
    () => "The assertion's audience is not this tenant's token endpoint."
  ),
  700024: refusal(401, 'invalid_client', () => 'The assertion is not within its valid time range.'),
  700027: refusal(401, 'invalid_client', (why) => `The assertion failed validation: ${why}.`),
  900382: refusal(
    400,
    'invalid_request',
    () => 'Confidential Client is not supported in Cross Cloud request.'
  ),
  900432: refusal(
    400,
    'invalid_request',
    () => 'Confidential Client is not supported in Cross Cloud request.'
  ),
  900144: refusal(400, 'invalid_request', (name) => `The body must contain the parameter '${name}'.`),
  1002012: refusal(400, 'invalid_scope', (scope) => `Scope '${scope}' must end in /.default for this grant.`),
  7000112: refusal(400, 'unauthorized_client', (app) => `Application '${app}' is disabled.`),
  7000215: refusal(
    401,
    'invalid_client',
    (app) => `Invalid client secret provided for application '${app}'.`
  ),
  7000218: refusal(
    401,
    'invalid_client',
    () => "Either 'client_assertion' or 'client_secret' must be given."
  ),
  7000222: refusal(401, 'invalid_client', (app) => `The client secret of application '${app}' is expired.`),
  9001023: refusal(
    400,
    'invalid_request',
    (tenant) => `This grant needs a tenant of its own, not '${tenant}'.`
  )
} as const
export type Aadsts = keyof typeof refusals

/** The number to answer a status with that a test orders without naming one. */
const usual: Readonly<Record<number, Aadsts>> = { 400: 700016, 401: 7000215, 403: 7000112, 429: 90055 }

/** `what` fills the sentence: a tenant, an application, a parameter. */
export function refuseToken(
  code: Aadsts,
  what: string,
  clock: () => number,
  correlation?: string
): ProtocolResponse {
  const { status, error, says } = refusals[code]
  return shaped(status, error, String(code), says(what), clock, correlation)
}

/** What a fault orders: any status, any number. */
export function orderedTokenError(
  order: { status: number; code?: string; message?: string; retryAfter?: string },
  clock: () => number
): ProtocolResponse {
  const code = order.code ?? String(usual[order.status] ?? 90033)
  const known: Refusal | undefined = (refusals as Readonly<Record<string, Refusal>>)[code]
  const message = order.message ?? known?.says('-') ?? 'This fault was ordered.'
  const answer = shaped(order.status, known?.error ?? 'invalid_request', code, message, clock)
  if (order.retryAfter === undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'Retry-After': order.retryAfter } }
}

function shaped(
  status: number,
  error: string,
  code: string,
  message: string,
  clock: () => number,
  correlation: string = randomUUID()
): ProtocolResponse {
  const trace = randomUUID()
  const timestamp = `${new Date(clock()).toISOString().slice(0, 19).replace('T', ' ')}Z`
  const tail = `Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`
  return {
    status,
    headers: { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache', 'x-ms-request-id': trace },
    body: {
      error,
      error_description: `AADSTS${code}: ${message} ${tail}`,
      error_codes: [Number(code)],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${code}`
    }
  }
}

function refusal(status: number, error: string, says: (what: string) => string): Refusal {
  return { status, error, says }
}
