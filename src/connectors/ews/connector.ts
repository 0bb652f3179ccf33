/** The connector to Exchange Web Services: a service account that reads many mailboxes of one Exchange organisation. */
import { type After, machineTimers } from '../../lib/timers.ts'
import type { EwsConnection } from '../connection.ts'
import type { CalendarSubscription, Connector } from '../connector.ts'
import type { AddressPolicy } from '../net/address-policy.ts'
import type { HttpClient } from '../net/http-client.ts'
import { checkConnection } from './check-connection.ts'
import type { Environment } from './client/proxy.ts'
import { openEwsReader } from './read/ews-reader.ts'
import { createFingerprints } from './read/fingerprints.ts'
import { maxMailboxesPerCall } from './read/read-availability.ts'
import { isSmtpAddress } from './soap/requests.ts'
import { StreamingManager } from './streaming/streaming-manager.ts'

export interface EwsConnectorDeps {
  readonly connection: EwsConnection
  /** For an application's tokens; the mail server is reached over connections of its own. Stays the caller's to close. */
  readonly outbound: HttpClient
  /** With it, http and private addresses are reachable too. */
  readonly addressPolicy: AddressPolicy
  readonly clock?: () => number
  /** For what waits between streams. */
  readonly after?: After
  /** From 0 to below 1. */
  readonly random?: () => number
  /** For HTTPS_PROXY and NO_PROXY; no proxy unless given. */
  readonly environment?: Environment
}

/** A deadline that passes takes all of a read with it: twenty mailboxes, four at a time, are soon done. */
const maxImpersonatedPerRead = 20

/** The connection is used as it is: after a change, make another connector. Throws RemoteError for what none can use. */
export function createEwsConnector(deps: EwsConnectorDeps): Connector {
  const { connection, clock = Date.now, after = machineTimers.after, random = Math.random } = deps
  const { access, auth } = connection
  const reader = openEwsReader({ ...deps, clock })
  const { client, ids, endpoint, account } = reader
  const fingerprints = createFingerprints({ client, ids, asOwner: auth.kind === 'oauth' })
  const { groupingOf } = endpoint
  const streaming = new StreamingManager({ client, ids, account, groupingOf, after, clock, random })
  return {
    batchSize: access === 'delegate' ? maxMailboxesPerCall : maxImpersonatedPerRead,
    async read(request) {
      const results = await reader.read(request)
      if (results.some((one) => one.outcome === 'failed' && one.error.scope === 'connection'))
        endpoint.onConnectionFailed()
      return results
    },
    async check(target, signal, onPassed) {
      const checks = await checkConnection(target, {
        // Over connections of its own, so that each step really runs.
        openReader: (onStep) => openEwsReader({ ...deps, clock, onStep }),
        access,
        now: clock(),
        signal,
        onPassed
      })
      // What held calls back after earlier failures has no reason any more.
      if (checks.every(({ ok }) => ok)) endpoint.resetForTest()
      return checks
    },
    // Reading by availability is that very call.
    fingerprints: async (request) =>
      access === 'delegate' ? request.targets.map(() => null) : fingerprints(request),
    // Exchange notifies owners alone, and accounts that impersonate them.
    subscribe: ({ mailbox }, listener) =>
      access === 'delegate' || !isSmtpAddress(mailbox)
        ? noSubscription
        : streaming.subscribe(mailbox, listener),
    async close() {
      await streaming.close()
      reader.close()
    }
  }
}

const noSubscription: CalendarSubscription = { onNotification: () => {}, stop: () => {} }
