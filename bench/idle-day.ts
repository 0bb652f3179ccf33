/**
 * What an idle day asks of Exchange with notifications: sync itself over the connectors, subscriptions and streams,
 * with a clock that is moved by hand, and the simulator's own minutes as much shorter. The simulator counts.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { EwsConnection, GraphConnection } from '../src/connectors/connection.ts'
import { createEwsConnector } from '../src/connectors/ews/connector.ts'
import { GraphConnector } from '../src/connectors/graph/connector.ts'
import { createNotificationUrls } from '../src/connectors/graph/notifications/url.ts'
import { anyAddress } from '../src/connectors/net/address-policy.ts'
import { type HttpClient, openHttpClient } from '../src/connectors/net/http-client.ts'
import { benchAccount, benchClientId, benchDirectory, benchMailbox } from './fixtures/simulated-tenant.ts'
import { type SimulatorProcess, startSimulatorProcess } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { type BenchSyncHarness, createReadingClock, openBenchSyncHarness } from './sync-harness.ts'

const MAILBOXES = 500
const hour = 3_600_000
const day = 24 * hour
/** Milliseconds by hand, and how long they take at the least: the simulator's streams run by its own clock. */
const step = 15_000
const stepTakes = 12
/** Milliseconds in which the connector must receive a sign of life on a stream; Exchange gives one every 30 to 45 s. */
const silence = 60_000
const mailboxes = Array.from({ length: MAILBOXES }, (_, number) => benchMailbox('acme', number))
const directory = benchDirectory(0)

export async function benchIdleDay(): Promise<void> {
  await overSimulator(graphDay)
  await overSimulator(streamingDay)
}

interface Scene {
  readonly simulator: SimulatorProcess
  readonly outbound: HttpClient
  readonly ca: string
}

async function overSimulator(measure: (scene: Scene) => Promise<void>): Promise<void> {
  const undo: (() => unknown)[] = []
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  undo.push(() => rm(folder, { recursive: true, force: true }))
  try {
    const { simulator, caFile } = await startSimulatorProcess(folder, undo)
    const ca = await readFile(caFile, 'utf8')
    const outbound = openHttpClient({ addressPolicy: anyAddress, ca })
    undo.push(() => outbound.close())
    await simulator.control('PUT', `tenants/${directory}`, {
      apps: [{ clientId: benchClientId, secret: 'right' }]
    })
    await simulator.control(
      'PUT',
      `tenants/${directory}/mailboxes`,
      mailboxes.map((address) => ({ address }))
    )
    await measure({ simulator, outbound, ca })
  } finally {
    for (const end of undo.reverse()) await end()
  }
}

async function graphDay({ simulator, outbound }: Scene): Promise<void> {
  const { time, observeQueue } = createReadingClock()
  // The clock moved by hand is days ahead of the simulator's.
  await simulator.control('PUT', 'subscriptions/limits', { longest: 1_000_000 })
  const door = createServer(({ url = '' }, response) => {
    const token = new URL(url, 'http://door').searchParams.get('validationToken')
    response.writeHead(token === null ? 202 : 200, { 'content-type': 'text/plain' }).end(token ?? '')
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  const address = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
  const notificationUrls = createNotificationUrls(address, randomBytes(32), 'acme')
  const connection: GraphConnection = {
    kind: 'graph',
    tenantId: directory,
    clientId: benchClientId,
    clientSecret: 'right',
    cloud: { login: simulator.origin, graph: simulator.origin },
    pollSeconds: 120
  }
  const connector = () =>
    new GraphConnector({
      connection,
      http: outbound,
      notificationUrls,
      clock: time.clock,
      timers: time.timers
    })
  const sync = await openBenchSyncHarness({ time, mailboxes, connection, connector, observeQueue })
  try {
    await aDay(simulator, sync, 'Graph notifications', async () => {})
  } finally {
    await sync.close()
    door.closeAllConnections()
    door.close()
  }
}

async function streamingDay({ simulator, outbound, ca }: Scene): Promise<void> {
  const { time, observeQueue } = createReadingClock()
  const { user, password } = benchAccount
  await simulator.control('PUT', `tenants/${directory}/exchange`, {
    version: '2016',
    accounts: [{ user, password, address: `${user}@acme.example`, impersonates: 'everybody' }]
  })
  await simulator.control('PUT', 'streams', { heartbeat: 4, minute: (stepTakes * 60_000) / step })
  const connection: EwsConnection = {
    kind: 'ews',
    url: `${simulator.origin}/${directory}/EWS/Exchange.asmx`,
    auth: { kind: 'ntlm', user: `HANVISA\\${user}`, password },
    access: 'impersonation',
    version: 'auto',
    ca,
    pollSeconds: 60
  }
  /** When those streams gave a sign that are waited for. */
  const signs = new Set<{ readonly at: number }>()
  const { clock, timers } = time
  const listening = (milliseconds: number, call: () => void) => {
    if (milliseconds !== silence) return timers.after(milliseconds, call)
    const sign = { at: timers.now() }
    signs.add(sign)
    const cancel = timers.after(milliseconds, () => {
      signs.delete(sign)
      call()
    })
    return () => {
      signs.delete(sign)
      cancel()
    }
  }
  const connector = () =>
    createEwsConnector({ connection, outbound, addressPolicy: anyAddress, clock, after: listening })
  const sync = await openBenchSyncHarness({ time, mailboxes, connection, connector, observeQueue })
  try {
    await aDay(simulator, sync, 'EWS streaming', async () => {
      const deadline = performance.now() + 2_000
      const isLate = ({ at }: { at: number }) => timers.now() - at > 2 * step
      while ([...signs].some(isLate) && performance.now() < deadline) await after(2)
    })
  } finally {
    await sync.close()
  }
}

/** From an hour after all were active, when the start is over. `waitForStreams` waits for what goes by the simulator's clock. */
async function aDay(
  simulator: SimulatorProcess,
  { time, activeSubscriptions, failures: failed }: BenchSyncHarness,
  what: string,
  waitForStreams: () => Promise<void>
): Promise<void> {
  const last = performance.now() + 120_000
  while (activeSubscriptions() < MAILBOXES) {
    if (performance.now() > last)
      throw new Error(`${what}: ${activeSubscriptions()} of ${MAILBOXES} are active`)
    await time.run(250)
    await after(25)
    await waitForStreams()
  }
  let maxInactive = 0
  for (let passed = -hour; passed < day; passed += step) {
    if (passed === 0) await simulator.control('DELETE', 'requests')
    const began = performance.now()
    await time.run(step)
    await waitForStreams()
    maxInactive = Math.max(maxInactive, MAILBOXES - activeSubscriptions())
    const left = stepTakes - (performance.now() - began)
    if (left > 0) await after(left)
  }
  const { counts } = (await simulator.control('GET', 'requests')) as {
    counts: { route: string; status: number; count: number }[]
  }
  if (failed.length > 0) throw new Error(`reads failed: ${failed.join(' ')}`)
  const countOf = (routes: (route: string) => boolean) =>
    counts.filter(({ route }) => routes(route)).reduce((sum, { count }) => sum + count, 0)
  const batches = countOf((route) => route === 'batch')
  // Signing in asks nothing of a mailbox. Graph's connector sends everything else in batches, which are HTTP requests.
  const calls = countOf((route) => !['batch', 'token', 'signIn', 'discovery'].includes(route))
  const requests = batches > 0 ? batches : calls
  printRow(
    `${what}, requests/mailbox and hour, idle day`,
    (requests / MAILBOXES / 24).toFixed(3),
    `${calls} calls in ${requests}`,
    `at most ${maxInactive} inactive`,
    `≤ 0.15 (${MAILBOXES} mailboxes, a day by a clock moved by hand)`
  )
  printRow(
    '  of these',
    '–',
    '–',
    '–',
    counts.map(({ route, status, count }) => `${count} ${route} ${status}`).join(', ')
  )
}
