/** Several connections of a tenant: each by its name, in their order, and none touches what is read over another. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const graph = {
  kind: 'graph',
  tenantId: '6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d',
  clientId: '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5',
  cloud: { login: 'https://127.0.0.1:9', graph: 'https://127.0.0.1:9' }
}
const clientSecret = 'Sup3r~secret.value'

t.test('connections are put, read, listed in their order and removed by name', async (t) => {
  const { call, tenant } = await startTestService(t)
  await tenant('acme')
  const files = await call('PUT', `${root}/connections/files`, { kind: 'ics' })
  t.strictSame(
    [files.status, files.body],
    [201, { connection: 'files', order: 0, kind: 'ics', pollSeconds: 300, secrets: [] }]
  )
  t.strictSame((await call('GET', `${root}/connection`)).body, { kind: 'ics', pollSeconds: 300, secrets: [] })
  t.equal((await call('PUT', `${root}/connections/cloud`, { ...graph, clientSecret })).status, 201)
  const order = async () => {
    const { body } = await call('GET', `${root}/connections`)
    return body.connections.map(({ connection, order }: Record<string, unknown>) => `${connection} ${order}`)
  }
  t.strictSame(await order(), ['files 0', 'cloud 1'], 'a new one comes last')

  const cloud = (await call('GET', `${root}/connections/cloud`)).body
  t.strictSame(cloud.secrets, ['clientSecret'])
  t.notMatch(JSON.stringify(cloud), /Sup3r/)
  t.equal(
    (await call('PUT', `${root}/connections/cloud`, cloud)).status,
    200,
    'what was read can be put back'
  )
  const first = await call('PUT', `${root}/connections/files`, { kind: 'ics', order: 7 })
  t.equal(first.body.order, 7)
  t.strictSame(await order(), ['cloud 1', 'files 7'])
  const elsewhere = await call('PUT', `${root}/connections/cloud`, { ...graph, tenantId: 'other.example' })
  t.match(elsewhere.body.errors, [{ field: 'clientSecret', message: /must be stated again/ }])
  const wrongName = await call('PUT', `${root}/connections/cloud`, { ...cloud, connection: 'files' })
  t.match(wrongName.body.errors, [{ field: 'connection', message: /as in the address/ }])

  for (const method of ['GET', 'DELETE']) {
    const unclear = await call(method, `${root}/connection`)
    t.match(
      [unclear.status, unclear.body.errors[0].message],
      [400, /several.*cloud, files.*connections\/cloud/]
    )
  }
  t.match((await call('GET', `${root}/connections/nothing`)).body, { detail: /no connection "nothing": PUT/ })
  for (const name of ['c', 'd', 'e']) await call('PUT', `${root}/connections/${name}`, { kind: 'ics' })
  t.equal((await call('PUT', `${root}/connections/f`, { kind: 'ics' })).status, 409)
  for (const name of ['cloud', 'c', 'd', 'e']) {
    t.equal((await call('DELETE', `${root}/connections/${name}`)).status, 204)
  }
  t.strictSame((await call('GET', `${root}/connection`)).body.kind, 'ics', 'one is left')
})

t.test('a second connection moves nobody, and its end drops only what was read over it', async (t) => {
  const service = await startTestService(t)
  const { call, tenant } = service
  await tenant('acme')
  await call('PUT', `${root}/connection`, { kind: 'ics' })
  await service.calendar('acme', 'anna.ics', vevent('x', Date.now(), Date.now() + 60_000))
  await call('PUT', `${root}/users/anna`, {
    displayName: 'Anna',
    extension: '1',
    mailbox: 'anna.ics',
    syncEnabled: true
  })
  const report = async () => (await call('GET', `${root}/sync`)).body
  await until('the calendar was read', async () => (await report()).users[0].state === 'fresh')
  await call('PUT', `${root}/connections/cloud`, { ...graph, clientSecret })
  const both = await report()
  t.match(both.users[0], { state: 'fresh', home: { connection: 'default', movedAt: null } })
  t.strictSame(
    both.connections.map(({ connection, kind }: Record<string, unknown>) => `${connection} ${kind}`),
    ['default ics', 'cloud graph']
  )
  await call('DELETE', `${root}/connections/cloud`)
  t.match((await report()).users[0], { state: 'fresh', home: { connection: 'default' } })

  await call('PUT', `${root}/connections/cloud`, { ...graph, clientSecret })
  await call('DELETE', `${root}/connections/default`)
  await until('it is gone with what was read', async () => (await report()).users[0].state !== 'fresh')
  const audit = (await call('GET', `${root}/audit?action=connection.delete`)).body.entries
  t.equal(audit.length, 2, 'one entry for each call')
})
