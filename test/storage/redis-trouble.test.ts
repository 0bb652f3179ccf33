/** Redis away, frozen, restarted or emptied: nothing acknowledged is lost, writers fail quickly, followers end up right. */
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis, type RedisOptions, type RedisStore } from '../../src/storage/redis/redis.ts'
import { type FeedEvent, type Store, StoreUnavailable, TenantGone } from '../../src/storage/store.ts'
import { sampleTenant, sampleUser } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { startCluster, startRedis, startSentinel } from '../support/redis-server.ts'
import { hangMs, until } from '../support/until.ts'

/** A busy machine may take longer over an answer than the 2 s that the service waits. */
async function opened(t: Test, url: string, more: Partial<RedisOptions> = {}): Promise<RedisStore> {
  const store = await openRedis({ address: redisAddress(url, hangMs), ...more })
  t.teardown(() => store.close())
  return store
}

/** Writes one user after the other until stopped; returns what was acknowledged and what was refused. */
function writing(store: Store) {
  const acknowledged: string[] = []
  const refused: { error: unknown; after: number }[] = []
  let going = true
  const done = (async () => {
    for (let count = 0; going; count++) {
      const id = `user-${count}`
      const begun = Date.now()
      await store.saveUsers('acme', [{ user: sampleUser(id), sync: initialSyncRecord(true, 1) }], 1).then(
        () => acknowledged.push(id),
        (error: unknown) => refused.push({ error, after: Date.now() - begun })
      )
      await pause(1)
    }
  })()
  return {
    acknowledged,
    refused,
    async stop() {
      going = false
      await done
    }
  }
}

const idsIn = async (store: Store) => new Set((await store.snapshot('acme'))?.users.map((one) => one.user.id))

t.test('killed and started again with its log, it has all that was acknowledged', async (t) => {
  const server = await startRedis(t, { appendOnly: true })
  const store = await opened(t, server.url)
  const other = await opened(t, server.url)
  await store.saveTenant(sampleTenant('acme'), 1)
  const events: FeedEvent[] = []
  other.follow('acme', (feed) => events.push(feed))
  await other.saveTenant(sampleTenant('acme', '2'), 2)
  const writer = writing(store)
  await until(() => writer.acknowledged.length > 50)
  await server.kill()
  await until(() => writer.refused.length > 20 && !store.reachable() && !other.reachable())
  t.ok(writer.refused.every(({ error }) => error instanceof StoreUnavailable))
  t.ok(
    writer.refused.every(({ after }) => after < 3000),
    'refused soon'
  )
  await t.rejects(store.snapshot('acme'), StoreUnavailable)
  await t.rejects(
    store.withTenantLock('acme', async () => {}),
    StoreUnavailable
  )
  const before = writer.acknowledged.length
  await server.restart()
  await until(() => writer.acknowledged.length > before + 50 && store.reachable() && other.reachable())
  await writer.stop()
  await until(() => events.some(({ kind }) => kind === 'gap'))
  const stored = await idsIn(other)
  t.strictSame(
    writer.acknowledged.filter((id) => !stored.has(id)),
    []
  )
  t.equal(other.emptied(), false)
  const positions = (await other.log('acme', 0))?.map(({ position }) => position)
  t.strictSame(
    positions,
    positions?.map((_, index) => index + 1),
    'nothing was done twice, nor left out of the log'
  )
  t.equal(stored.size, (positions?.length ?? 0) - 2, 'one entry for each user')
})

t.test('frozen, nobody waits long, and no refused write is executed later', async (t) => {
  const server = await startRedis(t)
  const store = await opened(t, server.url)
  const impatient = await opened(t, server.url, { address: redisAddress(server.url) })
  await store.saveTenant(sampleTenant('acme'), 1)
  const events: FeedEvent[] = []
  store.follow('acme', (feed) => events.push(feed))
  await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: initialSyncRecord(true, 1) }], 1)
  server.freeze()
  const begun = performance.now()
  await t.rejects(
    impatient.saveOverride('acme', 'anna', { diversion: 'sick', from: 1, until: null }, 1),
    StoreUnavailable
  )
  t.ok(performance.now() - begun < hangMs / 2, 'soon')
  await until(() => !store.reachable())
  server.thaw()
  await until(() => store.reachable())
  t.equal((await store.record('acme', 'anna'))?.override, null, 'refused is refused')
  await until(async () => {
    await store.saveOverride('acme', 'anna', { diversion: 'lunch', from: 2, until: null }, 2)
    const last = events.at(-1)
    return last?.kind === 'logged' && last.entry.users.includes('anna')
  })
})

t.test('emptied, it is reported, followers get an event, and a backup repairs it', async (t) => {
  const server = await startRedis(t)
  const shouts: boolean[] = []
  const store: RedisStore = await opened(t, server.url, { onEmptied: () => shouts.push(store.emptied()) })
  t.equal(store.installation.fresh, true)
  t.equal(store.installation.persistent, false)
  for (const id of ['acme', 'other']) await store.saveTenant(sampleTenant(id), 1)
  const events: string[] = []
  store.follow('acme', ({ kind }) => events.push(kind))
  await store.saveTenant(sampleTenant('acme'), 2)
  const client = new Redis(server.url)
  const backup = await Promise.all(
    (await client.keys('*')).map(async (key) => ({ key, bytes: await client.dumpBuffer(key) }))
  )
  await server.command('FLUSHALL')
  await until(() => store.emptied() && events.includes('tenant removed'))
  t.strictSame(shouts, [true])
  t.equal(await store.tenant('acme'), null)
  await t.rejects(store.saveOverride('acme', 'anna', null, 3), TenantGone)
  const later = await opened(t, server.url)
  t.ok(later.installation.lostAt, 'a process that starts now knows as well')
  t.equal(later.emptied(), false)
  await store.saveTenant(sampleTenant('acme', 'put again'), 4)
  t.equal(store.emptied(), true, 'what else was lost is still lost')
  t.equal(events.at(-1), 'logged')

  await server.command('FLUSHALL')
  for (const { key, bytes } of backup) await client.restore(key, 0, bytes ?? '')
  client.disconnect()
  await until(() => !store.emptied() && events.at(-1) === 'gap')
  t.equal((await store.tenants({ limit: 9 })).length, 2)
  await server.restart({ emptied: true })
  await until(() => store.reachable() && store.emptied())
  t.strictSame(shouts, [true, false, true])
})

t.test('a holder that lost the tenant lock writes nothing more', async (t) => {
  const server = await startRedis(t)
  const store = await opened(t, server.url)
  const other = await opened(t, server.url)
  await store.saveTenant(sampleTenant('acme'), 1)
  await store.withTenantLock('acme', async (mine) => {
    await mine.saveTenant(sampleTenant('acme', 'mine'), 2)
    // As if it had stood still for longer than a lock lasts.
    await server.command('DEL', 'hanvisa:{acme}:lock')
    await other.withTenantLock('acme', async (theirs) => {
      await theirs.saveTenant(sampleTenant('acme', 'theirs'), 3)
      await t.rejects(mine.saveTenant(sampleTenant('acme', 'mine'), 4), StoreUnavailable)
      await t.rejects(mine.removeTenant('acme'), StoreUnavailable)
    })
    await t.rejects(mine.saveTenant(sampleTenant('acme', 'mine'), 4), StoreUnavailable)
    t.equal((await mine.tenant('acme'))?.name, 'theirs')
  })
  await server.command('SET', 'hanvisa:{acme}:lock', 'one who died', 'PX', 1500)
  await store.withTenantLock('acme', async (mine) => mine.saveTenant(sampleTenant('acme', 'after it'), 5))
  t.equal((await store.tenant('acme'))?.name, 'after it')
})

t.test('a follower that was cut off gets a gap, and then goes on', async (t) => {
  const server = await startRedis(t)
  const store = await opened(t, server.url)
  const other = await opened(t, server.url)
  await store.saveTenant(sampleTenant('acme'), 1)
  const events: FeedEvent[] = []
  const isCurrent: boolean[] = []
  other.follow('acme', (feed) => {
    events.push(feed)
    if (feed.kind === 'gap') isCurrent.push(other.reachable())
  })
  await other.saveTenant(sampleTenant('acme'), 2)
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await store.saveTenant(sampleTenant('acme'), 3)
  await until(() => events.some(({ kind }) => kind === 'gap'))
  t.strictSame(isCurrent, [false], 'it counts as current only once the gap was delivered')
  await until(() => other.reachable())
  await store.saveTenant(sampleTenant('acme'), 4)
  await until(() => events.at(-1)?.kind === 'logged')
  t.strictSame(events.at(-1), { kind: 'logged', entry: { position: 4, at: 4, users: 'all', vacated: [] } })
})

t.test('a message that never came is found out', async (t) => {
  const server = await startRedis(t)
  const store = await opened(t, server.url)
  await store.saveTenant(sampleTenant('acme'), 1)
  const events: string[] = []
  store.follow('acme', ({ kind }) => events.push(kind))
  await store.saveTenant(sampleTenant('acme'), 2)
  await server.command('HINCRBY', 'hanvisa:{acme}:head', 'sequence', 1)
  await until(() => events.at(-1) === 'gap')
  await store.saveTenant(sampleTenant('acme'), 3)
  t.equal(events.at(-1), 'logged')
  // As if it had been removed and created again elsewhere.
  await server.command('HSET', 'hanvisa:{acme}:head', 'epoch', 'another', 'sequence', 1)
  await until(() => events.at(-1) === 'gap')
})

t.test('a Sentinel names the new master, a node of a cluster comes back', async (t) => {
  const { url, master } = await startSentinel(t, { maxSilenceMs: 5000 })
  const { url: clusterUrl, nodes } = await startCluster(t, { appendOnly: true })
  const [onSentinel, onCluster] = await Promise.all([opened(t, url), opened(t, clusterUrl)])
  const events: FeedEvent[] = []
  for (const store of [onSentinel, onCluster]) {
    await store.saveTenant(sampleTenant('acme'), 1)
    store.follow('acme', (feed) => events.push(feed))
    await store.saveTenant(sampleTenant('acme'), 2)
  }
  const works = (store: Store) => async () =>
    store.saveTenant(sampleTenant('acme', 'after'), 3).then(
      () => true,
      () => false
    )
  await master.kill()
  await Promise.all(nodes.map((node) => node.kill()))
  await until(() => !onSentinel.reachable() && !onCluster.reachable())
  await Promise.all(nodes.map((node) => node.restart()))
  await until(works(onSentinel))
  await until(works(onCluster))
  for (const store of [onSentinel, onCluster]) {
    await until(() => store.reachable())
    t.equal((await store.snapshot('acme'))?.tenant.name, 'after')
    t.equal(store.emptied(), false)
  }
  t.ok(events.some(({ kind }) => kind === 'gap'))
})
