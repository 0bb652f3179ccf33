/**
 * A subject is edited, and nothing else: no time, no busy status. Where the notification is lost, the next reconciliation finds
 * the edit within the hour, over each calendar system. An account that only sees detailed free/busy times finds it by polling.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { EwsConnection, GraphConnection } from '../../src/connectors/connection.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { createEwsConnector } from '../../src/connectors/ews/connector.ts'
import { GraphConnector } from '../../src/connectors/graph/connector.ts'
import { createNotificationUrls } from '../../src/connectors/graph/notifications/url.ts'
import { anyAddress } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import t from '../group/tap.ts'
import { startNotificationReceiver } from '../support/notification-receiver.ts'
import {
  type OpenSimulator,
  openSimulator,
  simulatedClientId,
  simulatedTenant
} from '../support/open-simulator.ts'
import { hourMs, minuteMs, openSyncHarness, type SyncHarness } from '../support/sync-harness.ts'
import { until } from '../support/until.ts'

t.setTimeout(0)
const addresses = ['anna', 'bo', 'cia'].map((name) => `${name}@example.se`)
const account = { user: 'svc', password: 'right', address: 'svc@example.se' }

interface Scene {
  readonly open: OpenSimulator
  readonly harness: SyncHarness
  /** Opens the connector that the tenant is read with. */
  use(openConnector: () => Connector): Promise<void>
}

async function openScene(t: Test): Promise<Scene> {
  const open = await openSimulator(t)
  let openConnector: () => Connector = () => {
    throw new Error('there is no connector yet')
  }
  // The simulator goes by the machine's time.
  const startAt = Math.floor(Date.now() / minuteMs) * minuteMs
  const harness = await openSyncHarness(t, { startAt, openConnector: () => openConnector() })
  await harness.tenant('acme')
  for (const address of addresses) open.put({ address, rights: { 'svc@example.se': 'reviewer' } })
  rename(open, 'anna@example.se', 'MÖT: kund', startAt)
  return {
    open,
    harness,
    async use(given) {
      openConnector = given
      const people = addresses.map((address) => [address.split('@')[0]!, { mailbox: address }] as const)
      await harness.people('acme', Object.fromEntries(people))
      await harness.open()
    }
  }
}

function rename({ simulator }: OpenSimulator, address: string, subject: string, startAt: number): void {
  const [start, end] = [startAt - hourMs, startAt + 6 * hourMs].map((at) => new Date(at).toISOString())
  simulator.mailboxes.putEvent(simulatedTenant, address, {
    id: 'meeting',
    subject,
    start: start!,
    end: end!,
    showAs: 'busy'
  })
}

const diversionOf = async ({ record }: SyncHarness, user: string) =>
  (await record('acme', user)).timeline?.causes[0]?.diversion

/** Lets both clocks pass, and gives what is not waited for (subscriptions, renewals) its real time. */
async function pass({ time }: SyncHarness, milliseconds: number, stepMs = 15_000): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += stepMs) {
    await time.run(stepMs)
    await pause(2)
  }
}

async function untilSubscribed(harness: SyncHarness): Promise<void> {
  await until('every calendar was read with an active subscription', async () => {
    await pass(harness, 250, 250)
    const records = await Promise.all(addresses.map((name) => harness.record('acme', name.split('@')[0]!)))
    return records.every(({ sync }) => sync.subscribed)
  })
}

/** Renames the meeting at an instant of nobody's choosing, and lets the hour pass. */
async function editAndWait(t: Test, { open, harness }: Scene): Promise<void> {
  const { time, counted } = harness
  t.equal(await diversionOf(harness, 'anna'), 'meeting')
  t.equal((await harness.record('acme', 'anna')).sync.subscribed, true)
  await pass(harness, 20 * minuteMs)
  rename(open, 'anna@example.se', 'Eget arbete', time.clock() - 20 * minuteMs)
  await pass(harness, hourMs + minuteMs)
  t.equal(await diversionOf(harness, 'anna'), 'busy', 'within the hour')
  t.equal(counted('missed'), 1)
}

t.test('over Graph', async (t) => {
  const scene = await openScene(t)
  const { harness, open } = scene
  // It returns the validation token, takes notifications, and passes none on.
  const receiver = await startNotificationReceiver(t)
  const http = openHttpClient({ addressPolicy: anyAddress, ca: open.simulator.ca })
  t.teardown(() => http.close())
  const connection: GraphConnection = {
    kind: 'graph',
    tenantId: simulatedTenant,
    clientId: simulatedClientId,
    clientSecret: 'right',
    cloud: { login: open.simulator.origin, graph: open.simulator.origin },
    pollSeconds: 60
  }
  const notificationUrls = createNotificationUrls(receiver.origin, randomBytes(32), 'acme')
  const { clock, timers } = harness.time
  await scene.use(() => new GraphConnector({ connection, http, notificationUrls, clock, timers }))
  await untilSubscribed(harness)
  await editAndWait(t, scene)
  await until('Graph notified of it', () => receiver.items().length > 0)
})

const ewsConnection = (open: OpenSimulator, access: EwsConnection['access']): EwsConnection => ({
  kind: 'ews',
  url: `${open.simulator.origin}/${simulatedTenant}/EWS/Exchange.asmx`,
  auth: { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password },
  access,
  version: 'auto',
  ca: open.simulator.ca,
  pollSeconds: 60
})

async function openEws(t: Test, access: EwsConnection['access']) {
  const scene = await openScene(t)
  const { simulator } = scene.open
  simulator.installations.put(simulatedTenant, {
    accounts: [access === 'impersonation' ? { ...account, impersonates: 'everybody' } : account]
  })
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca: simulator.ca })
  t.teardown(() => outbound.close())
  const connection = ewsConnection(scene.open, access)
  const { clock, timers } = scene.harness.time
  const connector = () =>
    createEwsConnector({ connection, outbound, addressPolicy: anyAddress, clock, after: timers.after })
  return { scene, connector }
}

t.test('over EWS with impersonation', async (t) => {
  const { scene, connector } = await openEws(t, 'impersonation')
  await scene.use(() => ({
    ...connector(),
    // A stream that lives and brings nothing.
    subscribe(_request, { onActive }) {
      queueMicrotask(onActive)
      return { onNotification: () => {}, stop: () => {} }
    }
  }))
  await untilSubscribed(scene.harness)
  await editAndWait(t, scene)
})

t.test('over EWS by detailed free/busy times, at the next poll', async (t) => {
  const { scene, connector } = await openEws(t, 'delegate')
  const { open, harness } = scene
  await scene.use(connector)
  await pass(harness, minuteMs)
  t.equal(await diversionOf(harness, 'anna'), 'meeting')
  rename(open, 'anna@example.se', 'Eget arbete', harness.time.clock() - minuteMs)
  await pass(harness, minuteMs + 1_000, 1_000)
  t.equal(await diversionOf(harness, 'anna'), 'busy')
  t.equal((await harness.record('acme', 'anna')).sync.subscribed, false)
})
