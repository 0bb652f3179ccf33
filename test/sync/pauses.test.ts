/** What a pause means for others, what ends it, and what it says of edits that are known of but not read. */

import { RemoteError } from '../../src/errors.ts'
import t from '../group/tap.ts'
import { calendarEvent, startFakeCalendarServer } from '../support/fake-calendar-server.ts'
import { minuteMs, openSyncHarness, polling } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const hourMs = 60 * minuteMs

t.test('a notified edit that a delay keeps from being read makes its calendar stale at once', async (t) => {
  const { side, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  for (const id of ['anna', 'bo']) side.calendars.set(`${id}@acme.example`, [])
  side.newSubscriptions = 'active'
  await tenant('acme')
  await people('acme', { anna: {}, bo: {} })
  const sync = await open()
  await time.run(1000)
  for (const id of ['anna', 'bo']) await until(async () => (await record('acme', id)).sync.subscribed)
  await time.run(10_000)
  side.refusal = { status: 429, retryAfter: 600 }
  side.edited('anna@acme.example')
  await time.run(2_500)
  await until(async () => (await sync.connection('acme')).fault?.code === 'throttled')
  await time.run(1_000)
  await until(async () => (await state('acme', 'anna')) === 'stale')
  t.equal(await state('acme', 'bo'), 'fresh', 'nothing is known of this one that was not read')
  side.refusal = null
  await time.run(10 * minuteMs)
  await until(async () => (await state('acme', 'anna')) === 'fresh')
})

t.test('an edit that fails to be read makes its calendar stale after pollSeconds', async (t) => {
  const { side, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  side.newSubscriptions = 'active'
  await tenant('acme')
  await people('acme', { anna: {} })
  await open()
  await time.run(1000)
  await until(async () => (await record('acme', 'anna')).sync.subscribed)
  await time.run(10_000)
  side.calendars.delete('anna@acme.example')
  side.edited('anna@acme.example')
  await time.run(polling * 500)
  t.equal(await state('acme', 'anna'), 'fresh')
  await time.run(polling * 500 + 1_000)
  await until(async () => (await state('acme', 'anna')) === 'stale')
})

t.test('a subscription that breaks while the server hangs: stale after twice pollSeconds', async (t) => {
  const { side, tenant, people, open, until, state, record, time } = await openSyncHarness(t)
  for (const id of ['anna', 'bo']) side.calendars.set(`${id}@acme.example`, [])
  side.newSubscriptions = 'active'
  await tenant('acme')
  await people('acme', { anna: {}, bo: {} })
  await open()
  await time.run(1000)
  for (const id of ['anna', 'bo']) await until(async () => (await record('acme', id)).sync.subscribed)
  const inactivate = (id: string) => {
    for (const listener of side.watched.get(`${id}@acme.example`) ?? []) {
      listener.onInactive(new RemoteError('unreachable', 'x'))
    }
  }
  await time.run(30 * minuteMs)
  inactivate('anna')
  await time.run(2 * polling * 1000 + 1000)
  await until(async () => !(await record('acme', 'anna')).sync.subscribed)
  t.equal(await state('acme', 'anna'), 'fresh', 'a calendar that is polled instead')
  side.hanging.add('bo@acme.example')
  inactivate('bo')
  await time.run(2 * polling * 1000 - 2000)
  t.equal(await state('acme', 'bo'), 'fresh')
  await time.run(3000)
  await until(async () => (await state('acme', 'bo')) === 'stale')
  t.equal(await state('acme', 'anna'), 'fresh')
})

t.test('a test that passed, and a subscription that begins, end a pause of our own', async (t) => {
  const { side, tenant, people, open, until, state, time } = await openSyncHarness(t)
  side.calendars.set('anna@acme.example', [])
  await tenant('acme')
  await people('acme', { anna: {} })
  const sync = await open()
  await until(async () => (await state('acme', 'anna')) === 'fresh')
  const end: [string, () => void][] = [
    ['a test', () => sync.onConnectionTested('acme')],
    [
      'a subscription',
      () => {
        for (const listener of side.watched.get('anna@acme.example')!) listener.onActive()
      }
    ]
  ]
  for (const [what, endPause] of end) {
    side.secret = 'another'
    await time.run(2 * polling * 1000)
    await until(async () => (await sync.connection('acme')).fault?.code === 'secret_invalid')
    t.ok((await sync.connection('acme')).nextReadAt! > time.clock() + 4 * minuteMs)
    side.secret = 'right'
    endPause()
    await time.run(1000)
    await until(async () => (await sync.connection('acme')).state === 'working')
    t.equal((await sync.connection('acme')).nextReadAt, null, `${what} ended it`)
  }
})

t.test('a server that hangs is unreachable; one mailbox that hangs delays nobody else', async (t) => {
  const side = await startFakeCalendarServer(1)
  const { tenant, people, open, until, state, record, time } = await openSyncHarness(t, { side })
  const ids = ['anna', 'bo', 'cy']
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [])
  await tenant('acme')
  await people('acme', { anna: {}, bo: {}, cy: {} })
  const sync = await open()
  for (const id of ids) await until(async () => (await state('acme', id)) === 'fresh')
  side.hanging.add('anna@acme.example')
  for (let minutes = 0; minutes < 8; minutes++) {
    await time.run(minuteMs)
    t.equal((await sync.connection('acme')).state, 'working', `minute ${minutes}`)
    t.equal(await state('acme', 'bo'), 'fresh')
  }
  t.equal((await record('acme', 'anna')).sync.fault?.code, 'unreachable')
  for (const id of ids) side.hanging.add(`${id}@acme.example`)
  await time.run(3 * minuteMs)
  await until(async () => (await sync.connection('acme')).state === 'failing')
  t.equal((await sync.connection('acme')).fault?.code, 'unreachable')
  side.release()
  await time.run(6 * minuteMs)
  await until(async () => (await sync.connection('acme')).state === 'working')
})

t.test(
  'a fault that a connector blames on the connection is the mailbox’s where others were read',
  async (t) => {
    const side = await startFakeCalendarServer()
    const fault = new RemoteError('access_denied', 'Give rights.', { scope: 'connection' })
    const blaming = {
      ...side,
      connector: (connection: Parameters<typeof side.connector>[0]) => {
        const real = side.connector(connection)
        return {
          ...real,
          read: async (request: Parameters<typeof real.read>[0]) =>
            (await real.read(request)).map((result, index) =>
              request.targets[index]!.mailbox.startsWith('bad@')
                ? ({ outcome: 'failed', error: fault } as const)
                : result
            )
        }
      }
    }
    const { tenant, people, open, until, state, time } = await openSyncHarness(t, { side: blaming })
    for (const id of ['anna', 'bad', 'bo']) side.calendars.set(`${id}@acme.example`, [])
    await tenant('acme')
    await people('acme', { anna: {}, bad: {}, bo: {} })
    const sync = await open()
    await until(async () => (await state('acme', 'anna')) === 'fresh')
    await until(async () => (await state('acme', 'bad')) === 'failed')
    t.equal((await sync.connection('acme')).state, 'working')
    side.calendars.set('anna@acme.example', [calendarEvent('MÖT', eight, eight + hourMs)])
    await time.run(polling * 1000 + 1000)
    await until(async () => (await state('acme', 'bo')) === 'fresh')
  }
)

t.test('a read that takes longer than pollSeconds is slow, not stale', async (t) => {
  const side = await startFakeCalendarServer()
  const { tenant, people, open, until, state, record, time } = await openSyncHarness(t, { side })
  side.calendars.set('anna@acme.example', [])
  await tenant('acme', 'right', 10)
  await people('acme', { anna: {} })
  side.hanging.add('anna@acme.example')
  await open()
  for (let read = 0; read < 4; read++) {
    const confirmedAt = (await record('acme', 'anna')).sync.confirmedAt
    await until(() => side.pending.size === 1)
    await time.run(40_000)
    if (read > 0) t.equal(await state('acme', 'anna'), 'fresh', `while read ${read} is under way`)
    for (const answer of [...side.pending]) answer()
    await until(async () => (await record('acme', 'anna')).sync.confirmedAt !== confirmedAt)
    t.equal(await state('acme', 'anna'), 'fresh', `after read ${read}`)
    t.ok((await record('acme', 'anna')).sync.slowMs! >= 40_000)
    await time.run(10_000)
  }
})
