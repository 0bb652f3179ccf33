/** The connector to Microsoft Graph: an application that signs in by itself and reads many mailboxes of one directory. */

import { RemoteError } from '../../errors.ts'
import { machineTimers, type Timers } from '../../lib/timers.ts'
import type { GraphConnection } from '../connection.ts'
import type { CalendarSubscription, Connector, ReadRequest, ReadResult } from '../connector.ts'
import { readUniqueTargets } from '../dedupe-targets.ts'
import { createTokenSource } from '../entra/client-credentials.ts'
import { ClockMonitor, withClockError } from '../net/clock-monitor.ts'
import type { HttpClient } from '../net/http-client.ts'
import { checkGraphConnection } from './check-connection.ts'
import type { GraphResponse } from './client/batch-response.ts'
import { cloudEndpoints } from './client/cloud-endpoints.ts'
import { createGraphClient } from './client/graph-client.ts'
import { graphResponseError } from './errors.ts'
import type { NotificationUrls } from './notifications/url.ts'
import { readFingerprints } from './read/fingerprints.ts'
import { type GraphReader, readMailboxes } from './read/read-mailboxes.ts'
import { createScheduleReader } from './read/schedules.ts'
import { SubscriptionManager } from './subscriptions/subscription-manager.ts'

/** The connection is used as it is: after a change, make another connector. `http` stays the caller's to close. */
export function graphConnector(deps: {
  connection: GraphConnection
  http: HttpClient
  /** Where notifications of edits go; without, edits are found by polling. */
  notificationUrls?: NotificationUrls | null
  clock?: () => number
  timers?: Timers
}): Connector {
  const { connection, notificationUrls = null, clock = Date.now, timers = machineTimers } = deps
  const clockMonitor = new ClockMonitor(clock)
  const http = clockMonitor.watch(deps.http)
  const { login, graph } = cloudEndpoints(connection.cloud)
  const tokens = createTokenSource({
    application: { ...connection, login, resource: graph },
    http,
    clock
  })
  const client = createGraphClient({ graph, tokens, http, clock })
  const errorOf = (answer: GraphResponse, mailbox: string) =>
    graphResponseError(answer, mailbox, connection.clientId)
  const reader: GraphReader = { client, graph, errorOf, schedules: createScheduleReader({ client, errorOf }) }
  let hasRead = false
  const read = async (request: ReadRequest) => {
    const results = await readUniqueTargets(request, (once) => readMailboxes(once, reader))
    hasRead ||= results.some(({ outcome }) => outcome === 'read')
    return withClockError(hasRead ? results : withConsentScope(results), clockMonitor.errorOf())
  }
  const clockError = () => clockMonitor.errorOf()
  const { clientId } = connection
  const subscriptions =
    notificationUrls && new SubscriptionManager({ client, graph, clientId, notificationUrls, clock, timers })
  return {
    batchSize: 20,
    read,
    check: (target, signal) =>
      checkGraphConnection(target, { signIn: tokens.get, read, clockError, now: clock(), signal }),
    fingerprints: (request) => readFingerprints(request, reader),
    subscribe: (watched, listener) => subscriptions?.subscribe(watched, listener) ?? unsubscribed,
    close: async () => subscriptions?.close()
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
