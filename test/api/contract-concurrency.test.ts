/** Section 5 of the design when many act at once, tenants come and go under load, and the service restarts. */
import t from '../group/tap.ts'
import { longTests } from '../support/long-tests.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
const root = (tenant: string) => `/v1/tenants/${tenant}`
const good = { name: 'Acme AB', timeZone: 'Europe/Stockholm', language: 'sv' }
const put = async (path: string, body: object) => {
  const answer = await call('PUT', path, body)
  if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
}
const user = (tenant: string, id: string) =>
  put(`${root(tenant)}/users/${id}`, { displayName: id, extension: '1000', syncEnabled: false })

t.test('of many concurrent PUTs of the same one creates it', async (t) => {
  const many = (path: string, body: object) =>
    Promise.all(Array.from({ length: 12 }, () => call('PUT', path, body)))
  for (const path of ['/v1/tenants/many', '/v1/tenants/many/users/bo']) {
    const body = path.endsWith('bo') ? { displayName: 'Bo', extension: '1', syncEnabled: false } : good
    const made = (await many(path, body)).map(({ status }) => status)
    t.strictSame(made.sort(), [...Array(11).fill(200), 201])
  }
  const different = await Promise.all(
    ['match', 'ignore', 'availability-only'].map((policy) =>
      call('PUT', '/v1/tenants/many/rules', { pack: 'infracom', private: policy }, { 'if-match': '"0"' })
    )
  )
  t.strictSame(different.map(({ status }) => status).sort(), [201, 412, 412])
  t.match(different.find(({ status }) => status === 412)!.body, { type: /precondition_failed$/ })
})

t.test('tenants deleted and created again under load: never a server error', async (t) => {
  const name = 'fire'
  await service.tenant(name)
  await user(name, 'anna')
  const { cursor } = (await call('GET', `${root(name)}/statuses`)).body
  let going = true
  const seen = new Set<number>()
  const hammer = async (send: () => Promise<{ status: number }>) => {
    while (going) seen.add((await send()).status)
  }
  const at = root(name)
  const anna = { displayName: 'x', extension: '1', syncEnabled: true, mailbox: 'a.ics' }
  const fire = [
    () => call('GET', `${at}/statuses`),
    () => call('GET', `${at}/changes?cursor=${cursor}&wait=1`),
    () => call('PUT', `${at}/users/anna`, anna),
    () => call('PUT', `${at}/users/anna/override`, { diversion: 'lunch' }),
    () => call('GET', `${at}/users/anna/timeline?explain=true`),
    () => call('PUT', `${at}/rules`, { pack: 'infracom', private: 'ignore' }),
    () => call('PUT', `${at}/connection`, { kind: 'ics' }),
    () => call('GET', `${at}/sync`),
    () => call('POST', `${at}/sync`)
  ].map(hammer)
  for (let round = 0; round < (longTests ? 15 : 5); round++) {
    t.equal((await call('DELETE', at)).status, 204)
    await service.tenant(name)
  }
  going = false
  await Promise.all(fire)
  t.strictSame(
    [...seen].filter((status) => ![200, 201, 202, 404, 410, 412].includes(status)),
    []
  )
  t.match((await call('GET', at)).body, { name })
})

t.test('rules that drop a code while overrides set it: one of the two is refused', async (t) => {
  await service.tenant('race')
  const diversion = (code: string) => ({ code, labels: { sv: code }, phone: 'closed' })
  await user('race', 'anna')
  for (let round = 0; round < 10; round++) {
    await put(`${root('race')}/rules`, { diversions: [diversion('meeting'), diversion('lunch')] })
    const [rules, set] = await Promise.all([
      call('PUT', `${root('race')}/rules`, { diversions: [diversion('meeting')] }),
      call('PUT', `${root('race')}/users/anna/override`, { diversion: 'lunch' })
    ])
    t.ok((rules.status === 200 && set.status === 400) || (rules.status === 409 && set.status === 200))
    await call('DELETE', `${root('race')}/users/anna/override`)
  }
})

t.test('a service that restarts goes on where it was', async (t) => {
  const given = { dataDir: t.testdir(), masterKey: Buffer.alloc(32, 7) }
  const first = await startTestService(t, given)
  await first.tenant('acme')
  const at = '/v1/tenants/acme/users/anna'
  await first.call('PUT', at, { displayName: 'Anna', extension: '1', syncEnabled: false })
  const { cursor } = (await first.call('GET', '/v1/tenants/acme/statuses')).body
  const set = (await first.call('PUT', `${at}/override`, { diversion: 'lunch' })).body
  await first.close()
  const second = await startTestService(t, given)
  const { status, body } = await second.call('GET', `/v1/tenants/acme/changes?cursor=${cursor}`)
  t.equal(status, 200)
  t.strictSame(body.changes, [set])
})

t.test('nothing of all that was a fault of ours', (t) => {
  t.strictSame(
    service.log().filter((line) => /"level":(50|60)/.test(line)),
    []
  )
  t.end()
})
