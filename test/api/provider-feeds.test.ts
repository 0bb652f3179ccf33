/** `/v1/changes` and `/v1/events`: all tenants of a provider in one feed, over replicas and restarts of it. */
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { EventClient } from '../support/event-client.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

interface Change {
  readonly tenant: string
  readonly user?: string
  readonly extension?: string
  readonly users?: readonly string[]
  readonly diversion?: string
  readonly removed?: true
}

async function putUser({ call }: TestService, tenant: string, user: string, extension = '1') {
  await call('PUT', `/v1/tenants/${tenant}/users/${user}`, {
    displayName: user,
    extension,
    syncEnabled: false
  })
}

const divert = ({ call }: TestService, tenant: string, user: string, body: object) =>
  call('PUT', `/v1/tenants/${tenant}/users/${user}/override`, body)

/** Follows by the cursor until the condition holds. */
async function follow(service: TestService, from: string, isDone: (changes: readonly Change[]) => boolean) {
  const changes: Change[] = []
  let cursor = from
  await until(async () => {
    const { status, body, text } = await service.call('GET', `/v1/changes?cursor=${cursor}&wait=1`)
    if (status !== 200) throw new Error(text)
    cursor = body.cursor
    changes.push(...body.changes)
    return isDone(changes)
  })
  return { cursor, changes }
}

const named = (changes: readonly Change[], tenant: string, diversion: string) =>
  changes.some((one) => one.tenant === tenant && one.diversion === diversion)

async function startTenants(t: Test, more: object = {}) {
  const service = await startTestService(t, more)
  for (const tenant of ['acme', 'beta', 'gamma']) {
    await service.tenant(tenant)
    await service.call('PUT', `/v1/tenants/${tenant}/rules`, { pack: 'infracom' })
    await putUser(service, tenant, 'anna')
  }
  return service
}

t.test('one cursor for all tenants', { timeout: hangMs }, async (t) => {
  const service = await startTenants(t)
  const { body: start } = await service.call('GET', '/v1/changes')
  t.same(start.changes, [], 'without a cursor: from now')
  await divert(service, 'acme', 'anna', { diversion: 'lunch' })
  await divert(service, 'gamma', 'anna', { diversion: 'meeting' })
  const first = await follow(
    service,
    start.cursor,
    (changes) => named(changes, 'acme', 'lunch') && named(changes, 'gamma', 'meeting')
  )
  const soon = new Date(Date.now() + 2500).toISOString()
  await divert(service, 'beta', 'anna', { diversion: 'lunch', until: soon })
  const second = await follow(
    service,
    first.cursor,
    (changes) => named(changes, 'beta', 'lunch') && named(changes, 'beta', 'available')
  )
  t.ok(
    second.changes.every(({ tenant }) => tenant === 'beta'),
    'a transition too, and nobody else'
  )

  await service.tenant('delta')
  await putUser(service, 'delta', 'eva')
  const third = await follow(service, second.cursor, (changes) => changes.some(({ user }) => user === 'eva'))
  await service.call('DELETE', '/v1/tenants/delta')
  const fourth = await follow(service, third.cursor, (changes) => changes.some(({ removed }) => removed))
  t.same(
    fourth.changes.filter(({ user }) => user === undefined),
    [{ tenant: 'delta', removed: true }]
  )

  await divert(service, 'acme', 'anna', { diversion: 'meeting' })
  const { body: byExtension } = await service.call(
    'GET',
    `/v1/changes?by=extension&language=en&wait=30&cursor=${fourth.cursor}`
  )
  t.match(byExtension.changes, [{ tenant: 'acme', extension: '1', users: ['anna'], label: 'Meeting' }])
  t.equal((await service.call('GET', '/v1/changes?cursor=x')).status, 400)
  const old = Buffer.from(`p1.${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.1.1000`).toString('base64url')
  t.equal((await service.call('GET', `/v1/changes?cursor=${old}`)).status, 410)
  t.equal((await service.call('GET', `/v1/events?cursor=${old}`)).status, 410)
})

t.test('as server-sent events', { timeout: hangMs }, async (t) => {
  const service = await startTenants(t)
  const client = await EventClient.open(`${service.origin}/v1/events`, service.key)
  await until('a cursor', () => client.lastId !== '')
  await divert(service, 'beta', 'anna', { diversion: 'lunch' })
  await until('the change', () =>
    client.events.some(({ data }) => data.startsWith('{"tenant":"beta","user":"anna"') && /lunch/.test(data))
  )
  await client.close()
  await divert(service, 'gamma', 'anna', { diversion: 'meeting' })
  const headers = { 'last-event-id': client.lastId }
  const again = await EventClient.open(`${service.origin}/v1/events`, service.key, headers)
  await until('what came meanwhile', () => again.events.some(({ data }) => /gamma.*meeting/.test(data)))
  const refused = await service.call('POST', '/v1/tenants/acme/keys', { name: 'x', role: 'operator' })
  const other = await EventClient.open(`${service.origin}/v1/events`, refused.body.key)
  t.equal(other.response.status, 403)
  await service.close()
  await again.ended
})

t.test(
  'another replica, and the same after a restart, goes on from the cursor',
  { timeout: hangMs },
  async (t) => {
    const redis = await startRedis(t)
    const config = { redisUrl: redis.url, masterKey: Buffer.alloc(32, 1) }
    const one = await startTenants(t, config)
    const other = await startTestService(t, config)
    const { body: start } = await one.call('GET', '/v1/changes')
    await divert(one, 'acme', 'anna', { diversion: 'lunch' })
    const there = await follow(other, start.cursor, (changes) => named(changes, 'acme', 'lunch'))
    await one.close()
    const soon = new Date(Date.now() + 1500).toISOString()
    await divert(other, 'beta', 'anna', { diversion: 'meeting', until: soon })
    const restarted = await startTestService(t, config)
    const here = await follow(
      restarted,
      there.cursor,
      (changes) => named(changes, 'beta', 'available') || named(changes, 'beta', 'meeting')
    )
    const last = await follow(restarted, here.cursor, (changes) =>
      named([...here.changes, ...changes], 'beta', 'available')
    )
    t.ok(last.cursor, 'the transition too')
  }
)
