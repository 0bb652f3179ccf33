/** API keys on two replicas over one Redis: what one does holds at the other, and what is sure while Redis is away. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const keysUrl = '/v1/tenants/acme/keys'
const override = '/v1/tenants/acme/users/anna/override'
const statuses = '/v1/tenants/acme/statuses'

async function startReplicas(t: Test) {
  const redis = await startRedis(t, { appendOnly: true })
  const config = { redisUrl: redis.url, masterKey: randomBytes(32) }
  const one = await startTestService(t, { ...config, dataDir: t.testdir({ one: {}, two: {} }) })
  const two = await startTestService(t, { ...config, dataDir: `${one.folder}/two` })
  await one.tenant('acme')
  const anna = { displayName: 'Anna', extension: '1070', syncEnabled: false }
  t.equal((await one.call('PUT', '/v1/tenants/acme/users/anna', anna)).status, 201)
  return { redis, one, two }
}

async function make(service: TestService, body: object = {}): Promise<{ id: string; key: string }> {
  const made = await service.call('POST', keysUrl, { name: 'Switch', role: 'switch', ...body })
  if (made.status !== 201) throw new Error(made.text)
  return made.body
}

async function statusOf(service: TestService, key: string, method: string, path: string, body?: unknown) {
  return (await service.call(method, path, body, { authorization: `Bearer ${key}` })).status
}

t.test('a key that one replica made opens the other at once', async (t) => {
  const { one, two } = await startReplicas(t)
  for (let round = 0; round < 20; round++) {
    const { key } = await make(one)
    t.equal(await statusOf(two, key, 'GET', statuses), 200)
  }
})

t.test('what was removed, rotated or has expired changes nothing at any replica after 5 s', async (t) => {
  const { one, two } = await startReplicas(t)
  const [removed, rotated] = [await make(one), await make(one)]
  const expiresAt = Date.now() + 3000
  const expiring = await make(one, { expiresAt: new Date(expiresAt).toISOString() })
  for (const { key } of [removed, rotated, expiring]) {
    t.equal(await statusOf(two, key, 'PUT', override, { diversion: 'lunch' }), 200)
  }
  t.equal((await one.call('DELETE', `${keysUrl}/${removed.id}`)).status, 204)
  t.equal((await one.call('POST', `${keysUrl}/${rotated.id}/rotate`, { overlapHours: 0 })).status, 200)
  const end = Date.now()
  const refusedAfter = async (key: string, end: number) => {
    for (;;) {
      const asked = Date.now()
      const status = await statusOf(two, key, 'PUT', override, { diversion: 'lunch' })
      if (status === 401) return
      if (asked > end + 5000) t.equal(status, 503, 'where it is not sure nothing is changed')
      await pause(20)
    }
  }
  await Promise.all([
    refusedAfter(removed.key, end),
    refusedAfter(rotated.key, end),
    refusedAfter(expiring.key, expiresAt)
  ])
  for (const { key } of [removed, rotated, expiring]) {
    t.equal(await statusOf(one, key, 'GET', statuses), 401)
  }
})

t.test(
  'with Redis away keys open reads, no writes, and a key that is not known is no wrong key',
  async (t) => {
    const { redis, one, two } = await startReplicas(t)
    const { key } = await make(one)
    const removed = await make(one)
    for (const known of [key, removed.key]) t.equal(await statusOf(two, known, 'GET', statuses), 200)
    t.equal((await one.call('DELETE', `${keysUrl}/${removed.id}`)).status, 204)
    await redis.kill()
    await until('the store is missed', async () => {
      const status = await statusOf(two, key, 'PUT', override, { diversion: 'lunch' })
      return status === 503
    })
    t.equal(await statusOf(two, key, 'GET', statuses), 200)
    t.equal(await statusOf(two, two.key, 'GET', statuses), 200, 'the admin key needs no store')
    // The checksum of the form is right: another replica may have made it.
    const unknown = 'hvk_0000000000000000000000000000000TCU9B'
    t.equal(await statusOf(two, unknown, 'GET', statuses), 503)
    t.equal(await statusOf(two, `${unknown.slice(0, -1)}C`, 'GET', statuses), 401)
    t.equal(await statusOf(two, key, 'DELETE', override), 503)

    await redis.restart()
    await until('the removed key is refused', async () => {
      return (await statusOf(two, removed.key, 'GET', statuses)) === 401
    })
    await until('the key opens writes again', async () => {
      return (await statusOf(two, key, 'DELETE', override)) === 204
    })
    t.equal(await statusOf(two, unknown, 'GET', statuses), 401)
  }
)
