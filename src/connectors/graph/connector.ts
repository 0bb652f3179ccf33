/** The connector to Microsoft Graph: an application that signs in by itself and reads many mailboxes of one directory. */

import { machineTimers, type Timers } from '../../lib/timers.ts'
import type { GraphConnection } from '../connection.ts'
import type { Connector, ReadRequest, Watch } from '../connector.ts'
import { readEachOnce } from '../dedupe-targets.ts'
import { applicationTokens } from '../entra/client-credentials.ts'
import type { Outbound } from '../net/http-client.ts'
import { checkConnection } from './check-connection.ts'
import type { Answer } from './client/batch-response.ts'
import { rootsOf } from './client/cloud-endpoints.ts'
import { graphCalls } from './client/graph-client.ts'
import { graphError } from './errors.ts'
import type { TenantAddresses } from './notifications/url.ts'
import { graphFingerprints } from './read/fingerprints.ts'
import { type Reader, readMailboxes } from './read/read-mailboxes.ts'
import { graphSchedules } from './read/schedules.ts'
import { openSubscriptions } from './subscriptions/subscription-manager.ts'

/** The connection is used as it is: after a change, make another connector. `outbound` stays the caller's to close. */
export function graphConnector(needs: {
  connection: GraphConnection
  outbound: Outbound
  /** Where notices of edits go; without, edits are found by polling. */
  notices?: TenantAddresses | null
  clock?: () => number
  timers?: Timers
}): Connector {
  const { connection, outbound, notices = null, clock = Date.now, timers = machineTimers } = needs
  const { login, graph } = rootsOf(connection.cloud)
  const tokens = applicationTokens({
    application: { ...connection, login, resource: graph },
    outbound,
    clock
  })
  const calls = graphCalls({ graph, tokens, outbound, clock })
  const errorOf = (answer: Answer, mailbox: string) => graphError(answer, mailbox, connection.clientId)
  const reader: Reader = { calls, graph, errorOf, schedules: graphSchedules({ calls, errorOf }) }
  const read = (request: ReadRequest) => readEachOnce(request, (once) => readMailboxes(once, reader))
  const { clientId } = connection
  const subscriptions =
    notices && openSubscriptions({ calls, graph, clientId, addresses: notices, clock, timers })
  return {
    batchSize: 20,
    read,
    test: (target, signal) => checkConnection(target, { signIn: tokens.get, read, now: clock(), signal }),
    fingerprints: (request) => graphFingerprints(request, reader.schedules),
    watch: (watched, listener) => subscriptions?.watch(watched, listener) ?? unwatched,
    close: async () => subscriptions?.close()
  }
}

const unwatched: Watch = { told: () => {}, stop: () => {} }
