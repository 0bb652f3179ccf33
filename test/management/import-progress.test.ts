/** Where an import stands can be asked at any time, and a later one ends an earlier one. */
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { until } from '../support/until.ts'

const USERS = 12_000
const service = await startTestService(t)
const { call } = service

const sheet = (users: number, name: string) =>
  [
    'user,displayName,extension,syncEnabled',
    ...Array.from({ length: users }, (_, index) => `u${index},${name} ${index},${1000 + index},false`)
  ].join('\n')
const send = (tenant: string, csv: string, query = '') =>
  call('POST', `/v1/tenants/${tenant}/users/import${query}`, csv, { 'content-type': 'text/csv' })
const progress = async (tenant: string) => (await call('GET', `/v1/tenants/${tenant}/import`)).body

t.test('how the newest import ended', async (t) => {
  await service.tenant('acme')
  t.equal((await call('GET', '/v1/tenants/acme/import')).status, 404, 'there was none')
  t.equal((await call('GET', '/v1/tenants/nobody/import')).status, 404)
  await send('acme', sheet(3, 'Anna'), '?dryRun=true')
  await send('acme', 'user\nbad')
  t.equal((await call('GET', '/v1/tenants/acme/import')).status, 404, 'none that saved anything')

  await send('acme', sheet(3, 'Anna'))
  const first = await progress('acme')
  const counts = { total: 3, saved: 3, created: 3, updated: 0, unchanged: 0, removed: 0 }
  t.match(first, { state: 'done', mode: 'merge', hint: null, ...counts })
  t.ok(first.startedAt <= first.updatedAt)

  await send('acme', sheet(1, 'Bo'), '?mode=replace')
  const replaced = { total: 3, saved: 3, created: 0, updated: 1, unchanged: 0, removed: 2 }
  t.match(await progress('acme'), { state: 'done', mode: 'replace', ...replaced })
})

t.test('while it runs it says how far it is; a later import ends it and goes on from there', async (t) => {
  await service.tenant('large')
  const earlier = send('large', sheet(USERS, 'Anna'))
  await until('it runs', async () => (await progress('large')).state === 'running')
  const running = await progress('large')
  t.match(running, { state: 'running', total: USERS, created: USERS, unchanged: 0 })
  t.ok(running.saved < USERS, `${running.saved} are saved`)

  const later = send('large', sheet(USERS, 'Bo'))
  const { status, body } = await earlier
  t.equal(status, 409, JSON.stringify(body).slice(0, 300))
  t.match(body, {
    type: /import_superseded$/,
    detail: /A later import of this tenant began when \d+ of the 12000/
  })
  const saved = Number(/when (\d+) of/.exec(body.detail)?.[1])
  const answer = await later
  t.equal(answer.status, 200, answer.text.slice(0, 300))
  t.equal(answer.body.created + answer.body.updated, USERS)
  t.ok(answer.body.updated <= saved)
  t.match(await progress('large'), { state: 'done', total: USERS, saved: USERS })
  const page = (await call('GET', '/v1/tenants/large/users?q=Anna&limit=1')).body
  t.strictSame(page.users, [], 'nobody is left as the earlier file had them')
})

t.test('an import of a tenant that is removed meanwhile ends', async (t) => {
  await service.tenant('gone')
  const running = send('gone', sheet(USERS, 'Anna'))
  await until('it runs', async () => (await progress('gone')).state === 'running')
  t.equal((await call('DELETE', '/v1/tenants/gone')).status, 204)
  t.equal((await running).status, 404)
  await service.tenant('gone')
  t.equal((await call('GET', '/v1/tenants/gone/import')).status, 404)
  t.strictSame((await call('GET', '/v1/tenants/gone/users')).body.users, [])
})
