/** Graph's notifications from end to end: the service as operators run it, whatever happens to them on their way. */
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  followTenant,
  publicAddress,
  type ServiceProcess,
  startServiceOnGraph
} from '../support/service-process.ts'
import { until } from '../support/until.ts'

const minute = 60_000
const now = Math.floor(Date.now() / 1000) * 1000
const iso = (minutes: number) => new Date(now + minutes * minute).toISOString()
const root = '/v1/tenants/acme'
/** Seconds: no poll makes up for a lost notification. */
const seldom = 3600
const address = (user: string) => `${user}@acme.example`
const event = (subject: string) => ({ id: 'e', subject, start: iso(-30), end: iso(30) })

/** What `/metrics` says of notifications, by outcome. */
async function notificationOutcomes(service: ServiceProcess): Promise<Record<string, number>> {
  const { text } = await service.call('GET', '/metrics')
  const lines = text.matchAll(/^hanvisa_notifications_total\{[^}]*outcome="(\w+)"[^}]*\} (\d+)$/gm)
  return Object.fromEntries(Array.from(lines, ([, outcome, count]) => [outcome, Number(count)]))
}

async function untilState(service: ServiceProcess, state: string) {
  await until(`notifications are ${state}`, async () => {
    const { json } = await service.call('GET', `${root}/sync`)
    return json.connection.notifications.state === state
  })
}

t.test(
  'an edit shows whatever happens to its notification; a burst is few reads; what is forged is none',
  async (t) => {
    const users = ['anna', 'bo', 'cy', 'di', 'eva']
    const both = await startServiceOnGraph(t, await publicAddress())
    const { simulator, service } = both
    for (const user of users) simulator.mailboxes.put(DIRECTORY, { address: address(user), events: [] })
    await createTenantOnGraph(both, 'acme', users, undefined, seldom)
    await untilState(service, 'live')
    const consumer = await followTenant(service, 'acme')
    const reads = (user: string) =>
      simulator.requests.list({ route: 'calendarView', mailbox: address(user) }).length
    await consumer.until('all were read', (held) =>
      users.every((user) => held.get(user).sync.state === 'fresh')
    )

    simulator.deliveryFaults.set({ seed: 7, delay: { min: 0, max: 300 }, duplicated: 0.5, reordered: 0.5 })
    for (let round = 0; round < 4; round++) {
      const [subject, diversion] = round % 2 === 0 ? ['MÖT: kund', 'meeting'] : ['LUN', 'lunch']
      for (const user of users) simulator.mailboxes.putEvent(DIRECTORY, address(user), event(subject!))
      await consumer.until(`round ${round}`, (held) =>
        users.every((user) => held.get(user).diversion === diversion)
      )
    }
    simulator.deliveryFaults.set({})
    await until('all notifications arrived', async () => {
      return simulator.deliveryFaults.inTransit === 0 && simulator.graphDeliveries.counts().waiting === 0
    })
    t.ok((await notificationOutcomes(service)).replayed! > 0, 'what comes twice is a replay')

    // A burst, after the calendar has been left alone for the two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    const before = reads('anna')
    simulator.deliveryFaults.hold()
    for (let edit = 0; edit < 499; edit++) {
      simulator.mailboxes.putEvent(DIRECTORY, address('anna'), event(`MÖT ${edit}`))
    }
    simulator.mailboxes.putEvent(DIRECTORY, address('anna'), event('HEM'))
    t.equal(simulator.deliveryFaults.release(), 500)
    await until('all 500 arrived', async () => simulator.graphDeliveries.counts().waiting === 0)
    await until('the last edit is read', async () => {
      const { json } = await service.call('GET', `${root}/users/anna/status`)
      return json.diversion !== 'meeting' && json.diversion !== 'lunch'
    })
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    t.ok(reads('anna') - before <= 3, `${reads('anna') - before} reads for 500 notifications`)
    t.same(Object.keys(simulator.graphDeliveries.counts().statuses), ['202'])

    simulator.deliveryFaults.dropNext(1)
    simulator.mailboxes.putEvent(DIRECTORY, address('bo'), event('MÖT: kund'))
    t.equal(simulator.graphNotifications.lifecycle('missed', { mailbox: address('bo') }), 1)
    await consumer.until('what was missed', (held) => held.get('bo').diversion === 'meeting')
    simulator.graphNotifications.lifecycle('subscriptionRemoved', { mailbox: address('cy') })
    simulator.mailboxes.putEvent(DIRECTORY, address('cy'), event('MÖT: kund'))
    await consumer.until('what came after the removal', (held) => held.get('cy').diversion === 'meeting')

    const { notificationUrl } = simulator.graphSubscriptions.list({ mailbox: address('di') })[0]!
    const asked = reads('di')
    const item = {
      subscriptionId: 'x',
      clientState: 'guess',
      changeType: 'updated',
      resourceData: { id: 'y' }
    }
    const bodies = [
      JSON.stringify({ value: Array(1000).fill(item) }),
      '{"value":',
      `${'['.repeat(100_000)}`,
      'x'.repeat(2 ** 20 + 1)
    ]
    const answers = await Promise.all(
      bodies.map((body) => checkedFetch(notificationUrl, { method: 'POST', body }))
    )
    t.same(
      answers.map(({ status }) => status),
      [202, 202, 202, 413]
    )
    const elsewhere = notificationUrl.replace('/acme/', '/globex/')
    t.equal((await checkedFetch(elsewhere, { method: 'POST', body: bodies[0]! })).status, 202)
    const counted = await notificationOutcomes(service)
    t.same([counted.invalid_signature, counted.malformed], [2000, 2])
    t.equal(reads('di'), asked)
    t.same(
      service.output.filter((line) => line.includes('a defect') || line.includes('"level":50')),
      []
    )
  }
)

t.test('the public URL is set, and unset; what remains at Graph then does no harm', async (t) => {
  const both = await startServiceOnGraph(t)
  const { simulator, restart } = both
  simulator.mailboxes.put(DIRECTORY, { address: address('anna'), events: [] })
  await createTenantOnGraph(both, 'acme', ['anna'], undefined, seldom)
  await both.service.kill('SIGTERM')
  const environment = await publicAddress()
  const reached = await restart(environment)
  await untilState(reached, 'live')
  t.equal(simulator.graphSubscriptions.count(), 1)
  await reached.kill('SIGTERM')
  t.equal(simulator.graphSubscriptions.count(), 1, 'it outlives a restart')

  const unreached = await restart({ HANVISA_PORT: environment.HANVISA_PORT })
  const consumer = await followTenant(unreached, 'acme')
  simulator.mailboxes.putEvent(DIRECTORY, address('anna'), event('MÖT: kund'))
  await consumer.until(
    'the notification is accepted all the same',
    (held) => held.get('anna').diversion === 'meeting'
  )
  t.equal((await unreached.call('GET', `${root}/sync`)).json.connection.notifications.state, 'disabled')
  t.equal((await unreached.call('DELETE', root)).status, 204)
  simulator.requests.clear()
  for (let edit = 0; edit < 50; edit++) {
    simulator.mailboxes.putEvent(DIRECTORY, address('anna'), event(`LUN ${edit}`))
  }
  await until('notifications of a removed tenant are counted', async () => {
    return (await notificationOutcomes(unreached)).unknown === 50
  })
  t.equal(simulator.requests.count({ route: 'calendarView' }), 0)
})

t.test(
  'with every subscription inactive no user is live: from the start, and after they were active',
  async (t) => {
    const users = ['anna', 'bo']
    const both = await startServiceOnGraph(t, await publicAddress())
    const { simulator, service } = both
    for (const user of users) simulator.mailboxes.put(DIRECTORY, { address: address(user), events: [] })
    const refuse = () =>
      simulator.faults.add({
        kind: 'status',
        status: 403,
        code: 'ErrorAccessDenied',
        route: 'createSubscription'
      })
    const expectNoneLive = async (what: string) => {
      const { connection, users: all } = (await service.call('GET', `${root}/sync`)).json
      t.match(connection.notifications, { live: 0, polling: 2, hint: /polled/ }, what)
      t.same(
        all.map(({ state, notifications }: Record<string, unknown>) => [state, notifications]),
        Array(2).fill(['fresh', 'polling']),
        what
      )
      const { text } = await service.call('GET', '/metrics')
      t.match(text, /^hanvisa_subscriptions\{[^}]*state="active"[^}]*\} 0$/m, what)
      t.match(text, /^hanvisa_subscriptions\{[^}]*state="inactive"[^}]*\} 2$/m, what)
    }
    const id = refuse()
    await createTenantOnGraph(both, 'acme', users, undefined, seldom)
    const consumer = await followTenant(service, 'acme')
    await consumer.until('read', (held) => users.every((user) => held.get(user)?.sync.state === 'fresh'))
    await untilState(service, 'fallbackPolling')
    await expectNoneLive('refused from the start')
    simulator.faults.remove(id)
    // An operator who put it right tests the connection, or puts it again.
    await createTenantOnGraph(both, 'acme', users, undefined, seldom - 1)
    await untilState(service, 'live')
    await consumer.until('read again', (held) => users.every((user) => held.get(user).sync.state === 'fresh'))
    await until('recorded as live', async () => {
      const { json } = await service.call('GET', `${root}/sync`)
      return json.users.every(({ notifications }: Record<string, unknown>) => notifications === 'live')
    })
    refuse()
    for (const user of users) {
      simulator.graphNotifications.lifecycle('subscriptionRemoved', { mailbox: address(user) })
    }
    await untilState(service, 'fallbackPolling')
    await expectNoneLive('removed later')
  }
)
