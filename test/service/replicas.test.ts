/** Several services over one Redis, as operators run them: what is written at one is read at the other, and one may die. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  followTenant,
  startServiceProcess
} from '../support/service-process.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const iso = (instant: number) => new Date(instant).toISOString()

// They wait for leases to end, which they can do together.
t.jobs = 3

t.test(
  'an operator writes at one, a consumer waits at the other, and either may be killed',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const folder = t.testdir({ one: {}, two: {}, simulator: {} })
    const simulator = await startSimulator({ folder: join(folder, 'simulator') })
    t.teardown(() => simulator.close())
    simulator.directories.put({
      id: DIRECTORY,
      apps: [{ clientId: '7c9e6679-7425-40de-944b-e07fc1f90ae7', secret: 'right' }]
    })
    const environment = {
      HANVISA_REDIS_URL: redis.url,
      HANVISA_MASTER_KEY: randomBytes(32).toString('base64'),
      NODE_EXTRA_CA_CERTS: simulator.caFile!
    }
    const one = await startServiceProcess(t, environment, join(folder, 'one'))
    const two = await startServiceProcess(t, environment, join(folder, 'two'))

    const now = Math.floor(Date.now() / 1000) * 1000
    const meeting = { id: 'e', subject: 'MÖT', start: iso(now - 30 * MINUTE), end: iso(now + 30 * MINUTE) }
    // Of several shards, so that both services keep some of them.
    const tenants = ['acme', 'alpha', 'beta', 'gamma', 'delta', 'epsilon']
    const consumers = new Map<string, Awaited<ReturnType<typeof followTenant>>>()
    for (const tenant of tenants) {
      simulator.mailboxes.put(DIRECTORY, { address: `${tenant}@acme.example`, events: [meeting] })
      await createTenantOnGraph({ simulator, service: one }, tenant, [tenant])
      consumers.set(tenant, await followTenant(two, tenant))
    }
    const everybody = (what: string, diversion: string) =>
      Promise.all(
        tenants.map((tenant) =>
          consumers
            .get(tenant)!
            .until(`${tenant} ${what}`, (held) => held.get(tenant)?.diversion === diversion)
        )
      )
    await everybody('is in a meeting', 'meeting')
    const put = await one.call('PUT', '/v1/tenants/acme/users/acme/override', { diversion: 'lunch' })
    t.equal(put.status, 200)
    await consumers.get('acme')!.until('the override', (held) => held.get('acme').diversion === 'lunch')
    t.equal((await two.call('DELETE', '/v1/tenants/acme/users/acme/override')).status, 204)
    t.match((await one.call('GET', '/v1/tenants/acme/users/acme/status')).json, { diversion: 'meeting' })
    await until('the one asked knows how the other fares', async () => {
      const { json } = await two.call('GET', '/v1/tenants/acme/sync')
      return json.connection.state === 'working'
    })
    t.match((await two.call('POST', '/v1/tenants/acme/connection/test')).json, { ok: true })

    await one.kill('SIGKILL')
    const killed = performance.now()
    for (const tenant of tenants) {
      simulator.mailboxes.putEvent(DIRECTORY, `${tenant}@acme.example`, { ...meeting, cancelled: true })
    }
    await everybody('shows the edit', 'available')
    t.comment(`all edits showed ${Math.round(performance.now() - killed)} ms after the other was killed`)
    t.same(
      two.output.filter((line) => line.includes('a defect')),
      []
    )
    const { text } = await two.call('GET', '/metrics')
    t.match(text, /^hanvisa_shards_held 32$/m)
  }
)

t.test('one API and one worker; what Redis lacks is logged as an error', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const shared = { redisUrl: redis.url, masterKey: randomBytes(32), dataDir: t.testdir() }
  const api = await startTestService(t, { ...shared, role: 'api' })
  t.match(api.log().join('\n'), /a new installation begins/)
  t.match(api.log().join('\n'), /Redis keeps nothing on disk/)
  await api.tenant('acme')
  const now = Date.now()
  await api.calendar('acme', 'anna.ics')
  const user = {
    displayName: 'Anna',
    extension: '1',
    mailbox: 'anna.ics',
    syncEnabled: true
  }
  t.equal((await api.call('PUT', '/v1/tenants/acme/users/anna', user)).status, 201)
  t.equal((await api.call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })).status, 201)
  const state = async () => (await api.call('GET', '/v1/tenants/acme/users/anna/status')).body.sync.state
  t.equal(await state(), 'never', 'nobody reads yet')
  t.match((await api.call('GET', '/v1/tenants/acme/sync')).body.connection, { state: 'untried' })
  t.match((await api.call('POST', '/v1/tenants/acme/connection/test')).body, { ok: true })

  const worker = await startTestService(t, { ...shared, role: 'worker' })
  for (const [path, status] of [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 200]
  ] as const) {
    t.equal((await worker.call('GET', path)).status, status, path)
  }
  // What a worker does not serve is not as the OpenAPI document says.
  const headers = { authorization: `Bearer ${worker.key}` }
  t.equal((await fetch(`${worker.origin}/v1/tenants`, { headers })).status, 404)
  let cursor = (await api.call('GET', '/v1/tenants/acme/statuses')).body.cursor
  while ((await state()) !== 'fresh') {
    cursor = (await api.call('GET', `/v1/tenants/acme/changes?wait=20&cursor=${cursor}`)).body.cursor
  }
  t.ok(Date.now() - now < MINUTE)

  await t.rejects(startTestService(t, { ...shared, masterKey: randomBytes(32) }), {
    name: 'SetupError',
    message: /The master key does not fit/
  })
  await redis.command('FLUSHALL')
  for (const service of [api, worker]) {
    await until('it complains', async () =>
      service.log().some((line) => line.includes('all that was configured is lost'))
    )
  }
  t.match((await worker.call('GET', '/metrics')).text, /^hanvisa_store_emptied 1$/m)
})
