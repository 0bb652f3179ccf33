/** Watches when things go wrong: calendars that cannot be read, connections and tenants that go, what was edited dropsEvents. */

import { kindOf } from '../../src/connectors/kinds.ts'
import { sealConnection } from '../../src/storage/secrets/connection-secrets.ts'
import t from '../group/tap.ts'
import { calendarEvent } from '../support/fake-calendar-server.ts'
import { hourMs, minuteMs, openSyncHarness, type SyncHarness } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs
const anna = 'anna@acme.example'

/** A tenant with Anna's calendar watched and read; `name` is what her watch is called. */
async function watched(all: SyncHarness) {
  const { side, tenant, people, open, until, time, record } = all
  let name = ''
  const connector = side.connector
  side.connector = (connection) => {
    const opened = connector(connection)
    const watch: typeof opened.subscribe = (one, listener) => {
      name = one.targetId
      return opened.subscribe(one, listener)
    }
    return { ...opened, subscribe: watch }
  }
  side.newSubscriptions = 'active'
  side.calendars.set(anna, [])
  await tenant('acme')
  await people('acme', { anna: {} })
  const sync = await open()
  await time.run(1000)
  await until(async () => (await record('acme', 'anna')).sync.subscribed)
  await time.run(5000)
  const changed = () => sync.onNotifications([{ tenant: 'acme', targetId: name, event: 'changed' }])
  return { sync, changed }
}

t.test(
  'a calendar that cannot be read is not tried for every notification, and is read when it works again',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, time, until, timeline, state } = all
    const { changed } = await watched(all)
    side.calendars.delete(anna)
    const before = side.requests.length
    for (let second = 0; second < 3600; second++) {
      if (second % 3 === 0) await changed()
      await time.run(1000)
    }
    const reads = side.requests.length - before
    t.ok(reads >= 8 && reads <= 25, `${reads} reads for 1,200 notifications in an hour`)
    t.equal(await state('acme', 'anna'), 'stale', 'nobody takes it for fresh')
    side.calendars.set(anna, [calendarEvent('MÖT', at(5), at(6))])
    await time.run(5 * minuteMs)
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 5–6')
    side.calendars.set(anna, [calendarEvent('MÖT', at(7), at(8))])
    const mended = side.requests.length
    await changed()
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 7–8')
    t.equal(side.requests.length, mended + 1, 'and from then on at once')
  }
)

t.test('one failure does not keep the next edit waiting', async (t) => {
  const all = await openSyncHarness(t)
  const { side, time, until, timeline, record } = all
  const { changed } = await watched(all)
  side.calendars.delete(anna)
  await changed()
  await until(async () => (await record('acme', 'anna')).sync.failedSince !== null)
  side.calendars.set(anna, [calendarEvent('MÖT', at(5), at(6))])
  await changed()
  await time.run(2000)
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 5–6')
})

t.test('what was edited before a subscription became active is read when it does', async (t) => {
  const all = await openSyncHarness(t)
  const { side, tenant, people, open, until, time, record, timeline } = all
  side.calendars.set(anna, [])
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await time.run(1000)
  await until(async () => (await record('acme', 'anna')).sync.confirmedAt !== null)
  await until(() => side.watched.has(anna))
  side.calendars.set(anna, [calendarEvent('MÖT', at(5), at(6))])
  const before = side.requests.length
  for (const listener of side.watched.get(anna)!) listener.onActive()
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 5–6')
  t.equal(side.requests.length, before + 1)
})

t.test(
  'subscriptions are stopped, then the connector is closed, when the connection is removed or leads elsewhere',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, store, time, until, seal, people } = all
    const steps: string[] = []
    const connector = side.connector
    side.connector = (connection) => {
      const opened = connector(connection)
      return {
        ...opened,
        subscribe(one, listener) {
          const watch = opened.subscribe(one, listener)
          const stop = () => {
            steps.push('stop')
            watch.stop()
          }
          return { ...watch, stop }
        },
        async close() {
          steps.push('close')
          await opened.close()
        }
      }
    }
    const { sync } = await watched(all)
    const elsewhere = {
      kind: 'graph',
      tenantId: 'x',
      clientId: 'another application',
      clientSecret: 'right',
      cloud: 'global',
      pollSeconds: 60
    } as const
    await store.saveConnection(
      'acme',
      sealConnection('acme', elsewhere, kindOf(elsewhere).secretMembers, seal, time.clock()),
      true,
      time.clock()
    )
    await sync.readNow('acme', [])
    await until(() => steps.length === 2)
    t.same(steps, ['stop', 'close'], 'another application')
    await time.run(1000)
    await until(() => side.watched.has(anna))
    await store.saveConnection('acme', null, true, time.clock())
    await sync.readNow('acme', [])
    await until(() => steps.length === 4)
    t.same(steps.slice(2), ['stop', 'close'], 'no connection')
    t.notOk(side.watched.has(anna))
    await people('acme', { anna: { syncEnabled: false } })
    t.equal(side.stopped.length, 2)
  }
)

t.test('notifications for users who are disabled or removed are counted and cost no request', async (t) => {
  const all = await openSyncHarness(t)
  const { side, store, people, time, until, counted } = all
  const { sync, changed } = await watched(all)
  await people('acme', { anna: { syncEnabled: false } })
  await until(() => side.stopped.length === 1)
  const before = side.requests.length
  await changed()
  t.equal(counted('graph notifications unknown'), 1)
  await store.removeTenant('acme')
  await until(() => side.opened.closed === 1)
  let asked = 0
  const { tenant } = store
  store.tenant = (id) => {
    asked += 1
    return tenant.call(store, id)
  }
  for (let times = 0; times < 1000; times++) await changed()
  await sync.onNotifications(
    Array.from({ length: 1000 }, (_, index) => ({
      tenant: `t${index}`,
      targetId: 'x',
      event: 'missed' as const
    }))
  )
  await time.run(minuteMs)
  t.equal(counted('graph notifications unknown'), 2001)
  t.same([asked, side.requests.length - before], [0, 0], 'neither store nor calendar is asked')
})

t.test(
  'users who share a mailbox in two zones, or spell it in two ways, are all subscribed by one',
  async (t) => {
    const { side, tenant, people, open, until, record, time, timeline } = await openSyncHarness(t)
    for (const mailbox of ['anna@acme.example', 'Anna@Acme.example']) side.calendars.set(mailbox, [])
    side.newSubscriptions = 'active'
    await tenant('acme')
    const users = {
      stockholm: { mailbox: 'anna@acme.example' },
      helsinki: { mailbox: 'anna@acme.example', timeZone: 'Europe/Helsinki' },
      spelled: { mailbox: 'Anna@Acme.example' }
    }
    await people('acme', users)
    const sync = await open()
    await time.run(1000)
    for (const id of Object.keys(users)) await until(async () => (await record('acme', id)).sync.subscribed)
    t.match((await sync.connection('acme')).notifications, { state: 'live', active: 3, polling: 0 })
    t.equal(side.watched.size, 1)
    await time.run(10_000)
    const [mailbox] = [...side.watched.keys()]
    for (const one of ['anna@acme.example', 'Anna@Acme.example'])
      side.calendars.set(one, [calendarEvent('MÖT', Date.UTC(2026, 10, 23, 9), Date.UTC(2026, 10, 23, 10))])
    side.edited(mailbox!)
    for (const id of Object.keys(users))
      await until(async () => (await timeline('acme', id))[0] === 'meeting 1–2')
    await people('acme', { stockholm: { syncEnabled: false }, helsinki: { syncEnabled: false } })
    await sync.readNow('acme')
    t.equal(side.watched.size, 1, 'the third is subscribed still')
    await people('acme', { spelled: { syncEnabled: false } })
    await until(() => side.watched.size === 0)
  }
)
