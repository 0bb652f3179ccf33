/** One EWS call: in the version that is spoken there, within the budgets, read as it streams in. */
import { RemoteError } from '../../../errors.ts'
import { retryAfterOf } from '../../../lib/retry-after.ts'
import { type Circumstances, ewsError, isConcurrency, isThrottled } from '../errors.ts'
import type { Name } from '../read/impersonation-id.ts'
import { envelope, type Impersonated } from '../soap/requests.ts'
import { readSoap, type SoapReply, type Verdict } from '../soap/response.ts'
import { type Visitor, webPage } from '../soap/xml-reader.ts'
import type { Affinity } from '../streaming/affinity.ts'
import { httpError } from './http-error.ts'
import { budgets, throttled, usualBackOff } from './throttle.ts'
import type { EwsReply, EwsTransport } from './transport.ts'
import { type EwsVersion, negotiatedVersions } from './versions.ts'

export interface Call<Answer extends Visitor> {
  readonly operation: string
  readonly body: string
  /** Whose rights it is made with; the account's own where null. */
  readonly impersonated: Name | null
  /** Whether the request may have a header with a version in this one. */
  readonly header: (version: EwsVersion) => boolean
  /** A new reader of the answer, for each try. */
  readonly answer: () => Answer
  /** What an answer says of itself as a whole, for operations of one mailbox; null where it says nothing. */
  readonly verdict: (answer: Answer) => Verdict | null
  /** What this operation makes of a refusal; null, or absent: what it usually means. */
  readonly refusal?: (verdict: Verdict) => RemoteError | null
  /** Which versions have the operation; all unless given. */
  readonly has?: (version: EwsVersion) => boolean
  /** For calls that must reach the same server. */
  readonly affinity?: Affinity
  /** The answer goes on for minutes, one document after the other. */
  readonly streams?: boolean
}

export interface Calls {
  /** Rejects with RemoteError alone. */
  send<Answer extends Visitor>(call: Call<Answer>, signal: AbortSignal): Promise<Answer>
  /** For a verdict within an answer: what it means, and whose budget it spends. */
  errorOf(verdict: Verdict, mailbox: string | null, impersonated: boolean): RemoteError
  readonly version: EwsVersion
  /** As far as is known, what is spoken where this mailbox is. */
  versionOf(mailbox: string): EwsVersion
  /** False until the server has said what it speaks. */
  readonly settled: boolean
}

export interface CallNeeds {
  /** Opened, or found by Autodiscover, at the first call. */
  readonly transport: (signal: AbortSignal) => Promise<{ transport: EwsTransport; host: string }>
  readonly version: Parameters<typeof negotiatedVersions>[0]
  readonly account: string
  readonly access: Circumstances['access']
  readonly clock: () => number
}

const headers = { 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', 'user-agent': 'Hanvisa' }

export function ewsCalls(needs: CallNeeds): Calls {
  const versions = negotiatedVersions(needs.version)
  const spent = budgets(needs.clock)
  /** The first call finds out the version; the others wait for it instead of finding it out too. */
  let scout: Promise<unknown> | null = null

  async function send<Answer extends Visitor>(call: Call<Answer>, signal: AbortSignal): Promise<Answer> {
    if (versions.settled) return downward(call, signal)
    if (scout !== null) {
      await waitFor(scout, signal)
      return downward(call, signal)
    }
    const attempt = downward(call, signal)
    scout = attempt.catch(() => {})
    try {
      return await attempt
    } finally {
      scout = null
    }
  }

  /** From the version that is likeliest to the oldest; what the first one said is what is told. */
  async function downward<Answer extends Visitor>(call: Call<Answer>, signal: AbortSignal): Promise<Answer> {
    const mailbox = call.impersonated?.mailbox ?? null
    let refusal: RemoteError | null = null
    for (const version of versions.toTry(mailbox)) {
      if (call.has?.(version) === false) continue
      spent.check(mailbox)
      const { answer, verdict, reply, error } = await once(call, version, signal)
      if (verdict === null || !versions.isRefusal(verdict.code)) {
        if (reply !== null && reply.fault === null) versions.worked(mailbox, version, reply.server)
        if (error !== null) throw error
        if (verdict !== null && verdict.code !== 'NoError') {
          throw call.refusal?.(verdict) ?? errorOf(verdict, mailbox, mailbox !== null)
        }
        return answer
      }
      refusal ??= error ?? errorOf(verdict, mailbox, mailbox !== null)
    }
    throw refusal ?? webPage()
  }

  async function once<Answer extends Visitor>(
    call: Call<Answer>,
    version: EwsVersion,
    signal: AbortSignal
  ): Promise<{
    answer: Answer
    verdict: Verdict | null
    reply: SoapReply | null
    error: RemoteError | null
  }> {
    const { transport, host } = await needs.transport(signal)
    const mailbox = call.impersonated?.mailbox ?? null
    const who = call.impersonated === null ? null : impersonatedIn(version, call.impersonated)
    const body = envelope(call.body, call.header(version) ? version : null, who)
    const anchor = call.affinity?.anchor ?? mailbox
    const raw = await transport.call({
      headers: { ...headers, ...call.affinity?.headers() },
      body,
      signal,
      ...(anchor === null ? {} : { anchorMailbox: anchor }),
      ...(call.streams ? { hangs: true } : {})
    })
    call.affinity?.answered(raw.headers['set-cookie'], version.affinityCookie)
    const answer = call.answer()
    const failed = httpError(raw.status, host, mailbox)
    if (failed !== null || !isXml(raw)) {
      await raw.discard()
      const cause = turnedAway(raw, host)
      if (cause !== null) throw cause
      if (raw.status === 503) throw away(raw)
      const code = `HTTP ${raw.status}`
      return {
        answer,
        verdict: { code, inner: null, backOff: null },
        reply: null,
        error: failed ?? notXml(raw, host)
      }
    }
    const reply = await readSoap(raw.body, call.operation, answer, {
      contentType: typeOf(raw),
      documents: call.streams ? 'many' : 'one'
    }).catch(onThese)
    return { answer, verdict: reply.fault ?? call.verdict(answer), reply, error: null }
  }

  /** The queue of IIS is full: that concerns every call. */
  function away(raw: EwsReply): RemoteError {
    const milliseconds = retryAfterOf(raw.headers['retry-after'], needs.clock()) ?? usualBackOff
    spent.spend(null, milliseconds)
    return throttled(null, milliseconds)
  }

  function errorOf(verdict: Verdict, mailbox: string | null, impersonated: boolean): RemoteError {
    const version = versions.current
    if (!isThrottled(verdict)) {
      return ewsError(verdict, { mailbox, account: needs.account, access: needs.access, version })
    }
    // Impersonated calls are charged to the mailbox, from 2010 SP2 RU4 on; all others to the account.
    const owner = impersonated && version.chargesMailbox ? mailbox : null
    const milliseconds = verdict.backOff ?? (isConcurrency(verdict) ? usualBackOff / 2 : usualBackOff)
    spent.spend(owner, milliseconds)
    return throttled(owner, milliseconds)
  }

  return {
    send,
    errorOf,
    get version() {
      return versions.current
    },
    versionOf: (mailbox) => versions.toTry(mailbox)[0] ?? versions.current,
    get settled() {
      return versions.settled
    }
  }
}

/** The front end says why it did not pass the call on. */
function turnedAway(raw: EwsReply, host: string): RemoteError | null {
  const cause = raw.headers['x-caserrorcode']
  if (typeof cause !== 'string' || !/^\w{1,60}$/.test(cause)) return null
  const hint = `${host} could not pass the call on to a mailbox server. It is tried again by itself. (HTTP ${raw.status} ${cause})`
  return new RemoteError('unreachable', hint)
}

function impersonatedIn(version: EwsVersion, { mailbox, by }: Name): Impersonated {
  return { by: by === 'address' ? version.impersonatedBy : by, name: mailbox }
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
  if (/html/i.test(typeOf(raw) ?? '') && raw.status === 200) return onConnection(webPage())
  const hint =
    raw.status === 500
      ? `${host} has trouble and does not say which. It is tried again by itself. (HTTP 500)`
      : `${host} does not answer as Exchange does: check url, and what stands before the server.`
  return new RemoteError(raw.status === 500 ? 'unreachable' : 'protocol_error', hint, { scope: 'connection' })
}

function onConnection({ code, hint }: RemoteError): RemoteError {
  return new RemoteError(code, hint, { scope: 'connection' })
}

/** The server did answer: what is wrong with this reply need not be wrong with those to other mailboxes. */
function onThese(error: unknown): never {
  if (!(error instanceof RemoteError)) throw error
  throw new RemoteError(error.code, error.hint, { retryAfter: error.retryAfter, cause: error })
}

/** Milliseconds. Whoever went ahead may hang on a mailbox of its own. */
const patience = 5_000

async function waitFor(other: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  let stop = () => {}
  const over = new Promise<void>((resolve) => {
    stop = resolve
    enough.addEventListener('abort', stop, { once: true })
    if (enough.aborted) stop()
  })
  await Promise.race([other, over])
  enough.removeEventListener('abort', stop)
}
