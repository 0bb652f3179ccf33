/** A worker is killed and none takes over: who relied on its notifications is stale within five minutes. */
import { fileURLToPath } from 'node:url'
import { syncStateAt } from '../../src/domain/sync-state.ts'
import { leaseKeys } from '../../src/sync/cluster/redis/keys.ts'
import { shardCount } from '../../src/sync/cluster/shards.ts'
import t from '../group/tap.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startRedis } from '../support/redis-server.ts'
import { minuteMs } from '../support/sync-harness.ts'
import { startSyncReplicas } from '../support/sync-replicas.ts'
import { until } from '../support/until.ts'

t.setTimeout(0)
const program = fileURLToPath(new URL('../support/sync-replica-process.js', import.meta.url))
const pollSeconds = 3600
const users = 3

t.test('subscribed calendars are stale within five minutes after their worker was killed', async (t) => {
  const redis = await startRedis(t)
  const time = createFakeClock(() => true, Date.now())
  const replicas = await startSyncReplicas(t, redis, program, time)
  await replicas.tenant('acme', users, pollSeconds)
  const worker = await replicas.start('subscribed')
  const syncs = async () => {
    const ids = Array.from({ length: users }, (_, index) => `u${index}`)
    return (await replicas.store.records('acme', ids)).map((record) => record!.sync)
  }
  const states = async () =>
    (await syncs()).map((sync) => syncStateAt(sync, 2_000 * pollSeconds, time.clock()).state)
  await until('all are read with an active subscription', async () =>
    (await syncs()).every(({ subscribed, confirmedAt }) => subscribed && confirmedAt !== null)
  )
  await worker.kill()

  const [, lastHeld] = leaseKeys('shards', [])
  const heldAt = async () => (await redis.command('HVALS', lastHeld!)) as string[]
  t.equal((await heldAt()).length, shardCount)
  /** As if so much more time had passed for Redis and for the API replica since the worker's last renewal. */
  const pass = async (milliseconds: number) => {
    for (let shard = 1; shard <= shardCount; shard++)
      await redis.command('HINCRBY', lastHeld!, shard, -milliseconds)
    await time.run(milliseconds)
  }
  await pass(3 * minuteMs)
  t.same(new Set(await states()), new Set(['fresh']), 'another worker may still take over')
  await pass(minuteMs)
  await time.run(minuteMs / 2)
  await until('all are stale', async () => (await states()).every((state) => state === 'stale'))

  const next = await replicas.start('subscribed')
  await until('the next worker has read them all', async () =>
    (await states()).every((state) => state === 'fresh')
  )
  await next.close()
})
