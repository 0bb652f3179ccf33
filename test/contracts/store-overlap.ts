/** The part of the store contract that is about those who work at the same time, in one process or in several. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { FeedEvent, Store } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import {
  plain,
  sampleAbsence,
  sampleCause,
  sampleConnection,
  sampleRules,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from './store-samples.ts'

export async function overlapContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('of two reads that overlap, the later one counts', async (t) => {
    const { store } = await open(t)
    await withUsers(store, 'anna', 'bo')
    const outcome = (id: string, at: number | null, index: number) => ({
      user: id,
      sync: at === null ? { ...initialSyncRecord(true, 1), failedSince: 5 } : sampleSync(0, at),
      timeline: sampleTimeline([sampleCause(index)]),
      visible: true
    })
    const held = async () => {
      const record = await store.record('acme', 'anna')
      return [record?.sync.confirmedAt, record?.timeline?.causes[0]?.index]
    }
    t.strictSame(await store.saveReadings('acme', [outcome('anna', 100, 1)], 110), ['anna'])
    const late = [outcome('anna', 99, 2), outcome('bo', 99, 2)]
    t.strictSame(await store.saveReadings('acme', late, 120), ['bo'], 'the others of the batch are saved')
    t.strictSame(await store.saveReadings('acme', [outcome('anna', null, 3)], 120), [])
    t.strictSame(await held(), [100, 1])
    t.strictSame(
      await store.saveReadings('acme', [outcome('anna', 100, 4)], 120),
      ['anna'],
      'equally late counts'
    )
    t.strictSame(
      await store.saveReadings('acme', [outcome('anna', 50, 5)], 60),
      ['anna'],
      'a confirmation from the future, before the clock was set back, binds nobody'
    )
    t.strictSame(await held(), [50, 5])
  })

  await t.test('changes that build on what was read go one after the other', async (t) => {
    const { store, second } = await open(t)
    await withUsers(store, 'anna')
    const stores = second === undefined ? [store] : [store, await second()]
    let inside = 0
    const countUp = (one: Store) =>
      one.withTenantLock('acme', async (mine) => {
        t.equal(++inside, 1)
        const known = await mine.record('acme', 'anna')
        await nextTurn()
        const extension = `${Number(known?.user.extension) + 1}`
        await mine.saveUsers('acme', [{ user: sampleUser('anna', { extension }), sync: null }], 2)
        inside--
        return extension
      })
    const before = Number((await store.record('acme', 'anna'))?.user.extension)
    const given = await Promise.all(
      Array.from({ length: 20 }, (_, index) => countUp(stores[index % stores.length]!))
    )
    t.strictSame(
      given.map(Number).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => before + 1 + index)
    )
    const failing = store.withTenantLock('acme', async () => {
      throw new RangeError('mine')
    })
    await t.rejects(failing, RangeError)
    t.equal(await countUp(store), `${before + 21}`, 'one that failed holds up nobody')
    await store.withTenantLock('acme', () =>
      store.withTenantLock('other', async (other) => other.saveTenant(sampleTenant('other'), 3))
    )
    t.equal((await store.tenants({ limit: 9 })).length, 2, 'and another tenant need not wait')
  })

  await t.test('what is sealed anew is no change, and reaches those alone who are there', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 1)
    const anna = sampleUser('anna', { mailbox: { sealed: 'old', shown: 'https://a.example/…' } })
    const anew = { ...anna, mailbox: { sealed: 'new', shown: 'https://a.example/…' } }
    await store.saveUsers('acme', [{ user: anna, sync: initialSyncRecord(true, 1) }], 2)
    const connection = sampleConnection({ sealed: { clientSecret: 'new' } })
    await store.saveResealed('acme', connection, [])
    t.equal(await store.connection('acme'), null, 'a connection that was removed stays so')
    await store.saveConnection('acme', sampleConnection(), false, 3)
    const before = (await store.snapshot('acme'))!
    const events: unknown[] = []
    const stop = store.follow('acme', (event) => void events.push(event))
    await store.saveResealed('acme', connection, [anew, { ...anew, id: 'bo' }])
    const after = (await store.snapshot('acme'))!
    stop()
    t.strictSame(events, [])
    const users = before.users.map((record) => plain({ ...record, user: anew }))
    t.strictSame({ ...after, users: after.users.map(plain) }, { ...before, connection, users })
    await t.rejects(store.saveResealed('gone', null, [anew]), { name: 'TenantGone' })
  })

  await t.test('a store can be reached until it is closed', async (t) => {
    const { store } = await open(t)
    t.equal(store.reachable(), true)
    await store.close()
    t.equal(store.reachable(), false)
  })

  await t.test('a snapshot says when its last entry was logged', async (t) => {
    const { store } = await open(t, { logLength: 2 })
    for (const at of [5, 4, 7.5]) await store.saveTenant(sampleTenant('acme'), at)
    t.equal((await store.snapshot('acme'))?.loggedAt, 7.5)
  })

  await t.test('no entry is older than the one before it, whoever says so', async (t) => {
    const { store, reopen } = await open(t)
    const times: number[] = []
    for (const at of [5, 7, 6.5]) await store.saveTenant(sampleTenant('acme'), at)
    store.follow('acme', (feed) => feed.kind === 'logged' && times.push(feed.entry.at))
    for (const at of [3, 9]) await store.saveTenant(sampleTenant('acme'), at)
    t.strictSame(times, [7, 9])
    const again = await reopen()
    t.strictSame(
      (await again.log('acme', 0))?.map(({ at }) => at),
      [5, 7, 7, 7, 9]
    )
    t.equal((await again.snapshot('acme'))?.loggedAt, 9)
  })

  for (const [what, save] of [
    [
      'an override',
      (store: Store) =>
        store.saveOverride('acme', 'anna', { diversion: 'sick', from: 2, until: null }, 2).then(() => {})
    ],
    [
      'an absence',
      (store: Store) =>
        store
          .saveAbsences('acme', [{ user: 'anna', absences: [sampleAbsence('a')] }], 2)
          .then((saved) => t.strictSame(saved, ['anna']))
    ]
  ] as const)
    await t.test(`${what} that came while the calendar was read makes the new timeline seen`, async (t) => {
      const { store } = await open(t)
      await withUsers(store, 'anna', 'bo')
      await save(store)
      const events: FeedEvent[] = []
      store.follow('acme', (feed) => events.push(feed))
      const outcome = (id: string, at: number, index: number | null) => ({
        user: id,
        sync: sampleSync(0, at),
        timeline: index === null ? ('same' as const) : sampleTimeline([sampleCause(index)]),
        visible: false
      })
      await store.saveReadings('acme', [outcome('anna', 3, 1), outcome('bo', 3, 1)], 3)
      await store.saveReadings('acme', [outcome('anna', 4, null)], 4)
      t.strictSame(events, [
        { kind: 'logged', entry: { position: 4, at: 3, users: ['anna'], vacated: [] } },
        { kind: 'confirmed', users: ['bo'] },
        { kind: 'confirmed', users: ['anna'] }
      ])
    })

  await t.test('what one process writes another receives in order, and finds', async (t) => {
    const { store, second } = await open(t)
    if (second === undefined) {
      t.comment('this store is for one process')
      return
    }
    const other = await second()
    await withUsers(store)
    const feeds: { readonly here: FeedEvent[]; readonly there: FeedEvent[] } = { here: [], there: [] }
    store.follow('acme', (feed) => feeds.here.push(feed))
    other.follow('acme', (feed) => feeds.there.push(feed))
    // From here on both listen: a write of one's own waits until one does.
    await store.saveTenant(sampleTenant('acme', '1'), 2)
    await other.saveTenant(sampleTenant('acme', '2'), 3)
    while (![feeds.here, feeds.there].every((feeds) => feeds.some(isAt(3)))) await nextTurn()
    feeds.here.length = feeds.there.length = 0
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const sync = index < 2 ? initialSyncRecord(true, 1) : null
        const by = index % 2 === 0 ? store : other
        return by.saveUsers(
          'acme',
          [{ user: sampleUser(`user-${index % 2}`, { extension: `${index}` }), sync }],
          10
        )
      })
    )
    const outcomes = [
      { user: 'user-0', sync: sampleSync(0, 20), timeline: sampleTimeline([sampleCause(1)]), visible: true },
      { user: 'user-1', sync: sampleSync(0, 20), timeline: sampleTimeline([sampleCause(2)]), visible: false }
    ]
    await store.saveReadings('acme', outcomes, 20)
    await other.saveRules('acme', 0, sampleRules(30))
    t.equal(await store.saveRules('acme', 0, sampleRules(30)), null, 'a version that another made counts')
    // What is answered here was delivered here: whoever wrote last has received all of it.
    const positions = feeds.here.flatMap((feed) => (feed.kind === 'logged' ? [feed.entry.position] : []))
    await other.saveTenant(sampleTenant('acme', '3'), 40)
    await store.removeTenant('acme')
    await other.saveTenant(sampleTenant('acme', '4'), 50)
    await store.saveTenant(sampleTenant('acme', '5'), 60)
    while (feeds.here.length !== feeds.there.length) await nextTurn()
    t.strictSame(feeds.there, feeds.here)
    t.strictSame(
      positions.slice(0, 31),
      Array.from({ length: 31 }, (_, index) => 4 + index)
    )
    t.strictSame(
      feeds.here.slice(-4).map((feed) => (feed.kind === 'logged' ? feed.entry.position : feed.kind)),
      [36, 'tenant removed', 1, 2]
    )
    const [one, two] = await Promise.all([store.snapshot('acme'), other.snapshot('acme')])
    t.strictSame({ ...one, users: one?.users.map(plain) }, { ...two, users: two?.users.map(plain) })
    t.strictSame(await other.tenants({ limit: 9 }), await store.tenants({ limit: 9 }))
  })
}

const isAt = (position: number) => (feed: FeedEvent) =>
  feed.kind === 'logged' && feed.entry.position === position

async function withUsers(store: Store, ...ids: string[]): Promise<void> {
  await store.saveTenant(sampleTenant('acme'), 1)
  if (ids.length === 0) return
  const users = ids.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) }))
  await store.saveUsers('acme', users, 1)
}
