/** The part of the store contract that is about the change log, its followers, and snapshots. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { FeedEvent } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import {
  sampleAbsence,
  sampleCause,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from './store-samples.ts'

export async function logContract(t: Test, open: OpenStore): Promise<void> {
  await t.test(
    'followers receive every write in order, once it can be read, before the writer goes on',
    async (t) => {
      const { store } = await open(t)
      await store.saveTenant(sampleTenant('acme'), 1)
      const events: FeedEvent[] = []
      const unexpected: FeedEvent[] = []
      const stop = store.follow('acme', (feed) => events.push(feed))
      store.follow('acme', (feed) => unexpected.push(feed))()
      store.follow('other', (feed) => unexpected.push(feed))
      const names = ['anna', 'bo']
      await store.saveUsers(
        'acme',
        names.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) })),
        2
      )
      t.equal(events.length, 1)
      const outcome = (id: string, visible: boolean) => ({
        user: id,
        sync: sampleSync(0, 3),
        timeline: 'same' as const,
        visible
      })
      await store.saveReadings('acme', [outcome('anna', false), outcome('bo', true), outcome('zoe', true)], 3)
      await store.saveReadings('acme', [outcome('anna', false)], 4)
      await store.saveReadings('acme', [outcome('zoe', true)], 4)
      t.equal(await store.saveOverride('acme', 'zoe', null, 5), false)
      t.strictSame(await store.removeUsers('acme', ['zoe'], 5), [])
      t.strictSame(await store.removeUsers('acme', ['bo'], 6), ['bo'])
      t.equal(await store.saveTenant(sampleTenant('acme', 'New name'), 7), false)
      await store.removeTenant('acme')
      stop()
      await store.saveTenant(sampleTenant('acme'), 8)
      t.strictSame(events, [
        { kind: 'logged', entry: { position: 2, at: 2, users: names, vacated: [] } },
        { kind: 'logged', entry: { position: 3, at: 3, users: ['bo'], vacated: [] } },
        { kind: 'confirmed', users: ['anna'] },
        { kind: 'confirmed', users: ['anna'] },
        {
          kind: 'logged',
          entry: { position: 4, at: 6, users: ['bo'], vacated: [{ user: 'bo', extension: '1070' }] }
        },
        { kind: 'logged', entry: { position: 5, at: 7, users: 'all', vacated: [] } },
        { kind: 'tenant removed' }
      ])
      t.strictSame(unexpected, [])
    }
  )

  await t.test('the log is capped, and says when it no longer reaches back', async (t) => {
    const { store } = await open(t, { logLength: 5 })
    await store.saveTenant(sampleTenant('acme'), 1)
    const first = await store.snapshot('acme')
    for (let at = 2; at <= 12; at++) await store.saveTenant(sampleTenant('acme'), at)
    t.equal(await store.log('acme', 0), null)
    t.equal(await store.log('acme', 6), null)
    t.strictSame(
      (await store.log('acme', 7))?.map(({ position }) => position),
      [8, 9, 10, 11, 12]
    )
    t.strictSame(await store.log('acme', 12), [])
    t.strictSame(await store.log('acme', 99), [])
    t.equal((await store.snapshot('acme'))?.epoch, first?.epoch)
    await store.removeTenant('acme')
    await store.saveTenant(sampleTenant('acme'), 20)
    t.not((await store.snapshot('acme'))?.epoch, first?.epoch, 'a tenant that comes again has another log')
    t.strictSame(await store.log('acme', 0), [{ position: 1, at: 20, users: 'all', vacated: [] }])
  })

  await t.test('entries are dropped by age, with the next write that is published', async (t) => {
    const day = 86_400_000
    const { store, reopen } = await open(t, { historyMs: 2 * day })
    t.equal(store.historyMs, 2 * day)
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 1) }], 2)
    await store.removeUsers('acme', ['anna'], 3)
    await store.saveUsers('acme', [{ user: sampleUser('bo'), sync: initialSyncRecord(true, 4) }], 4)
    const positions = async (after: number) =>
      (await store.log('acme', after))?.map(({ position }) => position)
    t.strictSame(await positions(0), [1, 2, 3, 4])
    await store.saveOverride('acme', 'bo', null, 3 + 2 * day)
    t.equal(await store.log('acme', 1), null)
    t.strictSame(await positions(2), [3, 4, 5], 'as old as may be')
    t.strictSame(
      (await store.logOfUser('acme', 'anna')).map(({ position }) => position),
      [3]
    )
    const { generation } = (await store.record('acme', 'bo'))!.sync
    const sync = { ...initialSyncRecord(true, 4), generation, confirmedAt: 4 + 5 * day }
    const outcome = { user: 'bo', sync, timeline: 'same', visible: false } as const
    await store.saveReadings('acme', [outcome], 4 + 5 * day)
    t.strictSame(await positions(4), [5], 'the newest stays, so that its instant is known')
    t.equal(await store.log('acme', 3), null)
    t.strictSame(await store.logOfUser('acme', 'anna'), [])
    await store.saveOverride('acme', 'bo', null, 1)
    t.strictSame(await store.log('acme', 5), [{ position: 6, at: 3 + 2 * day, users: ['bo'], vacated: [] }])
    t.strictSame(await (await reopen()).log('acme', 4).then((kept) => kept?.length), 2)
  })

  await t.test('what is over is ended also where nothing is written any more', async (t) => {
    const day = 86_400_000
    const { store, reopen } = await open(t, { historyMs: 2 * day })
    await store.saveTenant(sampleTenant('acme'), 1)
    const ids = ['anna', 'bo', 'cia']
    const fresh = ids.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) }))
    await store.saveUsers('acme', fresh, 1)
    const boundaries = Float64Array.from([1, 2, 5 * day, 6 * day])
    const timeline = sampleTimeline([sampleCause(0), sampleCause(1)], { boundaries })
    const outcome = { user: 'anna', sync: sampleSync(0, 3), timeline, visible: true }
    await store.saveReadings('acme', [outcome], 3)
    await store.saveOverride('acme', 'anna', { diversion: 'sick', from: 1, until: day }, 3)
    await store.saveOverride('acme', 'bo', { diversion: 'sick', from: 1, until: null }, 3)
    const absences = [sampleAbsence('old'), sampleAbsence('new', { from: day, until: 4 * day })]
    await store.saveAbsences('acme', [{ user: 'bo', absences }], 3)
    await store.saveAbsences('acme', [{ user: 'cia', absences: [sampleAbsence('old')] }], 3)
    const events: FeedEvent[] = []
    const stop = store.follow('acme', (event) => events.push(event))
    t.equal(await store.trimHistory('acme', [...ids, 'zoe'], day), false)
    t.strictSame(events, [], 'nothing has been over for two days')
    t.equal(await store.trimHistory('acme', [...ids, 'zoe'], 3.5 * day), false)
    const users = ['anna', 'bo', 'cia']
    const entry = { position: 8, at: 3.5 * day, users, vacated: [] }
    t.strictSame(events, [{ kind: 'logged', entry }])
    t.equal(await store.trimHistory('acme', ids, 3.5 * day), false)
    t.equal(events.length, 1, 'it is not done twice')
    stop()
    await t.rejects(store.trimHistory('gone', [], 1), { name: 'TenantGone' })
    const [anna, bo, cia] = await (await reopen()).records('acme', ids)
    t.equal(anna!.override, null)
    t.strictSame([...anna!.timeline!.boundaries], [5 * day, 6 * day])
    t.equal(bo!.override?.diversion, 'sick', 'it holds still')
    t.strictSame(
      bo!.absences.map(({ id }) => id),
      ['new']
    )
    t.strictSame(cia!.absences, [])
  })

  await t.test('of a log that is far too old, each write drops a hundred', async (t) => {
    const { store } = await open(t, { historyMs: 10 })
    await store.saveTenant(sampleTenant('acme'), 1)
    for (let count = 1; count < 250; count++) await store.saveTenant(sampleTenant('acme'), 1)
    t.equal(await store.trimHistory('acme', [], 100), true)
    t.equal(await store.log('acme', 99), null)
    t.ok(await store.log('acme', 100))
    for (const gone of [200, 250]) {
      await store.saveTenant(sampleTenant('acme'), 100)
      t.equal(await store.log('acme', gone - 1), null)
      t.ok(await store.log('acme', gone))
    }
  })

  await t.test('the entries of one user are those that name them, as far as they are kept', async (t) => {
    const { store } = await open(t, { logLength: 1500 })
    await store.saveTenant(sampleTenant('acme'), 1)
    const save = (extension: string, ...ids: string[]) =>
      store.saveUsers(
        'acme',
        ids.map((id) => ({ user: sampleUser(id, { extension }), sync: initialSyncRecord(true, 1) })),
        2
      )
    await save('1', 'anna', 'annabel')
    // More than are read at a time.
    await Promise.all(Array.from({ length: 1200 }, () => store.saveOverride('acme', 'annabel', null, 3)))
    await save('2', 'anna')
    await store.removeUsers('acme', ['anna'], 4)
    t.strictSame(await store.logOfUser('acme', 'anna'), [
      { position: 2, at: 2, users: ['anna', 'annabel'], vacated: [] },
      { position: 1203, at: 3, users: ['anna'], vacated: [{ user: 'anna', extension: '1' }] },
      { position: 1204, at: 4, users: ['anna'], vacated: [{ user: 'anna', extension: '2' }] }
    ])
    t.equal((await store.logOfUser('acme', 'annabel')).length, 1201)
    t.strictSame(await store.logOfUser('acme', 'ann'), [])
    t.strictSame(await store.logOfUser('nobody', 'anna'), [])
  })

  await t.test('entries and records that are read together are of one moment', async (t) => {
    const { store } = await open(t, { logLength: 100 })
    t.equal(await store.readAfter('acme', 0, ['anna']), null)
    await store.saveTenant(sampleTenant('acme'), 0)
    const writing = (async () => {
      for (let round = 1; round <= 40; round++) {
        const next = sampleUser('anna', { extension: `${round}` })
        await store.saveUsers(
          'acme',
          [{ user: next, sync: round === 1 ? initialSyncRecord(true, 1) : null }],
          1
        )
      }
    })()
    for (let position = 1; position < 41; ) {
      await nextTurn()
      const slice = await store.readAfter('acme', position, ['bo', 'anna'])
      position = slice?.entries.at(-1)?.position ?? position
      const extension = slice?.records[1]?.user.extension ?? '0'
      t.strictSame([slice?.records[0], extension], [null, `${position - 1}`])
      for (const entry of slice?.entries ?? []) {
        const vacated = entry.position > 2 ? [{ user: 'anna', extension: `${entry.position - 2}` }] : []
        t.strictSame(entry.vacated, vacated, 'what a user leaves stands in the log')
      }
    }
    await writing
    t.equal((await store.readAfter('acme', 0, []))?.epoch, (await store.snapshot('acme'))?.epoch)
    for (let at = 42; at <= 142; at++) await store.saveTenant(sampleTenant('acme'), at)
    t.equal(await store.readAfter('acme', 0, []), null, 'the log does not reach back')
  })

  await t.test('a snapshot is of one moment, whatever is written meanwhile', async (t) => {
    const { store } = await open(t)
    await store.saveTenant(sampleTenant('acme'), 0)
    const all = Array.from({ length: 1500 }, (_, index) => `user-${index}`)
    const writing = (async () => {
      for (let round = 1; round <= 12; round++) {
        const users = all.map((id) => ({
          user: sampleUser(id, { extension: `${round}` }),
          sync: round === 1 ? initialSyncRecord(true, 1) : null
        }))
        await store.saveUsers('acme', users, round)
      }
    })()
    for (let done = false; !done; ) {
      await nextTurn()
      const [snapshot] = await Promise.all([store.snapshot('acme'), store.snapshot('acme')])
      const extensions = new Set(snapshot?.users.map((record) => record.user.extension))
      t.strictSame([...extensions], snapshot?.position === 1 ? [] : [`${(snapshot?.position ?? 0) - 1}`])
      done = snapshot?.position === 13
    }
    await writing
  })
}
