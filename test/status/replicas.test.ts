/** Replicas that missed events, or got them late: what consumers with cursors see of it. */

import { requireCursor } from '../../src/status/cursor.ts'
import t from '../group/tap.ts'
import { partitionedStore } from '../support/partitioned-store.ts'
import { rulesWith } from '../support/rule-fixtures.ts'
import {
  addUsers,
  fetchChanges,
  fixtureTimeline,
  HOUR,
  MINUTE,
  never,
  openReplica,
  openTenant,
  readStatuses,
  START,
  saveTimeline,
  statusesBytes
} from '../support/tenant-fixture.ts'

const ids = ['anna', 'bo', 'cia']

t.test('a cursor from a replica that knows more is honoured, not refused', async (t) => {
  const { store, clock, service: wise } = await openTenant(t)
  await addUsers(store, ...ids)
  const line = partitionedStore(store)
  const partitioned = openReplica(t, { store: line, defaultRules: rulesWith(), clock })
  await statusesBytes(partitioned)
  line.dropEvents()
  const override = (diversion: string) =>
    store.saveOverride('acme', 'anna', { diversion, from: START, until: null }, START)
  await override('lunch')
  const { cursor } = await readStatuses(wise)
  t.same((await fetchChanges(partitioned, cursor)).changes, [], 'it asks the store what it missed')
  t.match((await readStatuses(partitioned)).statuses, [{ diversion: 'lunch' }, {}, {}])

  await override('sick')
  const next = await readStatuses(wise)
  line.cut()
  await t.rejects(
    fetchChanges(partitioned, next.cursor),
    { name: 'StoreUnavailable' },
    'it cannot know, and says so'
  )
  t.same((await fetchChanges(partitioned, cursor)).changes, [], 'what it can answer it answers')
  line.restore()
  t.same((await fetchChanges(partitioned, next.cursor)).changes, [])

  line.dropEvents()
  await store.removeTenant('acme')
  await store.saveTenant({ id: 'acme', name: 'New', timeZone: 'Europe/Stockholm', language: 'sv' }, START)
  await addUsers(store, 'dag')
  const recreated = await readStatuses(wise)
  t.same(
    (await fetchChanges(partitioned, recreated.cursor)).changes,
    [],
    'a tenant that was created again elsewhere'
  )
  t.match((await readStatuses(partitioned)).statuses, [{ user: 'dag' }])
  const expired = { code: 'cursor_expired' }
  await t.rejects(fetchChanges(partitioned, cursor), expired, 'the old log is no more')
  const { position } = requireCursor(recreated.cursor)
  const ahead = { ...requireCursor(recreated.cursor), position: position + 1 }
  await t.rejects(
    partitioned.changes('acme', ahead, { waitMs: 0, signal: never }),
    expired,
    'ahead of the log itself'
  )
})

t.test('a long poll on a replica that receives a gap gets what it missed', async (t) => {
  const { store, clock } = await openTenant(t)
  await addUsers(store, ...ids)
  const line = partitionedStore(store)
  const service = openReplica(t, { store: line, defaultRules: rulesWith(), clock })
  const { cursor } = await readStatuses(service)
  const waiting = fetchChanges(service, cursor, HOUR)
  line.cut()
  await store.saveOverride('acme', 'bo', { diversion: 'lunch', from: START, until: null }, START)
  await store.removeUsers('acme', ['cia'], START)
  t.equal((await service.view('acme'))!.isCurrent, false)
  line.restore()
  t.match((await waiting).changes, [
    { user: 'bo', diversion: 'lunch' },
    { user: 'cia', removed: true }
  ])
  t.equal((await service.view('acme'))!.isCurrent, true)
})

t.test(
  'what was said of calendars while nobody could confirm them is put right on every replica',
  async (t) => {
    const { store, clock, service: well } = await openTenant(t)
    await addUsers(store, 'anna')
    await saveTimeline(store, 'anna', fixtureTimeline(), START)
    const line = partitionedStore(store)
    const cutOff = openReplica(t, { store: line, defaultRules: rulesWith(), clock })
    const { cursor } = await readStatuses(cutOff)
    await readStatuses(well)
    line.cut()
    clock.set(START + 2 * MINUTE)
    const { sync } = (await store.record('acme', 'anna'))!
    const confirmed = { ...sync, confirmedAt: START + 2 * MINUTE }
    await store.saveReadings(
      'acme',
      [{ user: 'anna', sync: confirmed, timeline: 'same', visible: false }],
      START + 2 * MINUTE
    )
    clock.set(START + 4 * MINUTE)
    const said = await fetchChanges(cutOff, cursor)
    t.match(said.changes, [{ sync: { state: 'stale' } }], 'as far as it knows')
    t.equal(said.isCurrent, false)
    t.match((await fetchChanges(well, said.cursor)).changes, [{ sync: { state: 'fresh' } }], 'who hops')
    line.restore()
    t.match((await fetchChanges(cutOff, said.cursor)).changes, [{ sync: { state: 'fresh' } }], 'who stays')
  }
)

t.test(
  'a transition that a replica receives too late is reported to whoever comes from one that did not',
  async (t) => {
    const { store, clock, service: wise } = await openTenant(t)
    await addUsers(store, ...ids)
    const line = partitionedStore(store)
    const late = openReplica(t, { store: line, defaultRules: rulesWith(), clock })
    await statusesBytes(late)
    line.dropEvents()
    await saveTimeline(store, 'anna', fixtureTimeline([1, 9, 'meeting']), START)
    const { cursor } = await readStatuses(wise)
    clock.set(START + 2 * MINUTE)
    t.match((await readStatuses(late)).statuses, [{ diversion: 'available' }, {}, {}])
    t.match((await fetchChanges(late, cursor)).changes, [{ user: 'anna', diversion: 'meeting' }])
  }
)

t.test('an unused tenant is evicted, and is there again with its cursors', async (t) => {
  const { store, clock } = await openTenant(t)
  await addUsers(store, ...ids)
  const line = partitionedStore(store)
  const due: (() => void)[] = []
  const service = openReplica(t, {
    store: line,
    defaultRules: rulesWith(),
    clock,
    idleAfterMs: 1000,
    after(milliseconds, call) {
      if (milliseconds === 100) due.push(call)
      return () => {}
    }
  })
  const look = (times: number) => {
    for (let time = 0; time < times; time++) due.shift()!()
  }
  const { cursor } = await readStatuses(service)
  t.equal(line.followers(), 1)
  look(10)
  t.ok(service.loadedView('acme'), 'somebody asked within the time')
  const leaving = new AbortController()
  const waiting = fetchChanges(service, cursor, HOUR, leaving.signal)
  await new Promise((resolve) => setImmediate(resolve))
  look(20)
  t.equal(line.followers(), 1, 'somebody waits')
  leaving.abort()
  await waiting
  look(11)
  t.equal(service.loadedView('acme'), null)
  t.equal(line.followers(), 0)
  await store.saveOverride('acme', 'bo', { diversion: 'lunch', from: START, until: null }, START)
  t.match((await fetchChanges(service, cursor)).changes, [{ user: 'bo', diversion: 'lunch' }])
  t.equal(line.followers(), 1)
})
