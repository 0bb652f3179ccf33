/** No worker is left: who relied on notifications is stale within five minutes, on every replica alike. */

import { markSynced } from '../../src/domain/sync-state.ts'
import { AbandonedTenants } from '../../src/sync/cluster/abandoned-tenants.ts'
import { shardCount, shardOf } from '../../src/sync/cluster/shards.ts'
import t from '../group/tap.ts'
import { minuteMs, openSyncHarness } from '../support/sync-harness.ts'

t.test('subscribed calendars of a shard without an owner are stale within five minutes', async (t) => {
  const harness = await openSyncHarness(t)
  const { store, tenant, people, time, record, state, logged } = harness
  for (const id of ['acme', 'other']) {
    await tenant(id, 'right', 600)
    await people(id, { anna: {}, polled: {} })
    for (const user of ['anna', 'polled']) {
      const { sync } = await record(id, user)
      const found = { detail: 'subjects', fault: null, subscribed: user === 'anna' } as const
      const outcome = { user, sync: markSynced(sync, time.clock(), 1_200_000, found), visible: true }
      const timeline = { boundaries: new Float64Array(), causes: [], truncatedAt: null, rulesVersion: 0 }
      await store.saveReadings(id, [{ ...outcome, timeline }], time.clock())
    }
  }
  t.not(shardOf('acme'), shardOf('other'))
  const abandonedAt = time.clock()
  const ages = () =>
    Array.from({ length: shardCount }, (_, shard) =>
      shard === shardOf('acme') ? time.clock() - abandonedAt : shard === shardOf('other') ? 500 : null
    )
  const replicas = [0, 1].map(
    () =>
      new AbandonedTenants({
        store,
        readShardAges: async () => ages(),
        clock: time.clock,
        timers: time.timers,
        log: { info: () => {}, warn: () => {}, error: () => {} }
      })
  )
  await time.run(3.9 * minuteMs)
  t.equal(await state('acme', 'anna'), 'fresh')
  await time.run(1.1 * minuteMs)
  await harness.until(async () => (await state('acme', 'anna')) === 'stale')
  t.equal((await record('acme', 'anna')).sync.overdueSince, abandonedAt + 4 * minuteMs)
  t.equal(await state('acme', 'polled'), 'fresh', 'this one turns stale by its interval')
  t.equal(await state('other', 'anna'), 'fresh')
  const entries = (await logged('acme')).length
  await time.run(5 * minuteMs)
  t.equal((await logged('acme')).length, entries, 'consumers get one change')
  await Promise.all(replicas.map((one) => one.close()))
})
