/** The simulator with one Exchange server, and connectors to it for each access and each way to sign in. */
import type { Test } from 'tap'
import type { EventInput, Right } from '../../../simulator/calendar-item.ts'
import type { InstallationInput } from '../../../simulator/ews/installations.ts'
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts'
import type { EwsConnection, EwsSignIn } from '../../../src/connectors/connection.ts'
import type { Connector, ReadRequest, ReadResult } from '../../../src/connectors/connector.ts'
import { createEwsConnector } from '../../../src/connectors/ews/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import type { CalendarServer, ContractEvent, Trouble } from '../../contracts/connector-calendar-server.ts'
import type { NotifyingServer } from '../../contracts/connector-subscription.ts'
import { hangSignal } from '../../support/until.ts'

const directory = '0a4b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d'
const clientId = '5d2c1b0a-9f8e-4d7c-8b6a-5f4e3d2c1b0a'
const account = { user: 'svc-hanvisa', password: 'hemligt ✓', address: 'svc-hanvisa@example.se' }

export interface Exchange {
  readonly directory: string
  readonly simulator: Simulator
  readonly connection: EwsConnection
  /** Closed with the test. */
  connector(changes?: Partial<EwsConnection>): Connector
  put(address: string, options: { right?: Right; timeZone?: string }, ...events: EventInput[]): void
  /** Replaces the server: another version, other ways to sign in. */
  install(installation: InstallationInput): void
  /** Of a week around Wednesday 2026-11-18, of mailboxes in Stockholm. */
  read(
    connector: Connector,
    mailboxes: readonly string[],
    changes?: Partial<ReadRequest>
  ): Promise<readonly ReadResult[]>
}

export const exchangeWeek = {
  start: Date.parse('2026-11-16T00:00:00Z'),
  end: Date.parse('2026-11-23T00:00:00Z')
}

export async function openExchange(
  t: Test,
  access: EwsConnection['access'],
  kind: EwsSignIn['kind'] = 'ntlm',
  clock: () => number = Date.now
): Promise<Exchange> {
  const simulator = await startSimulator({ clock })
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca: simulator.ca })
  const open: Connector[] = []
  t.teardown(async () => {
    for (const connector of open) await connector.close()
    await outbound.close()
    await simulator.close()
  })
  const signIns: Record<EwsSignIn['kind'], EwsSignIn> = {
    basic: { kind: 'basic', user: `HANVISA\\${account.user}`, password: account.password },
    ntlm: { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password },
    oauth: {
      kind: 'oauth',
      tenantId: directory,
      clientId,
      clientSecret: 'right',
      login: simulator.loginRoot,
      resource: 'https://outlook.office365.com'
    }
  }
  simulator.directories.put({
    id: directory,
    apps: [{ clientId, secret: 'right', roles: ['full_access_as_app'] }]
  })
  const impersonates = access === 'impersonation' ? 'everybody' : []
  const install = (installation: InstallationInput) =>
    void simulator.installations.put(directory, {
      accounts: [{ ...account, impersonates }],
      schemes: ['basic', 'ntlm', 'negotiate', 'oauth'],
      ...installation
    })
  install({})
  const connection: EwsConnection = {
    kind: 'ews',
    url: `${simulator.origin}/${directory}/EWS/Exchange.asmx`,
    auth: signIns[kind],
    access,
    version: 'auto',
    ca: simulator.ca,
    pollSeconds: 60
  }
  return {
    directory,
    simulator,
    connection,
    install,
    connector(changes = {}) {
      const made = createEwsConnector({
        connection: { ...connection, ...changes },
        outbound,
        addressPolicy: anyAddress,
        clock,
        environment: {}
      })
      open.push(made)
      return made
    },
    put(address, { right = 'reviewer', timeZone = 'Europe/Stockholm' }, ...events) {
      const rights = { [account.address]: right }
      simulator.mailboxes.put(directory, { address, timeZone, rights, events })
    },
    read: (connector, mailboxes, changes = {}) =>
      connector.read({
        targets: mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' })),
        window: exchangeWeek,
        subjects: true,
        signal: hangSignal(),
        ...changes
      })
  }
}

const addressOf = (calendar: string) => `${calendar.toLowerCase().replaceAll(/[^a-z0-9-]/g, '.')}@example.se`

const faults = {
  hangs: { kind: 'hang' },
  garbage: { kind: 'garbage', garbage: 'wrongTypes' },
  'cut off': { kind: 'cutOff' }
} as const satisfies Record<Trouble, unknown>

/** For the contract that every connector passes. */
export function calendarServerOf(exchange: Exchange): CalendarServer {
  const { simulator, connection } = exchange
  const route = connection.access === 'delegate' ? 'getUserAvailability' : 'findItem'
  return {
    connector: exchange.connector(),
    async put(calendar, timeZone, events) {
      const address = addressOf(calendar)
      exchange.put(address, { timeZone }, ...events.map(inputOf))
      return address
    },
    missing: addressOf,
    async trouble(kind, calendar) {
      // A call for many mailboxes is corrupted as a whole.
      const alone = connection.access === 'impersonation' || kind === 'hangs'
      const where = alone ? { mailbox: addressOf(calendar) } : {}
      const fault = simulator.faults.add({ ...faults[kind], ...where, route })
      return () => void simulator.faults.remove(fault)
    }
  }
}

/** For the contract of connectors with subscriptions. */
export function notifyingServerOf({ simulator, directory, connector, put }: Exchange): NotifyingServer {
  let edits = 0
  return {
    open: () => connector(),
    async put(calendar) {
      put(addressOf(calendar), {})
      return addressOf(calendar)
    },
    missing: addressOf,
    async edit(mailbox) {
      simulator.mailboxes.putEvent(directory, mailbox, exchangeMeeting(`MÖT ${edits++}`))
    },
    async dropSubscriptions() {
      simulator.ewsSubscriptions.dropAll(directory)
    },
    subscriptionCount: () => simulator.ewsSubscriptions.count(directory),
    deliver: () => {}
  }
}

function inputOf({ busy, visibility, daily, ...event }: ContractEvent): EventInput {
  return {
    ...event,
    ...(busy === undefined ? {} : { showAs: busy }),
    ...(visibility === undefined ? {} : { sensitivity: visibility }),
    ...(daily === undefined
      ? {}
      : {
          recurrence: {
            every: 'day',
            ...(daily.count === undefined ? {} : { count: daily.count }),
            skip: daily.deleted ?? [],
            changes: daily.moved ?? {}
          }
        })
  }
}

const noon = { start: '2026-11-18T12:00:00Z', end: '2026-11-18T13:00:00Z' }
export const exchangeMeeting = (subject: string, more: Partial<EventInput> = {}): EventInput => ({
  subject,
  ...noon,
  ...more
})

/** What came of each: the subjects, or the code. */
export function outcomesOf(readings: readonly ReadResult[]): unknown[] {
  return readings.map((reading) => {
    if (reading.outcome === 'read') return reading.events.map(({ subject }) => subject).sort()
    return reading.outcome === 'failed' ? reading.error.code : reading.outcome
  })
}

export function readErrorOf(reading: ReadResult | undefined) {
  if (reading?.outcome !== 'failed') throw new Error('the read should have failed')
  return reading.error
}

/** Of the simulator's records: neither sign-ins nor tokens. */
export function isCall({ route, status }: { route: string; status: number }): boolean {
  return route !== 'signIn' && route !== 'token' && status !== 401
}
