/** Graph's requests in batches: signed in, resent while it is of use, one answer for each request. */
import { setTimeout as delay } from 'node:timers/promises'
import { Client, GraphClientError, type Middleware, ResponseType } from '@microsoft/microsoft-graph-client'
import type { RequestInit } from 'undici'
import { RemoteError } from '../../../errors.ts'
import { type BackoffOptions, backoffMs } from '../../../lib/backoff.ts'
import { retryAfterOf } from '../../../lib/retry-after.ts'
import type { TokenSource } from '../../entra/client-credentials.ts'
import { type HttpClient, networkError, readBody } from '../../net/http-client.ts'
import type { HttpResponse } from '../../net/send-request.ts'
import { isTokenRejected, isTransient } from '../errors.ts'
import { type GraphResponse, parseBatchResponse, parseJson } from './batch-response.ts'
import { MailboxConcurrency, splitIntoBatches } from './mailbox-concurrency.ts'

export interface GraphRequest {
  /** Whose quota it uses. */
  readonly mailbox: string
  /** Below `/v1.0`, with its slash. */
  readonly path: string
  /** POST with a body, else GET, unless given. */
  readonly method?: 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
}

export interface GraphClientDeps {
  /** The root, without `/v1.0`. */
  readonly graph: string
  readonly tokens: TokenSource
  readonly http: HttpClient
  readonly clock: () => number
}

/**
 * Immutable ids, so that an event keeps its id when it is moved between folders; times in UTC, whatever zone the
 * mailbox is set to.
 */
const prefer = 'IdType="ImmutableId", outlook.timezone="UTC"'

const maxResponseBytes = 32 * 1024 * 1024

/** Milliseconds. Who is asked to stay away for longer is left to the next read, so that nineteen others need not wait. */
const maxWaitMs = 20_000
/**
 * Before the second, third… try. It is the floor of what Graph asks for: Exchange is reported to send `Retry-After: 1` or 0
 * whatever the error (msgraph-sdk-javascript#297), and rejected requests count too (learn.microsoft.com/graph/throttling).
 */
const resendBackoff: BackoffOptions = { firstMs: 500, maxMs: 4_000 }
/** Of one request in one read. What is still throttled then waits for the next read. */
const maxTries = 4

export class GraphClient {
  readonly #deps: GraphClientDeps
  readonly #client: Client
  readonly #concurrency = new MailboxConcurrency()
  /** Mailboxes of a batch that failed as a whole: one of them may be why, so each goes alone until it answers. */
  readonly #isolated = new Set<string>()

  constructor(deps: GraphClientDeps) {
    this.#deps = deps
    this.#client = Client.initWithMiddleware({
      baseUrl: deps.graph,
      defaultVersion: 'v1.0',
      // Its own chain waits where no abort reaches, and drops the token for roots that it does not know.
      middleware: sendOver(deps.http)
    })
  }

  /** One response for each request, in order; where the last try failed, that of the last. Never rejects. */
  async send(
    calls: readonly GraphRequest[],
    signal: AbortSignal
  ): Promise<readonly (GraphResponse | RemoteError)[]> {
    const answers = new Map<GraphRequest, GraphResponse | RemoteError>()
    const isIsolated = ({ mailbox }: GraphRequest) => this.#isolated.has(mailbox)
    const isolatedBatches = calls.filter(isIsolated).map((call) => [call])
    const sharedBatches = splitIntoBatches(calls.filter((call) => !isIsolated(call)))
    const sendAll = (batch: readonly GraphRequest[]) =>
      sendBatch(batch, answers, (pending) => this.#sendOnce(pending, signal), signal)
    await Promise.all([...sharedBatches, ...isolatedBatches].map(sendAll))
    return calls.map((call) => answers.get(call) ?? notGraphError(this.#deps.graph))
  }

  async #sendOnce(
    calls: readonly GraphRequest[],
    signal: AbortSignal
  ): Promise<readonly GraphResponse[] | RemoteError> {
    const mailboxes = calls.map(({ mailbox }) => mailbox)
    try {
      await this.#concurrency.acquire(mailboxes, signal)
    } catch (error) {
      return networkError('Microsoft Graph', error)
    }
    try {
      const answers = await this.#post(calls, signal)
      for (const mailbox of mailboxes) this.#isolated.delete(mailbox)
      return answers
    } catch (error) {
      if (mailboxes.length > 1) for (const mailbox of mailboxes) this.#isolated.add(mailbox)
      return withScope(networkError('Microsoft Graph', error), signal)
    } finally {
      this.#concurrency.release(mailboxes)
    }
  }

  /** An answer for each call; throws the RemoteError that hit the whole batch. */
  async #post(calls: readonly GraphRequest[], signal: AbortSignal): Promise<readonly GraphResponse[]> {
    const { tokens } = this.#deps
    const token = await tokens.get(signal)
    const response: HttpResponse = await this.#client
      .api('/$batch')
      .header('Authorization', `Bearer ${token}`)
      .options({ signal })
      .responseType(ResponseType.RAW)
      .post({ requests: calls.map(batchItemOf) })
      .catch((error: unknown) => {
        throw error instanceof WrappedRemoteError ? error.reason : error
      })
    const bytes = await readBody(response, maxResponseBytes)
    const answers = responsesTo(calls, response, bytes, this.#deps)
    if (isTokenRejected(answers)) tokens.invalidate(token)
    return answers
  }
}

/** Sends, and resends what is throttled or failed for a moment, until all is final, tried often enough, or aborted. */
async function sendBatch(
  batch: readonly GraphRequest[],
  answers: Map<GraphRequest, GraphResponse | RemoteError>,
  sendOnce: (calls: readonly GraphRequest[]) => Promise<readonly GraphResponse[] | RemoteError>,
  signal: AbortSignal
): Promise<void> {
  let pending = batch
  for (let tries = 0; ; tries += 1) {
    const sent = await sendOnce(pending)
    pending.forEach((call, index) => {
      const answer = sent instanceof RemoteError ? sent : sent[index]
      // A deadline that passes during a retry does not hide what was said before it.
      if (answer !== undefined && !(signal.aborted && answers.has(call))) answers.set(call, answer)
    })
    const tokenRejected = !(sent instanceof RemoteError) && isTokenRejected(sent)
    const waits = new Map(
      pending.map((call) => {
        // The token was dropped when it was rejected; the next try comes with another.
        if (tokenRejected) return [call, tries === 0 ? 0 : null]
        return [call, resendDelayMs(answers.get(call), tries)]
      })
    )
    pending = pending.filter((call) => waits.get(call) !== null)
    if (pending.length === 0) return
    // All after the longest: the quota that throttles them is often the same (json-batching).
    const longest = Math.max(...pending.map((call) => waits.get(call) ?? 0))
    if (!(await delay(longest, true, { signal }).catch(() => false))) return
  }
}

/** A deadline that passes may be one slow mailbox's doing; a network or an Entra that fails, fails for all. */
function withScope(error: RemoteError, signal: AbortSignal): RemoteError {
  const scope = error.code === 'unreachable' && !signal.aborted ? 'connection' : error.scope
  return new RemoteError(error.code, error.hint, { scope, retryAfter: error.retryAfter, cause: error })
}

/** Milliseconds until it is of use to send this call again; null when it is not. */
function resendDelayMs(answer: GraphResponse | RemoteError | undefined, tries: number): number | null {
  if (answer === undefined) return null
  if (answer instanceof RemoteError) {
    // The server may have been closing an idle connection, so a broken one is tried once more.
    return answer.code === 'unreachable' && tries === 0 ? 200 : null
  }
  if (!isTransient(answer) || tries + 1 >= maxTries) return null
  const { retryAfterMs = 0 } = answer
  return retryAfterMs <= maxWaitMs
    ? Math.max(retryAfterMs, backoffMs(resendBackoff, tries + 1, Math.random()))
    : null
}

function batchItemOf(call: GraphRequest, index: number) {
  const id = String(index)
  if (call.body === undefined) {
    return { id, method: call.method ?? 'GET', url: call.path, headers: { Prefer: prefer } }
  }
  const headers = { Prefer: prefer, 'Content-Type': 'application/json' }
  return { id, method: call.method ?? 'POST', url: call.path, headers, body: call.body }
}

function responsesTo(
  calls: readonly GraphRequest[],
  response: HttpResponse,
  bytes: Buffer,
  { graph, clock }: { graph: string; clock: () => number }
): readonly GraphResponse[] {
  const answers = parseBatchResponse(bytes, clock())
  if (answers !== null) return calls.map((_, index) => answers.get(String(index)) ?? missingResponse)
  if (response.ok) throw notGraphError(graph)
  const retryAfter = retryAfterOf(response.headers.get('retry-after'), clock())
  const whole = {
    status: response.status,
    body: parseJson(bytes),
    retryAfterMs: retryAfter,
    challenge: response.headers.get('www-authenticate'),
    isWholeBatch: true
  }
  return calls.map(() => whole)
}

/** A reply to the batch without one to this request in it. */
const missingResponse: GraphResponse = {
  status: 0,
  body: undefined,
  retryAfterMs: undefined,
  challenge: null,
  isWholeBatch: false
}

function notGraphError(graph: string): RemoteError {
  const hint = `${new URL(graph).host} does not answer as Microsoft Graph does: check cloud and proxies.`
  return new RemoteError('protocol_error', hint)
}

/** The Graph client lets errors of its own kind alone pass as they are. */
class WrappedRemoteError extends GraphClientError {
  readonly reason: RemoteError

  constructor(reason: RemoteError) {
    super(reason.message)
    Object.setPrototypeOf(this, WrappedRemoteError.prototype)
    this.reason = reason
  }
}

function sendOver(http: HttpClient): Middleware {
  return {
    async execute(context) {
      const { headers, signal, method, body } = context.options ?? {}
      const init = { headers, signal, method, body } as RequestInit
      try {
        const response: unknown = await http.send(String(context.request), init)
        context.response = response as NonNullable<typeof context.response>
      } catch (error) {
        throw new WrappedRemoteError(
          error instanceof RemoteError ? error : networkError('Microsoft Graph', error)
        )
      }
    }
  }
}
