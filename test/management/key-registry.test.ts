/** The keys in memory: who is told what, and what holds while the store cannot be asked. */
import type { Test } from 'tap'
import { digestOf } from '../../src/lib/digest.ts'
import { makeApiKey } from '../../src/management/api-key-format.ts'
import { KeyRegistry } from '../../src/management/key-registry.ts'
import type { ApiKeyRecord, ApiKeyStore } from '../../src/storage/api-keys.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { StoreUnavailable } from '../../src/storage/store.ts'
import { sampleApiKey } from '../contracts/store-api-keys.ts'
import { sampleTenant } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const HOUR = 3_600_000
const MAX = 50

/** A real store that one can cut off, and a registry on it whose time the test moves. */
async function fixture(t: Test, logLength = 1000) {
  const store = await openLmdb({ folder: t.testdir(), logLength })
  t.teardown(() => store.close())
  await store.saveTenant(sampleTenant('acme'), 1)
  let isCut = false
  let calls = 0
  let running = 0
  const guard =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls++
      if (isCut) throw new StoreUnavailable('cut')
      running++
      return call(...args).finally(() => running--)
    }
  const keys: ApiKeyStore = store.apiKeys
  const seen: ApiKeyStore = {
    ...keys,
    position: guard(keys.position),
    changesAfter: guard(keys.changesAfter),
    saveUses: guard(keys.saveUses)
  }
  const time = createFakeClock(() => running === 0)
  const open = async () => {
    const registry = await KeyRegistry.open({ store: seen, clock: time.clock, timers: time.timers })
    t.teardown(() => registry.close())
    return registry
  }
  const add = async (id: string, more: Partial<ApiKeyRecord> = {}) => {
    const { key, prefix, digest } = makeApiKey()
    await keys.add(sampleApiKey(id, { prefix, digest, ...more }), MAX)
    return key
  }
  return {
    keys,
    time,
    open,
    add,
    cut: (cut: boolean) => {
      isCut = cut
    },
    calls: () => calls
  }
}

t.test('a key is the principal that it was made for', async (t) => {
  const { open, add, keys } = await fixture(t)
  const phone = await add('k1', { role: 'softphone', user: 'anna', colleagues: true })
  const provider = await add('k2', { tenant: null, role: 'provider', sensitive: true, name: 'Scripts' })
  const later = await add('k3', { role: 'of-a-later-version' })
  const registry = await open()
  t.match(registry.authenticate(phone), {
    kind: 'key',
    id: 'k1',
    name: 'Switch in the cellar',
    role: 'softphone',
    tenant: 'acme',
    user: 'anna',
    colleagues: true,
    sensitive: false
  })
  t.match(registry.authenticate(provider), { id: 'k2', role: 'provider', tenant: null, sensitive: true })
  t.equal(registry.authenticate(later), null, 'a role that is not known here opens nothing')
  const digest = digestOf(phone)
  for (const text of ['', 'hvk_', digest, makeApiKey().key, `${phone} `, phone.toLowerCase()]) {
    t.equal(registry.authenticate(text), null, text)
  }
  t.equal(registry.size, 2)
  t.equal((await keys.find('acme', 'k1'))?.digest, digest)
})

t.test('every change holds within two seconds, and at once for who asks', async (t) => {
  const { open, add, keys, time } = await fixture(t)
  const one = await add('k1')
  const registry = await open()
  const two = await add('k2')
  t.equal(registry.authenticate(two), null)
  t.equal(await registry.confirm(), true)
  t.equal(registry.authenticate(two)?.id, 'k2')
  await keys.remove('acme', 'k1')
  await time.run(2000)
  t.equal(registry.authenticate(one), null)
  t.equal(registry.authenticate(two)?.id, 'k2')
})

t.test('a registry that fell far behind reads everything anew', async (t) => {
  const { open, add, keys, time, cut } = await fixture(t, 5)
  const old = await Promise.all(['k1', 'k2', 'k3'].map((id) => add(id)))
  const registry = await open()
  cut(true)
  await keys.remove('acme', 'k2')
  const fresh = await Promise.all(['n1', 'n2', 'n3', 'n4', 'n5', 'n6'].map((id) => add(id)))
  await time.run(3000)
  t.equal(registry.size, 3)
  cut(false)
  await time.run(3000)
  t.strictSame(
    [...old, ...fresh].map((key) => registry.authenticate(key)?.id ?? null),
    ['k1', null, 'k3', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6']
  )
})

t.test('a key expires by the clock, and its predecessor ends with the overlap', async (t) => {
  const { open, add, keys, time } = await fixture(t)
  const at = time.clock()
  const expiring = await add('k1', { expiresAt: at + HOUR })
  const before = await add('k2')
  const registry = await open()
  const after = makeApiKey()
  const rotated = sampleApiKey('k2', {
    digest: after.digest,
    previous: { digest: digestOf(before), until: at + 2 * HOUR }
  })
  t.equal(await keys.replace(rotated, digestOf(before)), true)
  const good = () => [expiring, before, after.key].map((key) => registry.authenticate(key) !== null)
  await registry.confirm()
  t.strictSame(good(), [true, true, true])
  t.equal(registry.countEndingWithin(1), 1, 'the end of an overlap is no end of a key')
  t.equal(registry.countEndingWithin(0), 0)
  time.set(HOUR - 1)
  t.strictSame(good(), [true, true, true])
  time.set(1)
  t.strictSame(good(), [false, true, true])
  t.equal(registry.countEndingWithin(30), 0, 'what has ended is not to come')
  time.set(HOUR)
  t.strictSame(good(), [false, false, true])
})

t.test('without the store keys are current for 5 s, open reads for 60 s, and then nothing', async (t) => {
  const { open, add, time, cut } = await fixture(t)
  const key = await add('k1')
  const registry = await open()
  await time.run(60 * 60_000)
  t.equal(registry.freshness(), 'current', 'as long as it answers')
  cut(true)
  await time.run(4000)
  t.equal(registry.freshness(), 'current')
  await time.run(1001)
  t.equal(registry.freshness(), 'stale')
  t.equal(registry.authenticate(key)?.id, 'k1')
  t.equal(await registry.confirm(), false)
  await time.run(54_000)
  t.equal(registry.freshness(), 'stale')
  await time.run(1001)
  t.equal(registry.freshness(), 'unknown')
  time.set(-10 * HOUR)
  t.equal(registry.freshness(), 'unknown', 'a clock that is set back changes nothing')
  cut(false)
  await time.run(1000)
  t.equal(registry.freshness(), 'current')
  time.set(20 * HOUR)
  t.equal(registry.freshness(), 'current', 'nor one that is set forward')
})

t.test('many who ask at once share one look at the store', async (t) => {
  const { open, calls } = await fixture(t)
  const registry = await open()
  const before = calls()
  t.ok((await Promise.all(Array.from({ length: 1000 }, () => registry.confirm()))).every(Boolean))
  t.ok(calls() - before <= 2, `${calls() - before} looks`)
})

t.test(
  'the last day of use is saved within a minute, once a day, and not lost with the store away',
  async (t) => {
    const { open, add, keys, time, cut, calls } = await fixture(t)
    const key = await add('k1')
    const other = await add('k2')
    const registry = await open()
    registry.authenticate(key)
    registry.authenticate(key)
    t.equal((await keys.find('acme', 'k1'))?.lastUsedDay, null, 'no request writes')
    await time.run(61_000)
    t.equal((await keys.find('acme', 'k1'))?.lastUsedDay, '2026-11-23')
    t.equal((await keys.find('acme', 'k2'))?.lastUsedDay, null)
    const polls = calls()
    for (let second = 0; second < 60; second++) {
      registry.authenticate(key)
      await time.run(1000)
    }
    t.ok(calls() - polls <= 61, 'the day is saved once')
    cut(true)
    registry.authenticate(other)
    await time.run(61_000)
    cut(false)
    await time.run(61_000)
    t.equal((await keys.find('acme', 'k2'))?.lastUsedDay, '2026-11-23')
    time.set(24 * HOUR)
    registry.authenticate(key)
    await registry.close()
    t.equal((await keys.find('acme', 'k1'))?.lastUsedDay, '2026-11-24', 'the last ones when it closes')
  }
)
