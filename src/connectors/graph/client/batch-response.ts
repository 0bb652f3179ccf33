/** The reply to a `$batch`, from bytes to one answer for each request in it (learn.microsoft.com/graph/json-batching). */
import { retryAfterOf } from '../../../lib/retry-after.ts'

/** What Graph answered to one request. */
export interface GraphResponse {
  readonly status: number
  /** As parsed from JSON: anything at all. */
  readonly body: unknown
  /** Milliseconds, where it was said. */
  readonly retryAfterMs: number | undefined
  /** `WWW-Authenticate`, where it was sent. */
  readonly challenge: string | null
  /** Whether it is the answer to the whole batch, and so no one mailbox's. */
  readonly isWholeBatch: boolean
}

/** By the requests' ids, in whatever order they came. Null when the bytes are no reply to a batch. */
export function parseBatchResponse(bytes: Buffer, now: number): ReadonlyMap<string, GraphResponse> | null {
  const responses = membersOf(parseJson(bytes)).responses
  if (!Array.isArray(responses)) return null
  const answers = new Map<string, GraphResponse>()
  for (const response of responses) {
    const { id, status, headers, body } = membersOf(response)
    if (typeof id !== 'string' || typeof status !== 'number' || answers.has(id)) continue
    answers.set(id, {
      status,
      body,
      retryAfterMs: retryAfterOf(headerOf(headers, 'retry-after'), now),
      challenge: challengeOf(headers),
      isWholeBatch: false
    })
  }
  return answers
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** The members of whatever was parsed; none when it is no object. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function challengeOf(headers: unknown): string | null {
  const challenge = headerOf(headers, 'www-authenticate')
  return typeof challenge === 'string' ? challenge : null
}

function headerOf(headers: unknown, name: string): unknown {
  for (const [key, value] of Object.entries(membersOf(headers))) {
    if (key.toLowerCase() === name) return value
  }
  return undefined
}
