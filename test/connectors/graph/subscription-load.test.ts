/** Subscriptions when much happens at once, or nothing for long: storms, suspended machines, gates that open late. */

import { SubscriptionStates } from '../../../src/connectors/graph/subscriptions/subscription-states.ts'
import t from '../../group/tap.ts'
import { until } from '../../support/until.ts'
import { directory } from './microsoft365.ts'
import {
  isActive,
  minute,
  openSubscribed,
  type RecordedGraphSubscription,
  type Subscribed,
  watch
} from './subscription-fixture.ts'

const day = 1440 * minute
const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}@example.se`)

/** Time leaps while it is waited, since calls are paced. */
async function untilAll(
  cloud: Subscribed,
  all: readonly RecordedGraphSubscription[],
  isSo = isActive
): Promise<void> {
  await until('all of them', () => {
    cloud.leap(100)
    return all.every(isSo)
  })
}

t.test(
  'while the service starts, Graph’s validation may be refused: it is tried again within seconds',
  async (t) => {
    const cloud = await openSubscribed(t)
    for (const mailbox of people(3)) cloud.put(mailbox)
    cloud.simulator.faults.add({
      kind: 'status',
      status: 400,
      code: 'ValidationError',
      message: 'Subscription validation request failed. Notification endpoint must respond with 200 OK',
      route: 'createSubscription',
      count: 3
    })
    const connector = cloud.connect()
    const all = people(3).map((mailbox) => watch(connector, mailbox))
    await until('inactive', () => all.every(({ words }) => words[0] === 'unreachable'))
    cloud.leap(5_000)
    await until('active', () => all.every(isActive))
    t.pass()
  }
)

t.test('a machine that was suspended learns that its subscriptions have run out', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(30)) cloud.put(mailbox)
  const connector = cloud.connect()
  const all = people(30).map((mailbox) => watch(connector, mailbox))
  await untilAll(cloud, all)
  const renewed = () => cloud.count('renewSubscription')
  cloud.suspend(5 * day)
  cloud.leap(10 * minute)
  await until('renewals that fell due meanwhile', () => {
    cloud.leap(100)
    return renewed() >= 8
  })
  t.ok(renewed() < 25, `${renewed()} renewals: the others keep their place`)
  t.ok(all.every(({ words }) => words.join() === 'active'))
  cloud.suspend(8 * day)
  cloud.leap(10 * minute)
  await untilAll(cloud, all, ({ words }) => words.includes('changed'))
  t.same(new Set(all.map(({ words }) => words.join())), new Set(['active,unreachable,active,changed']))
  t.equal(cloud.simulator.graphSubscriptions.count(), 30)
  cloud.suspend(-3 * day)
  cloud.leap(10 * minute)
  cloud.suspend(3 * day)
  cloud.leap(10 * minute)
  await untilAll(cloud, all)
  t.equal(
    cloud.simulator.graphSubscriptions.count(),
    30,
    'a clock that was set wrongly for a while does no harm'
  )
})

t.test('where Graph asks for more renewals than may be sent, each is sent in time', async (t) => {
  let now = 0
  const timers = { now: () => now, after: () => () => {} }
  const calendars = new SubscriptionStates(timers, () => now)
  const quiet = { onChange: () => {}, onActive: () => {}, onInactive: () => {} }
  const all = people(1_000).map((mailbox) => calendars.add({ mailbox, targetId: mailbox }, quiet))
  const renewals = new Map(all.map(({ targetId }) => [targetId, 0]))
  for (let round = 0; round < 200; round += 1) {
    now += 1_000
    for (const calendar of all) calendar.dueAt = now
    for (const { targetId } of calendars.due(now, 20)) renewals.set(targetId, renewals.get(targetId)! + 1)
  }
  t.same([Math.min(...renewals.values()), Math.max(...renewals.values())], [4, 4])
})

t.test(
  'hundreds that are stopped at the end are removed: some while it closes, the others afterwards',
  async (t) => {
    const cloud = await openSubscribed(t)
    for (const mailbox of people(300)) cloud.put(mailbox)
    const connector = cloud.connect()
    const all = people(300).map((mailbox) => watch(connector, mailbox))
    await untilAll(cloud, all)
    for (const { watch: one } of all.slice(1)) one.stop()
    const left = () => cloud.simulator.graphSubscriptions.count()
    const begun = performance.now()
    const closing = connector.close()
    await until('some', () => left() < 300)
    cloud.leap(5_000)
    await closing
    t.ok(performance.now() - begun < 60_000 && left() > 1, `${left()} left when it was closed`)
    await until('the others', () => {
      cloud.leap(1_000)
      return left() === 1
    })
  }
)

t.test('calendars that are others’ to subscribe to are found in the list, not one by one', async (t) => {
  const cloud = await openSubscribed(t)
  for (const mailbox of people(60)) {
    cloud.put(mailbox)
    cloud.simulator.graphSubscriptions.add({
      tenant: directory,
      clientId: cloud.connection.clientId,
      mailbox,
      resource: `/users/${mailbox}/events`,
      changeType: 'created,updated,deleted',
      notificationUrl: 'https://other.example/hooks',
      lifecycleNotificationUrl: null,
      clientState: null,
      latestSupportedTlsVersion: 'v1_2',
      immutableIds: true,
      expires: Date.now() + day
    })
  }
  const connector = cloud.connect()
  const all = people(60).map((mailbox) => watch(connector, mailbox))
  await untilAll(cloud, all, ({ words }) => words[0] === 'protocol_error')
  t.equal(cloud.count('listSubscriptions'), 1)
  t.equal(cloud.count('createSubscription'), 60)
})

t.test(
  'a burst of lifecycle notifications for all subscriptions is paced, and each is read once',
  async (t) => {
    const cloud = await openSubscribed(t)
    for (const mailbox of people(100)) cloud.put(mailbox)
    const connector = cloud.connect()
    const all = people(100).map((mailbox) => watch(connector, mailbox))
    await untilAll(cloud, all)
    cloud.leap(20 * minute)
    const before = cloud.count('batch')
    for (let times = 0; times < 20; times += 1) for (const one of all) one.watch.onNotification('reauthorize')
    await untilAll(cloud, all, ({ words }) => words.at(-1) === 'changed')
    t.equal(cloud.count('renewSubscription'), 100)
    t.equal(cloud.count('batch'), before + 5)
    for (const { words } of all) words.splice(1)
    cloud.simulator.graphNotifications.lifecycle('subscriptionRemoved', { probability: 1, silently: true })
    for (let times = 0; times < 3; times += 1) for (const one of all) one.watch.onNotification('removed')
    await untilAll(cloud, all, ({ words }) => words.at(-1) === 'changed')
    t.equal(cloud.count('createSubscription'), 200)
    const changes = all.map(({ words }) => words.filter((word) => word === 'changed').length)
    t.ok(Math.max(...changes) <= 2, 'and nobody is read for each of them')
  }
)
