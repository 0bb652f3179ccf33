/** What Graph posts after an edit: what it says, how it is repeated, and which faults can be set. */
import t from '../group/tap.ts'
import { type NotificationReceiver, startNotificationReceiver } from '../support/notification-receiver.ts'
import {
  type OpenSimulator,
  openSimulator,
  simulatedClientId,
  simulatedTenant
} from '../support/open-simulator.ts'
import { until } from '../support/until.ts'

const lunch = {
  id: 'lunch',
  subject: 'LUN: sill',
  start: '2026-11-23T11:00:00Z',
  end: '2026-11-23T12:00:00Z'
}

interface Opened extends OpenSimulator {
  readonly receiver: NotificationReceiver
  subscribe(address: string, changed?: object): Promise<string>
  edit(address: string, event?: string): void
}

async function opened(
  t: Parameters<typeof openSimulator>[0],
  protocol: 'http' | 'https' = 'http'
): Promise<Opened> {
  const all = await openSimulator(t)
  const receiver = await startNotificationReceiver(t, protocol)
  const subscribe: Opened['subscribe'] = async (address, changed = {}) => {
    all.put(address)
    const body = {
      changeType: 'created,updated,deleted',
      notificationUrl: `${receiver.origin}/notifications`,
      lifecycleNotificationUrl: `${receiver.origin}/lifecycle`,
      resource: `/users/${address}/events`,
      expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
      clientState: 'hemlig',
      ...changed
    }
    return (await all.graph('/subscriptions', { body, prefer: 'IdType="ImmutableId"' })).body.id
  }
  const edit: Opened['edit'] = (address, event = 'lunch') => {
    all.simulator.mailboxes.putEvent(simulatedTenant, address, { ...lunch, id: event })
  }
  return { ...all, receiver, subscribe, edit }
}

t.test('an edit is notified with the ids that a read shows, and without any of its content', async (t) => {
  const { subscribe, simulator, receiver, graph } = await opened(t, 'https')
  const id = await subscribe('anna@example.se')
  await subscribe('bo@example.se', { changeType: 'deleted' })
  simulator.mailboxes.putEvent(simulatedTenant, 'anna@example.se', lunch)
  await until(() => receiver.items().length === 1)
  const [item] = receiver.items()
  const window = 'startDateTime=2026-11-23&endDateTime=2026-11-24&$select=subject'
  const view = await graph(`/users/anna@example.se/calendarView?${window}`, {
    prefer: 'IdType="ImmutableId"'
  })
  const [event] = view.body.value
  const user = simulator.mailboxes.get(simulatedTenant, 'anna@example.se')?.objectId
  const resource = `Users/${user}/Events/${event.id}`
  t.same(item, {
    subscriptionId: id,
    subscriptionExpirationDateTime: item.subscriptionExpirationDateTime,
    changeType: 'created',
    resource,
    resourceData: {
      '@odata.type': '#Microsoft.Graph.Event',
      '@odata.id': resource,
      '@odata.etag': event['@odata.etag'],
      id: event.id
    },
    clientState: 'hemlig',
    tenantId: simulatedTenant
  })
  t.notMatch(JSON.stringify(item), /sill/)
  simulator.mailboxes.putEvent(simulatedTenant, 'anna@example.se', lunch)
  simulator.mailboxes.deleteEvent(simulatedTenant, 'anna@example.se', 'lunch')
  simulator.mailboxes.putEvent(simulatedTenant, 'bo@example.se', lunch)
  simulator.mailboxes.deleteEvent(simulatedTenant, 'bo@example.se', 'lunch')
  await until(() => receiver.items().length === 4)
  t.same(
    receiver.items().map(({ changeType }) => changeType),
    ['created', 'updated', 'deleted', 'deleted']
  )
  t.equal(receiver.posts.length, 2, 'what happens at once goes in one POST')
})

t.test('what is not accepted is sent again, later each time, until it is given up and missed', async (t) => {
  const { subscribe, edit, simulator, receiver } = await opened(t)
  simulator.graphDeliveries.configure({ firstRetry: 1, longestRetry: 4 })
  const id = await subscribe('anna@example.se')
  let refusals = 3
  receiver.answer = () => {
    refusals -= 1
    return refusals >= 0 ? { status: 503 } : { status: 202 }
  }
  edit('anna@example.se')
  await until(() => simulator.graphDeliveries.counts().notices === 1)
  t.match(simulator.graphDeliveries.counts(), {
    posts: 4,
    retried: 3,
    waiting: 0,
    givenUp: 0,
    statuses: { 202: 1, 503: 3 }
  })
  t.ok(simulator.graphDeliveries.counts().slowest > 0)
  simulator.graphDeliveries.configure({ giveUpAfter: 0 })
  receiver.answer = (path) => ({ status: path === '/notifications' ? 500 : 202 })
  edit('anna@example.se')
  await until(() => simulator.graphDeliveries.counts().lifecycle === 1)
  t.match(receiver.items().at(-1), { subscriptionId: id, lifecycleEvent: 'missed', clientState: 'hemlig' })
  t.match(simulator.graphDeliveries.counts(), { givenUp: 1, waiting: 0 })
})

t.test('lifecycle: to be authorised again, removed, missed, for one mailbox or a share', async (t) => {
  const { subscribe, edit, simulator, receiver, graph } = await opened(t)
  const id = await subscribe('anna@example.se')
  for (let each = 0; each < 20; each += 1) await subscribe(`u${each}@example.se`)
  const { graphNotifications } = simulator
  const mailbox = 'anna@example.se'
  t.equal(graphNotifications.lifecycle('reauthorizationRequired', { mailbox, pausing: true }), 1)
  await until(() => receiver.items().length === 1)
  t.match(receiver.posts[0], {
    path: '/lifecycle',
    items: [{ subscriptionId: id, lifecycleEvent: 'reauthorizationRequired', tenantId: simulatedTenant }]
  })
  await until(() => simulator.graphDeliveries.waiting === 0)
  edit(mailbox)
  t.equal(simulator.graphDeliveries.waiting, 0, 'what changes before the authorisation is never notified')
  await graph(`/subscriptions/${id}/reauthorize`, { body: {} })
  edit(mailbox)
  await until(() => receiver.items().length === 2)
  t.equal(receiver.items()[1].changeType, 'updated', 'the edit of after, and not that of before')

  t.equal(
    graphNotifications.lifecycle('subscriptionRemoved', { mailbox, tenant: simulatedTenant, silently: true }),
    1
  )
  t.equal((await graph(`/subscriptions/${id}`)).status, 404)
  const some = graphNotifications.lifecycle('missed', { probability: 0.5, seed: 7 })
  t.ok(some > 4 && some < 16, `${some} of 20`)
  await until(() => receiver.items().length === 2 + some)
  const first = receiver
    .items()
    .slice(2)
    .map(({ subscriptionId }) => subscriptionId)
  t.equal(graphNotifications.lifecycle('missed', { probability: 0.5, seed: 7 }), some)
  await until(() => receiver.items().length === 2 + 2 * some)
  t.same(
    receiver
      .items()
      .slice(2 + some)
      .map(({ subscriptionId }) => subscriptionId),
    first,
    'the same ones'
  )
})

t.test(
  'notifications are lost, doubled, overtaken, late and held back, the same ones with the same seed',
  async (t) => {
    const { subscribe, edit, simulator, receiver } = await opened(t)
    await subscribe('anna@example.se')
    const { deliveryFaults } = simulator
    deliveryFaults.dropNext(2)
    for (const event of ['a', 'b', 'c']) edit('anna@example.se', event)
    await until(() => receiver.items().length === 1)
    t.match(deliveryFaults.counts(), { sent: 3, lost: 2 })

    deliveryFaults.hold()
    for (const event of ['d', 'e', 'f']) edit('anna@example.se', event)
    t.equal(deliveryFaults.counts().held, 3)
    t.equal(receiver.items().length, 1)
    t.equal(deliveryFaults.release(), 3)
    await until(() => receiver.items().length === 4)
    t.equal(receiver.posts.length, 2, 'in one burst')

    const run = async () => {
      simulator.mailboxes.delete(simulatedTenant, 'bo@example.se')
      await subscribe('bo@example.se')
      receiver.posts.length = 0
      deliveryFaults.clear()
      deliveryFaults.set({ seed: 42, lost: 0.3, duplicated: 0.3, reordered: 0.2, delay: { min: 1, max: 5 } })
      for (let each = 0; each < 40; each += 1) edit('bo@example.se', `e${each}`)
      await until(() => deliveryFaults.inTransit === 0 && simulator.graphDeliveries.waiting === 0)
      simulator.graphSubscriptions.clear(simulatedTenant)
      return {
        ids: receiver.items().map(({ resourceData }) => resourceData.id),
        counts: deliveryFaults.counts()
      }
    }
    const [first, second] = [await run(), await run()]
    const { lost, duplicated, reordered, delayed } = first.counts
    t.equal(first.ids.length, 40 - lost + duplicated)
    t.ok(lost > 4 && duplicated > 2 && reordered > 0 && delayed > 20, JSON.stringify(first.counts))
    t.same(second.ids.sort(), first.ids.sort())
  }
)

t.test('a burst of thousands to many addresses is through in a moment', async (t) => {
  const { simulator, receiver, edit, put } = await opened(t)
  const addresses = Array.from({ length: 2000 }, (_, each) => `u${each}@example.se`)
  for (const address of addresses) {
    put(address)
    simulator.graphSubscriptions.add({
      tenant: simulatedTenant,
      clientId: simulatedClientId,
      mailbox: address,
      resource: `users/${address}/events`,
      changeType: 'created,updated,deleted',
      notificationUrl: `${receiver.origin}/notifications/${address.length}`,
      lifecycleNotificationUrl: null,
      clientState: null,
      latestSupportedTlsVersion: 'v1_2',
      immutableIds: true,
      expires: Date.now() + 3_600_000
    })
  }
  for (let round = 0; round < 5; round += 1) for (const address of addresses) edit(address)
  await until(() => simulator.graphDeliveries.counts().notices === 10_000)
  t.equal(receiver.items().length, 10_000)
  t.ok(receiver.posts.length <= 200, `${receiver.posts.length} POSTs`)
})
