/** What has been kept for as long as the settings say ends, and the log says once where each chain of the audit stands. */

import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { Retention } from '../../src/management/retention.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { readAudit, sampleDraft } from '../contracts/store-audit.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'

const DAY = 86_400_000

t.test('what is older than the setting goes, in tenants and of the provider, once a day', async (t) => {
  const store = await openLmdb({ folder: t.testdir() })
  t.teardown(() => store.close())
  await store.saveTenant(sampleTenant('acme'), 1)
  for (const tenant of ['acme', null]) {
    for (const day of [1, 2, 3, 400]) await store.audit.append(tenant, sampleDraft({ at: day * DAY }))
  }
  const said: object[] = []
  const timers: { ms: number; fire: () => void }[] = []
  const info = (fields: object) => {
    said.push(fields)
  }
  const retention = new Retention({
    store,
    auditDays: 365,
    clock: () => 368 * DAY,
    log: { info, warn: () => t.fail('it warned'), error: () => t.fail('it failed') },
    after: (ms, fire) => {
      timers.push({ ms, fire })
      return () => {}
    }
  })
  await retention.run()
  for (const tenant of ['acme', null]) {
    const left = (await readAudit(store, tenant)).map(({ entry }) => entry.position)
    t.strictSame(left, [3, 4], `${tenant}`)
  }
  const { hash } = await store.audit.head('acme')
  t.match(said, [
    { tenant: null, position: 4 },
    { tenant: 'acme', position: 4, hash }
  ])
  await retention.run()
  t.equal(said.length, 2, 'a chain that stands still is not said again')
  t.equal(timers.length, 1)
  timers[0]!.fire()
  await retention.close()
})

t.test(
  'a sick leave that was entered by hand is gone two days after its end, from the log too',
  async (t) => {
    const store = await openLmdb({ folder: t.testdir() })
    t.teardown(() => store.close())
    await store.saveTenant(sampleTenant('acme'), 1)
    const users = Array.from({ length: 250 }, (_, i) => `u${i}`)
    const fresh = users.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(false, 1) }))
    await store.saveUsers('acme', fresh, 1)
    for (const user of users)
      await store.saveOverride('acme', user, { diversion: 'sick', from: 1, until: 2 }, 1)
    const silent = { info: () => {}, warn: () => t.fail('it warned'), error: () => t.fail('it failed') }
    const retention = new Retention({
      store,
      auditDays: 365,
      clock: () => 3 * DAY,
      log: silent,
      after: () => () => {}
    })
    await retention.run()
    await retention.close()
    const kept = await store.records('acme', users)
    t.ok(kept.every((record) => record?.override === null))
    const { position } = (await store.snapshot('acme'))!
    const entries = (await store.log('acme', position - 3))!
    t.ok(
      entries.every(({ at }) => at === 3 * DAY),
      'what is left is of today'
    )
    t.equal(await store.log('acme', position - 4), null)
  }
)
