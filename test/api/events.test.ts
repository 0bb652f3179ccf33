/** Server-sent events of a running service, as a switch or a browser receives them. */
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, EventSource } from 'undici'
import t from '../group/tap.ts'
import { EventClient } from '../support/event-client.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

const root = '/v1/tenants/acme'
const service = await startTestService(t, { maxLongPollsPerKey: 3 })
const { call, origin, key } = service

const open = (path = `${root}/events`, headers = {}, bearer = key) =>
  EventClient.open(`${origin}${path}`, bearer, headers)
const divert = (user: string, diversion: string) =>
  call('PUT', `${root}/users/${user}/override`, { diversion })
const makeKey = async (body: object): Promise<{ key: string; id: string }> =>
  (await call('POST', `${root}/keys`, { name: 'test', ...body })).body

t.before(async () => {
  await service.tenant('acme')
  await call('PUT', `${root}/rules`, { pack: 'infracom' })
  for (const [index, user] of ['anna', 'bo', 'cecilia'].entries()) {
    const extension = user === 'cecilia' ? '1070' : `107${index}`
    await call('PUT', `${root}/users/${user}`, { displayName: user, extension, syncEnabled: false })
  }
})

t.test('without a cursor it begins with everybody, then follows', { timeout: hangMs }, async (t) => {
  const client = await open()
  t.equal(client.response.status, 200)
  t.equal(client.response.headers.get('content-type'), 'text/event-stream')
  t.equal(client.response.headers.get('cache-control'), 'no-store, no-transform')
  t.equal(client.response.headers.get('x-accel-buffering'), 'no')
  await until('everybody', () => client.state.size === 3)
  t.ok(client.retryMs! >= 2000 && client.retryMs! <= 5000, 'clients do not come back at once')
  t.same(
    client.events.map(({ id }) => id !== ''),
    [false, false, true],
    'the cursor is the id of the last alone'
  )
  await divert('anna', 'lunch')
  await until('the change', () => client.state.get('anna') === 'lunch')
  t.equal(client.events.length, 4, 'of her alone')
  const { body } = await call('GET', `${root}/users/anna/status`)
  t.same(JSON.parse(client.events[3]!.data), body, 'the very Status')
  await client.close()

  await divert('anna', 'meeting')
  await divert('bo', 'lunch')
  const resumed = await open(`${root}/events`, { 'last-event-id': client.lastId })
  await until('what happened meanwhile', () => resumed.state.size === 2)
  t.same(
    [...resumed.state],
    [
      ['anna', 'meeting'],
      ['bo', 'lunch']
    ]
  )
  await resumed.close()
})

t.test('the id of the header goes before the cursor of the address', async (t) => {
  const { cursor: older } = (await call('GET', `${root}/statuses`)).body
  await divert('bo', 'meeting')
  const { cursor: newer } = (await call('GET', `${root}/statuses`)).body
  const client = await open(`${root}/events?cursor=${older}`, { 'last-event-id': newer })
  await until('a newer cursor', () => client.lastId !== '')
  t.equal(client.events.length, 0)
  await client.close()
  const empty = await open(`${root}/events?cursor=${older}`, { 'last-event-id': '' })
  await until('from the cursor', () => empty.state.get('bo') === 'meeting')
  await empty.close()
})

t.test('by extension, in another language', async (t) => {
  const client = await open(`${root}/events?by=extension&language=en`)
  await until('both extensions', () => client.events.length === 2)
  t.match(JSON.parse(client.events[0]!.data), { extension: '1070', users: ['anna', 'cecilia'] })
  await call('DELETE', `${root}/users/bo`)
  await until('it is vacated', () => client.events.length === 3)
  t.same(JSON.parse(client.events[2]!.data), { extension: '1071', removed: true })
  await call('PUT', `${root}/users/bo`, { displayName: 'bo', extension: '1071', syncEnabled: false })
  await until('and taken', () => client.events.length === 4)
  t.match(JSON.parse(client.events[3]!.data), { label: 'Available' })
  await client.close()
})

t.test('sensitive diversions are masked as in every answer', async (t) => {
  const { key: masked } = await makeKey({ role: 'switch', sensitive: false })
  const client = await open(`${root}/events`, {}, masked)
  const plain = await open()
  await divert('cecilia', 'sick')
  await until('who may sees it', () => plain.state.get('cecilia') === 'sick')
  await until('who may not sees another', () => client.state.get('cecilia') === 'out-of-office')
  t.notMatch(JSON.stringify(client.events), /sick|sjuk/i)
  await Promise.all([client.close(), plain.close()])
})

t.test('what is refused is a problem before the stream begins', async (t) => {
  const bad = await call('GET', `${root}/events?cursor=x`)
  t.match(bad, { status: 400, body: { type: /invalid_request/, errors: [{ field: 'cursor' }] } })
  t.equal((await call('GET', '/v1/tenants/nobody/events')).status, 404)
  t.equal((await call('GET', `${root}/events`, undefined, { accept: 'application/json' })).status, 406)
  const old = Buffer.from(`1.gone.1-1.${Date.now()}`).toString('base64url')
  t.match(await call('GET', `${root}/events?cursor=${old}`), {
    status: 410,
    body: { type: 'urn:hanvisa:problem:cursor_expired' }
  })
  const head = await fetch(`${origin}${root}/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${key}` }
  })
  t.same([head.status, head.headers.get('content-type')], [200, 'text/event-stream'])
})

t.test('one key may hold so many streams', async (t) => {
  const { key: own } = await makeKey({ role: 'switch' })
  const streams = await Promise.all([1, 2, 3].map(() => open(`${root}/events`, {}, own)))
  const fourth = await open(`${root}/events`, {}, own)
  t.equal(fourth.response.status, 429)
  t.ok(fourth.response.headers.has('retry-after'))
  await streams[0]!.close()
  await until('room again', async () => {
    const again = await open(`${root}/events`, {}, own)
    streams.push(again)
    return again.response.status === 200
  })
  await Promise.all(streams.map((stream) => stream.close()))
})

t.test('a stream ends when its key is revoked', { timeout: hangMs }, async (t) => {
  const { key: own, id } = await makeKey({ role: 'switch' })
  const client = await open(`${root}/events`, {}, own)
  const kept = await open()
  t.equal(client.response.status, 200)
  await call('DELETE', `${root}/keys/${id}`)
  await client.ended
  t.equal((await open(`${root}/events`, {}, own)).response.status, 401)
  t.equal(await Promise.race([kept.ended.then(() => 'ended'), pause(0, 'open')]), 'open', 'others go on')
  await kept.close()
})

t.test('a comment keeps a quiet stream alive', { timeout: hangMs }, async (t) => {
  const client = await open()
  await until('a comment', () => client.comments > 0)
  t.ok(client.comments)
  await client.close()
})

t.test('a browser follows, also over a reset', { timeout: hangMs }, async (t) => {
  await service.tenant('brief')
  await call('PUT', '/v1/tenants/brief/users/eva', { displayName: 'Eva', extension: '1', syncEnabled: false })
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    const headers = { ...(options.headers as Record<string, string>), authorization: `Bearer ${key}` }
    return dispatch({ ...options, headers }, handler)
  })
  const source = new EventSource(`${origin}/v1/tenants/brief/events`, { node: { dispatcher } })
  const dataOf = (event: Event) => JSON.parse((event as unknown as { data: string }).data)
  const seen: string[] = []
  const resets: string[] = []
  source.addEventListener('status', (event) => seen.push(dataOf(event).displayName))
  source.addEventListener('reset', (event) => resets.push(dataOf(event).type))
  await until('everybody', () => seen.length === 1)
  await call('DELETE', '/v1/tenants/brief')
  await service.tenant('brief')
  await call('PUT', '/v1/tenants/brief/users/eva', {
    displayName: 'Eva 2',
    extension: '1',
    syncEnabled: false
  })
  await until('it begins anew', () => seen.includes('Eva 2'))
  t.match(resets, [/not_found|cursor_expired/])
  source.close()
  await dispatcher.close()
})

t.test('the service closes though streams are open', { timeout: hangMs }, async (t) => {
  const other = await startTestService(t)
  await other.tenant('acme')
  const clients = await Promise.all(
    [1, 2].map(() => EventClient.open(`${other.origin}${root}/events`, other.key))
  )
  t.same(
    clients.map(({ response }) => response.status),
    [200, 200]
  )
  await other.close()
  await Promise.all(clients.map(({ ended }) => ended))
})
