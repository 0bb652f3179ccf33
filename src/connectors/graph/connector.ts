/** The connector to Microsoft Graph: an application that signs in by itself and reads many mailboxes of one directory. */
import { RemoteError } from '../../errors.ts'
import type { GraphConnection } from '../connection.ts'
import type { Connector, Reading, ReadRequest, Target } from '../connector.ts'
import type { Outbound } from '../outbound.ts'
import type { Answer } from './batch-reply.ts'
import { graphCalls } from './calls.ts'
import { checkConnection } from './check-connection.ts'
import { graphError } from './graph-error.ts'
import { type Reader, readMailboxes } from './read-mailboxes.ts'
import { rootsOf } from './roots.ts'
import { graphSchedules } from './schedules.ts'
import { graphTokens } from './tokens.ts'

/** The connection is used as it is: after a change, make another connector. `outbound` stays the caller's to close. */
export function graphConnector(needs: {
  connection: GraphConnection
  outbound: Outbound
  clock?: () => number
}): Connector {
  const { connection, outbound, clock = Date.now } = needs
  const { graph } = rootsOf(connection.cloud)
  const tokens = graphTokens({ connection, outbound, clock })
  const calls = graphCalls({ graph, tokens, outbound, clock })
  const errorOf = (answer: Answer, mailbox: string) => graphError(answer, mailbox, connection.clientId)
  const reader: Reader = { calls, graph, errorOf, schedules: graphSchedules({ calls, errorOf }) }
  const read = (request: ReadRequest) => readEachOnce(request, reader)
  return {
    batchSize: 20,
    read,
    test: (target, signal) => checkConnection(target, { signIn: tokens.get, read, now: clock(), signal }),
    // Graph's own notices come with HANVISA_PUBLIC_URL; until then every edit is found by polling.
    watch: () => () => {},
    close: async () => {}
  }
}

/** Users may share a mailbox: it is asked for once. */
async function readEachOnce(request: ReadRequest, reader: Reader): Promise<readonly Reading[]> {
  const keyOf = ({ mailbox, timeZone }: Target) => `${mailbox.toLowerCase()}\n${timeZone}`
  const targets = [...new Map(request.targets.map((target) => [keyOf(target), target])).values()]
  const readings = await readMailboxes({ ...request, targets }, reader).catch((error: unknown) => {
    const hint = 'The calendar could not be read because of a fault in this service: report it with its log.'
    const failure =
      error instanceof RemoteError ? error : new RemoteError('protocol_error', hint, { cause: error })
    return targets.map((): Reading => ({ outcome: 'failed', error: failure }))
  })
  const places = new Map(targets.map((target, index) => [keyOf(target), index]))
  return request.targets.map((target) => readings[places.get(keyOf(target)) ?? -1]!)
}
