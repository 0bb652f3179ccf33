/** The simulator with one directory and a connector to it, over real TLS. */
import type { Test } from 'tap'
import type { EventInput } from '../../../simulator/calendar-item.ts'
import type { AppInput } from '../../../simulator/directories.ts'
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts'
import type { GraphConnection } from '../../../src/connectors/connection.ts'
import type { Connector, ReadRequest, ReadResult } from '../../../src/connectors/connector.ts'
import { GraphConnector } from '../../../src/connectors/graph/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { type HttpClient, openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { hangSignal } from '../../support/until.ts'

export const directory = '7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f'
export const clientId = '3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b'
const clientSecret = 'right'

export interface Microsoft365 {
  readonly simulator: Simulator
  readonly http: HttpClient
  readonly connection: GraphConnection
  /** Made at the first use; later changes of the connection want one of their own. */
  connector(changes?: Partial<GraphConnection>): Connector
  put(address: string, ...events: EventInput[]): void
  /** Changes the application as it is registered. */
  register(app: Partial<AppInput>, tokenSeconds?: number): void
  /** A window of a week around Wednesday 2026-11-18, noon UTC, of mailboxes in Stockholm; twenty seconds. */
  read(mailboxes: readonly string[], changes?: Partial<ReadRequest>): Promise<readonly ReadResult[]>
}

export const graphWeek = {
  start: Date.parse('2026-11-16T00:00:00Z'),
  end: Date.parse('2026-11-23T00:00:00Z')
}

export async function openMicrosoft365(t: Test, clock: () => number = Date.now): Promise<Microsoft365> {
  const simulator = await startSimulator({ clock })
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca: simulator.ca })
  t.teardown(async () => {
    await outbound.close()
    await simulator.close()
  })
  const connection: GraphConnection = {
    kind: 'graph',
    tenantId: directory,
    clientId,
    clientSecret,
    cloud: { login: simulator.loginRoot, graph: simulator.graphRoot },
    pollSeconds: 60
  }
  const register: Microsoft365['register'] = (app, tokenSeconds = 3599) => {
    simulator.directories.put({
      id: directory,
      apps: [{ clientId, secret: clientSecret, ...app }],
      tokenSeconds
    })
  }
  register({})
  const connector = (changes: Partial<GraphConnection> = {}) =>
    new GraphConnector({ connection: { ...connection, ...changes }, http: outbound, clock })
  const first = connector()
  return {
    simulator,
    http: outbound,
    connection,
    connector: (changes) => (changes === undefined ? first : connector(changes)),
    register,
    put: (address, ...events) => void simulator.mailboxes.put(directory, { address, events }),
    read: (mailboxes, changes = {}) =>
      first.read({
        targets: mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
        window: graphWeek,
        subjects: true,
        signal: hangSignal(),
        ...changes
      })
  }
}

/** What came of each: the subjects, or the code. */
export function outcomes(readings: readonly ReadResult[]): (string | string[])[] {
  return readings.map((reading) => {
    if (reading.outcome === 'read') return reading.events.map(({ subject }) => subject).sort()
    return reading.outcome === 'failed' ? reading.error.code : 'unchanged'
  })
}

export function graphMeeting(subject: string, changes: Partial<EventInput> = {}): EventInput {
  return { subject, start: '2026-11-18T12:00:00Z', end: '2026-11-18T13:00:00Z', ...changes }
}
