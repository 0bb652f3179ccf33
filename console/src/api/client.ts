/** The API as openapi/openapi.json describes it: the compiler refuses what is not in it. */
import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type Status = Schemas['Status']
export type Principal = Schemas['Principal']
export type Diversion = Schemas['Diversion']
export type Trigger = Schemas['Trigger']

const KEY = 'hanvisa.key'
/** In this tab alone, and gone with it. Null: the cookie of a signed-in operator asks. */
export function storedKey(): string | null {
  return sessionStorage.getItem(KEY)
}

export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, key)
}

export const api = createClient<paths>({ baseUrl: '/', fetch: fetchPatiently })

const MAX_RETRIES = 20
/** Seconds, whatever the service asks for: somebody looks at the page. */
const MAX_RETRY_AFTER_S = 10

/** Reads again, after the time that the service asks for, what it had no time for (503, 429). */
async function fetchPatiently(request: Request): Promise<Response> {
  for (let retries = 0; ; retries++) {
    const response = await fetch(request)
    const isBusy = response.status === 503 || response.status === 429
    if (request.method !== 'GET' || !isBusy || retries === MAX_RETRIES) return response
    const seconds = Number(response.headers.get('retry-after')) || 1
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(seconds, MAX_RETRY_AFTER_S)))
  }
}

let onUnauthorized: () => void = () => {}
export function setUnauthorizedListener(listener: () => void): void {
  onUnauthorized = listener
}

/** Milliseconds that this computer's clock is ahead of the service's, as the last answer's `Date` tells. */
let clockAheadMs = 0
export function getClockAheadMs(): number {
  return clockAheadMs
}

/** Now, by the service's clock. */
export function serviceNow(): number {
  return Date.now() - clockAheadMs
}

export function authorizationHeaders(): Record<string, string> {
  const key = storedKey()
  return key === null ? {} : { authorization: `Bearer ${key}` }
}

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorizationHeaders())) request.headers.set(name, value)
    return request
  },
  onResponse({ request, response }) {
    noteDate(response)
    if (response.status === 401 && !request.url.endsWith('/v1/me')) onUnauthorized()
    return response
  }
})

/** A `Date` has whole seconds, and the answer took time: less than two seconds is no difference. */
export function noteDate(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return
  const ahead = Date.now() - date - 500
  clockAheadMs = Math.abs(ahead) < 2_000 ? 0 : ahead
}

export interface FieldError {
  readonly field: string
  readonly message: string
  readonly row?: number
}

/** What a caller of the API shows where it fails: the problem's own words (RFC 9457), which say what to do. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string | null
  /** Each member, or row of a sheet, that is at fault. */
  readonly errors: readonly FieldError[]

  constructor(status: number, message: string, code: string | null, errors: readonly FieldError[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** The answer's body; throws ApiError. Status 0: no answer at all. */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>
): Promise<T> {
  let answer: Awaited<typeof call>
  try {
    answer = await call
  } catch {
    throw new ApiError(0, '', null)
  }
  if (answer.response.ok) return answer.data as T
  const problem = (answer.error ?? {}) as Partial<Schemas['Problem']>
  throw new ApiError(
    answer.response.status,
    problem.detail ?? problem.title ?? `HTTP ${answer.response.status}`,
    problem.code ?? null,
    problem.errors
  )
}
