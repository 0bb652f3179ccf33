/** The versions of a tenant's rules say who put and who restored them, on both stores. */
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService } from '../support/service.ts'

const keysUrl = '/v1/tenants/acme/keys'
const rulesUrl = '/v1/tenants/acme/rules'

for (const store of ['lmdb', 'Redis']) {
  t.test(`who put and who restored a version stays with it after the key is gone, on ${store}`, async (t) => {
    const redis = store === 'Redis' ? await startRedis(t) : undefined
    const { call, tenant } = await startTestService(t, redis === undefined ? {} : { redisUrl: redis.url })
    await tenant('acme')
    const made = await call('POST', keysUrl, { name: 'Eva in Malmö', role: 'operator' })
    t.equal(made.status, 201, made.text)
    const { id, key } = made.body
    const asEva = { authorization: `Bearer ${key}` }
    await call('PUT', rulesUrl, { pack: 'infracom' })
    await call('PUT', rulesUrl, { pack: '3kontakt' }, asEva)
    await call('PUT', rulesUrl, { pack: '3kontakt' })
    await call('POST', `${rulesUrl}/versions/1/restore`, undefined, asEva)
    t.equal((await call('DELETE', `${keysUrl}/${id}`)).status, 204)

    const { body, text } = await call('GET', `${rulesUrl}/versions`)
    const eva = { kind: 'key', id, name: 'Eva in Malmö' }
    t.match(body.versions, [
      { version: 3, by: eva },
      { version: 2, by: eva },
      { version: 1, by: { kind: 'key', id: 'admin' } }
    ])
    t.equal(body.versions.length, 3, 'who puts what is there already makes no version')
    t.notOk(text.includes(key), 'the key itself is not there')

    const diff = (await call('GET', `${rulesUrl}/versions/1/diff/2`)).body
    t.match(diff, { before: { version: 1, by: { id: 'admin' } }, after: { version: 2, by: eva } })
    t.ok(diff.changes.length > 0)
    t.strictSame((await call('GET', `${rulesUrl}/versions/1/diff/3`)).body.changes, [], 'it was restored')
    t.match((await call('GET', `${rulesUrl}/versions/0/diff/2`)).body, {
      before: { at: null, by: null },
      changes: []
    })
    t.equal((await call('GET', `${rulesUrl}/versions/1/diff/9`)).status, 404)
  })
}
