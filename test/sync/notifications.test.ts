/** Edits that the calendar server notifies: read at once, however many; and polled for as soon as the subscription is inactive. */

import { RemoteError } from '../../src/errors.ts'
import { NotificationDebouncer } from '../../src/sync/notifications/debouncer.ts'
import { TargetSubscriptions } from '../../src/sync/notifications/target-subscriptions.ts'
import t from '../group/tap.ts'
import { calendarEvent, startFakeCalendarServer } from '../support/fake-calendar-server.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { hourMs, minuteMs, openSyncHarness, polling, type SyncHarness } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs
const broken = new RemoteError('unreachable', 'The stream was cut.')

/** A tenant whose calendars are all watched and read; `key` is what its watches are called. */
async function watched(all: SyncHarness, ...ids: string[]) {
  const { side, tenant, people, open, until, time, record } = all
  side.newSubscriptions = 'active'
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  await people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  const sync = await open()
  await time.run(1000)
  for (const id of ids) await until(async () => (await record('acme', id)).sync.subscribed)
  // What was edited before they became active may not have been notified.
  await time.run(5000)
  const edit = (id: string, hours: number) =>
    side.calendars.set(`${id}@acme.example`, [calendarEvent('MÖT', at(hours), at(hours + 1))])
  const notify = (id: string, times = 1) => {
    for (let time = 0; time < times; time++) side.edited(`${id}@acme.example`)
  }
  const deactivate = (id: string) => {
    for (const listener of side.watched.get(`${id}@acme.example`)!) listener.onInactive(broken)
  }
  return { sync, edit, notify, deactivate }
}

t.test('a burst of notifications is two reads, the second two seconds after the first', async (t) => {
  const all = await openSyncHarness(t)
  const { side, until, timeline, time, counted } = all
  const { edit, notify } = await watched(all, 'anna')
  const before = side.requests.length
  edit('anna', 1)
  notify('anna', 20)
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
  edit('anna', 2)
  for (let count = 0; count < 80; count++) {
    await time.run(20)
    notify('anna')
  }
  await time.run(300)
  t.equal(side.requests.length, before + 1, 'the first at once')
  await time.run(200)
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 2–3')
  await time.run(minuteMs)
  t.equal(side.requests.length, before + 2)
  t.equal(counted('graph notifications accepted'), 0, 'of Graph the route counts them')
})

t.test('whatever the read does, notifications lead to no more than one in two seconds', async (t) => {
  for (const [what, takes] of Object.entries({ quick: 10, slow: 5000 })) {
    const { timers, run } = createFakeClock()
    const begun: number[] = []
    let readAt = Number.NEGATIVE_INFINITY
    let seen = -1
    let again = false
    const begin = () => {
      readAt = timers.now()
      seen = readAt
      begun.push(readAt)
      debouncer.onReadStart('anna')
      timers.after(takes, () => {
        if (again) begin()
        again = false
      })
    }
    // As the queue does: what is asked for while it is being read is read once more after.
    const debouncer = new NotificationDebouncer(timers, async () => {
      if (timers.now() < readAt + takes) again = true
      else begin()
      return true
    })
    let last = 0
    for (let edits = 0; edits < 200; edits++) {
      last = timers.now()
      debouncer.notify('anna', readAt)
      await run(97)
    }
    await run(20_000)
    const gaps = begun.slice(1).map((time, index) => time - begun[index]!)
    t.ok(Math.min(...gaps) >= 2000, `${what}: ${gaps}`)
    t.ok(seen >= last, 'the last edit is in the last read')
  }
})

t.test('during a delay notifications wait with the calendar, and are one read when it ends', async (t) => {
  const all = await openSyncHarness(t)
  const { side, until, timeline, time } = all
  const { sync, edit, notify } = await watched(all, 'anna')
  side.refusal = { status: 429, retryAfter: 100 }
  notify('anna')
  await until(async () => (await sync.connection('acme')).fault?.code === 'throttled')
  side.refusal = null
  const before = side.requests.length
  edit('anna', 1)
  for (let second = 0; second < 90; second++) {
    notify('anna', 3)
    await time.run(1000)
  }
  t.equal(side.requests.length, before)
  await time.run(15_000)
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
  t.equal(side.requests.length, before + 1)
})

t.test('what is notified while the calendar is being read is in the next read', async (t) => {
  const all = await openSyncHarness(t)
  const { side, until, timeline, time } = all
  const { edit, notify } = await watched(all, 'anna')
  side.hanging.add('anna@acme.example')
  edit('anna', 1)
  notify('anna')
  await until(() => side.pending.size === 1)
  const before = side.requests.length
  await time.run(3000)
  notify('anna', 10)
  side.release()
  edit('anna', 2)
  await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 2–3')
  await time.run(minuteMs)
  t.ok(side.requests.length <= before + 2)
})

t.test(
  'a calendar with an active subscription is not polled; with an inactive one it is, within the interval; and read when it is active again',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, until, timeline, time, state, record } = all
    const { edit, deactivate } = await watched(all, 'anna', 'bo')
    const before = side.requests.length
    await time.run(20 * minuteMs)
    t.equal(side.requests.length, before, 'nobody is polled')
    t.equal(await state('acme', 'anna'), 'fresh')

    edit('anna', 1)
    deactivate('anna')
    await time.run(polling * 1000)
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
    await time.run(5 * polling * 1000)
    await until(() => side.requests.length >= before + 6)
    t.notOk(side.requests.slice(before).some(({ mailbox }) => mailbox.startsWith('bo')))
    t.equal((await record('acme', 'anna')).sync.subscribed, false)

    edit('anna', 2)
    for (const listener of side.watched.get('anna@acme.example')!) listener.onActive()
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 2–3')
    const read = side.requests.length
    await time.run(10 * minuteMs)
    t.ok(side.requests.length <= read + 2, 'and polled no more; a reconciliation may have run')
  }
)

t.test(
  'when neither notifications nor polls arrive, the calendar turns stale as a polled one would',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, until, time, state, record } = all
    const { deactivate } = await watched(all, 'anna')
    side.refusal = { status: 503 }
    deactivate('anna')
    await time.run(polling * 1000)
    await until(async () => (await record('acme', 'anna')).sync.failedSince !== null)
    t.equal(await state('acme', 'anna'), 'fresh')
    await time.run(2 * polling * 1000)
    t.equal(await state('acme', 'anna'), 'stale')
  }
)

t.test(
  'lifecycle events reach their subscription; those of an unknown one are counted and dropped',
  async (t) => {
    const all = await openSyncHarness(t)
    const { side, counted, until, timeline } = all
    let name = ''
    const connector = side.connector
    side.connector = (connection) => {
      const opened = connector(connection)
      return {
        ...opened,
        subscribe(one, listener) {
          name = one.targetId
          return opened.subscribe(one, listener)
        }
      }
    }
    const { sync, edit } = await watched(all, 'anna')
    await sync.onNotifications([
      { tenant: 'acme', targetId: name, event: 'removed' },
      { tenant: 'acme', targetId: 'nobody', event: 'changed' },
      { tenant: 'nowhere', targetId: name, event: 'changed' }
    ])
    t.same(side.lifecycleEvents, ['removed'])
    t.equal(counted('graph notifications unknown'), 2)
    const before = side.requests.length
    edit('anna', 1)
    await sync.onNotifications([{ tenant: 'acme', targetId: name, event: 'changed' }])
    await until(async () => (await timeline('acme', 'anna'))[0] === 'meeting 1–2')
    t.equal(side.requests.length, before + 1)
  }
)

t.test('watches end with what they are for, and outlive a new secret and a restart', async (t) => {
  const all = await openSyncHarness(t)
  const { side, store, people, connect, time, until, open } = all
  const ids = ['anna', 'bo', 'cy', 'di']
  const { sync } = await watched(all, ...ids)
  const settled = () => sync.readNow('acme', [])
  await store.removeUsers('acme', ['anna'], time.clock())
  await people('acme', { bo: { syncEnabled: false } })
  await settled()
  t.equal(side.stopped.length, 2, 'removed, and switched off')
  await people('acme', { cy: { mailbox: 'di@acme.example' } })
  await settled()
  t.equal(side.stopped.length, 3, 'another mailbox')
  t.notOk(side.watched.has('cy@acme.example'))

  await connect('acme', 'right', 120)
  await settled()
  await time.run(1000)
  await until(() => side.opened.closed === 1)
  t.equal(side.stopped.length, 3, 'the next connector takes them up')
  t.equal(side.watched.get('di@acme.example')?.size, 2)

  const closing = sync.close()
  await time.run(5000)
  await closing
  t.equal(side.stopped.length, 3, 'a restart leaves them')
  const next = await open()
  await time.run(1000)
  await next.readNow('acme')
  await store.removeTenant('acme')
  await until(() => side.opened.closed === 3)
  t.equal(side.stopped.length, 4, 'nobody wants to know any more')
})

t.test('ten thousand subscriptions start gradually, and a missing one is logged once', async (t) => {
  const { timers, run } = createFakeClock()
  const calendarServer = await startFakeCalendarServer()
  t.teardown(() => calendarServer.close())
  const connector = calendarServer.connector({} as Parameters<typeof calendarServer.connector>[0])
  const said: unknown[] = []
  const say = (facts: object) => void said.push(facts)
  const log = { info: say, warn: say, error: say }
  const ears = { onChanged: () => {}, onActive: () => {}, onInactive: () => {}, onStateChange: () => {} }
  const watching = new TargetSubscriptions('acme', {
    connector: () => connector,
    handlers: ears,
    timers,
    log
  })
  const ends = Array.from({ length: 10_000 }, (_, index) =>
    watching.add({ key: `${index}`, mailbox: `${index}@acme.example`, timeZone: 'UTC' })
  )
  t.equal(calendarServer.watched.size, 0)
  await run(0)
  t.equal(calendarServer.watched.size, 100)
  ends[9_999]!('unsubscribe')
  await run(2000)
  t.equal(calendarServer.watched.size, 9_999)
  for (const those of calendarServer.watched.values()) for (const one of those) one.onInactive(broken)
  t.equal(said.length, 1)
  t.same([watching.inactive, watching.state.polling, watching.state.code], [9_999, 9_999, 'unreachable'])
  for (const end of ends) end('unsubscribe')
  t.equal(calendarServer.watched.size, 0)
  t.match(watching.state, { state: 'disabled', polling: 0 })
})
