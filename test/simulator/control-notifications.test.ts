/** The control API over notifications, as a process of its own has nothing else: orders go in, counters come out. */
import t from '../group/tap.ts'
import { startNotificationReceiver } from '../support/notification-receiver.ts'
import { type OpenSimulator, openSimulator, simulatedTenant } from '../support/open-simulator.ts'
import { until } from '../support/until.ts'

const lunch = { id: 'lunch', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
const anna = 'anna@example.se'

async function opened(t: Parameters<typeof openSimulator>[0]) {
  const all = await openSimulator(t)
  const receiver = await startNotificationReceiver(t)
  all.put(anna)
  const body = {
    changeType: 'created,updated,deleted',
    notificationUrl: `${receiver.origin}/notifications`,
    lifecycleNotificationUrl: `${receiver.origin}/lifecycle`,
    resource: `users/${anna}/events`,
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
    clientState: 'hemlig'
  }
  const { id } = (await all.graph('/subscriptions', { body })).body
  return { ...all, receiver, id, control: controller(all) }
}

function controller({ send }: OpenSimulator) {
  return (method: string, path: string, body?: unknown) =>
    send(method, `/control${path}`, body === undefined ? {} : { body })
}

t.test('subscriptions are listed, limited, and removed on request', async (t) => {
  const { control, receiver, id } = await opened(t)
  const listed = await control('GET', `/subscriptions?tenant=example.se&mailbox=${anna}`)
  t.match(listed.body, [
    { id, tenant: simulatedTenant, mailbox: anna, clientState: 'hemlig', paused: false, expires: /Z$/ }
  ])
  t.match((await control('PUT', '/subscriptions/limits', { perMailbox: 3 })).body, { perMailbox: 3 })
  const order = { event: 'reauthorizationRequired', mailbox: anna, pausing: true }
  t.same((await control('POST', '/subscriptions/lifecycle', order)).body, { subscriptions: 1 })
  t.equal((await control('GET', '/subscriptions')).body[0].paused, true)
  const removal = { event: 'subscriptionRemoved', tenant: 'example.se', probability: 1, seed: 2 }
  t.same((await control('POST', '/subscriptions/lifecycle', removal)).body, { subscriptions: 1 })
  await until(() => receiver.items().length === 2)
  t.same((await control('GET', '/subscriptions')).body, [])
  t.equal((await control('POST', '/subscriptions/lifecycle', { event: 'born' })).status, 400)
  t.equal((await control('POST', '/subscriptions/lifecycle', { ...removal, tenant: 'x' })).status, 404)
})

t.test(
  'network conditions, losses, bursts and delivery are set, and what came of it is counted',
  async (t) => {
    const { control, receiver, simulator } = await opened(t)
    const edit = (...subjects: string[]) => {
      const edits = subjects.map((subject) => ({ address: anna, event: { ...lunch, subject } }))
      return control('POST', `/tenants/${simulatedTenant}/edits`, edits)
    }
    t.equal((await control('POST', '/notifications/drop', { count: 1 })).status, 204)
    t.same((await edit('one', 'two')).body, { events: ['lunch', 'lunch'] })
    await until(() => receiver.items().length === 1)
    t.equal((await control('POST', '/notifications/hold', {})).status, 204)
    await edit('three', 'four')
    t.match((await control('GET', '/notifications')).body, {
      network: { sent: 4, lost: 1, held: 2, inTransit: 2 }
    })
    t.same((await control('POST', '/notifications/release', {})).body, { notifications: 2 })
    await until(() => receiver.items().length === 3)
    const conditions = { seed: 5, duplicated: 1, delay: { min: 1, max: 2 }, protocol: 'graph' }
    t.match((await control('PUT', '/notifications/conditions', conditions)).body, { ...conditions, lost: 0 })
    t.match((await control('PUT', '/notifications/delivery', { firstRetry: 1 })).body, {
      firstRetry: 1,
      perPost: 100
    })
    await edit('five')
    await until(() => receiver.items().length === 5 && simulator.graphDeliveries.waiting === 0)
    const { body } = await control('GET', '/notifications')
    t.match(body, {
      subscriptions: { graph: 1, ews: 0 },
      streams: 0,
      network: { duplicated: 1, delayed: 2, inTransit: 0 },
      deliveries: { notices: 5, waiting: 0, retried: 0, statuses: { 202: Number }, slowest: Number }
    })
    t.equal((await control('DELETE', '/notifications')).status, 204)
    t.match((await control('GET', '/notifications')).body, {
      conditions: { duplicated: 0 },
      deliveries: { posts: 0 }
    })
    t.equal((await control('PUT', '/notifications/conditions', { lost: 2 })).status, 400)
    const deleted = [{ address: anna, deleted: 'lunch' }]
    t.same((await control('POST', `/tenants/${simulatedTenant}/edits`, deleted)).body, { events: ['lunch'] })
    t.same((await control('POST', `/tenants/${simulatedTenant}/edits`, deleted)).body, { events: [null] })
  }
)

t.test('streams are set, broken and robbed of their ids by order; a reset ends all of it', async (t) => {
  const { control } = await opened(t)
  const streams = { heartbeat: 1000, minute: 5000, chunks: 'mixed', seed: 9, hangsUp: true }
  t.same((await control('PUT', '/streams', streams)).body, streams)
  t.equal((await control('PUT', '/streams', { chunks: 'tiny' })).status, 400)
  t.same((await control('POST', '/streams/break', { how: 'cut', tenant: 'example.se' })).body, { streams: 0 })
  t.same(
    (await control('POST', '/streams/drop-subscriptions', { probability: 0.5, seed: 1, silently: true }))
      .body,
    {
      subscriptions: 0
    }
  )
  const fault = {
    kind: 'status',
    status: 429,
    retryAfter: '1',
    probability: 0.1,
    seed: 3,
    durationMs: 60_000
  }
  t.equal((await control('POST', '/faults', fault)).status, 201)
  t.match((await control('GET', '/faults')).body, [{ ...fault, hits: 0 }])
  t.equal((await control('POST', '/reset', {})).status, 204)
  t.match((await control('GET', '/notifications')).body, { subscriptions: { graph: 0 } })
  t.match((await control('PUT', '/streams', {})).body, { heartbeat: 30_000, chunks: 'documents' })
})

t.test('ten thousand mailboxes in one call', async (t) => {
  const { control } = await opened(t)
  const events = [lunch, { ...lunch, id: 'two' }, { ...lunch, id: 'three' }]
  const mailboxes = Array.from({ length: 10_000 }, (_, each) => ({ address: `u${each}@example.se`, events }))
  t.same((await control('PUT', `/tenants/${simulatedTenant}/mailboxes`, mailboxes)).body, {
    mailboxes: 10_001
  })
})
