/** The part of the store contract that is about consumers: what operators put, how far each is, and what goes with a user. */
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { ConsumerProgress, ConsumerRecord, UserDelivery } from '../../src/storage/consumers.ts'
import { TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { readAudit, sampleDraft } from './store-audit.ts'
import { sampleTenant, sampleUser } from './store-samples.ts'

export const sampleConsumer = (id: string, change: Partial<ConsumerRecord> = {}): ConsumerRecord => ({
  id,
  kind: 'webhook',
  version: 'v1',
  open: { url: 'https://pbx.example.se/', text: 'Å\u2028\n"' },
  sealed: { secret: 'sealed' },
  pausedAt: null,
  changedAt: 1.5,
  ...change
})

export const sampleProgress = (change: Partial<ConsumerProgress> = {}): ConsumerProgress => ({
  state: 'active',
  cursor: 'c1',
  acknowledgedAt: 2,
  failures: 0,
  failingSince: null,
  error: null,
  behindSince: null,
  savedAt: 3,
  users: { ok: 1, sent: 0, failed: 0, takenOver: 0 },
  ...change
})

export const sampleDelivery = (user: string, change: Partial<UserDelivery> = {}): UserDelivery => ({
  user,
  extension: '1070',
  outcome: 'ok',
  digest: 'd1',
  tag: 't1',
  at: 3,
  refreshAt: 4.5,
  error: null,
  ...change
})

export async function consumerContract(t: Test, open: OpenStore): Promise<void> {
  const openWithUsers = async (t: Test, ...users: string[]) => {
    const opened = await open(t)
    await opened.store.saveTenant(sampleTenant('acme'), 1)
    const saved = users.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1) }))
    if (saved.length > 0) await opened.store.saveUsers('acme', saved, 1)
    return opened
  }

  await t.test('consumers are kept as they were saved, with the audit, over a restart', async (t) => {
    const { store, reopen } = await openWithUsers(t)
    const { consumers } = store
    t.same(await consumers.list('acme'), [])
    t.equal(
      await store.withEntry(sampleDraft()).consumers.save('acme', sampleConsumer('b'), null, false),
      true
    )
    t.equal(await consumers.save('acme', sampleConsumer('a'), sampleProgress(), false), true)
    const changed = sampleConsumer('b', { version: 'v2', pausedAt: 4, sealed: {} })
    t.equal(await consumers.save('acme', changed, null, false), false)
    await t.rejects(consumers.save('gone', sampleConsumer('a'), null, false), TenantGone)
    const { consumers: again } = await reopen()
    t.same(await again.list('acme'), [sampleConsumer('a'), changed], 'by id')
    t.same(await again.find('acme', 'b'), changed)
    t.same(await again.progress('acme', 'a'), sampleProgress())
    t.equal(await again.progress('acme', 'b'), null)
    t.equal(await again.find('acme', 'c'), null)
    t.same(await again.list('gone'), [])
    t.equal(await again.remove('acme', 'a'), true)
    t.equal(await again.remove('acme', 'a'), false)
    t.equal(await again.remove('gone', 'a'), false)
    t.equal(await again.progress('acme', 'a'), null)
  })

  await t.test('a write of a consumer has its entry in the audit', async (t) => {
    const { store } = await openWithUsers(t)
    const before = (await readAudit(store, 'acme')).length
    await store
      .withEntry(sampleDraft({ action: 'user.put' }))
      .consumers.save('acme', sampleConsumer('a'), null, false)
    await store.withEntry(sampleDraft({ action: 'user.put' })).consumers.remove('acme', 'a')
    t.equal((await readAudit(store, 'acme')).length, before + 2)
  })

  await t.test('progress is saved for the version that it was made with alone', async (t) => {
    const { store } = await openWithUsers(t, 'anna', 'bo')
    const { consumers } = store
    const save = (version: string, change: Partial<ConsumerProgress>, ...deliveries: UserDelivery[]) =>
      consumers.saveProgress('acme', 'a', version, {
        progress: sampleProgress(change),
        deliveries,
        removed: []
      })
    t.equal(await save('v1', {}), false, 'without a consumer')
    await consumers.save('acme', sampleConsumer('a'), null, false)
    await consumers.save('acme', sampleConsumer('ab'), null, false)
    t.equal(
      await save('v1', { failures: 1 }, sampleDelivery('anna'), sampleDelivery('bo'), sampleDelivery('gone')),
      true
    )
    t.same((await consumers.progress('acme', 'a'))?.failures, 1)
    const users = async (id: string) =>
      (await consumers.deliveries('acme', id)).map(({ user }) => user).sort()
    t.same(await users('a'), ['anna', 'bo'], 'of users who are there')
    t.same(await users('ab'), [], 'and of that consumer alone')
    t.same(await consumers.deliveriesOfUser('acme', 'bo'), [
      { consumer: 'a', delivery: sampleDelivery('bo') }
    ])
    t.same(await consumers.deliveriesOfUser('acme', 'b'), [])
    t.same(await consumers.deliveriesOfUser('gone', 'bo'), [])
    const anna = sampleDelivery('anna', { digest: null, outcome: 'failed', error: { code: 'x', hint: 'Å' } })
    t.equal(await save('v1', {}, anna), true)
    t.same(
      (await consumers.deliveries('acme', 'a')).find(({ user }) => user === 'anna'),
      anna
    )
    await consumers.save('acme', sampleConsumer('a', { version: 'v2' }), null, false)
    t.equal(await save('v1', { failures: 9 }, sampleDelivery('bo', { digest: 'late' })), false)
    t.same(await users('a'), ['anna', 'bo'], 'what was acknowledged stays')
    t.equal((await consumers.progress('acme', 'a'))?.failures, 0)
    await consumers.saveProgress('acme', 'a', 'v2', {
      progress: sampleProgress(),
      deliveries: [],
      removed: ['bo', 'nobody']
    })
    t.same(await users('a'), ['anna'])
    await consumers.save(
      'acme',
      sampleConsumer('a', { version: 'v3' }),
      sampleProgress({ cursor: null }),
      true
    )
    t.same(await users('a'), [], 'until it is forgotten')
    t.equal((await consumers.progress('acme', 'a'))?.cursor, null)
  })

  await t.test('what a consumer acknowledged goes with the user, the consumer and the tenant', async (t) => {
    const { store } = await openWithUsers(t, 'anna', 'kanarieanvandare')
    const { consumers } = store
    const saved = {
      progress: sampleProgress(),
      deliveries: [sampleDelivery('anna'), sampleDelivery('kanarieanvandare', { tag: 'kanarietag' })],
      removed: []
    }
    await consumers.save('acme', sampleConsumer('a'), null, false)
    await consumers.saveProgress('acme', 'a', 'v1', saved)
    await store.removeUsers('acme', ['kanarieanvandare'], 5)
    t.same(
      (await consumers.deliveries('acme', 'a')).map(({ user }) => user),
      ['anna']
    )
    await consumers.remove('acme', 'a')
    await consumers.save('acme', sampleConsumer('a'), null, false)
    t.same(await consumers.deliveries('acme', 'a'), [], 'another of the same name has nothing')
    await consumers.saveProgress('acme', 'a', 'v1', saved)
    await store.removeTenant('acme')
    t.same(await consumers.list('acme'), [])
    await store.saveTenant(sampleTenant('acme'), 6)
    await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 1) }], 6)
    t.same(await consumers.list('acme'), [])
    await consumers.save('acme', sampleConsumer('a'), null, false)
    t.same(await consumers.deliveries('acme', 'a'), [])
  })

  await t.test('whose consumers changed is told', async (t) => {
    const { store, reopen, second } = await openWithUsers(t)
    await store.saveTenant(sampleTenant('beta'), 1)
    const start = await store.consumers.changedAfter(0)
    t.same(start.tenants, [])
    await store.consumers.save('acme', sampleConsumer('a'), null, false)
    const other = second === undefined ? store : await second()
    const first = await other.consumers.changedAfter(start.position)
    t.same(first.tenants, ['acme'])
    t.same((await other.consumers.changedAfter(first.position)).tenants, [])
    await store.consumers.save('beta', sampleConsumer('a'), null, false)
    await store.consumers.remove('acme', 'a')
    t.same((await other.consumers.changedAfter(first.position)).tenants.toSorted(), ['acme', 'beta'])
    const again = await reopen()
    t.match((await again.consumers.changedAfter(0)).tenants, ['beta'].slice(0, 0), 'all that have any')
    t.ok((await again.consumers.changedAfter(0)).tenants.includes('beta'))
  })
}
