/** The connector to Microsoft Graph: an application that signs in by itself and reads many mailboxes of one directory. */
import { RemoteError } from '../../errors.ts'
import { machineTimers, type Timers } from '../../lib/timers.ts'
import type { GraphConnection } from '../connection.ts'
import type {
  CalendarSubscription,
  Check,
  Connector,
  OnPassed,
  ReadRequest,
  ReadResult,
  SubscribeRequest,
  SubscriptionListener,
  Target
} from '../connector.ts'
import { readUniqueTargets } from '../dedupe-targets.ts'
import { EntraTokenSource } from '../entra/client-credentials.ts'
import { tokenClaims } from '../entra/token-claims.ts'
import { ClockMonitor, withClockError } from '../net/clock-monitor.ts'
import type { HttpClient } from '../net/http-client.ts'
import type { TokenClaims } from '../provider-consent.ts'
import { checkGraphConnection } from './check-connection.ts'
import type { GraphResponse } from './client/batch-response.ts'
import { cloudEndpoints } from './client/cloud-endpoints.ts'
import { GraphClient } from './client/graph-client.ts'
import { graphResponseError } from './errors.ts'
import type { NotificationUrls } from './notifications/url.ts'
import { readFingerprints } from './read/fingerprints.ts'
import { type GraphReader, readMailboxes } from './read/read-mailboxes.ts'
import { ScheduleReader } from './read/schedules.ts'
import { SubscriptionManager } from './subscriptions/subscription-manager.ts'

export interface GraphConnectorDeps {
  /** Used as it is: after a change, make another connector. */
  readonly connection: GraphConnection
  /** Stays the caller's to close. */
  readonly http: HttpClient
  /** Where notifications of edits go; without, edits are found by polling. */
  readonly notificationUrls?: NotificationUrls | null
  readonly clock?: () => number
  readonly timers?: Timers
}

export class GraphConnector implements Connector {
  readonly batchSize = 20
  readonly #clock: () => number
  readonly #clockMonitor: ClockMonitor
  readonly #tokens: EntraTokenSource
  readonly #reader: GraphReader
  readonly #subscriptions: SubscriptionManager | null
  /** A mailbox was read over this connection once. */
  #hasRead = false

  constructor(deps: GraphConnectorDeps) {
    const { connection, notificationUrls, clock = Date.now, timers = machineTimers } = deps
    const { clientId } = connection
    this.#clock = clock
    this.#clockMonitor = new ClockMonitor(clock)
    const http = this.#clockMonitor.watch(deps.http)
    const { login, graph } = cloudEndpoints(connection.cloud)
    const application = { ...connection, login, resource: graph }
    this.#tokens = new EntraTokenSource({ application, http, clock })
    const client = new GraphClient({ graph, tokens: this.#tokens, http, clock })
    const errorOf = (answer: GraphResponse, mailbox: string) => graphResponseError(answer, mailbox, clientId)
    this.#reader = { client, graph, errorOf, schedules: new ScheduleReader({ client, errorOf }) }
    this.#subscriptions = notificationUrls
      ? new SubscriptionManager({ client, graph, clientId, notificationUrls, clock, timers })
      : null
  }

  async read(request: ReadRequest): Promise<readonly ReadResult[]> {
    const results = await readUniqueTargets(request, (unique) => readMailboxes(unique, this.#reader))
    this.#hasRead ||= results.some(({ outcome }) => outcome === 'read')
    return withClockError(this.#hasRead ? results : withConsentScope(results), this.#clockMonitor.errorOf())
  }

  check(target: Target, signal: AbortSignal, onPassed?: OnPassed): Promise<readonly Check[]> {
    return checkGraphConnection(target, {
      signIn: (given) => this.#tokens.get(given),
      read: (request) => this.read(request),
      clockError: () => this.#clockMonitor.errorOf(),
      now: this.#clock(),
      signal,
      onPassed
    })
  }

  fingerprints(request: ReadRequest): Promise<readonly (string | null)[]> {
    return readFingerprints(request, this.#reader)
  }

  subscribe(request: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription {
    return this.#subscriptions?.subscribe(request, listener) ?? unsubscribed
  }

  /** Of the token that was used last; null where there is none. */
  claims(): TokenClaims | null {
    const token = this.#tokens.last()
    return token === null ? null : tokenClaims(token)
  }

  async close(): Promise<void> {
    await this.#subscriptions?.close()
  }
}

/**
 * While no mailbox was ever read, a permission that all of a batch lack is the application's: then the connection fails. Once
 * one was, it is those mailboxes' own (errors.ts).
 */
function withConsentScope(results: readonly ReadResult[]): readonly ReadResult[] {
  const lacksConsent = (result: ReadResult) =>
    result.outcome === 'failed' && result.error.code === 'consent_missing'
  if (results.length < 2 || !results.every(lacksConsent)) return results
  return results.map((result) => {
    if (result.outcome !== 'failed') return result
    const { code, hint, retryAfter } = result.error
    return { outcome: 'failed', error: new RemoteError(code, hint, { scope: 'connection', retryAfter }) }
  })
}

const unsubscribed: CalendarSubscription = { onNotification: () => {}, stop: () => {} }
