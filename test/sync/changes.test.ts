/** What is changed here acts at once: rules, users, mailboxes, connections, tenants. */

import type { Store } from '../../src/storage/store.ts'
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { partitionedStore } from '../support/partitioned-store.ts'
import {
  harnessRules,
  hourMs,
  minuteMs,
  openSyncHarness,
  polling,
  type SyncHarness
} from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs

function saveRules({ store, time }: SyncHarness, expected: number, triggers: typeof harnessRules.triggers) {
  return store.saveRules('acme', expected, {
    at: time.clock(),
    put: {},
    effective: { ...harnessRules, triggers }
  })
}

t.test('changed rules are applied to every calendar at once', async (t) => {
  const all = await openSyncHarness(t)
  const { side, tenant, people, open, until, state, timeline, record } = all
  const ids = Array.from({ length: 12 }, (_, index) => `user${index}`)
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [calendarEvent('Fika', at(1), at(2))])
  await tenant('acme')
  await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  await open()
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  t.same(await timeline('acme', 'user0'), ['busy 1–2'])
  t.equal((await record('acme', 'user0')).timeline?.rulesVersion, 0)

  await saveRules(all, 0, [{ match: 'word', text: 'fika', diversion: 'lunch' }])
  for (const id of ids) await until(async () => (await timeline('acme', id))[0] === 'lunch 1–2')
  t.equal((await record('acme', 'user0')).timeline?.rulesVersion, 1)

  await saveRules(all, 1, [{ match: 'word', text: 'kaffe', diversion: 'lunch' }])
  await saveRules(all, 2, [{ match: 'word', text: 'fika', diversion: 'meeting' }])
  for (const id of ids) await until(async () => (await timeline('acme', id))[0] === 'meeting 1–2')
  const entries = (await all.logged('acme')).length
  await saveRules(all, 3, [{ match: 'word', text: 'fika', diversion: 'meeting' }])
  for (const id of ids) await until(async () => (await record('acme', id)).timeline?.rulesVersion === 4)
  t.equal(
    (await all.logged('acme')).length,
    entries + 1,
    'rules that give the same are no change of any Status'
  )
})

t.test('a new user, one with new triggers and one whose sync is switched on are read at once', async (t) => {
  const { side, tenant, people, open, until, state, timeline } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [calendarEvent('Fika', at(1), at(2))])
  side.calendars.set('bo@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  await tenant('acme')
  await people('acme', { anna: {}, bo: { syncEnabled: false } })
  await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  await people('acme', { anna: { triggers: [{ match: 'word', text: 'fika', diversion: 'lunch' }] } })
  await until(async () => (await timeline('acme', 'anna'))[0] === 'lunch 1–2')
  await people('acme', { bo: { syncEnabled: true } })
  await until(async () => (await timeline('acme', 'bo'))[0] === 'meeting 1–2')
  await people('acme', { cy: { mailbox: 'bo@acme.example' } })
  await until(async () => (await timeline('acme', 'cy'))[0] === 'meeting 1–2')
  await people('acme', { bo: { syncEnabled: false } })
  t.same(await timeline('acme', 'bo'), [], 'sync switched off drops what was read')
  t.equal(await state('acme', 'bo'), 'off')
  t.same(await timeline('acme', 'cy'), ['meeting 1–2'])
})

t.test(
  'a new mailbox drops what was read of the old one, whose late answer counts for nothing',
  async (t) => {
    const { side, tenant, people, open, until, state, timeline, time, record } = await openSyncHarness(t)
    side.calendars.set('old@acme.example', [calendarEvent('MÖT', at(1), at(2))])
    side.calendars.set('new@acme.example', [calendarEvent('MÖT', at(5), at(6))])
    await tenant('acme')
    await people('acme', { anna: { mailbox: 'old@acme.example' } })
    await open()
    await until(async () => (await state('acme', 'anna')) === 'fresh')

    side.hanging.add('old@acme.example')
    side.hanging.add('new@acme.example')
    await time.run(polling * 1000)
    await until(() => side.pending.size === 1)
    await people('acme', { anna: { mailbox: 'new@acme.example' } })
    t.equal(await state('acme', 'anna'), 'never')
    t.same(await timeline('acme', 'anna'), [])
    await until(() => side.pending.size === 2)
    const [old, ...others] = [...side.pending]
    old!()
    await time.run(0).catch(() => {})
    t.same(await timeline('acme', 'anna'), [])
    for (const go of others) go()
    side.hanging.clear()
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 5–6')
    t.ok((await record('acme', 'anna')).sync.generation > 1)
    const asked = side.requests.length
    await time.run(3 * polling * 1000)
    t.notOk(side.requests.slice(asked).some(({ mailbox }) => mailbox.startsWith('old')))
  }
)

t.test('another connection is used at once, though the old one hangs', async (t) => {
  const { side, tenant, people, open, until, state, connect } = await openSyncHarness(t)
  for (const id of ['anna', 'bo']) side.calendars.set(`${id}@acme.example`, [])
  side.hanging.add('anna@acme.example')
  await tenant('acme', 'wrong')
  await people('acme', { anna: {}, bo: {} })
  const sync = await open()
  await until(() => side.pending.size === 1)
  side.hanging.clear()
  await connect('acme', 'right')
  sync.invalidateTenant('acme')
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
  )
  await until(() => side.opened.closed === 1)
  t.equal(side.opened.count, 2)
  t.ok(await sync.connector('acme'))
})

t.test(
  'a removed connection ends the reading, a removed user theirs, a removed tenant all of it',
  async (t) => {
    const { side, store, tenant, people, open, until, state, time, connect } = await openSyncHarness(t)
    for (const id of ['anna', 'bo']) side.calendars.set(`${id}@acme.example`, [])
    await tenant('acme')
    await people('acme', { anna: {}, bo: {} })
    const sync = await open()
    await until(
      async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
    )
    await store.removeUsers('acme', ['bo'], time.clock())
    t.equal(await sync.readNow('acme'), 1)
    t.equal(await sync.readNow('acme', ['bo', 'nobody']), 0)

    await store.saveConnection('acme', null, true, time.clock())
    t.equal((await sync.connection('acme')).state, 'absent')
    t.equal(await sync.readNow('acme'), 0)
    t.equal(await state('acme', 'anna'), 'never')
    await connect('acme', 'right')
    await until(async () => (await state('acme', 'anna')) === 'fresh')

    await store.removeTenant('acme')
    await until(() => side.opened.closed === 2)
    const asked = side.requests.length
    await time.run(5 * minuteMs)
    t.equal(side.requests.length, asked)
    t.equal(await sync.readNow('acme'), 0)
    t.equal(await sync.connector('acme'), null)
  }
)

t.test('a tenant that is new, or created again under the same name, is found', async (t) => {
  const { side, store, tenant, people, open, until, state, timeline, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  const sync = await open()
  await tenant('acme')
  await people('acme', { anna: {} })
  sync.invalidateTenant('acme')
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  await store.removeTenant('acme')
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(3), at(4))])
  await tenant('acme')
  await people('acme', { anna: {} })
  sync.invalidateTenant('acme')
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 3–4')

  side.calendars.set('bo@acme.example', [])
  await tenant('elsewhere')
  await people('elsewhere', { bo: {} })
  await time.run(minuteMs)
  await until(async () => (await state('elsewhere', 'bo')) === 'fresh')
  t.equal((await sync.connection('elsewhere')).state === 'absent', false)
})

t.test('a tenant that was created again while no event arrived is read by its own rules', async (t) => {
  const options: { store?: Store } = {}
  const { side, store, tenant, people, open, until, timeline, time } = await openSyncHarness(t, options)
  const line = partitionedStore(store)
  options.store = line
  side.calendars.set('anna@acme.example', [calendarEvent('MÖT', at(1), at(2))])
  const put = async (diversion: string, at: number) => {
    const effective = { ...harnessRules, triggers: [{ match: 'word' as const, text: 'MÖT', diversion }] }
    await store.saveRules('acme', 0, { at, put: {}, effective })
  }
  await tenant('acme')
  await put('meeting', time.clock())
  await people('acme', { anna: {} })
  await open()
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
  line.dropEvents()
  await store.removeTenant('acme')
  await tenant('acme')
  await put('lunch', time.clock() + 1)
  await people('acme', { anna: {} })
  line.restore()
  await until(async () => (await timeline('acme', 'anna')).length > 0)
  t.same(await timeline('acme', 'anna'), ['lunch 1–2'])
})

t.test('an all-day event follows the zone of its owner, and a changed zone is read at once', async (t) => {
  const { side, store, tenant, people, open, until, state, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {}, bo: { mailbox: 'anna@acme.example', timeZone: 'Asia/Kolkata' } })
  await open()
  await until(
    async () => (await state('acme', 'anna')) === 'fresh' && (await state('acme', 'bo')) === 'fresh'
  )
  t.equal(side.requests.length, 2, 'one mailbox in two zones is two readings')
  const acme = (await store.tenant('acme'))!
  await store.saveTenant({ ...acme, timeZone: 'America/New_York' }, time.clock())
  await until(() => side.requests.length === 3)
  await store.saveTenant({ ...acme, timeZone: 'America/New_York', name: 'Acme' }, time.clock())
  await time.run(1000)
  t.equal(side.requests.length, 3, 'another name asks for nothing')
})

t.test('an import of many users is read in full batches, once each', async (t) => {
  const { side, tenant, people, open, until, state } = await openSyncHarness(t)
  const ids = Array.from({ length: 300 }, (_, index) => `user${index}`)
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  const sync = await open()
  await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  t.equal(side.requests.length, 300)
  t.equal(await sync.readNow('acme', ids.slice(0, 7)), 7)
})
