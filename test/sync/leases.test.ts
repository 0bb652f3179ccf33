/** Shards shared among processes by leases on a real Redis: evenly, one at a time, moved when somebody leaves or dies. */
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { machineTimers } from '../../src/lib/timers.ts'
import { leaseTtlMs, readLeaseAges, redisLeases } from '../../src/sync/cluster/redis/leases.ts'
import { LeasedShards, type Shards, shardCount, shardNames, shardOf } from '../../src/sync/cluster/shards.ts'
import t from '../group/tap.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

const log = { info: () => {}, warn: () => {}, error: () => {} }

/** One that shares; `ended` says when the work for a shard has ended. */
function sharer(t: Test, redis: TestRedis, ended: (shard: number) => Promise<void> = async () => {}) {
  const client = new Redis({
    port: redis.port,
    commandTimeout: 2000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 100
  })
  client.on('error', () => {})
  const held = new Set<number>()
  let shards: Shards | null = null
  t.teardown(async () => {
    await shards?.close()
    client.disconnect()
  })
  const ready = new Promise<void>((resolve) => client.once('ready', resolve))
  return {
    held,
    async begin() {
      await ready
      shards = new LeasedShards(redisLeases('shards', { client, timers: machineTimers, log }), {
        onAcquired: (shard) => void held.add(shard),
        async onReleased(shard) {
          held.delete(shard)
          await ended(shard)
        }
      })
      return this
    },
    close: () => shards!.close(),
    /** As a process that is killed or frozen: it renews no more. */
    stop: () => client.disconnect()
  }
}

/** Until every lease lies in Redis. */
async function untilOwned(redis: TestRedis): Promise<void> {
  const keys = async () => (await redis.command('KEYS', '{hanvisa:leases:shards}:of:*')) as unknown[]
  await until('every lease lies in Redis', async () => (await keys()).length === shardCount)
}

const sizes = (...those: { held: Set<number> }[]) => those.map(({ held }) => held.size).sort()
const total = (...those: { held: Set<number> }[]) => new Set(those.flatMap(({ held }) => [...held])).size

// They wait for leases to end, which they can do together.
t.jobs = 4

t.test('every tenant has its shard, always the same', { buffered: true }, async (t) => {
  t.equal(shardOf('acme'), 13)
  const counts = Array.from({ length: shardCount }, () => 0)
  for (let tenant = 0; tenant < 10_000; tenant++) counts[shardOf(`tenant-${tenant}`)]! += 1
  t.ok(
    counts.every((count) => count > 230 && count < 400),
    `${counts}`
  )
})

t.test(
  'shards are shared evenly by the running workers, and handed over at once',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const first = await sharer(t, redis).begin()
    await until('the first has all', () => first.held.size === shardCount)
    const second = await sharer(t, redis).begin()
    await until('two share', () => second.held.size === 16 && first.held.size === 16)
    const third = await sharer(t, redis).begin()
    await until('three share', () => String(sizes(first, second, third)) === '10,11,11')
    t.equal(total(first, second, third), shardCount, 'no shard is with two, none with nobody')

    const closing = performance.now()
    await second.close()
    await until('two share again', () => first.held.size === 16 && third.held.size === 16)
    t.ok(performance.now() - closing < leaseTtlMs, 'without waiting for leases to end')
    t.equal(second.held.size, 0)
  }
)

t.test(
  'a shard that is given up goes to the next when the work for it has ended, not before',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    let release = () => {}
    const hanging = new Promise<void>((resolve) => {
      release = resolve
    })
    const given: number[] = []
    const first = await sharer(t, redis, (shard) => {
      given.push(shard)
      return given.length === 1 ? hanging : Promise.resolve()
    }).begin()
    await until('the first has all', () => first.held.size === shardCount)
    const second = await sharer(t, redis).begin()
    await until('all but the one that hangs', () => second.held.size === 15)
    t.notOk(second.held.has(given[0]!))
    release()
    await until('that one too', () => second.held.has(given[0]!))
  }
)

t.test('whose process dies loses its shards to the others', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const first = await sharer(t, redis).begin()
  const second = await sharer(t, redis).begin()
  await until('two share', () => first.held.size === 16 && second.held.size === 16)
  first.stop()
  const stopped = performance.now()
  await until('the other has all', () => second.held.size === shardCount)
  t.comment(`${Math.round(performance.now() - stopped)} ms; bench/workers.ts measures it`)
  t.equal(first.held.size, 0, 'and who could not renew had given them up by its own clock')
})

t.test(
  'with Redis frozen no worker owns a shard; emptied or resumed, all are owned again',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const both = [await sharer(t, redis).begin(), await sharer(t, redis).begin()] as const
    const shared = () => both.every(({ held }) => held.size === 16)
    await until('two share', shared)
    const before = [...both[0].held].sort()
    await redis.command('FLUSHALL')
    await untilOwned(redis)
    t.same([...both[0].held].sort(), before, 'an emptied Redis changes nothing')
    redis.freeze()
    const frozen = performance.now()
    await until('nobody holds anything', () => both.every(({ held }) => held.size === 0))
    t.ok(performance.now() - frozen < leaseTtlMs, 'before the leases end')
    redis.thaw()
    await until('shared again', () => shared() && total(...both) === shardCount)
  }
)

t.test('everybody can see since when a shard has no owner', async (t) => {
  const redis = await startRedis(t)
  const client = new Redis({ port: redis.port })
  t.teardown(() => client.disconnect())
  const ages = () => readLeaseAges(client, 'shards', shardNames)
  t.same(new Set(await ages()), new Set([null]), 'none was ever owned')
  const one = await sharer(t, redis).begin()
  await until('it owns all', () => one.held.size === shardCount)
  await until('they are renewed', async () => (await ages()).every((age) => age !== null && age < 2_000))
  one.stop()
  await until('their age grows', async () => (await ages()).every((age) => age !== null && age > 3_000))
})
