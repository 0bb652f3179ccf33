/** What today's products get wrong, each as a test of the running service over Graph (docs/operations.md). */
import t from '../group/tap.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  followTenant,
  graphConnection,
  startServiceOnGraph
} from '../support/service-process.ts'

const MINUTE = 60_000
const iso = (instant: number) => new Date(instant).toISOString()
/** Graph's times have no finer grain here. */
const wholeSecond = () => Math.floor(Date.now() / 1000) * 1000
const away = (held: ReadonlyMap<string, { diversion: string }>, user: string) =>
  held.get(user)?.diversion !== 'available'

t.test(
  'an edit of a running meeting shows within the polling interval, and cancelled counts for nothing',
  async (t) => {
    const both = await startServiceOnGraph(t)
    const { simulator, service } = both
    const now = wholeSecond()
    const running = { subject: 'MÖT', start: iso(now - 30 * MINUTE), end: iso(now + 30 * MINUTE) }
    const users = ['deleted', 'shortened', 'moved', 'freed', 'cancelled', 'declined', 'stays']
    for (const user of users) {
      simulator.mailboxes.put(DIRECTORY, {
        address: `${user}@acme.example`,
        events: [{ id: 'e', ...running }]
      })
    }
    await createTenantOnGraph(both, 'acme', users)
    const consumer = await followTenant(service, 'acme')
    await consumer.until('everybody is in a meeting', (held) => users.every((user) => away(held, user)))

    const edit = (user: string, changes: object) =>
      simulator.mailboxes.putEvent(DIRECTORY, `${user}@acme.example`, { id: 'e', ...running, ...changes })
    simulator.mailboxes.deleteEvent(DIRECTORY, 'deleted@acme.example', 'e')
    edit('shortened', { end: iso(now - MINUTE) })
    edit('moved', { start: iso(now + 2 * MINUTE), end: iso(now + 60 * MINUTE) })
    edit('freed', { subject: 'kaffe', showAs: 'free' })
    edit('cancelled', { cancelled: true })
    edit('declined', { response: 'declined' })
    // By the polls, ten seconds apart: nothing else looks within the time that this waits.
    await consumer.until('all edits show', (held) => users.slice(0, -1).every((user) => !away(held, user)))
    t.equal(consumer.held.get('stays').diversion, 'meeting')
    t.match(consumer.held.get('moved').next, {
      diversion: 'meeting',
      from: iso(now + 2 * MINUTE).replace('.000Z', 'Z')
    })
    t.match(consumer.held.get('shortened'), { until: null, source: 'none' })
  }
)

t.test('a meeting that ends in the second of a read ends, on the second', async (t) => {
  const both = await startServiceOnGraph(t)
  const { simulator, service } = both
  const put = (events: { subject: string; start: string; end: string }[]) =>
    simulator.mailboxes.put(DIRECTORY, { address: 'anna@acme.example', events })
  put([])
  await createTenantOnGraph(both, 'acme', ['anna'])
  const read = () => service.call('POST', '/v1/tenants/acme/sync')
  const isAway = async () =>
    (await service.call('GET', '/v1/tenants/acme/users/anna/status')).json.diversion === 'meeting'
  // A busy machine reads the meeting when it is over: then it is given a longer one.
  let end = 0
  for (let seconds = 4; ; seconds *= 4) {
    end = wholeSecond() + 1000 * seconds
    put([{ subject: 'MÖT', start: iso(end - MINUTE), end: iso(end) }])
    let seen = false
    while (!seen && Date.now() < end) {
      await read()
      seen = await isAway()
    }
    if (seen) break
  }
  const consumer = await followTenant(service, 'acme')
  // Reads are on their way before, at and after the end.
  const readings = (async () => {
    while (Date.now() < end + 300) await read()
  })()
  await consumer.until('the end', (held) => !away(held, 'anna'))
  const late = Date.now() - end
  await readings
  t.ok(late >= 0, `it showed ${late} ms after the end`)
  const { json } = await service.call('GET', '/v1/tenants/acme/users/anna/status')
  t.match(json, { diversion: 'available', since: iso(end).replace('.000Z', 'Z') })
})

t.test(
  'a failure never shows as available: the last timeline holds, becomes stale, and says why',
  async (t) => {
    const both = await startServiceOnGraph(t)
    const { simulator, service } = both
    const now = wholeSecond()
    const running = { subject: 'MÖT', start: iso(now - 30 * MINUTE), end: iso(now + 30 * MINUTE) }
    const troubles = {
      throttled: { kind: 'status', status: 429, retryAfter: '120' },
      outage: { kind: 'status', status: 503 },
      hanging: { kind: 'hang' },
      garbage: { kind: 'garbage', garbage: 'html' },
      'wrong-secret': null
    } as const
    for (const name of [...Object.keys(troubles), 'healthy']) {
      simulator.mailboxes.put(DIRECTORY, { address: `${name}@acme.example`, events: [running] })
      await createTenantOnGraph(both, name, [name])
    }
    const names = Object.keys(troubles) as (keyof typeof troubles)[]
    const consumers = new Map(
      await Promise.all(
        [...names, 'healthy'].map(async (name) => [name, await followTenant(service, name)] as const)
      )
    )
    const everybody = (
      what: string,
      enough: (status: { diversion: string; sync: { state: string } }) => boolean
    ) =>
      Promise.all(
        names.map((name) => consumers.get(name)!.until(`${name}: ${what}`, (held) => enough(held.get(name))))
      )
    await everybody('fresh', ({ diversion, sync }) => diversion === 'meeting' && sync.state === 'fresh')

    for (const name of names) {
      const trouble = troubles[name]
      if (trouble !== null) simulator.faults.add({ ...trouble, mailbox: `${name}@acme.example` })
    }
    const changed = await service.call(
      'PUT',
      '/v1/tenants/wrong-secret/connection',
      graphConnection(simulator, 'wrong')
    )
    t.equal(changed.status, 200)
    await everybody('stale', ({ diversion, sync }) => {
      t.equal(diversion, 'meeting')
      return sync.state === 'stale'
    })
    const codes = {
      throttled: 'throttled',
      outage: 'unreachable',
      hanging: 'unreachable',
      garbage: 'protocol_error',
      'wrong-secret': 'secret_invalid'
    }
    for (const name of names) {
      const { json } = await service.call('GET', `/v1/tenants/${name}/sync`)
      // One that hangs has its code when the deadline of the call, a minute, has passed.
      const expected = name === 'hanging' ? {} : { code: codes[name], hint: /\w/ }
      t.match(json.users[0], { state: 'stale', ...expected }, name)
    }
    const { json } = await service.call('GET', '/v1/tenants/healthy/users/healthy/status')
    t.match(json, { diversion: 'meeting', sync: { state: 'fresh' } }, 'and it is nobody else’s trouble')

    simulator.faults.clear()
    await service.call('PUT', '/v1/tenants/wrong-secret/connection', graphConnection(simulator))
    await service.call('POST', '/v1/tenants/outage/sync')
    for (const name of ['wrong-secret', 'outage'] as const) {
      await consumers.get(name)!.until('fresh again', (held) => held.get(name).sync.state === 'fresh')
    }
  }
)

t.test('a user whose calendar was never read is not shown as available without a warning', async (t) => {
  const both = await startServiceOnGraph(t)
  await createTenantOnGraph(both, 'acme', ['nobody'])
  const consumer = await followTenant(both.service, 'acme')
  await consumer.until('the attempt has failed', (held) => held.get('nobody').sync.state === 'failed')
  const { json } = await both.service.call('GET', '/v1/tenants/acme/sync')
  t.match(json.users[0], { code: 'mailbox_unknown', hint: /nobody@acme\.example/ })
})
