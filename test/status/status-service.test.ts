/** The tenant view over a real store: what consumers with cursors see, against what they must. */

import { requireCursor } from '../../src/status/cursor.ts'
import t from '../group/tap.ts'
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
  saveTimeline
} from '../support/tenant-fixture.ts'

t.test('a Status as consumers see it', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'bo', 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 90, 'meeting'], [180, 240, 'lunch']), START - MINUTE)
  clock.set(START + MINUTE)
  const { statuses: list } = await readStatuses(service)
  t.same(list[0], {
    user: 'anna',
    extension: '1070',
    displayName: 'ANNA',
    diversion: 'meeting',
    label: 'meeting',
    phone: 'closed',
    since: '2026-11-23T08:00:00Z',
    until: '2026-11-23T09:30:00Z',
    untilKind: 'known',
    reachableAt: '2026-11-23T09:30:00Z',
    forwardTo: null,
    timeZone: 'Europe/Stockholm',
    next: { diversion: 'lunch', from: '2026-11-23T11:00:00Z', until: '2026-11-23T12:00:00Z' },
    source: 'calendar',
    sync: { state: 'fresh', since: '2026-11-23T07:59:00Z' }
  })
  t.match(list[1], { user: 'bo', diversion: 'available', source: 'none', sync: { state: 'never' } })
})

t.test('the answer stays the same bytes until something turns', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([1, 2, 'meeting']), START)
  const tag = async () => (await (await service.view('acme'))!.statuses()).etag
  const first = await tag()
  clock.set(START + MINUTE - 1)
  t.equal(await tag(), first, 'until the last millisecond before the transition')
  clock.set(START + MINUTE)
  const second = await tag()
  t.not(second, first, 'a transition')
  t.equal((await readStatuses(service)).at, '2026-11-23T08:01:00Z', '`at` is the instant of the transition')
  await saveTimeline(store, 'anna', fixtureTimeline([1, 2, 'meeting']), START, false)
  t.equal(await tag(), second, 'a read that only confirms')
  await store.saveOverride('acme', 'anna', { diversion: 'lunch', from: START, until: null }, START)
  t.not(await tag(), second, 'an override')
})

t.test('changes: a cursor yields each who changed or has a transition, once, as they are now', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna', 'bo', 'cia')
  await saveTimeline(store, 'anna', fixtureTimeline([1, 2, 'meeting']), START)
  const { cursor } = await readStatuses(service)
  t.same((await fetchChanges(service, cursor)).changes, [])

  clock.set(START + MINUTE)
  const first = await fetchChanges(service, cursor)
  t.match(first.changes, [{ user: 'anna', diversion: 'meeting' }])
  clock.set(START + 2 * MINUTE)
  await store.saveOverride('acme', 'bo', { diversion: 'lunch', from: START, until: null }, START)
  await store.removeUsers('acme', ['cia'], START)
  const second = await fetchChanges(service, first.cursor)
  t.same(second.changes.map(({ user, diversion, removed }) => [user, removed ?? diversion]).sort(), [
    ['anna', 'available'],
    ['bo', 'lunch'],
    ['cia', true]
  ])
  t.equal((await fetchChanges(service, cursor)).changes.length, 3, 'the old cursor too has lost nothing')
  t.same((await fetchChanges(service, second.cursor)).changes, [])
})

t.test('a change of the tenant shows in everybody', async (t) => {
  const { store, service } = await openTenant(t)
  await addUsers(store, 'anna', 'bo')
  const { cursor } = await readStatuses(service)
  const effective = rulesWith({
    diversions: [{ code: 'available', labels: { sv: 'Tillgänglig' }, phone: 'open' }]
  })
  await store.saveRules('acme', 0, { at: START, put: {}, effective })
  t.match((await fetchChanges(service, cursor)).changes, [{ label: 'Tillgänglig' }, { label: 'Tillgänglig' }])
})

t.test('a code that has left the catalogue reads as busy, with the phone of its rule', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 9, 'gone']), START)
  clock.set(START)
  t.match((await readStatuses(service)).statuses, [{ diversion: 'busy', phone: 'closed' }])
})

t.test('becoming stale is a transition', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 600, 'meeting']), START)
  const { cursor } = await readStatuses(service)
  clock.set(START + 4 * MINUTE)
  t.match((await fetchChanges(service, cursor)).changes, [
    { diversion: 'meeting', sync: { state: 'stale', since: '2026-11-23T08:04:00Z' } }
  ])
})

t.test(
  'a long poll wakes on an override, on a calendar, on a transition, and on the consumer’s leaving',
  async (t) => {
    const { store, clock, service } = await openTenant(t)
    await addUsers(store, 'anna')
    const { cursor } = await readStatuses(service)
    const override = fetchChanges(service, cursor, HOUR)
    await store.saveOverride('acme', 'anna', { diversion: 'lunch', from: START, until: null }, START)
    const first = await override
    t.match(first.changes, [{ diversion: 'lunch' }])

    const calendar = fetchChanges(service, first.cursor, HOUR)
    await store.saveOverride('acme', 'anna', null, START)
    const real = Date.now()
    clock.set(START + 1)
    await saveTimeline(store, 'anna', fixtureTimeline([0, 1, 'meeting']), START)
    const second = await calendar
    t.equal(second.changes.length, 1)

    clock.set(START + MINUTE - 30)
    const atTransition = fetchChanges(service, (await fetchChanges(service, second.cursor, 0)).cursor, HOUR)
    const set = setInterval(() => clock.set(START + MINUTE - 30 + Date.now() - real), 5)
    t.teardown(() => clearInterval(set))
    t.match((await atTransition).changes, [{ diversion: 'available' }])
    clearInterval(set)

    const leaving = new AbortController()
    const left = fetchChanges(service, (await readStatuses(service)).cursor, HOUR, leaving.signal)
    leaving.abort()
    t.same((await left).changes, [])
  }
)

t.test('cursors that cannot be followed', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna')
  const { cursor } = await readStatuses(service)
  const given = requireCursor(cursor)
  const { position } = given
  const expired = { status: 410, code: 'cursor_expired' }
  const follow = (changed: object) =>
    service.changes('acme', { ...given, ...changed }, { waitMs: 0, signal: never })
  await t.rejects(follow({ epoch: 'other' }), expired, 'another log')
  await t.rejects(follow({ position: position + 1 }), expired, 'ahead of the log')
  await t.rejects(follow({ loggedAt: START - 1 }), expired, 'of a log that was lost and begun again')
  const late = openReplica(t, { store, defaultRules: rulesWith(), clock })
  await store.saveOverride('acme', 'anna', { diversion: 'sick', from: START, until: null }, START)
  await readStatuses(late)
  const old = { ...given, loggedAt: START - 1 }
  await t.rejects(
    late.changes('acme', old, { waitMs: 0, signal: never }),
    expired,
    'which memory does not reach'
  )
  t.match(await late.changes('acme', given, { waitMs: 0, signal: never }), { changes: [/anna/] })
  t.match(await follow({ loggedAt: null }), { changes: [/anna/] }, 'one of before that was known')
  await t.rejects(follow({ at: START - 25 * HOUR }), expired, 'older than a day')
  t.throws(() => requireCursor('nonsense'), { code: 'invalid_request' } as object as Error)
  t.match(await follow({ at: START + HOUR }), { changes: [] }, 'a replica whose clock was ahead gave it')
  clock.set(START + 23 * HOUR)
  t.match(await follow({ position: 0 }), { changes: [/anna/] }, 'from the store, where memory ends')
  clock.set(START + 13 * HOUR)
  await service.changes('acme', requireCursor((await readStatuses(service)).cursor), {
    waitMs: 0,
    signal: never
  })
  clock.set(START + 30 * HOUR)
  const fresh = (await readStatuses(service)).cursor
  t.match(
    await service.changes('acme', requireCursor(fresh), { waitMs: 0, signal: never }),
    { changes: [] },
    'renewed while idle'
  )
  t.equal(await service.changes('nobody', requireCursor(cursor), { waitMs: 0, signal: never }), null)
})

t.test('a clock that is set back restarts the transitions and loses none', async (t) => {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([1, 2, 'meeting']), START)
  clock.set(START + 5 * MINUTE)
  t.match((await readStatuses(service)).statuses, [{ diversion: 'available' }])
  clock.set(START)
  const { cursor } = await readStatuses(service)
  clock.set(START + MINUTE)
  t.match((await fetchChanges(service, cursor)).changes, [{ diversion: 'meeting' }])
})

t.test(
  'a clock that is set back is followed in slices, and nothing is answered before all users are',
  async (t) => {
    const { store, clock, service } = await openTenant(t)
    await addUsers(store, ...Array.from({ length: 4_999 }, (_, index) => `u${index}`), 'zoe')
    await saveTimeline(store, 'zoe', fixtureTimeline([1, 2, 'meeting']), START)
    clock.set(START + 5 * MINUTE)
    await readStatuses(service)
    const view = (await service.view('acme'))!
    clock.set(START + MINUTE)
    t.equal(view.advance(), false, 'not in one turn')
    t.match(JSON.parse(view.status('zoe')!), { diversion: 'meeting' }, 'what was kept for later is not shown')
    // A write in between is in the answers to come.
    await saveTimeline(store, 'u7', fixtureTimeline([1, 3, 'lunch']), START)
    const { statuses, cursor } = await readStatuses(service)
    const diversions = new Map(statuses.map(({ user, diversion }) => [user, diversion]))
    t.same(
      ['u7', 'u8', 'zoe'].map((user) => diversions.get(user)),
      ['lunch', 'available', 'meeting']
    )
    clock.set(START + 2 * MINUTE)
    t.match((await fetchChanges(service, cursor)).changes, [{ user: 'zoe', diversion: 'available' }])
  }
)
