/** Two services over one Redis that are asked to change the same things at once. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const redis = await startRedis(t)
const masterKey = randomBytes(32)
const acme = '/v1/tenants/acme'
const user = { displayName: 'Anna', extension: '1', syncEnabled: false }

async function two(t: Test): Promise<readonly [TestService, TestService]> {
  const shared = { redisUrl: redis.url, masterKey, role: 'api' as const }
  const one = await startTestService(t, { ...shared, dataDir: t.testdir({ one: {} }) })
  const other = await startTestService(t, { ...shared, dataDir: one.folder })
  await one.call('DELETE', acme)
  await one.tenant('acme')
  return [one, other]
}

const bytes = async (service: TestService) => {
  const { headers, text } = await service.call('GET', `${acme}/statuses`)
  return `${headers.get('etag')} ${text}`
}

/** Resolves once both answer the same, which they have to by themselves. */
const agree = (one: TestService, other: TestService) =>
  until('both answer the same bytes', async () => (await bytes(one)) === (await bytes(other)))

t.test('the same user, override and rules put at both at once', async (t) => {
  const [one, other] = await two(t)
  const each = <T>(count: number, work: (service: TestService, index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index % 2 ? one : other, index)))
  const put = await each(12, (service, index) =>
    service.call('PUT', `${acme}/users/anna`, { ...user, extension: `${index}` })
  )
  t.same(put.map(({ status }) => status).sort(), [...Array(11).fill(200), 201], 'it was new once')
  t.same(
    (await one.call('GET', `${acme}/users/anna`)).body,
    (await other.call('GET', `${acme}/users/anna`)).body
  )

  const { headers } = await one.call('GET', `${acme}/rules`)
  const ifMatch = { 'if-match': headers.get('etag')! }
  const packs = ['infracom', 'trio-no', 'bredband2-prefix', 'bredband2-availability']
  const rules = await each(4, (service, index) =>
    service.call('PUT', `${acme}/rules`, { pack: packs[index] }, ifMatch)
  )
  t.same(rules.map(({ status }) => status).sort(), [201, 412, 412, 412])

  await each(12, (service, index) =>
    index % 3
      ? service.call('PUT', `${acme}/users/anna/override`, { diversion: index % 2 ? 'lunch' : 'sick' })
      : service.call('DELETE', `${acme}/users/anna/override`)
  )
  await agree(one, other)
})

t.test('a code is never removed from the rules while an override that uses it is saved', async (t) => {
  const [one, other] = await two(t)
  await one.call('PUT', `${acme}/users/anna`, user)
  const whole = (await one.call('PUT', `${acme}/rules`, { pack: 'infracom' })).body.effective
  const less = whole.diversions.filter(({ code }: { code: string }) => code !== 'vacation')
  const triggers = whole.triggers.filter(({ diversion }: { diversion: string }) => diversion !== 'vacation')
  for (let round = 0; round < 10; round++) {
    const [set, ruled] = await Promise.all([
      one.call('PUT', `${acme}/users/anna/override`, { diversion: 'vacation' }),
      other.call('PUT', `${acme}/rules`, { pack: 'infracom', diversions: less, triggers })
    ])
    t.ok([`200 409`, `400 200`].includes(`${set.status} ${ruled.status}`), `${set.status} ${ruled.status}`)
    await one.call('DELETE', `${acme}/users/anna/override`)
    await other.call('PUT', `${acme}/rules`, { pack: 'infracom' })
  }
  await agree(one, other)
})

t.test(
  'thousands of users are imported at one replica while a consumer alternates between both',
  async (t) => {
    const [one, other] = await two(t)
    const file = (extension: string) =>
      ['user,displayName,extension,syncEnabled', ...rows(extension)].join('\r\n')
    const rows = (extension: string) =>
      Array.from({ length: 5_000 }, (_, index) => `user-${index},User ${index},${extension}${index},false`)
    const held = new Map<string, string>()
    let { cursor } = (await one.call('GET', `${acme}/statuses`)).body
    let done = false
    const importing = (async () => {
      for (const extension of ['1', '2']) {
        const { status, text } = await one.call('POST', `${acme}/users/import`, file(extension), {
          'content-type': 'text/csv'
        })
        if (status !== 200) throw new Error(`${status} ${text}`)
      }
      done = true
    })()
    for (let turn = 0, quiet = 0; quiet < 2; turn++) {
      const { status, body } = await (turn % 2 ? one : other).call(
        'GET',
        `${acme}/changes?cursor=${cursor}&wait=1`
      )
      t.equal(status, 200)
      cursor = body.cursor
      for (const { user: id, extension } of body.changes) held.set(id, extension)
      quiet = done && body.changes.length === 0 ? quiet + 1 : 0
    }
    await importing
    t.equal(held.size, 5_000)
    t.ok([...held.values()].every((extension) => extension.startsWith('2')))
    await agree(one, other)
  }
)

t.test('a tenant removed at one and created again at the other ends what waits for it', async (t) => {
  const [one, other] = await two(t)
  await one.call('PUT', `${acme}/users/anna`, user)
  await one.call('PUT', `${acme}/users/anna/override`, { diversion: 'sick' })
  const { cursor } = (await other.call('GET', `${acme}/statuses`)).body
  const polls = [one, other].map((service) => service.call('GET', `${acme}/changes?cursor=${cursor}&wait=50`))
  t.equal((await one.call('DELETE', acme)).status, 204)
  await other.tenant('acme')
  for (const { status, body } of await Promise.all(polls)) {
    t.ok(status === 404 || (status === 410 && /cursor_expired$/.test(body.type)), `${status}`)
  }
  await other.call('PUT', `${acme}/users/anna`, { ...user, extension: '2' })
  for (const service of [one, other]) {
    t.match((await service.call('GET', `${acme}/statuses`)).body.statuses, [
      { user: 'anna', extension: '2', diversion: 'available' }
    ])
    t.equal((await service.call('GET', `${acme}/changes?cursor=${cursor}`)).status, 410)
  }
  await agree(one, other)
})
