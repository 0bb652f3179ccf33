/** Section 7 of the design: while Redis is away reads go on and say so, writes get a Retry-After. */
import { randomBytes } from 'node:crypto'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const redis = await startRedis(t, { appendOnly: true })
const masterKey = randomBytes(32)
const service = await startTestService(t, { redisUrl: redis.url, masterKey })
const { call } = service
const acme = '/v1/tenants/acme'
const anna = `${acme}/users/anna`
const body = { displayName: 'Anna', extension: '1', syncEnabled: false }
const degraded = (headers: Headers) => headers.get('hanvisa-degraded')
const ready = async () => (await call('GET', '/readyz')).body.status
const away = () => until('Redis is missed', async () => (await ready()) === 'degraded')
const back = () => until('Redis is back', async () => (await ready()) === 'ok')

await service.tenant('acme')
await call('PUT', anna, body)
await call('PUT', `${anna}/override`, { diversion: 'lunch' })

const reads = (cursor: string) => [
  `${acme}/statuses`,
  `${acme}/statuses?phone=closed`,
  `${acme}/changes?cursor=${cursor}`,
  `${anna}/status`,
  `${anna}/timeline`
]

t.test('while the store is reachable no answer says otherwise', async (t) => {
  const { cursor } = (await call('GET', `${acme}/statuses`)).body
  for (const path of reads(cursor)) {
    const { status, headers } = await call('GET', path)
    t.equal(status, 200, path)
    t.equal(degraded(headers), null, path)
  }
  t.match((await call('GET', `${anna}/status?explain=true`)).body, { rule: null })
})

t.test('a frozen Redis: reads from memory, writes refused, nothing lost when it goes on', async (t) => {
  const before = await call('GET', `${acme}/statuses`)
  const { cursor } = before.body
  const waiting = call('GET', `${acme}/changes?cursor=${cursor}&wait=50`)
  redis.freeze()
  await away()
  for (const path of reads(cursor)) {
    const { status, headers } = await call('GET', path)
    t.equal(status, 200, path)
    t.equal(degraded(headers), 'store', path)
  }
  const etag = before.headers.get('etag')!
  const unchanged = await call('GET', `${acme}/statuses`, undefined, { 'if-none-match': etag })
  t.equal(unchanged.status, 304)
  t.equal(degraded(unchanged.headers), 'store')
  const sheet = 'user,displayName,extension,syncEnabled\nbo,Bo,2,nej'
  const refused: [string, string, unknown?, Record<string, string>?][] = [
    ['PUT', acme, { name: 'x', timeZone: 'Europe/Stockholm', language: 'sv' }],
    ['DELETE', acme],
    ['PUT', `${acme}/connection`, { kind: 'ics' }],
    ['DELETE', `${acme}/connection`],
    ['POST', `${acme}/connection/test`],
    ['PUT', anna, body],
    ['DELETE', anna],
    ['POST', `${acme}/users/import`, sheet, { 'content-type': 'text/csv' }],
    ['PUT', `${acme}/rules`, { pack: 'infracom' }],
    ['POST', `${acme}/rules/preview`, { events: [] }],
    ['PUT', `${anna}/override`, { diversion: 'meeting' }],
    ['DELETE', `${anna}/override`],
    ['POST', `${acme}/sync`],
    ['GET', `${anna}/status?explain=true`],
    ['GET', `${anna}/timeline?explain=true`],
    ['GET', '/v1/tenants/not-in-memory/statuses']
  ]
  for (const one of refused) {
    const { status, headers, body } = await call(...one)
    t.equal(status, 503, one.slice(0, 2).join(' '))
    t.match(headers.get('retry-after'), /^[1-9][0-9]*$/)
    t.match(body, { type: /store_unavailable$/, detail: /store cannot be reached/ })
  }
  t.equal((await call('PUT', anna, { extension: 7 })).status, 400, 'what is wrong is reported all the same')
  t.equal((await call('GET', '/readyz')).status, 200, 'it stays where requests are sent')
  t.equal((await call('GET', '/healthz')).body.status, 'ok')
  redis.thaw()
  await back()
  t.equal((await call('PUT', `${anna}/override`, { diversion: 'meeting' })).status, 200)
  t.match((await waiting).body.changes, [{ user: 'anna', diversion: 'meeting' }])
  const after = await call('GET', `${acme}/changes?cursor=${cursor}`)
  t.equal(degraded(after.headers), null)
  t.strictSame(after.body.changes.length, 1, 'and once')
})

t.test('a worker has its probes and figures, and nothing else', async (t) => {
  const worker = await startTestService(t, { redisUrl: redis.url, role: 'worker', masterKey })
  t.same((await worker.call('GET', '/healthz')).body, { status: 'ok' })
  t.same((await worker.call('GET', '/readyz')).body, { status: 'ok' })
  t.equal((await worker.call('GET', '/metrics')).status, 200)
  t.equal((await worker.call('GET', '/metrics', undefined, { authorization: '' })).status, 401)
  for (const path of ['/v1/tenants', '/openapi.json', '/docs/', `${acme}/statuses`]) {
    // Not as the OpenAPI document says: that is of the roles that serve it.
    const { status } = await fetch(`${worker.origin}${path}`, {
      headers: { authorization: `Bearer ${worker.key}` }
    })
    t.equal(status, 404, path)
  }
})
