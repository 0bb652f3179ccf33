/** API keys over HTTP, on both stores: made, shown once, used, rotated, removed. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { digestOf } from '../../src/lib/digest.ts'
import { isWellFormedKey } from '../../src/management/api-key-format.ts'
import t from '../group/tap.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'

const HOUR = 3_600_000
const keysUrl = '/v1/tenants/acme/keys'

async function start(t: Test, store: string, redis?: TestRedis): Promise<TestService> {
  const shared = redis ?? (store === 'Redis' ? await startRedis(t) : undefined)
  const service = await startTestService(t, {
    ...(shared !== undefined && { redisUrl: shared.url }),
    providerApplication: {
      clientId: 'app',
      clientSecret: 'secret',
      endsAt: 1_800_000_000_000,
      cloud: 'global'
    }
  })
  await service.tenant('acme')
  await service.tenant('other')
  const anna = {
    displayName: 'Anna',
    extension: '1070',
    numbers: [],
    mailbox: null,
    syncEnabled: false,
    timeZone: null,
    triggers: []
  }
  const { status, text } = await service.call('PUT', '/v1/tenants/acme/users/anna', anna)
  t.equal(status, 201, text)
  return service
}

/** Every file, as text that keeps what is ASCII. */
async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join()
}

async function valuesIn(redis: TestRedis): Promise<string> {
  const read: Record<string, (key: string) => Promise<unknown>> = {
    hash: (key) => redis.command('HGETALL', key),
    zset: (key) => redis.command('ZRANGE', key, 0, -1),
    stream: (key) => redis.command('XRANGE', key, '-', '+'),
    string: (key) => redis.command('GET', key)
  }
  const keys = (await redis.command('KEYS', '*')) as string[]
  const values = keys.map(async (key) => read[`${await redis.command('TYPE', key)}`]?.(key))
  return JSON.stringify([keys, await Promise.all(values)])
}

/** The status of the call with that key. */
async function as(service: TestService, key: string, path: string, method = 'GET', body?: unknown) {
  return service.call(method, path, body, { authorization: `Bearer ${key}` })
}

for (const store of ['lmdb', 'Redis']) {
  t.test(
    `a key is shown once, opens what its role may, and is listed without itself, on ${store}`,
    async (t) => {
      const service = await start(t, store)
      const { call } = service
      const made = await call('POST', keysUrl, { name: 'Växeln', role: 'switch', sensitive: true })
      t.equal(made.status, 201, made.text)
      t.equal(made.headers.get('cache-control'), 'no-store')
      const { key, ...shown } = made.body
      t.ok(isWellFormedKey(key))
      t.equal(shown.prefix, key.slice(0, 8))
      t.match(shown, {
        name: 'Växeln',
        role: 'switch',
        user: null,
        colleagues: false,
        sensitive: true,
        createdBy: 'admin',
        expiresAt: null,
        daysLeft: null,
        lastUsedDay: null,
        previousUntil: null
      })
      t.equal((await as(service, key, '/v1/tenants/acme/statuses')).status, 200)
      t.equal((await as(service, key, '/v1/tenants/other/statuses')).status, 404)
      t.equal((await as(service, key, keysUrl)).status, 403)

      const listed = await call('GET', keysUrl)
      t.strictSame(listed.body, { keys: [shown] })
      t.equal(listed.headers.get('cache-control'), 'no-store')
      t.strictSame((await call('GET', `${keysUrl}/${shown.id}`)).body, shown)
      t.equal((await call('GET', `/v1/tenants/other/keys/${shown.id}`)).status, 404)
      t.equal((await call('GET', `/v1/keys/${shown.id}`)).status, 404)
      t.equal((await call('DELETE', `/v1/tenants/other/keys/${shown.id}`)).status, 404)
      t.equal((await call('POST', `/v1/tenants/other/keys/${shown.id}/rotate`, {})).status, 404)

      t.equal((await call('DELETE', `${keysUrl}/${shown.id}`)).status, 204)
      t.equal((await as(service, key, '/v1/tenants/acme/statuses')).status, 401)
      t.equal((await call('DELETE', `${keysUrl}/${shown.id}`)).status, 404)
      t.strictSame((await call('GET', keysUrl)).body, { keys: [] })
    }
  )

  t.test(`a rotated key is good for the overlap, its predecessor never after, on ${store}`, async (t) => {
    const service = await start(t, store)
    const { call } = service
    const statusOf = async (key: string) => (await as(service, key, '/v1/tenants/acme/statuses')).status
    const first = (await call('POST', keysUrl, { name: 'Switch', role: 'switch' })).body
    const rotate = (overlapHours?: number) =>
      call('POST', `${keysUrl}/${first.id}/rotate`, overlapHours === undefined ? {} : { overlapHours })
    const before = Date.now()
    const second = await rotate()
    t.equal(second.status, 200, second.text)
    t.equal(second.headers.get('cache-control'), 'no-store')
    t.equal(second.body.id, first.id)
    t.not(second.body.key, first.key)
    const until = Date.parse(second.body.previousUntil)
    t.ok(until >= before + 24 * HOUR && until <= Date.now() + 24 * HOUR, 'a day unless stated')
    t.strictSame([await statusOf(first.key), await statusOf(second.body.key)], [200, 200])

    const third = (await rotate(1)).body
    t.strictSame(
      [await statusOf(first.key), await statusOf(second.body.key), await statusOf(third.key)],
      [401, 200, 200]
    )
    const fourth = (await rotate(0)).body
    t.equal(fourth.previousUntil, null)
    t.strictSame([await statusOf(third.key), await statusOf(fourth.key)], [401, 200])
    for (const overlapHours of [-1, 721, 1.5, null, '1']) {
      t.equal((await rotate(overlapHours as number)).status, 400, String(overlapHours))
    }
    t.equal((await call('POST', `${keysUrl}/nothing/rotate`, {})).status, 404)
  })

  t.test(`an operator has to do with the keys of its tenant below its own role, on ${store}`, async (t) => {
    const service = await start(t, store)
    const made = await service.call('POST', keysUrl, { name: 'Operator', role: 'operator' })
    const { key, id, sensitive } = made.body
    t.equal(sensitive, true, 'an operator sees everything')
    const post = (body: object, url = keysUrl) => as(service, key, url, 'POST', body)
    for (const role of ['switch', 'business']) {
      const { status, body } = await post({ name: role, role })
      t.strictSame([status, body.createdBy], [201, id])
    }
    const phone = await post({ name: 'Softphone', role: 'softphone', user: 'anna', colleagues: true })
    t.match(phone.body, { user: 'anna', colleagues: true, sensitive: false })
    for (const refused of [
      await post({ name: 'Another', role: 'operator' }),
      await as(service, key, `${keysUrl}/${id}/rotate`, 'POST', {}),
      await as(service, key, `${keysUrl}/${id}`, 'DELETE'),
      await post({ name: 'Provider', role: 'provider' }, '/v1/keys'),
      await as(service, key, '/v1/keys')
    ]) {
      t.equal(refused.status, 403, refused.text)
      t.match(refused.body.type, /insufficient_role$/)
    }
    t.equal((await post({ name: 'Switch', role: 'switch' }, '/v1/tenants/other/keys')).status, 404)
    t.equal((await as(service, key, `${keysUrl}/${phone.body.id}`, 'DELETE')).status, 204)
    t.equal((await service.call('POST', `${keysUrl}/${id}/rotate`, {})).status, 200, 'the provider may')
  })

  t.test(
    `keys go with their user and their tenant, and no key comes back with the name, on ${store}`,
    async (t) => {
      const service = await start(t, store)
      const { call } = service
      const phone = (await call('POST', keysUrl, { name: 'Phone', role: 'softphone', user: 'anna' })).body
      const other = (await call('POST', keysUrl, { name: 'Switch', role: 'switch' })).body
      const own = '/v1/tenants/acme/users/anna/status'
      t.equal((await as(service, phone.key, own)).status, 200)
      const anna = (await call('GET', '/v1/tenants/acme/users/anna')).body
      t.equal((await call('DELETE', '/v1/tenants/acme/users/anna')).status, 204)
      t.equal((await call('PUT', '/v1/tenants/acme/users/anna', anna)).status, 201)
      t.equal((await call('GET', `${keysUrl}/${phone.id}`)).status, 404)
      t.equal((await as(service, phone.key, own)).status, 401)
      t.equal((await call('DELETE', '/v1/tenants/acme')).status, 204)
      await service.tenant('acme')
      t.strictSame((await call('GET', keysUrl)).body, { keys: [] })
      t.equal((await as(service, other.key, '/v1/tenants/acme/statuses')).status, 401)
    }
  )

  t.test(`no key is in the log, the store or an error, on ${store}`, async (t) => {
    const redis = store === 'Redis' ? await startRedis(t) : undefined
    const service = await start(t, store, redis)
    const { call } = service
    const { key, id } = (await call('POST', keysUrl, { name: 'Switch', role: 'switch' })).body
    const rotated = (await call('POST', `${keysUrl}/${id}/rotate`, {})).body.key
    const answers = [
      await as(service, key, '/v1/tenants/acme/statuses'),
      await as(service, rotated, '/v1/keys'),
      await as(service, `${key.slice(0, -1)}!`, '/v1/tenants/acme/statuses'),
      await as(service, key, `/v1/tenants/acme/statuses?key=${key}`),
      await call('GET', keysUrl)
    ]
    const kept = (await call('POST', keysUrl, { name: 'Kept', role: 'switch' })).body
    await call('DELETE', `${keysUrl}/${id}`)
    answers.push(await as(service, rotated, '/v1/tenants/acme/statuses'))
    await service.close()
    const stored = redis === undefined ? await filesIn(service.folder) : await valuesIn(redis)
    t.ok(stored.includes(digestOf(kept.key)), 'the digest is stored')
    const said = [
      stored,
      ...service.log(),
      ...answers.map(({ text, headers }) => text + JSON.stringify([...headers]))
    ]
    for (const secret of [key, rotated, kept.key]) {
      t.notOk(said.some((text) => text.includes(secret.slice(8, 34))))
    }
  })
}

t.test('what is wrong with a key that is to be made is said, member by member', async (t) => {
  const { call } = await start(t, 'lmdb')
  const faults = async (body: object, url = keysUrl) => {
    const answer = await call('POST', url, body)
    t.equal(answer.status, 400, answer.text)
    return (answer.body.errors as { field: string }[]).map(({ field }) => field)
  }
  const name = 'A key'
  t.strictSame(await faults({ name, role: 'softphone' }), ['user'])
  t.strictSame(await faults({ name, role: 'softphone', user: 'nobody' }), ['user'])
  t.strictSame(await faults({ name, role: 'softphone', user: 'anna', sensitive: true }), ['sensitive'])
  t.strictSame(await faults({ name, role: 'switch', user: 'anna', colleagues: true }), ['user', 'colleagues'])
  t.strictSame(await faults({ name, role: 'business', sensitive: false }), ['sensitive'])
  for (const role of ['provider', 'monitor']) t.strictSame(await faults({ name, role }), ['role'])
  for (const role of ['operator', 'switch', 'business'])
    t.strictSame(await faults({ name, role }, '/v1/keys'), ['role'])
  t.strictSame(await faults({ name, role: 'root' }), ['role'])
  t.strictSame(await faults({ name: ' ', role: 'switch' }), ['name'])
  t.strictSame(await faults({ name: '\ud800', role: 'switch' }), ['name'])
  t.strictSame(await faults({ name, role: 'switch', expiresAt: '2020-01-01T00:00:00Z' }), ['expiresAt'])
  t.strictSame(await faults({ name, role: 'switch', expiresAt: 'tomorrow' }), ['expiresAt'])
  t.strictSame(await faults({ name, role: 'switch', scope: 'all' }), ['scope'])
  t.equal((await call('POST', '/v1/tenants/nobody/keys', { name, role: 'switch' })).status, 404)
  t.equal((await call('GET', '/v1/tenants/nobody/keys')).status, 404)
  t.strictSame((await call('GET', keysUrl)).body, { keys: [] })
  const inTenDays = new Date(Date.now() + 10.5 * 86_400_000).toISOString()
  t.match((await call('POST', keysUrl, { name, role: 'switch', expiresAt: inTenDays })).body, {
    daysLeft: 10
  })
})

t.test('at most 50 keys of a tenant, and 5 of a user', async (t) => {
  const { call } = await start(t, 'lmdb')
  const post = (body: object) => call('POST', keysUrl, { name: 'A key', ...body })
  const statuses = []
  for (let index = 0; index < 51; index++) statuses.push((await post({ role: 'switch' })).status)
  t.strictSame(statuses, [...Array(50).fill(201), 409])
  for (let index = 0; index < 5; index++) {
    t.equal((await post({ role: 'softphone', user: 'anna' })).status, 201)
  }
  const sixth = await post({ role: 'softphone', user: 'anna' })
  t.equal(sixth.status, 409)
  t.match(sixth.body, { type: /limit_reached$/, detail: /"anna" has 5 keys already/ })
  const first = (await call('GET', `${keysUrl}?limit=30`)).body
  const rest = (await call('GET', `${keysUrl}?limit=30&after=${first.after}`)).body
  t.strictSame([first.keys.length, rest.keys.length, rest.after], [30, 25, undefined])
})

t.test('provider and monitor keys are of no tenant', async (t) => {
  const service = await start(t, 'lmdb')
  const provider = (await service.call('POST', '/v1/keys', { name: 'Provisioning', role: 'provider' })).body
  const monitor = (
    await as(service, provider.key, '/v1/keys', 'POST', { name: 'Prometheus', role: 'monitor' })
  ).body
  t.equal(monitor.createdBy, provider.id)
  t.equal((await as(service, provider.key, '/v1/tenants')).status, 200)
  const metrics = await as(service, monitor.key, '/metrics')
  t.match(
    metrics.text,
    /_expires_timestamp_seconds\{tenant="",connector="provider application"\} 1800000000$/m
  )
  t.equal((await as(service, monitor.key, '/v1/tenants')).status, 403)
  t.strictSame(
    (await service.call('GET', '/v1/keys')).body.keys.map(({ id }: { id: string }) => id).sort(),
    [provider.id, monitor.id].sort()
  )
})
