/** What goes wrong with one calendar, or one tenant, is seen there with what to do about it, and nowhere else. */

import { queueLimits } from '../../src/sync/queue/fair-queue.ts'
import t from '../group/tap.ts'
import { calendarEvent, startFakeCalendarServer } from '../support/fake-calendar-server.ts'
import { hourMs, minuteMs, openSyncHarness, polling } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs

t.test('a wrong address is reported with its remedy, and affects nobody else', async (t) => {
  const { side, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  side.calendars.set('bo@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {}, wrong: { mailbox: 'nobody@acme.example' }, bo: {} })
  const sync = await open()
  await until(
    async () => (await state('acme', 'wrong')) === 'failed' && (await state('acme', 'bo')) === 'fresh'
  )
  t.same((await record('acme', 'wrong')).sync.fault, {
    code: 'mailbox_unknown',
    hint: 'Correct the mailbox nobody@acme.example.'
  })
  t.equal(await state('acme', 'anna'), 'fresh')
  await until(async () => (await sync.connection('acme')).state === 'working')

  await time.run(10 * minuteMs)
  t.equal(await state('acme', 'anna'), 'fresh')
  side.calendars.set('nobody@acme.example', [])
  t.equal(await sync.readNow('acme', ['wrong']), 1)
  await until(async () => (await state('acme', 'wrong')) === 'fresh')
  t.equal((await record('acme', 'wrong')).sync.fault, null)
})

t.test(
  'a wrong secret is reported for every user of the tenant, and is not tried over and over',
  async (t) => {
    const { side, tenant, people, open, until, state, record, time, connect } = await openSyncHarness(t)
    const ids = Array.from({ length: 30 }, (_, index) => `user${index}`)
    for (const id of [...ids, 'late', 'other']) side.calendars.set(`${id}@acme.example`, [])
    await tenant('acme', 'wrong')
    await tenant('fine')
    await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
    await people('fine', { other: {} })
    const sync = await open()
    await until(async () => (await state('fine', 'other')) === 'fresh')
    for (const id of ids) await until(async () => (await state('acme', id)) === 'failed')
    t.same((await record('acme', 'user29')).sync.fault, {
      code: 'secret_invalid',
      hint: 'Put the right secret.'
    })
    const { state: connection, fault, nextReadAt } = await sync.connection('acme')
    t.same([connection, fault?.code], ['failing', 'secret_invalid'])
    t.ok(nextReadAt! > time.clock() + 7 * minuteMs)
    const tries = () => side.requests.filter(({ secret }) => secret === 'wrong').length
    t.ok(tries() <= 3, 'one batch')

    await people('acme', { late: {} })
    await until(async () => (await state('acme', 'late')) === 'failed')
    await time.run(7 * minuteMs)
    t.ok(tries() <= 3, 'accounts get locked')
    await sync.readNow('acme', ['user7'])
    await until(() => tries() > 3)
    t.ok(side.requests.some(({ mailbox, secret }) => mailbox.startsWith('user7@') && secret === 'wrong'))
    const before = tries()

    await connect('acme', 'right')
    for (const id of [...ids, 'late']) await until(async () => (await state('acme', id)) === 'fresh')
    t.equal(tries(), before)
    await until(async () => (await sync.connection('acme')).state === 'working')
    t.equal(side.opened.closed, 1)
    t.equal(await state('fine', 'other'), 'fresh')
  }
)

t.test(
  'in an outage the last timeline holds and becomes stale; afterwards it is fresh again by itself',
  async (t) => {
    const { side, tenant, people, open, until, state, timeline, time, record, logged } =
      await openSyncHarness(t)
    for (const id of ['anna', 'bo', 'cy', 'di', 'eva']) {
      side.calendars.set(`${id}@acme.example`, [calendarEvent('MÖT', at(-1), at(9))])
    }
    await tenant('acme')
    await people('acme', { anna: {}, bo: {}, cy: {}, di: {}, eva: {} })
    const sync = await open()
    for (const id of ['anna', 'bo', 'cy', 'di', 'eva'])
      await until(async () => (await state('acme', id)) === 'fresh')
    const seen = (await logged('acme')).length

    side.refusal = { status: 503 }
    const asked = side.requests.length
    for (let minutes = 0; minutes < 60; minutes++) {
      await time.run(minuteMs)
      await until(async () => (await sync.connection('acme')).state === 'failing')
    }
    t.ok(side.requests.length - asked < 80, `${side.requests.length - asked} requests in an hour of outage`)
    for (const id of ['anna', 'eva']) {
      t.equal(await state('acme', id), 'stale')
      t.same(await timeline('acme', id), ['meeting -1–9'])
      t.equal((await record('acme', id)).sync.fault?.code, 'unreachable')
    }
    t.equal((await logged('acme')).length, seen, 'becoming stale is a transition, not a write')

    side.refusal = null
    await time.run(6 * minuteMs)
    for (const id of ['anna', 'bo', 'cy', 'di', 'eva'])
      await until(async () => (await state('acme', id)) === 'fresh')
    t.equal((await record('acme', 'eva')).sync.fault, null)
    const users = (await logged('acme')).slice(seen).flatMap(({ users }) => users)
    t.same([...new Set(users)].sort(), ['anna', 'bo', 'cy', 'di', 'eva'])
  }
)

t.test(
  'calendar servers that hang, more of them than slots, slow no other tenant once they are known to',
  async (t) => {
    const { side, tenant, people, open, until, state, time, record } = await openSyncHarness(t, {
      limits: { ...queueLimits, maxRunning: 8 }
    })
    side.hanging.add('hangs@acme.example')
    side.calendars.set('anna@acme.example', [])
    for (let index = 0; index < 20; index++) {
      await tenant(`hangs${index}`)
      await people(`hangs${index}`, { x: { mailbox: 'hangs@acme.example' } })
    }
    await tenant('other')
    await people('other', { anna: {} })
    await open()
    await until(() => side.requests.length === 8)
    for (let minutes = 0; minutes < 6; minutes++) await time.run(minuteMs)
    await until(async () => (await state('other', 'anna')) === 'fresh')
    const reads = () => side.requests.filter(({ mailbox }) => mailbox === 'anna@acme.example').length
    for (let poll = 0; poll < 10; poll++) {
      const before = reads()
      await time.run(polling * 1000)
      await until(() => reads() > before)
    }
    t.ok(side.requests.length > 30, 'they are tried on and on')
    t.equal((await record('hangs0', 'x')).sync.fault?.code, 'unreachable')
  }
)

t.test('a Retry-After is honoured, whoever asks', async (t) => {
  const { side, tenant, people, open, until, state, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {} })
  const sync = await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  side.refusal = { status: 429, retryAfter: 150 }
  await time.run(polling * 1000)
  await until(async () => (await sync.connection('acme')).fault?.code === 'throttled')
  side.refusal = null
  const asked = side.requests.length
  t.equal((await sync.connection('acme')).nextReadAt! > time.clock() + 80_000, true)
  t.equal(await sync.readNow('acme'), 1)
  await time.run(80_000)
  t.equal(side.requests.length, asked)
  await time.run(90_000)
  await until(() => side.requests.length > asked)
  await until(async () => (await state('acme', 'anna')) === 'fresh')
})

t.test('what was sealed under another master key is reported; the other tenants are read', async (t) => {
  const { side, store, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {}, url: { mailbox: 'https://a.example/x' } })
  const { user } = await record('acme', 'url')
  const mailbox = { sealed: 'v2.abcdefgh.AAAA', shown: 'https://a.example/…' }
  await store.saveUsers('acme', [{ user: { ...user, mailbox }, sync: null }], time.clock())
  await tenant('other')
  const connection = (await store.connection('other'))!
  await store.saveConnection(
    'other',
    { ...connection, sealed: { clientSecret: 'v2.abcdefgh.AAAA' } },
    true,
    time.clock()
  )
  await people('other', { bo: {} })
  const sync = await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  await until(async () => (await state('acme', 'url')) === 'failed')
  await until(async () => (await state('other', 'bo')) === 'failed')
  t.match((await record('other', 'bo')).sync.fault, { code: 'secret_invalid', hint: /HANVISA_MASTER_KEY/ })
  t.equal((await sync.connection('other')).state, 'failing')
  t.equal(await sync.connector('other'), null)
})

t.test('a connector that violates its contract affects only the targets of that read', async (t) => {
  const side = await startFakeCalendarServer()
  const broken = {
    ...side,
    connector: (connection: Parameters<typeof side.connector>[0]) => ({
      ...side.connector(connection),
      read: async () => {
        throw new Error('the subject was: hemligt')
      }
    })
  }
  const { tenant, people, open, until, state, record, said } = await openSyncHarness(t, { side: broken })
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'failed')
  t.equal((await record('acme', 'anna')).sync.fault?.code, 'protocol_error')
  t.match(JSON.stringify(said), 'failures.test.js', 'the log has the place')
  t.notMatch(JSON.stringify(said), 'hemligt', 'and not the words')
})
