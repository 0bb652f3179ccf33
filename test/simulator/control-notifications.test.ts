/** The control API over notices, as a process of its own has nothing else: orders go in, counters come out. */
import t from 'tap'
import { receive } from '../support/notification-receiver.ts'
import { type Open, open, tenant, until } from '../support/open-simulator.ts'

const lunch = { id: 'lunch', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' }
const anna = 'anna@example.se'

async function opened(t: Parameters<typeof open>[0]) {
  const all = await open(t)
  const receiver = await receive(t)
  all.put(anna)
  const body = {
    changeType: 'created,updated,deleted',
    notificationUrl: `${receiver.origin}/notices`,
    lifecycleNotificationUrl: `${receiver.origin}/lifecycle`,
    resource: `users/${anna}/events`,
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
    clientState: 'hemlig'
  }
  const { id } = (await all.graph('/subscriptions', { body })).body
  return { ...all, receiver, id, control: controller(all) }
}

function controller({ send }: Open) {
  return (method: string, path: string, body?: unknown) =>
    send(method, `/control${path}`, body === undefined ? {} : { body })
}

t.test('subscriptions are listed, limited, and live and die by order', async (t) => {
  const { control, receiver, id } = await opened(t)
  const listed = await control('GET', `/subscriptions?tenant=example.se&mailbox=${anna}`)
  t.match(listed.body, [{ id, tenant, mailbox: anna, clientState: 'hemlig', paused: false, expires: /Z$/ }])
  t.match((await control('PUT', '/subscriptions/limits', { perMailbox: 3 })).body, { perMailbox: 3 })
  const order = { event: 'reauthorizationRequired', mailbox: anna, pausing: true }
  t.same((await control('POST', '/subscriptions/lifecycle', order)).body, { subscriptions: 1 })
  t.equal((await control('GET', '/subscriptions')).body[0].paused, true)
  const removal = { event: 'subscriptionRemoved', tenant: 'example.se', share: 1, seed: 2 }
  t.same((await control('POST', '/subscriptions/lifecycle', removal)).body, { subscriptions: 1 })
  await until(() => receiver.items().length === 2)
  t.same((await control('GET', '/subscriptions')).body, [])
  t.equal((await control('POST', '/subscriptions/lifecycle', { event: 'born' })).status, 400)
  t.equal((await control('POST', '/subscriptions/lifecycle', { ...removal, tenant: 'x' })).status, 404)
})

t.test('weather, losses, bursts and delivery are set, and what came of it is counted', async (t) => {
  const { control, receiver, simulator } = await opened(t)
  const edit = (...subjects: string[]) => {
    const edits = subjects.map((subject) => ({ address: anna, event: { ...lunch, subject } }))
    return control('POST', `/tenants/${tenant}/edits`, edits)
  }
  t.equal((await control('POST', '/notices/lose', { count: 1 })).status, 204)
  t.same((await edit('one', 'two')).body, { events: ['lunch', 'lunch'] })
  await until(() => receiver.items().length === 1)
  t.equal((await control('POST', '/notices/hold', {})).status, 204)
  await edit('three', 'four')
  t.match((await control('GET', '/notices')).body, { fates: { sent: 4, lost: 1, held: 2, underWay: 2 } })
  t.same((await control('POST', '/notices/release', {})).body, { notices: 2 })
  await until(() => receiver.items().length === 3)
  const weather = { seed: 5, duplicated: 1, delay: { min: 1, max: 2 }, protocol: 'graph' }
  t.match((await control('PUT', '/notices/weather', weather)).body, { ...weather, lost: 0 })
  t.match((await control('PUT', '/notices/delivery', { firstRetry: 1 })).body, {
    firstRetry: 1,
    perPost: 100
  })
  await edit('five')
  await until(() => receiver.items().length === 5 && simulator.deliveries.waiting === 0)
  const { body } = await control('GET', '/notices')
  t.match(body, {
    subscriptions: { graph: 1, ews: 0 },
    streams: 0,
    fates: { duplicated: 1, delayed: 2, underWay: 0 },
    deliveries: { notices: 5, waiting: 0, retried: 0, statuses: { 202: Number }, slowest: Number }
  })
  t.equal((await control('DELETE', '/notices')).status, 204)
  t.match((await control('GET', '/notices')).body, { weather: { duplicated: 0 }, deliveries: { posts: 0 } })
  t.equal((await control('PUT', '/notices/weather', { lost: 2 })).status, 400)
  const deleted = [{ address: anna, deleted: 'lunch' }]
  t.same((await control('POST', `/tenants/${tenant}/edits`, deleted)).body, { events: ['lunch'] })
  t.same((await control('POST', `/tenants/${tenant}/edits`, deleted)).body, { events: [null] })
})

t.test('streams are set, broken and robbed of their ids by order; a reset ends all of it', async (t) => {
  const { control } = await opened(t)
  const streams = { heartbeat: 1000, minute: 5000, chunks: 'mixed', seed: 9 }
  t.same((await control('PUT', '/streams', streams)).body, streams)
  t.equal((await control('PUT', '/streams', { chunks: 'tiny' })).status, 400)
  t.same((await control('POST', '/streams/break', { how: 'cut', tenant: 'example.se' })).body, { streams: 0 })
  t.same((await control('POST', '/streams/lose', { share: 0.5, seed: 1, silently: true })).body, {
    subscriptions: 0
  })
  const fault = { kind: 'status', status: 429, retryAfter: '1', share: 0.1, seed: 3, lasts: 60_000 }
  t.equal((await control('POST', '/faults', fault)).status, 201)
  t.match((await control('GET', '/faults')).body, [{ ...fault, befell: 0 }])
  t.equal((await control('POST', '/reset', {})).status, 204)
  t.match((await control('GET', '/notices')).body, { subscriptions: { graph: 0 } })
  t.match((await control('PUT', '/streams', {})).body, { heartbeat: 30_000, chunks: 'documents' })
})

t.test('ten thousand mailboxes come in one call', async (t) => {
  const { control } = await opened(t)
  const events = [lunch, { ...lunch, id: 'two' }, { ...lunch, id: 'three' }]
  const mailboxes = Array.from({ length: 10_000 }, (_, each) => ({ address: `u${each}@example.se`, events }))
  t.same((await control('PUT', `/tenants/${tenant}/mailboxes`, mailboxes)).body, { mailboxes: 10_001 })
})
