/** One EWS call: in the version that is spoken there, within the budgets, read as it streams in. */
import { RemoteError } from '../../../errors.ts'
import { retryAfterOf } from '../../../lib/retry-after.ts'
import type { Visitor } from '../../net/xml-reader.ts'
import { type ErrorContext, isConcurrency, isThrottled, toEwsError } from '../errors.ts'
import type { ImpersonationId } from '../read/impersonation-id.ts'
import type { EwsSchema } from '../schema-versions.ts'
import { type ConnectingSid, soapEnvelope } from '../soap/requests.ts'
import { type ResponseStatus, readSoap, type SoapReply } from '../soap/response.ts'
import { webPageError } from '../soap/soap-dialect.ts'
import type { ServerAffinity } from '../streaming/affinity.ts'
import { httpError } from './http-error.ts'
import type { ConnectionStep } from './socket.ts'
import { defaultBackOffMs, Throttle, throttledError } from './throttle.ts'
import type { EwsReply, EwsTransport } from './transport.ts'
import { type EwsVersion, VersionNegotiation } from './versions.ts'

export interface EwsCall<Reader extends Visitor> {
  readonly operation: string
  readonly body: string
  /** Whose rights it is made with; the account's own where null. */
  readonly impersonated: ImpersonationId | null
  /** Whether the request may have a header with a version in this one. */
  readonly hasHeader: (version: EwsVersion) => boolean
  /** A new reader of the answer, for each try. */
  readonly createReader: () => Reader
  /** What an answer says of itself as a whole, for operations of one mailbox; null where it says nothing. */
  readonly statusOf: (reader: Reader) => ResponseStatus | null
  /** What this operation makes of a refusal; null, or absent: what it usually means. */
  readonly errorFor?: (status: ResponseStatus) => RemoteError | null
  /** Which versions have the operation; all unless given. */
  readonly isSupportedBy?: (version: EwsVersion) => boolean
  /** For calls that must reach the same server. */
  readonly affinity?: ServerAffinity
  /** The answer goes on for minutes, one document after the other, until this says that it is over, or the server ends it. */
  readonly isStreamOver?: (reader: Reader) => boolean
}

export interface EwsClientDeps {
  /** Opened, or found by Autodiscover, at the first call. */
  readonly transport: (signal: AbortSignal) => Promise<{ transport: EwsTransport; host: string }>
  readonly version: EwsSchema | 'auto'
  readonly account: string
  readonly access: ErrorContext['access']
  readonly clock: () => number
  /** Called with `ews` when a reply is SOAP. */
  readonly onStep?: (step: ConnectionStep) => void
}

const headers = { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Hanvisa' }

interface CallOutcome<Reader> {
  readonly answer: Reader
  readonly status: ResponseStatus | null
  readonly reply: SoapReply | null
  readonly error: RemoteError | null
}

export class EwsClient {
  readonly #deps: EwsClientDeps
  readonly #versions: VersionNegotiation
  readonly #throttle: Throttle
  /** The first call finds out the version; the others wait for it instead of finding it out too. */
  #versionProbe: Promise<unknown> | null = null

  constructor(deps: EwsClientDeps) {
    this.#deps = deps
    this.#versions = new VersionNegotiation(deps.version)
    this.#throttle = new Throttle(deps.clock)
  }

  get version(): EwsVersion {
    return this.#versions.current
  }

  /** False until the server has said what it speaks. */
  get isNegotiated(): boolean {
    return this.#versions.isNegotiated
  }

  /** As far as is known, what is spoken where this mailbox is. */
  versionOf(mailbox: string): EwsVersion {
    return this.#versions.toTry(mailbox)[0] ?? this.#versions.current
  }

  /** Rejects with RemoteError alone. */
  async send<Reader extends Visitor>(call: EwsCall<Reader>, signal: AbortSignal): Promise<Reader> {
    if (this.#versions.isNegotiated) return this.#tryVersions(call, signal)
    if (this.#versionProbe !== null) {
      await waitForProbe(this.#versionProbe, signal)
      return this.#tryVersions(call, signal)
    }
    const attempt = this.#tryVersions(call, signal)
    this.#versionProbe = attempt.catch(() => {})
    try {
      return await attempt
    } finally {
      this.#versionProbe = null
    }
  }

  /** For the status within a response: what it means, and whose budget it spends. */
  errorOf(status: ResponseStatus, mailbox: string | null, impersonated: boolean): RemoteError {
    const { account, access } = this.#deps
    const version = this.#versions.current
    if (!isThrottled(status)) return toEwsError(status, { mailbox, account, access, version })
    // Impersonated calls are charged to the mailbox, from 2010 SP2 RU4 on; all others to the account.
    const owner = impersonated && version.chargesMailbox ? mailbox : null
    const milliseconds = status.backOffMs ?? (isConcurrency(status) ? defaultBackOffMs / 2 : defaultBackOffMs)
    this.#throttle.block(owner, milliseconds)
    return throttledError(owner, milliseconds)
  }

  /** From the version that is likeliest to the oldest; where all are refused, the first refusal is the error. */
  async #tryVersions<Reader extends Visitor>(call: EwsCall<Reader>, signal: AbortSignal): Promise<Reader> {
    const mailbox = call.impersonated?.mailbox ?? null
    let refusal: RemoteError | null = null
    for (const version of this.#versions.toTry(mailbox)) {
      if (call.isSupportedBy?.(version) === false) continue
      this.#throttle.throwIfThrottled(mailbox)
      const { answer, status, reply, error } = await this.#sendOnce(call, version, signal)
      if (status === null || !this.#versions.isVersionError(status.code)) {
        if (reply !== null && reply.fault === null) this.#versions.onAnswer(mailbox, version, reply.server)
        if (error !== null) throw error
        if (status !== null && status.code !== 'NoError') {
          throw call.errorFor?.(status) ?? this.errorOf(status, mailbox, mailbox !== null)
        }
        return answer
      }
      refusal ??= error ?? this.errorOf(status, mailbox, mailbox !== null)
    }
    throw refusal ?? webPageError()
  }

  async #sendOnce<Reader extends Visitor>(
    call: EwsCall<Reader>,
    version: EwsVersion,
    signal: AbortSignal
  ): Promise<CallOutcome<Reader>> {
    const { transport, host } = await this.#deps.transport(signal)
    const { isStreamOver } = call
    const mailbox = call.impersonated?.mailbox ?? null
    const who = call.impersonated === null ? null : impersonatedIn(version, call.impersonated)
    const body = soapEnvelope(call.body, call.hasHeader(version) ? version : null, who)
    const anchor = call.affinity?.anchor ?? mailbox
    const raw = await transport.call({
      headers: { ...headers, ...call.affinity?.headers() },
      body,
      signal,
      ...(anchor === null ? {} : { anchorMailbox: anchor }),
      ...(isStreamOver === undefined ? {} : { isHanging: true })
    })
    call.affinity?.takeCookie(raw.headers['set-cookie'], version.affinityCookie)
    const answer = call.createReader()
    const failed = httpError(raw.status, host, mailbox)
    if (failed !== null || !isXml(raw)) {
      const { code, error } = await this.#unreadableError(raw, host, failed)
      return { answer, status: { code, inner: null, backOffMs: null }, reply: null, error }
    }
    const reply = await readSoap(raw.body, call.operation, answer, {
      contentType: typeOf(raw),
      ...(isStreamOver === undefined ? {} : { documents: 'many', isOver: () => isStreamOver(answer) })
    }).catch(throwForMailboxes)
    this.#deps.onStep?.('ews')
    return { answer, status: reply.fault ?? call.statusOf(answer), reply, error: null }
  }

  /** What a reply means that is no SOAP. Throws where another version would not help. */
  async #unreadableError(
    raw: EwsReply,
    host: string,
    failed: RemoteError | null
  ): Promise<{ code: string; error: RemoteError }> {
    await raw.discard()
    const cause = frontEndError(raw, host)
    if (cause !== null) throw cause
    if (raw.status === 503) throw this.#serviceUnavailable(raw)
    // Another web server is not asked again in each version.
    const code = raw.status !== 400 || isExchange(raw) ? `HTTP ${raw.status}` : 'NotExchange'
    return { code, error: failed ?? notXml(raw, host) }
  }

  /** The queue of IIS is full: that concerns every call. */
  #serviceUnavailable(raw: EwsReply): RemoteError {
    const milliseconds = retryAfterOf(raw.headers['retry-after'], this.#deps.clock()) ?? defaultBackOffMs
    this.#throttle.block(null, milliseconds)
    return throttledError(null, milliseconds)
  }
}

/** The front end says why it did not pass the call on. */
function frontEndError(raw: EwsReply, host: string): RemoteError | null {
  // Its values are nowhere documented, so they are not shown.
  if (raw.headers['x-caserrorcode'] === undefined) return null
  const hint = `${host} could not pass the call on to a mailbox server: the header X-CasErrorCode in its log (HttpProxy\\Ews) says why. It is tried again by itself. (HTTP ${raw.status})`
  return new RemoteError('unreachable', hint)
}

/** The headers that IIS and Exchange's front end add to whatever they answer. */
function isExchange({ headers }: EwsReply): boolean {
  const added = ['x-feserver', 'x-beserver', 'x-calculatedbetarget', 'x-diaginfo', 'x-aspnet-version']
  return added.some((name) => headers[name] !== undefined) || /iis/i.test(String(headers.server ?? ''))
}

function impersonatedIn(version: EwsVersion, { mailbox, by }: ImpersonationId): ConnectingSid {
  return { by: by === 'PrincipalName' ? by : version.impersonatedBy, name: mailbox }
}

function typeOf(raw: EwsReply): string | undefined {
  const type = raw.headers['content-type']
  return typeof type === 'string' ? type : undefined
}

/** What is not said to be something else may be XML; the reader sees. */
function isXml(raw: EwsReply): boolean {
  const encoding = raw.headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' && /^\s*(?:$|[\w.+-]+\/(?:[\w.+-]+\+)?xml)/i.test(typeOf(raw) ?? '')
}

function notXml(raw: EwsReply, host: string): RemoteError {
  if (/html/i.test(typeOf(raw) ?? '') && raw.status === 200) return forConnection(webPageError())
  const hint =
    raw.status === 500
      ? `${host} has trouble and does not say which. It is tried again by itself. (HTTP 500)`
      : `${host} does not answer as Exchange does: check url, and what stands before the server.`
  return new RemoteError(raw.status === 500 ? 'unreachable' : 'protocol_error', hint, { scope: 'connection' })
}

function forConnection({ code, hint }: RemoteError): RemoteError {
  return new RemoteError(code, hint, { scope: 'connection' })
}

/** The server did answer: what is wrong with this reply need not be wrong with those to other mailboxes. */
function throwForMailboxes(error: unknown): never {
  if (!(error instanceof RemoteError)) throw error
  throw new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
}

/** Milliseconds. Whoever went ahead may hang on a mailbox of its own. */
const maxProbeWaitMs = 5_000

async function waitForProbe(other: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(maxProbeWaitMs)])
  let stop = () => {}
  const over = new Promise<void>((resolve) => {
    stop = resolve
    enough.addEventListener('abort', stop, { once: true })
    if (enough.aborted) stop()
  })
  await Promise.race([other, over])
  enough.removeEventListener('abort', stop)
}
