/** The part of the store contract that is about API keys. */
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { ApiKeyRecord, ApiKeyStore, ListedApiKey } from '../../src/storage/api-keys.ts'
import { TenantGone } from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import { sampleTenant, sampleUser } from './store-samples.ts'

export function sampleApiKey(id: string, more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id,
    name: 'Switch in the cellar',
    tenant: 'acme',
    role: 'switch',
    user: null,
    colleagues: false,
    sensitive: false,
    createdAt: 1,
    createdBy: 'admin',
    expiresAt: null,
    prefix: 'hvk_aBc1',
    digest: `digest-of-${id}`,
    previous: null,
    ...more
  }
}

const MAX = 50
const all = { limit: 1000 }
const listed = (key: ApiKeyRecord, lastUsedDay: string | null = null): ListedApiKey => ({
  ...key,
  lastUsedDay
})
const idsOf = (keys: readonly { readonly id: string }[]) => keys.map(({ id }) => id)

async function everyKey(keys: ApiKeyStore): Promise<ApiKeyRecord[]> {
  const found = []
  for await (const some of keys.all()) found.push(...some)
  return found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What a follower that knew everything at the position knows after it. */
async function changesSince(keys: ApiKeyStore, from: string) {
  const changes = []
  for (let position = from; ; ) {
    const slice = await keys.changesAfter(position)
    if (slice === null) return null
    if (slice.changes.length === 0) return { position: slice.position, changes }
    changes.push(...slice.changes)
    position = slice.position
  }
}

export async function apiKeyContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('API keys come back as they went in, each owner apart, also after a restart', async (t) => {
    const { store, reopen } = await open(t)
    const keys = store.apiKeys
    for (const id of ['acme', 'acme-2', 'b']) await store.saveTenant(sampleTenant(id), 1)
    const one = sampleApiKey('k1', { name: 'Å\u0000\ud800 "quoted"\n😀', expiresAt: 9, sensitive: true })
    const rotated = sampleApiKey('k2', { previous: { digest: 'old', until: 7 } })
    const softphone = sampleApiKey('k3', { role: 'softphone', user: 'anna', colleagues: true })
    const others = [
      sampleApiKey('k4', { tenant: 'acme-2' }),
      sampleApiKey('k5', { tenant: null, role: 'provider' }),
      sampleApiKey('k6', { tenant: 'b' })
    ]
    for (const key of [rotated, softphone, one, ...others]) t.equal(await keys.add(key, MAX), true)
    const check = async ({ list, find, listOfUser }: ApiKeyStore) => {
      t.strictSame(await listOfUser('acme', 'anna'), [listed(softphone)])
      for (const [tenant, user] of [
        ['acme', 'ann'],
        ['acme', ''],
        ['acme', '*'],
        ['acme-2', 'anna'],
        ['nobody', 'anna'],
        ['*', '']
      ] as const) {
        t.strictSame(await listOfUser(tenant, user), [], `${tenant} ${user}`)
      }
      t.strictSame(await list('acme', all), [listed(one), listed(rotated), listed(softphone)])
      t.strictSame(idsOf(await list('acme', { limit: 1, after: 'k1' })), ['k2'])
      t.strictSame(idsOf(await list('acme', { limit: 9, after: 'k15' })), ['k2', 'k3'])
      t.strictSame(await list(null, all), [listed(others[1]!)])
      t.strictSame(idsOf(await list('acme-2', all)), ['k4'])
      t.strictSame(await find('acme', 'k2'), listed(rotated))
      t.strictSame(await find(null, 'k5'), listed(others[1]!))
    }
    await check(keys)
    await check((await reopen()).apiKeys)
  })

  await t.test('a key of another owner, or of nobody, is not there', async (t) => {
    const { store } = await open(t)
    const keys = store.apiKeys
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveTenant(sampleTenant('other'), 1)
    await keys.add(sampleApiKey('k1'), MAX)
    await keys.add(sampleApiKey('k2', { tenant: null }), MAX)
    for (const [tenant, id] of [
      ['other', 'k1'],
      [null, 'k1'],
      ['acme', 'k2'],
      ['nobody', 'k1'],
      ['', 'k1'],
      ['*', 'k2'],
      ['acme', ''],
      ['acme', 'x'.repeat(10_000)]
    ] as const) {
      t.equal(await keys.find(tenant, id), null)
      t.equal(await keys.remove(tenant, id), false)
      if (tenant !== 'acme') {
        t.equal(await keys.replace(sampleApiKey(id, { tenant }), `digest-of-${id}`), false)
      }
    }
    t.strictSame(await keys.list('nobody', all), [])
    await t.rejects(keys.add(sampleApiKey('k3', { tenant: 'nobody' }), MAX), TenantGone)
    t.strictSame(idsOf(await everyKey(keys)), ['k1', 'k2'])
  })

  await t.test(
    'there are never more keys than allowed: of a user, of a tenant beside them, of the provider',
    async (t) => {
      const { store } = await open(t)
      const keys = store.apiKeys
      await store.saveTenant(sampleTenant('acme'), 1)
      const added = async (more: Partial<ApiKeyRecord>, prefix: string) => {
        const tries = Array.from({ length: 9 }, (_, index) =>
          keys.add(sampleApiKey(`${prefix}${index}`, more), 4)
        )
        return (await Promise.all(tries)).filter(Boolean).length
      }
      t.equal(await added({ user: 'anna' }, 'a'), 4)
      t.equal(await added({ user: 'anna.b' }, 'b'), 4)
      t.equal(await added({}, 'c'), 4)
      t.equal(await added({ tenant: null }, 'd'), 4)
      t.equal((await keys.list('acme', all)).length, 12)
      t.equal(await keys.remove('acme', (await keys.list('acme', all))[0]!.id), true)
      t.equal(await added({ user: 'anna' }, 'e'), 1)
    }
  )

  await t.test('of two who replace the same key one succeeds', async (t) => {
    const { store } = await open(t)
    const keys = store.apiKeys
    await store.saveTenant(sampleTenant('acme'), 1)
    const key = sampleApiKey('k1')
    await keys.add(key, MAX)
    const rotate = (digest: string) =>
      keys.replace({ ...key, digest, previous: { digest: key.digest, until: 5 } }, key.digest)
    t.strictSame((await Promise.all([rotate('one'), rotate('two')])).sort(), [false, true])
    t.equal((await keys.find('acme', 'k1'))?.previous?.digest, key.digest)
    t.equal(await keys.remove('acme', 'k1'), true)
    t.equal(await rotate('three'), false)
    t.equal(await keys.find('acme', 'k1'), null)
  })

  await t.test('a tenant takes its keys along, a user the keys of theirs', async (t) => {
    const { store } = await open(t)
    const keys = store.apiKeys
    await store.saveTenant(sampleTenant('acme'), 1)
    await store.saveTenant(sampleTenant('acme-2'), 1)
    const users = ['anna', 'anna.b', 'bo'].map((id) => ({
      user: sampleUser(id),
      sync: initialSyncRecord(true, 1)
    }))
    await store.saveUsers('acme', users, 1)
    await store.saveUsers('acme-2', users, 1)
    for (const [id, more] of [
      ['a1', { user: 'anna' }],
      ['a2', { user: 'anna' }],
      ['b1', { user: 'anna.b' }],
      ['c1', {}],
      ['d1', { tenant: 'acme-2', user: 'anna' }],
      ['p1', { tenant: null }]
    ] as const) {
      await keys.add(sampleApiKey(id, more), MAX)
    }
    await keys.saveUses([{ tenant: 'acme', id: 'a1', day: '2026-12-01' }])
    const position = await keys.position()
    await store.removeUsers('acme', ['anna', 'zoe'], 2)
    t.strictSame(idsOf(await keys.list('acme', all)), ['b1', 'c1'])
    await store.saveUsers('acme', users, 3)
    t.strictSame(idsOf(await keys.list('acme', all)), ['b1', 'c1'], 'nothing comes back with the name')
    t.same((await changesSince(keys, position))?.changes, [
      { id: 'a1', key: null },
      { id: 'a2', key: null }
    ])
    t.equal(await keys.add(sampleApiKey('a1', { user: 'anna' }), MAX), true)
    t.equal((await keys.find('acme', 'a1'))?.lastUsedDay, null)

    const many = Array.from({ length: 700 }, (_, index) => sampleApiKey(`m${index}`, { user: `u${index}` }))
    await Promise.all(many.map((key) => keys.add(key, MAX)))
    await store.removeTenant('acme')
    t.strictSame(await keys.list('acme', all), [])
    await store.saveTenant(sampleTenant('acme'), 4)
    t.strictSame(await keys.list('acme', all), [], 'nothing comes back with the name')
    t.strictSame(idsOf(await everyKey(keys)), ['d1', 'p1'])
  })

  await t.test(
    'whoever read everything once is told every change, or that the log does not reach back',
    async (t) => {
      const { store, second } = await open(t, { logLength: 600 })
      const keys = store.apiKeys
      const follower = ((await second?.()) ?? store).apiKeys
      const start = await follower.position()
      t.strictSame(await everyKey(follower), [])
      await store.saveTenant(sampleTenant('acme'), 1)
      for (const id of ['k1', 'k2', 'k3']) await keys.add(sampleApiKey(id), MAX)
      const read = await follower.position()
      t.strictSame(idsOf(await everyKey(follower)), ['k1', 'k2', 'k3'])
      t.strictSame(await follower.changesAfter(read), { position: read, changes: [] })
      const known = await changesSince(follower, start)
      if (known !== null) t.strictSame(idsOf(known.changes), ['k1', 'k2', 'k3'])

      const rotated = sampleApiKey('k1', { digest: 'new' })
      await keys.replace(rotated, 'digest-of-k1')
      await keys.remove('acme', 'k2')
      await keys.saveUses([{ tenant: 'acme', id: 'k3', day: '2026-12-01' }])
      const seen = await changesSince(follower, read)
      t.strictSame(seen?.changes, [
        { id: 'k1', key: rotated },
        { id: 'k2', key: null }
      ])

      for (let round = 0; round < 599; round++) {
        const digest = (n: number) => (n === 0 ? 'digest-of-k3' : `${n}`)
        await keys.replace(sampleApiKey('k3', { digest: digest(round + 1) }), digest(round))
      }
      const later = await changesSince(follower, seen!.position)
      t.equal(later?.changes.length, 599)
      t.strictSame(later?.changes.at(-1), { id: 'k3', key: sampleApiKey('k3', { digest: '599' }) })
      t.equal(await follower.changesAfter(read), null, 'the log does not reach back')
      t.strictSame(idsOf(await everyKey(follower)), ['k1', 'k3'])
      for (const position of ['', 'x', `${later!.position}9`, '-1']) {
        t.equal(await follower.changesAfter(position), null, `there is no position "${position}"`)
      }
    }
  )

  await t.test('what is changed while all keys are read is in the changes after', async (t) => {
    const { store } = await open(t)
    const keys = store.apiKeys
    await store.saveTenant(sampleTenant('acme'), 1)
    const ids = Array.from({ length: 2500 }, (_, index) => `k${index}`)
    await Promise.all(ids.map((id) => keys.add(sampleApiKey(id, { user: `u${id}` }), MAX)))
    const position = await keys.position()
    const found = new Map<string, ApiKeyRecord>()
    let parts = 0
    for await (const some of keys.all()) {
      for (const key of some) found.set(key.id, key)
      await keys.remove('acme', `k${parts}`)
      await keys.replace(sampleApiKey(`k${2499 - parts}`, { digest: 'new' }), `digest-of-k${2499 - parts}`)
      await keys.add(sampleApiKey(`new${parts}`), MAX)
      parts++
    }
    t.ok(parts > 1, 'they come in parts')
    for (const { id, key } of (await changesSince(keys, position))?.changes ?? []) {
      if (key === null) found.delete(id)
      else found.set(id, key)
    }
    t.strictSame(
      [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      await everyKey(keys)
    )
  })

  await t.test('the last day of use stays with its key, and never goes back', async (t) => {
    const { store, reopen } = await open(t)
    const keys = store.apiKeys
    await store.saveTenant(sampleTenant('acme'), 1)
    await keys.add(sampleApiKey('k1'), MAX)
    await keys.add(sampleApiKey('k2', { tenant: null }), MAX)
    await keys.saveUses([
      { tenant: 'acme', id: 'k1', day: '2026-12-02' },
      { tenant: null, id: 'k2', day: '2026-12-01' },
      { tenant: 'acme', id: 'gone', day: '2026-12-01' }
    ])
    await keys.saveUses([{ tenant: 'acme', id: 'k1', day: '2026-12-01' }])
    await keys.replace(sampleApiKey('k1', { digest: 'new' }), 'digest-of-k1')
    const again = (await reopen()).apiKeys
    t.equal((await again.find('acme', 'k1'))?.lastUsedDay, '2026-12-02')
    t.strictSame(
      (await again.list(null, all)).map(({ lastUsedDay }) => lastUsedDay),
      ['2026-12-01']
    )
    await again.add(sampleApiKey('gone'), MAX)
    t.equal((await again.find('acme', 'gone'))?.lastUsedDay, null)
  })

  await t.test('nothing is stored of a key but what the port takes', async (t) => {
    const { store, storedBytes } = await open(t)
    const secret = { key: 'CANARY', secret: 'CANARY' }
    await store.saveTenant(sampleTenant('acme'), 1)
    const previous = { digest: 'old', until: 5, ...secret }
    await store.apiKeys.add({ ...sampleApiKey('k1', { previous }), ...secret }, MAX)
    await store.apiKeys.replace({ ...sampleApiKey('k1', { previous }), ...secret }, 'digest-of-k1')
    await store.apiKeys.saveUses([{ tenant: 'acme', id: 'k1', day: '2026-12-01', ...secret }])
    const bytes = await storedBytes()
    t.ok(bytes.includes('digest-of-k1'), 'what was to be stored is there')
    t.notOk(bytes.includes('CANARY'))
  })
}
