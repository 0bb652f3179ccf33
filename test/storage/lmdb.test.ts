/** The embedded store passes the contract, and holds what is its own. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { type FeedEvent, type Store, StoreUnavailable, type User } from '../../src/storage/store.ts'
import type { OpenStore } from '../contracts/open-store.ts'
import { storeContract } from '../contracts/store.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'

const open: OpenStore = async (t, options = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-store-'))
  let store: Store = await openLmdb({ folder, ...options })
  t.teardown(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })
  return {
    store,
    async reopen() {
      await store.close()
      store = await openLmdb({ folder, ...options })
      return store
    },
    async storedBytes() {
      const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile())
      return Buffer.concat(await Promise.all(files.map(({ name }) => readFile(join(folder, name)))))
    }
  }
}

await storeContract(t, open)

t.test('a write that fails halfway leaves nothing behind and takes no other with it', async (t) => {
  const { store } = await open(t)
  await store.saveTenant(sampleTenant('acme'), 1)
  const save = (...users: User[]) =>
    store.saveUsers(
      'acme',
      users.map((one) => ({ user: one, sync: initialSyncRecord(true, 1) })),
      1
    )
  const events: FeedEvent[] = []
  store.follow('acme', (feed) => events.push(feed))
  const broken = sampleUser('cy', { triggers: null as never })
  const outcomes = await Promise.allSettled([
    save(sampleUser('anna')),
    save(sampleUser('bo'), broken),
    save(sampleUser('dan')),
    store.saveOverride('nobody', 'anna', null, 1),
    save(sampleUser('x'.repeat(10_000))),
    save(sampleUser('eva'))
  ])
  t.strictSame(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled']
  )
  t.notOk(outcomes.some((one) => one.status === 'rejected' && one.reason instanceof StoreUnavailable))
  const snapshot = await store.snapshot('acme')
  t.strictSame(
    snapshot?.users.map((record) => record.user.id),
    ['anna', 'dan', 'eva']
  )
  t.equal(snapshot?.position, 4)
  t.strictSame(
    events.map((feed) => (feed.kind === 'logged' ? feed.entry.users : feed.kind)),
    [['anna'], ['dan'], ['eva']]
  )
})
