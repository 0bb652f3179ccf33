/** Where the calls of one connection go: its URL, or the one that Autodiscover finds, and how they are carried there. */
import { RemoteError } from '../../../errors.ts'
import type { EwsConnection } from '../../connection.ts'
import { createTokenSource } from '../../entra/client-credentials.ts'
import { ewsUrlFault } from '../../ews-url.ts'
import type { ClockMonitor } from '../../net/clock-monitor.ts'
import { type HttpClient, openHttpClient } from '../../net/http-client.ts'
import type { EwsAuth } from '../auth/sign-in.ts'
import { discoverEws } from './autodiscover.ts'
import { readGroupingInformation } from './grouping-information.ts'
import type { Environment } from './proxy.ts'
import type { ConnectionStep } from './socket.ts'
import { type EwsTransport, openEwsTransport } from './transport.ts'

export interface OpenEndpoint {
  readonly transport: EwsTransport
  readonly host: string
}

export interface EwsEndpoint {
  /** Rejects with RemoteError. */
  open(signal: AbortSignal): Promise<OpenEndpoint>
  /** The operator's test passed: calls may sign in at once, and the server is looked for anew. */
  resetForTest(): void
  /** The server failed: it may have moved, which Autodiscover would know. */
  onConnectionFailed(): void
  readonly usesAutodiscover: boolean
  /** By mailbox, which server it stands on, where the server's own Autodiscover says so. Rejects with RemoteError. */
  groupingOf(mailboxes: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** As EwsTransport's, of the server that is called now; null before it is known. */
  readonly answerCount: number | null
  close(): void
}

/** Milliseconds between two searches for a server that does not answer. */
const rediscoverAfterMs = 3_600_000

/** Throws RemoteError where the URL is none that may be called. */
export function openEwsEndpoint(deps: {
  connection: EwsConnection
  outbound: HttpClient
  allowPrivateTargets: boolean
  clock: () => number
  environment?: Environment
  clockMonitor?: ClockMonitor
  onStep?: (step: ConnectionStep) => void
}): EwsEndpoint {
  const { connection, allowPrivateTargets, clock, environment, clockMonitor, onStep } = deps
  const { url, ca, autodiscover, allowRetiringEws = false } = connection
  const auth = signInOf(connection, deps)
  const shared = {
    auth,
    allowPrivateTargets,
    clock,
    ...(ca === undefined ? {} : { ca }),
    ...(environment === undefined ? {} : { environment }),
    ...(clockMonitor === undefined ? {} : { clockMonitor })
  }
  /** Of the server that is called now. */
  let currentUrl = url ?? null
  let opened: OpenEndpoint | null = url === undefined ? null : openAt(url)
  let discovery: Promise<OpenEndpoint> | null = null
  let searchedAt = clock()
  let outbound: HttpClient | null = null
  let previous: EwsTransport | null = null

  function openAt(at: string): OpenEndpoint {
    const fault = ewsUrlFault(at, allowRetiringEws)
    if (fault !== null) {
      const named = url === undefined ? `The URL that Autodiscover names (${new URL(at).host})` : 'url'
      throw new RemoteError('protocol_error', `${named} ${fault}.`, { scope: 'connection' })
    }
    const transport = openEwsTransport({ ...shared, url: at, ...(onStep === undefined ? {} : { onStep }) })
    return { transport, host: new URL(at).host }
  }

  async function discover(signal: AbortSignal): Promise<OpenEndpoint> {
    outbound ??= openHttpClient({ allowPrivateTargets, ...(ca === undefined ? {} : { ca }) })
    searchedAt = clock()
    const found = await discoverEws(autodiscover ?? '', {
      outbound,
      transportTo: (at) => openEwsTransport({ ...shared, url: at, redirects: 'none', connections: 1 }),
      allowRetiring: allowRetiringEws,
      allowHttp: allowPrivateTargets,
      signal
    })
    opened = openAt(found)
    currentUrl = found
    return opened
  }

  /** Calls on their way go on over the one that is left; the one before it has had its time. */
  function forget(): void {
    if (autodiscover === undefined) return
    previous?.close()
    previous = opened?.transport ?? null
    opened = null
  }

  return {
    async open(signal) {
      if (opened !== null) return opened
      discovery ??= discover(signal).finally(() => {
        discovery = null
      })
      return discovery
    },
    resetForTest() {
      forget()
      opened?.transport.resetSignIn()
    },
    onConnectionFailed() {
      if (clock() - searchedAt >= rediscoverAfterMs) forget()
    },
    usesAutodiscover: autodiscover !== undefined,
    async groupingOf(mailboxes, signal) {
      if (currentUrl === null) return new Map()
      const service = new URL('/autodiscover/autodiscover.svc', currentUrl).href
      const transport = openEwsTransport({ ...shared, url: service, redirects: 'none', connections: 1 })
      try {
        return await readGroupingInformation({ transport, url: service }, mailboxes, signal)
      } finally {
        transport.close()
      }
    },
    get answerCount() {
      return opened?.transport.answerCount ?? null
    },
    close() {
      opened?.transport.close()
      previous?.close()
      outbound?.close().catch(() => {})
    }
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
    tokens: createTokenSource({
      http: deps.outbound,
      clock: deps.clock,
      application: { login: publicCloud, resource, ...auth }
    })
  }
}
