/** The service as any consumer sees it: JSON over HTTP with a key. */
import { setTimeout as pause } from 'node:timers/promises'

/** The members of a Status that the demo shows. */
export interface DemoStatus {
  readonly user: string
  readonly extension: string
  readonly displayName: string
  readonly diversion: string
  readonly label: string
  readonly phone: 'open' | 'closed'
  readonly until: string | null
  readonly next: { readonly diversion: string; readonly from: string; readonly until: string | null } | null
  readonly sync: { readonly state: 'off' | 'never' | 'failed' | 'stale' | 'fresh' }
  readonly because?: string
}

export interface ChangesAnswer {
  readonly cursor: string
  readonly changes: readonly (DemoStatus | { readonly user: string; readonly removed: true })[]
}

/** An answer other than 2xx; `status` is its HTTP status. */
export class ApiError extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface ApiClient {
  readonly address: string
  /** What it signs in with. */
  readonly key: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  put(path: string, body: unknown): Promise<void>
}

/** How often a call that the service has no time for is sent again. */
const MAX_RETRIES = 20

/** Calls below `address` until `signal` is aborted. */
export function createApiClient(address: string, key: string, signal: AbortSignal): ApiClient {
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    retries = MAX_RETRIES
  ): Promise<unknown> => {
    const response = await fetch(address + path, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const answer = (await response.json()) as { detail?: string }
    if (response.status === 503 && retries > 0) {
      await pause(1000 * Number(response.headers.get('retry-after') ?? 1), undefined, { signal })
      return call(method, path, body, retries - 1)
    }
    if (!response.ok) {
      throw new ApiError(response.status, `${method} ${path}: ${response.status} ${answer.detail ?? ''}`)
    }
    return answer
  }
  return {
    address,
    key,
    get: (path) => call('GET', path) as Promise<never>,
    post: (path, body) => call('POST', path, body) as Promise<never>,
    put: async (path, body) => {
      await call('PUT', path, body)
    }
  }
}
