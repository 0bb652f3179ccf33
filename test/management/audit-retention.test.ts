/** Entries of the audit end with their time, and the log says once where each chain stands. */

import { AuditRetention } from '../../src/management/audit/audit-retention.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { readAudit, sampleDraft } from '../contracts/store-audit.ts'
import { sampleTenant } from '../contracts/store-samples.ts'
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
  const retention = new AuditRetention({
    store,
    days: 365,
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
