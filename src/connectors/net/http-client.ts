/** Outgoing HTTP: TLS always verified, every address judged by the AddressPolicy, redirects too. */
import { rootCertificates } from 'node:tls'
import {
  type buildConnector,
  type Dispatcher,
  EnvHttpProxyAgent,
  fetch as fetchOver,
  Pool,
  type RequestInit,
  type Response
} from 'undici'
import { RemoteError, SetupError } from '../../errors.ts'
import { type AddressPolicy, withoutBrackets } from './address-policy.ts'
import { createProxyPool } from './proxy.ts'
import { type HttpResponse, sendRequest } from './send-request.ts'

export interface HttpClient {
  /** For libraries that take an undici dispatcher. It has the same rules; its errors are undici's own. */
  readonly dispatcher: Dispatcher
  /**
   * As the platform's; follows redirects by the same rules. Rejects with RemoteError alone: `unreachable`,
   * `proxy_refused` where a proxy gives no way through, or `protocol_error` where redirects have no end.
   */
  fetch(url: string, init?: RequestInit): Promise<Response>
  /** As `fetch`, for a call that follows no redirect: at a third of the CPU. */
  send(url: string, init: RequestInit): Promise<HttpResponse>
  /** Ends every connection, those in use too. */
  close(): Promise<void>
}

/** Milliseconds. A batch of twenty calendars may take its time; who asks has a deadline of their own besides. */
const connectTimeoutMs = 10_000
const responseTimeoutMs = 60_000

/**
 * `ca` is PEM, trusted besides the public authorities (and instead of those of NODE_EXTRA_CA_CERTS). The proxy is that of
 * HTTPS_PROXY and NO_PROXY, as for EWS, and may stand at any address; calls over plain http take none.
 */
export function openHttpClient(options: { addressPolicy: AddressPolicy; ca?: string }): HttpClient {
  const { addressPolicy } = options
  // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not reach calendars' credentials.
  const verified = {
    rejectUnauthorized: true,
    timeout: connectTimeoutMs,
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] })
  }
  const agent = createProxyAgent({
    headersTimeout: responseTimeoutMs,
    bodyTimeout: responseTimeoutMs,
    connect: { ...verified, lookup: addressPolicy.lookup },
    requestTls: verified,
    proxyTls: verified,
    clientFactory: (proxy, poolOptions) => createProxyPool(proxy, poolOptions, connectTimeoutMs),
    factory: (origin, poolOptions: Pool.Options) =>
      new Pool(origin, withCheckedTunnel(poolOptions, addressPolicy))
  })
  const dispatcher = agent.compose(refuseByOrigin(addressPolicy))
  return {
    dispatcher,
    fetch: (url, init = {}) => explainFailure(url, () => fetchOver(url, { ...init, dispatcher })),
    send: (url, init) => explainFailure(url, () => sendRequest(dispatcher, url, init)),
    close: () => agent.destroy()
  }
}

/** What the call rejects with becomes a RemoteError. */
async function explainFailure<T>(url: string, call: () => Promise<T>): Promise<T> {
  const host = hostOf(url)
  try {
    return await call()
  } catch (error) {
    throw networkError(host, error)
  }
}

function createProxyAgent(options: EnvHttpProxyAgent.Options): EnvHttpProxyAgent {
  try {
    // Of itself undici would also take HTTP_PROXY, for https as well.
    return new EnvHttpProxyAgent({ ...options, httpProxy: '' })
  } catch (cause) {
    throw new SetupError('HTTPS_PROXY must be like http://host:port.', { cause })
  }
}

/**
 * The body, or RemoteError: `protocol_error` above `maxBytes`, unpacked, or where it cannot be unpacked; `unreachable` when it
 * breaks off.
 */
export async function readBody(
  response: HttpResponse,
  maxBytes: number,
  tooLarge: () => RemoteError = () => bodyTooLarge(response, maxBytes)
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  const host = hostOf(response.url)
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw networkError(host, error)
  }
  if (size > maxBytes) throw tooLarge()
  return Buffer.concat(chunks, size)
}

function bodyTooLarge(response: HttpResponse, maxBytes: number): RemoteError {
  const megabytes = Math.round(maxBytes / 1e5) / 10
  return new RemoteError(
    'protocol_error',
    `The reply of ${hostOf(response.url)} is larger than ${megabytes} MB: it was not read.`
  )
}

/** Redirects pass here too. An address written as such never comes to `lookup`. */
function refuseByOrigin(addressPolicy: AddressPolicy): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) => {
    const { protocol, hostname, host } = new URL(String(request.origin))
    if (protocol !== 'https:' && !addressPolicy.allowsHttp) {
      throw new RemoteError(
        'unreachable',
        `${host} would be read over ${protocol.slice(0, -1)}: write the address with https, or set HANVISA_ALLOW_PRIVATE_TARGETS=1.`
      )
    }
    const refusal = addressPolicy.refusalOf(withoutBrackets(hostname))
    if (refusal !== null) throw refusal
    return dispatch(request, handler)
  }
}

/** Undici gives a tunnel as a function, a direct connection as settings (which have the policy's `lookup`). */
function withCheckedTunnel(options: Pool.Options, addressPolicy: AddressPolicy): Pool.Options {
  const tunnel = options.connect
  if (typeof tunnel !== 'function') return options
  const connect: buildConnector.connector = (target, done) => {
    addressPolicy.checkBehindProxy(withoutBrackets(target.hostname)).then(
      () => tunnel(target, done),
      (refusal: Error) => done(refusal, null)
    )
  }
  return { ...options, connect }
}

function hostOf(url: string): string {
  // The address itself may be a secret (a published calendar): not even a malformed one goes into an error.
  if (!URL.canParse(url)) throw new RemoteError('unreachable', 'The address is not a URL: correct it.')
  return new URL(url).host
}

/** Any error of a call to `host` in plain words, without the address's path. */
export function networkError(host: string, error: unknown): RemoteError {
  const chain = causes(error)
  const own = chain.find((cause) => cause instanceof RemoteError)
  if (own !== undefined) return own
  const code = chain.map(codeOf).find((found) => found !== undefined) ?? ''
  const malformed = malformedReply(host, code, chain)
  if (malformed !== null) return new RemoteError('protocol_error', malformed, { cause: error })
  return new RemoteError('unreachable', hintOf(host, code, chain.some(isAbort)), { cause: error })
}

/** Where the host answered, but trying again will not help; else null. */
function malformedReply(host: string, code: string, chain: readonly unknown[]): string | null {
  // Undici follows twenty redirects, as fetch does (https://fetch.spec.whatwg.org/#http-redirect-fetch).
  if (chain.some((cause) => (cause as Error).message === 'redirect count exceeded')) {
    return `${host} redirects in a circle (more than 20 times): open the address in a browser, signed out, and give the one at which it ends.`
  }
  // zlib's codes, and Brotli's.
  if (/^Z_|^ERR__ERROR_FORMAT/.test(code)) {
    return `${host} says that its reply is compressed, and it is not, or it is damaged (${code}): have the server, or the proxy before it, mended.`
  }
  return null
}

function hintOf(host: string, code: string, aborted: boolean): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `The name ${host} could not be resolved (${code}): check the address and this machine's DNS.`
  }
  if (code === 'ECONNREFUSED') return `Nothing listens at ${host}: check the address and port.`
  if (aborted || code === 'ETIMEDOUT' || code.endsWith('_TIMEOUT')) {
    return `${host} did not answer in time. It is tried again by itself; check the network if it stays so.`
  }
  if (/^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(code)) {
    return `${host} does not speak TLS there (${code}), which https needs: check the port, or have the server set up for https.`
  }
  if (/CERT|SIGNATURE|^ERR_TLS/.test(code)) {
    return `The certificate of ${host} is not trusted (${code}): a private authority comes by NODE_EXTRA_CA_CERTS.`
  }
  const said = code === '' ? '' : ` (${code})`
  return `The call to ${host} broke off${said}. It is tried again by itself; check the network if it stays so.`
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  let next = error
  while (next instanceof Error && chain.length < 10) {
    chain.push(next)
    // Node tries all addresses of a name and gathers what each said.
    next = next instanceof AggregateError ? (next.errors[0] ?? next.cause) : next.cause
  }
  return chain
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code
  // Node's, OpenSSL's and undici's are of this form; whatever else comes along is not shown.
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined
}

function isAbort(error: unknown): boolean {
  const { name } = error as { name?: unknown }
  return name === 'AbortError' || name === 'TimeoutError'
}
