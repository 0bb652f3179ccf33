/** Where the calls of one connection go: its URL, or the one that Autodiscover finds, and how they are carried there. */
import { RemoteError } from '../../../errors.ts'
import type { EwsConnection } from '../../connection.ts'
import { EntraTokenSource } from '../../entra/client-credentials.ts'
import { ewsUrlFault } from '../../ews-url.ts'
import type { AddressPolicy } from '../../net/address-policy.ts'
import type { ClockMonitor } from '../../net/clock-monitor.ts'
import { type HttpClient, openHttpClient } from '../../net/http-client.ts'
import type { EwsAuth } from '../auth/sign-in.ts'
import { discoverEws } from './autodiscover.ts'
import { readGroupingInformation } from './grouping-information.ts'
import type { Environment } from './proxy.ts'
import type { ConnectionStep } from './socket.ts'
import { type EwsTransport, type EwsTransportOptions, openEwsTransport } from './transport.ts'

export interface OpenEndpoint {
  readonly transport: EwsTransport
  readonly host: string
}

export interface EwsEndpointDeps {
  readonly connection: EwsConnection
  /** For an application's tokens. */
  readonly outbound: HttpClient
  readonly addressPolicy: AddressPolicy
  readonly clock: () => number
  readonly environment?: Environment
  readonly clockMonitor?: ClockMonitor
  readonly onStep?: (step: ConnectionStep) => void
}

/** Between two searches for a server that does not answer. */
const rediscoverAfterMs = 3_600_000

export class EwsEndpoint {
  readonly usesAutodiscover: boolean
  readonly #connection: EwsConnection
  /** Of every transport. */
  readonly #options: Omit<EwsTransportOptions, 'url'>
  readonly #onStep: EwsEndpointDeps['onStep']
  readonly #clock: () => number
  /** Of the server that is called now. */
  #url: string | null
  #opened: OpenEndpoint | null
  #discovery: Promise<OpenEndpoint> | null = null
  #discoveredAt: number
  /** For calls without secrets. */
  #http: HttpClient | null = null
  /** Calls that were under way when the server was forgotten go on over it. */
  #previous: EwsTransport | null = null

  /** Throws RemoteError where the URL is none that may be called. */
  constructor(deps: EwsEndpointDeps) {
    const { connection, addressPolicy, clock, environment, clockMonitor } = deps
    const { url, ca, autodiscover } = connection
    this.usesAutodiscover = autodiscover !== undefined
    this.#connection = connection
    this.#onStep = deps.onStep
    this.#clock = clock
    this.#options = {
      auth: signInOf(connection, deps),
      addressPolicy,
      clock,
      ...(ca === undefined ? {} : { ca }),
      ...(environment === undefined ? {} : { environment }),
      ...(clockMonitor === undefined ? {} : { clockMonitor })
    }
    this.#url = url ?? null
    this.#opened = url === undefined ? null : this.#openAt(url)
    this.#discoveredAt = clock()
  }

  /** As EwsTransport's, of the server that is called now; null before it is known. */
  get answerCount(): number | null {
    return this.#opened?.transport.answerCount ?? null
  }

  /** Rejects with RemoteError. */
  readonly open = async (signal: AbortSignal): Promise<OpenEndpoint> => {
    if (this.#opened !== null) return this.#opened
    this.#discovery ??= this.#discover(signal).finally(() => {
      this.#discovery = null
    })
    return this.#discovery
  }

  /** By mailbox, which server it stands on, where the server's own Autodiscover says so. Rejects with RemoteError. */
  readonly groupingOf = async (
    mailboxes: readonly string[],
    signal: AbortSignal
  ): Promise<ReadonlyMap<string, string>> => {
    if (this.#url === null) return new Map()
    const url = new URL('/autodiscover/autodiscover.svc', this.#url).href
    const transport = this.#autodiscoverTransport(url)
    try {
      return await readGroupingInformation({ transport, url }, mailboxes, signal)
    } finally {
      transport.close()
    }
  }

  /** The operator's test passed: calls may sign in at once, and the server is looked for anew. */
  resetForTest(): void {
    this.#forget()
    this.#opened?.transport.resetSignIn()
  }

  /** The server failed: it may have moved, which Autodiscover would know. */
  onConnectionFailed(): void {
    if (this.#clock() - this.#discoveredAt >= rediscoverAfterMs) this.#forget()
  }

  close(): void {
    this.#opened?.transport.close()
    this.#previous?.close()
    this.#http?.close().catch(() => {})
  }

  #openAt(url: string): OpenEndpoint {
    const { url: stated, allowRetiringEws = false } = this.#connection
    const fault = ewsUrlFault(url, allowRetiringEws)
    if (fault !== null) {
      const named = stated === undefined ? `The URL that Autodiscover names (${new URL(url).host})` : 'url'
      throw new RemoteError('protocol_error', `${named} ${fault}.`, { scope: 'connection' })
    }
    const onStep = this.#onStep
    const transport = openEwsTransport({
      ...this.#options,
      url,
      ...(onStep === undefined ? {} : { onStep })
    })
    return { transport, host: new URL(url).host }
  }

  async #discover(signal: AbortSignal): Promise<OpenEndpoint> {
    const { addressPolicy } = this.#options
    const { autodiscover = '', ca, allowRetiringEws = false } = this.#connection
    this.#http ??= openHttpClient({ addressPolicy, ...(ca === undefined ? {} : { ca }) })
    this.#discoveredAt = this.#clock()
    const found = await discoverEws(autodiscover, {
      outbound: this.#http,
      transportTo: (url) => this.#autodiscoverTransport(url),
      allowRetiring: allowRetiringEws,
      addressPolicy,
      signal
    })
    this.#opened = this.#openAt(found)
    this.#url = found
    return this.#opened
  }

  #autodiscoverTransport(url: string): EwsTransport {
    return openEwsTransport({ ...this.#options, url, redirects: 'none', connections: 1 })
  }

  /** Calls under way go on over the transport that is left; the one before it has had its time. */
  #forget(): void {
    if (!this.usesAutodiscover) return
    this.#previous?.close()
    this.#previous = this.#opened?.transport ?? null
    this.#opened = null
  }
}

const publicCloud = 'https://login.microsoftonline.com'
const exchangeOnline = 'https://outlook.office365.com'

function signInOf(
  { auth, url }: EwsConnection,
  deps: { outbound: HttpClient; clock: () => number }
): EwsAuth {
  if (auth.kind !== 'oauth') return auth
  // Exchange takes tokens that are made for itself.
  const resource = url === undefined ? exchangeOnline : new URL(url).origin
  return {
    kind: 'oauth',
    tokens: new EntraTokenSource({
      http: deps.outbound,
      clock: deps.clock,
      application: { login: publicCloud, resource, ...auth }
    })
  }
}
