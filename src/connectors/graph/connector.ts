/** The connector to Microsoft Graph: an application that signs in by itself and reads many mailboxes of one directory. */

import type { GraphConnection } from '../connection.ts'
import type { Connector, ReadRequest } from '../connector.ts'
import { applicationTokens } from '../entra/tokens.ts'
import type { Outbound } from '../outbound.ts'
import { readEachOnce } from '../read-each-once.ts'
import type { Answer } from './batch-reply.ts'
import { graphCalls } from './calls.ts'
import { checkConnection } from './check-connection.ts'
import { graphError } from './graph-error.ts'
import { type Reader, readMailboxes } from './read-mailboxes.ts'
import { rootsOf } from './roots.ts'
import { graphSchedules } from './schedules.ts'

/** The connection is used as it is: after a change, make another connector. `outbound` stays the caller's to close. */
export function graphConnector(needs: {
  connection: GraphConnection
  outbound: Outbound
  clock?: () => number
}): Connector {
  const { connection, outbound, clock = Date.now } = needs
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
  return {
    batchSize: 20,
    read,
    test: (target, signal) => checkConnection(target, { signIn: tokens.get, read, now: clock(), signal }),
    fingerprints: async ({ targets }) => targets.map(() => null),
    watch: () => ({ told: () => {}, stop: () => {} }),
    close: async () => {}
  }
}
