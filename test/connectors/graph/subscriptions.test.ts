/** Subscriptions over days: how many calls they take, when they are renewed, and what becomes of what Graph says of them. */
import type { Test } from 'tap'
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import { directory, graphMeeting } from './microsoft365.ts'
import { isActive, minute, nameOf, openSubscribed, type Subscribed, watch } from './subscription-fixture.ts'

const day = 1440 * minute
const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}@example.se`)

/** So many calendars, watched. */
async function watched(t: Test, count: number) {
  const cloud = await openSubscribed(t)
  const mailboxes = people(count)
  for (const mailbox of mailboxes) cloud.put(mailbox)
  const connector = cloud.connect()
  const all = mailboxes.map((mailbox) => watch(connector, mailbox))
  await untilAll(cloud, all)
  return { cloud, mailboxes, connector, all }
}

/** Time leaps while it is waited, since calls are paced. */
async function untilAll(cloud: Subscribed, all: ReturnType<typeof watch>[], isSo = isActive): Promise<void> {
  await until('all of them', () => {
    cloud.leap(100)
    return all.every(isSo)
  })
}

t.test('one subscription for each calendar, twenty in a batch, as Graph requires', async (t) => {
  const { cloud, all } = await watched(t, 45)
  const { requests, graphSubscriptions: subscriptions } = cloud.simulator
  t.equal(cloud.count('createSubscription'), 45)
  t.equal(cloud.count('listSubscriptions'), 1)
  t.ok(cloud.count('batch') <= 1 + 4)
  t.ok(requests.list({ route: 'batch' }).every(({ items }) => (items ?? 0) <= 20))
  const made = subscriptions.list()
  t.equal(made.length, 45)
  const first = made.find(({ mailbox }) => mailbox === 'p7@example.se')
  t.match(first, {
    changeType: 'created,updated,deleted',
    resource: '/users/p7%40example.se/events',
    notificationUrl: /^http:\/\/127\.0\.0\.1:\d+\/notifications\/graph\/[\w-]{8}\/acme\/of-p7$/,
    lifecycleNotificationUrl: first?.notificationUrl,
    clientState: /^[\w-]{43}$/
  })
  t.equal(new Set(made.map(({ clientState }) => clientState)).size, 45, 'each has a secret of its own')
  t.same(new Set(all.map(({ words }) => words.join())), new Set(['active']))
})

t.test(
  'after a restart the subscriptions are found, page by page, and renewed at once; none is created',
  async (t) => {
    const { cloud, mailboxes, connector } = await watched(t, 45)
    await connector.close()
    cloud.simulator.graphSubscriptions.configure({ pageSize: 10 })
    cloud.simulator.requests.clear()
    const again = cloud.connect()
    const all = mailboxes.map((mailbox) => watch(again, mailbox))
    await until('the list was read', () => cloud.count('listSubscriptions') === 5)
    t.ok(all.filter(isActive).length <= 20, 'none is active by being found')
    await untilAll(cloud, all)
    t.equal(cloud.count('listSubscriptions'), 5)
    t.equal(cloud.count('createSubscription'), 0)
    // A subscription holds the token that it was last renewed with (learn.microsoft.com/graph/change-notifications-delivery-webhooks).
    t.equal(cloud.count('renewSubscription'), 45)
  }
)

t.test('renewals are spread between half and nine tenths of a life', async (t) => {
  const { cloud } = await watched(t, 60)
  const renewed = () => cloud.count('renewSubscription')
  const leapTo = async (days: number) => {
    const left = Math.round((days * day) / (10 * minute))
    for (let step = 0; step < left; step += 1) {
      cloud.leap(10 * minute)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  // A life is 10,000 minutes: half of it are 3.47 days, nine tenths 6.25.
  await leapTo(3.4)
  t.equal(renewed(), 0)
  await leapTo(1.4)
  await until('some', () => renewed() >= 15)
  t.ok(renewed() >= 15 && renewed() <= 45, `${renewed()} of 60 in the first half of the time`)
  await leapTo(1.5)
  await until('all', () => renewed() === 60)
  t.equal(cloud.simulator.graphSubscriptions.count(), 60, 'none ran out')
  t.equal(cloud.count('createSubscription'), 60, 'and none was created again')
  const left = cloud.simulator.graphSubscriptions.list().map(({ expires }) => expires)
  t.ok(Math.max(...left) - Math.min(...left) > day, 'they stay apart')
})

t.test('lifecycle notifications are handled', async (t) => {
  const { cloud, all, mailboxes } = await watched(t, 3)
  const [first, second, third] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]]
  first.watch.onNotification('missed')
  t.same(first.words, ['active', 'changed'])

  cloud.simulator.graphNotifications.lifecycle('subscriptionRemoved', {
    mailbox: mailboxes[1]!,
    silently: true
  })
  second.watch.onNotification('removed')
  await until('created again', () => second.words.at(-1) === 'changed')
  t.same(second.words, ['active', 'unreachable', 'active', 'changed'])
  t.equal(cloud.count('createSubscription'), 4)
  third.watch.onNotification('removed')
  await until('notified', () => third.words.at(-1) === 'changed')
  t.equal(cloud.count('createSubscription'), 4, 'what was removed may be one of before')

  cloud.simulator.graphNotifications.lifecycle('subscriptionRemoved', {
    mailbox: mailboxes[0]!,
    silently: true
  })
  first.words.length = 0
  for (let step = 0; step < 60; step += 1) cloud.leap(150 * minute)
  await untilAll(cloud, [first], ({ words }) => words.includes('changed'))
  t.same(first.words, ['unreachable', 'active', 'changed'], 'a renewal detects what no notification said')
})

t.test('each reauthorizationRequired is answered, however soon, and then the calendar is read', async (t) => {
  // learn.microsoft.com/graph/change-notifications-lifecycle-events: "as frequently as every few minutes"; what changes
  // until it is answered is not notified.
  const { cloud, all, mailboxes } = await watched(t, 1)
  const [one] = all as [(typeof all)[0]]
  for (let times = 1; times <= 4; times += 1) {
    cloud.simulator.graphNotifications.lifecycle('reauthorizationRequired', { pausing: true })
    await until(
      'the challenge came',
      () => cloud.received.filter(({ event }) => event === 'reauthorize').length === times
    )
    cloud.put(mailboxes[0]!, graphMeeting(`edit ${times}`))
    one.watch.onNotification('reauthorize')
    await until('renewed', () => {
      cloud.leap(1_000)
      return cloud.count('renewSubscription') === times
    })
    await until('to be read', () => one.words.filter((word) => word === 'changed').length === times)
  }
  t.same(one.words, ['active', 'changed', 'changed', 'changed', 'changed'])
  t.same(
    cloud.received.filter(({ event }) => event === 'changed'),
    [],
    'what was edited meanwhile was never notified'
  )
})

t.test('a renewal that is answered 204 without a body is a success', async (t) => {
  const cloud = await openSubscribed(t)
  cloud.put('anna@example.se')
  const connector = cloud.connect()
  const anna = watch(connector, 'anna@example.se')
  await untilAll(cloud, [anna])
  // subscription-update documents 200 with the entity; 204 without one is reported.
  cloud.simulator.faults.add({ kind: 'status', status: 204, route: 'renewSubscription', count: 1 })
  anna.watch.onNotification('reauthorize')
  await until('renewed', () => {
    cloud.leap(1_000)
    return anna.words.length === 2
  })
  t.same(anna.words, ['active', 'changed'])
  cloud.leap(30 * minute)
  t.equal(cloud.count('renewSubscription'), 1, 'and it lasts as long as was asked for')
})

t.test(
  'a subscription of a removed calendar is deleted; one removed while we were down is, some minutes later',
  async (t) => {
    const { cloud, mailboxes, connector, all } = await watched(t, 30)
    const neighbour = cloud.connect({ tenant: 'globex' })
    cloud.put('next@example.se')
    await untilAll(cloud, [watch(neighbour, 'next@example.se')])
    for (const { watch } of all.slice(0, 25)) watch.stop()
    const closing = connector.close()
    await until('removed', () => {
      cloud.leap(100)
      return cloud.simulator.graphSubscriptions.count() === 6
    })
    await closing
    t.equal(cloud.simulator.graphSubscriptions.count(), 6, 'those that were not stopped stay')

    const again = cloud.connect()
    const last = watch(again, mailboxes[29]!)
    await untilAll(cloud, [last])
    cloud.leap(5 * minute)
    t.equal(cloud.simulator.graphSubscriptions.count(), 6)
    const late = watch(again, mailboxes[28]!)
    await untilAll(cloud, [late])
    cloud.leap(6 * minute)
    await until('the others are removed', () => cloud.simulator.graphSubscriptions.count() === 3)
    t.same(
      cloud.simulator.graphSubscriptions
        .list()
        .map(({ mailbox }) => mailbox)
        .sort(),
      ['next@example.se', 'p28@example.se', 'p29@example.se'],
      'and nobody else’s'
    )
  }
)

t.test('an existing subscription of a mailbox is adopted, replaced or left', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(5)) cloud.put(mailbox)
  const [moved, rekeyed, renamed, neighbours, strangers] = people(5) as [
    string,
    string,
    string,
    string,
    string
  ]
  const subscribe = (mailbox: string, notificationUrl: string) =>
    cloud.simulator.graphSubscriptions.add({
      tenant: directory,
      clientId: cloud.connection.clientId,
      mailbox,
      resource: `/users/${mailbox}/events`,
      changeType: 'created,updated,deleted',
      notificationUrl,
      lifecycleNotificationUrl: notificationUrl,
      clientState: null,
      latestSupportedTlsVersion: 'v1_2',
      immutableIds: true,
      expires: Date.now() + day
    })
  const first = cloud.connect()
  cloud.put('x@example.se')
  await untilAll(cloud, [watch(first, 'x@example.se')])
  const ours = cloud.simulator.graphSubscriptions.list()[0]!.notificationUrl
  const [, mark = ''] = /graph\/([^/]+)\//.exec(ours) ?? []
  const old = [
    subscribe(moved, `https://old.example/notifications/graph/${mark}/acme/${nameOf(moved)}`),
    subscribe(rekeyed, `${cloud.publicUrl}/notifications/graph/12345678/acme/${nameOf(rekeyed)}`),
    subscribe(renamed, `${cloud.publicUrl}/notifications/graph/${mark}/acme/former-zone`)
  ]
  const foreign = [
    subscribe(neighbours, `${cloud.publicUrl}/notifications/graph/${mark}/globex/${nameOf(neighbours)}`),
    subscribe(strangers, 'https://other.example/hooks')
  ]
  const all = people(5).map((mailbox) => watch(first, mailbox))
  await untilAll(cloud, all, ({ words }) => words.length > 0)
  const [a, b, c, d, e] = all
  t.same(
    [a, b, c, d, e].map((one) => one?.words),
    [['active'], ['active'], ['active'], ['protocol_error'], ['protocol_error']]
  )
  t.match(d?.reason?.hint, /another tenant of this installation.*polling meanwhile/)
  t.match(e?.reason?.hint, /for another installation.*own app registration/)
  for (const { id } of old) t.equal(cloud.simulator.graphSubscriptions.get(id), undefined)
  for (const { id } of foreign) t.ok(cloud.simulator.graphSubscriptions.get(id), 'is nobody of ours to end')
})

t.test('users who share a mailbox in two time zones are both active, by one subscription', async (t) => {
  const cloud = await openSubscribed(t)
  cloud.put('desk@example.se', graphMeeting('x'))
  const connector = cloud.connect()
  const stockholm = watch(connector, 'desk@example.se', 'stockholm')
  const tokyo = watch(connector, 'Desk@example.se', 'tokyo')
  await untilAll(cloud, [stockholm, tokyo])
  t.match(cloud.simulator.graphSubscriptions.list(), [{ notificationUrl: /\/stockholm$/ }])
  stockholm.watch.onNotification('changed')
  t.same(
    [stockholm.words, tokyo.words],
    [['active'], ['active', 'changed']],
    'the one that is named was notified already'
  )
  stockholm.watch.onNotification('missed')
  t.same([stockholm.words.at(-1), tokyo.words.at(-1)], ['changed', 'changed'])

  stockholm.watch.stop()
  t.equal(tokyo.words.at(-1), 'unreachable', 'nothing is notified until it has its own')
  await untilAll(cloud, [tokyo])
  t.equal(tokyo.words.at(-1), 'changed', 'and what changed meanwhile is read')
  t.match(cloud.simulator.graphSubscriptions.list(), [{ notificationUrl: /\/tokyo$/ }])
  t.equal(cloud.count('listSubscriptions'), 1, 'the one was gone before the other came')
})

t.test('one mailbox under two spellings: both are active', async (t) => {
  const cloud = await openSubscribed(t)
  cloud.put('desk@example.se', graphMeeting('x'))
  const { objectId } = cloud.simulator.mailboxes.get(directory, 'desk@example.se')!
  const connector = cloud.connect()
  const address = watch(connector, 'desk@example.se', 'by-address')
  await untilAll(cloud, [address])
  const byId = watch(connector, objectId, 'by-id')
  await untilAll(cloud, [address, byId])
  t.equal(cloud.simulator.graphSubscriptions.count(), 1, 'Graph answered 409 to the second')
  address.watch.onNotification('changed')
  t.equal(byId.words.at(-1), 'changed')
  address.watch.stop()
  await untilAll(cloud, [byId])
  t.match(cloud.simulator.graphSubscriptions.list(), [{ notificationUrl: /\/by-id$/ }])
})

t.test('a mailbox without the permission is polled; the others stay active', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(25)) cloud.put(mailbox)
  const sick = people(25)[3]!
  const fault = { kind: 'status', route: 'createSubscription', mailbox: sick } as const
  for (const [status, code] of [
    [401, 'UnknownError'],
    [403, 'Authorization_RequestDenied']
  ] as const) {
    const id = cloud.simulator.faults.add({ ...fault, status, code })
    const connector = cloud.connect({ tenant: `t${status}` })
    const all = people(25).map((mailbox) => watch(connector, mailbox))
    await untilAll(cloud, all, ({ words }) => words.length > 0)
    const reasons = all.filter((one) => !isActive(one)).map(({ reason }) => reason?.hint)
    t.equal(reasons.length, 1, `${status}: ${reasons}`)
    cloud.simulator.faults.remove(id)
    cloud.simulator.graphSubscriptions.clear()
    await connector.close()
  }
})
