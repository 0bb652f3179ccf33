/** Graph's subscriptions as an application has them: asked for, proved, listed, renewed, ended, expired. */
import t from '../group/tap.ts'
import { type NotificationReceiver, startNotificationReceiver } from '../support/notification-receiver.ts'
import {
  type OpenSimulator,
  openSimulator,
  simulatedClientId,
  simulatedTenant
} from '../support/open-simulator.ts'

const now = Date.parse('2026-11-23T08:00:00Z')
const inMinutes = (minutes: number, from = now) => new Date(from + minutes * 60_000).toISOString()

/** What the service asks for, with what a test wants otherwise. */
function wanted({ origin }: NotificationReceiver, changed: object = {}) {
  return {
    changeType: 'created,updated,deleted',
    notificationUrl: `${origin}/notifications`,
    lifecycleNotificationUrl: `${origin}/lifecycle`,
    resource: '/users/anna@example.se/events',
    expirationDateTime: inMinutes(10_080),
    clientState: 'hemlig',
    ...changed
  }
}

async function opened(t: Parameters<typeof openSimulator>[0], app: Parameters<typeof openSimulator>[1] = {}) {
  const clock = { now }
  const all = await openSimulator(t, app, { clock: () => clock.now })
  const receiver = await startNotificationReceiver(t)
  all.put({ address: 'anna@example.se', aliases: ['a@example.se'], userPrincipalName: 'anna@corp.example' })
  return { ...all, receiver, clock, subscribe: subscriber(all, receiver) }
}

function subscriber({ graph }: OpenSimulator, receiver: NotificationReceiver) {
  return (changed: object = {}) => graph('/subscriptions', { body: wanted(receiver, changed) })
}

t.test('a subscription is created once both addresses have returned the token', async (t) => {
  const { subscribe, receiver, graph, simulator } = await opened(t)
  const made = await subscribe()
  t.equal(made.status, 201)
  t.match(made.body, {
    '@odata.context': `${simulator.graphRoot}/v1.0/$metadata#subscriptions/$entity`,
    applicationId: simulatedClientId,
    clientState: 'hemlig',
    resource: '/users/anna@example.se/events',
    expirationDateTime: '2026-11-30T08:00:00.0000000Z'
  })
  t.same(receiver.handshakes, ['/notifications', '/lifecycle'])
  t.match(await graph(`/subscriptions/${made.body.id}`), { status: 200, body: { clientState: 'hemlig' } })
  t.equal(simulator.graphSubscriptions.count(simulatedTenant), 1)
  t.equal(simulator.requests.count({ route: 'createSubscription', status: 201 }), 1)

  for (const resource of ['users/A@example.se/events', 'Users/anna@corp.example/events/']) {
    const again = await subscribe({ resource })
    t.equal(again.status, 409, 'the same mailbox by another name')
    t.match(again.body.error, { code: 'ExtensionError', message: `Subscription Id ${made.body.id} already` })
  }
  t.equal((await subscribe({ changeType: 'updated' })).status, 201, 'another kind of changes')
})

t.test('an address that fails the handshake has no subscription', async (t) => {
  const { subscribe, receiver, simulator } = await opened(t)
  const answers: [NotificationReceiver['answer'], RegExp][] = [
    [() => ({ status: 403 }), /HTTP status code is '403'/],
    [() => ({ status: 202 }), /must respond with 200 OK/],
    [(_path, token) => ({ status: 200, body: encodeURIComponent(token ?? '') }), /exactly match/],
    [() => null, /timed out/],
    [(path, token) => ({ status: path === '/lifecycle' ? 500 : 200, body: token ?? '' }), /'500'/]
  ]
  for (const [answer, message] of answers) {
    receiver.answer = answer
    simulator.graphSubscriptions.configure({ handshake: answer('', null) === null ? 50 : 10_000 })
    t.match(await subscribe(), { status: 400, body: { error: { code: 'ValidationError', message } } })
  }
  const nobody = { notificationUrl: 'http://127.0.0.1:1/' }
  t.match(await subscribe(nobody), { status: 400, body: { error: { code: 'ValidationError' } } })
  const elsewhere = { notificationUrl: 'https://example.com/notifications' }
  t.match(await subscribe(elsewhere), { status: 400, body: { error: { code: 'ValidationError' } } })
  t.equal(simulator.graphSubscriptions.count(), 0)
})

t.test('a malformed subscription is refused, and an expiration that is too short is raised', async (t) => {
  const { subscribe, receiver } = await opened(t)
  const refused: [object, number, RegExp][] = [
    [{ changeType: 'moved' }, 400, /moved/],
    [{ changeType: undefined }, 400, /changeType is a required property/],
    [{ expirationDateTime: 'tomorrow' }, 400, /Could not process/],
    [{ expirationDateTime: inMinutes(-1) }, 400, /in the future/],
    [{ expirationDateTime: inMinutes(10_082) }, 400, /can only be 10080 minutes/],
    [{ clientState: 'x'.repeat(129) }, 400, /128/],
    [{ notificationURL: 'x' }, 400, /camelCased/],
    [{ resource: '/me/events' }, 400, /not supported/],
    [{ resource: '/users/ghost@example.se/events' }, 404, /NotFound/]
  ]
  for (const [changed, status, message] of refused) {
    t.match(await subscribe(changed), { status, body: { error: { message } } })
  }
  t.same(receiver.handshakes, [], 'nobody was asked')
  const short = await subscribe({ expirationDateTime: inMinutes(5) })
  t.equal(short.body.expirationDateTime, '2026-11-23T08:45:00.0000000Z')
})

t.test('ReadBasic, another scope and a full mailbox are refused with 403', async (t) => {
  const { subscribe, simulator } = await opened(t)
  simulator.graphSubscriptions.configure({ perMailbox: 1 })
  await subscribe()
  const full = await subscribe({ changeType: 'deleted' })
  t.match(full, { status: 403, body: { error: { message: /limit of 1 active subscriptions/ } } })
  for (const app of [{ roles: ['Calendars.ReadBasic.All'] }, { mailboxes: ['bo@example.se'] }]) {
    const other = await opened(t, app)
    const message = /Status Code: Forbidden; Reason: Access is denied/
    t.match(await other.subscribe(), { status: 403, body: { error: { code: 'ExtensionError', message } } })
  }
})

t.test('renewed, authorised again, ended, expired: alone and within a batch', async (t) => {
  const { subscribe, send, token, clock, graph, simulator } = await opened(t)
  const headers = { authorization: `Bearer ${await token()}` }
  const { id } = (await subscribe({ expirationDateTime: inMinutes(60) })).body
  const path = `/v1.0/subscriptions/${id}`
  const renewed = await send('PATCH', path, { headers, body: { expirationDateTime: inMinutes(90) } })
  t.match(renewed, { status: 200, body: { id, expirationDateTime: '2026-11-23T09:30:00.0000000Z' } })
  const wrong = await send('PATCH', path, { headers, body: { clientState: 'x' } })
  t.match(wrong, { status: 400, body: { error: { message: /clientState/ } } })
  t.equal((await send('POST', `${path}/reauthorize`, { headers })).status, 204)
  const requests = [
    {
      id: '1',
      method: 'PATCH',
      url: `/subscriptions/${id}`,
      headers: { 'Content-Type': 'application/json' },
      body: { expirationDateTime: inMinutes(120) }
    },
    { id: '2', method: 'POST', url: `/subscriptions/${id}/reauthorize` },
    { id: '3', method: 'DELETE', url: '/subscriptions/none' }
  ]
  const { body } = await graph('/$batch', { body: { requests } })
  const by = new Map(body.responses.map((each: { id: string }) => [each.id, each]))
  t.match(by.get('1'), { status: 200, body: { expirationDateTime: /T10:00/ } })
  t.match(by.get('2'), { status: 204, body: undefined })
  t.match(by.get('3'), { status: 404, body: { error: { code: 'ResourceNotFound' } } })
  t.equal(simulator.requests.count({ route: 'renewSubscription', status: 200 }), 2)

  clock.now += 120 * 60_000
  const gone = await send('PATCH', path, { headers, body: { expirationDateTime: inMinutes(60, clock.now) } })
  t.equal(gone.status, 401, 'the token has expired meanwhile')
  const fresh = { authorization: `Bearer ${await token()}` }
  t.equal((await send('GET', path, { headers: fresh })).status, 404, 'expired')
  simulator.faults.add({ kind: 'status', status: 429, retryAfter: '2', route: 'getSubscription', count: 1 })
  t.equal((await send('GET', path, { headers: fresh })).status, 429)
  t.equal((await send('DELETE', path, { headers: fresh })).status, 404)
})

t.test('a list has pages, its own subscriptions alone, and no secret', async (t) => {
  const { subscribe, put, graph, simulator, send, token } = await opened(t)
  for (let each = 0; each < 5; each += 1) {
    put(`u${each}@example.se`)
    t.equal((await subscribe({ resource: `users/u${each}@example.se/events` })).status, 201)
  }
  const elsewhere = '11111111-5f5e-4d0e-9d3f-0a1b2c3d4e5f'
  simulator.directories.put({ id: elsewhere, apps: [{ clientId: simulatedClientId, secret: 'right' }] })
  simulator.graphSubscriptions.configure({ pageSize: 2 })
  const resources: string[] = []
  let next = '/subscriptions'
  let pages = 0
  while (next !== '') {
    const { body } = await graph(next)
    for (const each of body.value) {
      t.equal(each.clientState, null)
      resources.push(each.resource)
    }
    pages += 1
    next = body['@odata.nextLink']?.replace(`${simulator.graphRoot}/v1.0`, '') ?? ''
  }
  t.same([pages, resources.length], [3, 5])
  const other = await token({ tenant: elsewhere })
  const headers = { authorization: `Bearer ${other}` }
  t.same((await send('GET', '/v1.0/subscriptions', { headers })).body.value, [])
  const id = simulator.graphSubscriptions.list()[0]?.id
  t.equal((await send('GET', `/v1.0/subscriptions/${id}`, { headers })).status, 404)
})
