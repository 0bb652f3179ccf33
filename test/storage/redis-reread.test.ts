/** A new connection costs Redis the same however many users there are, and is whole at once. */

import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import {
  sampleCause,
  sampleConnection,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { hangMs } from '../support/until.ts'

const USERS = 5_000

/** How many commands Redis has run, those of scripts included. */
async function commandsRun(server: TestRedis): Promise<number> {
  const stats = String(await server.command('INFO', 'commandstats'))
  return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
}

t.test('a reread of thousands is a handful of commands', async (t) => {
  const server = await startRedis(t)
  const store = await openRedis({ address: redisAddress(server.url, hangMs) })
  t.teardown(() => store.close())
  await store.saveTenant(sampleTenant('acme'), 1)
  const ids = Array.from({ length: USERS }, (_, index) => `u${index}`)
  for (let from = 0; from < USERS; from += 500) {
    const some = ids.slice(from, from + 500)
    await store.saveUsers(
      'acme',
      some.map((id) => ({ user: sampleUser(id), sync: initialSyncRecord(true, 1, 4) })),
      1
    )
    const timeline = sampleTimeline([sampleCause(0)])
    const outcomes = some.map((user) => ({ user, sync: sampleSync(4, 2), timeline, visible: true }))
    t.equal((await store.saveReadings('acme', outcomes, 2)).length, some.length)
  }

  const before = await commandsRun(server)
  await store.saveConnection('acme', sampleConnection(), true, 3)
  const after = await commandsRun(server)
  // Heartbeats of the store are among them.
  t.ok(after - before < 60, `${after - before} commands`)

  const { users = [] } = (await store.snapshot('acme')) ?? {}
  t.equal(users.length, USERS)
  t.ok(users.every(({ timeline, sync }) => timeline === null && sync.generation === 5))
  t.strictSame(users[0]?.sync, initialSyncRecord(true, 3, 5))

  const late = { user: 'u1', sync: sampleSync(4, 4), timeline: sampleTimeline([]), visible: true }
  t.strictSame(
    await store.saveReadings('acme', [late], 4),
    [],
    'a reading over the old connection is refused'
  )
  const anew = { ...late, sync: sampleSync(5, 4) }
  t.strictSame(await store.saveReadings('acme', [anew], 4), ['u1'])
  await store.saveConnection('acme', null, true, 5)
  const records = await store.records('acme', ['u1', 'u2'])
  t.strictSame(
    records.map((record) => record?.sync),
    [initialSyncRecord(true, 5, 6), initialSyncRecord(true, 5, 6)]
  )
})

t.test('a sync record as an earlier version stored it is of before the first reread', async (t) => {
  const server = await startRedis(t)
  const store = await openRedis({ address: redisAddress(server.url, hangMs) })
  t.teardown(() => store.close())
  await store.saveTenant(sampleTenant('acme'), 1)
  await store.saveUsers('acme', [{ user: sampleUser('anna'), sync: null }], 1)
  const sync = sampleSync(7, 2)
  await server.command('HSET', 'hanvisa:{acme}:syncs', 'anna', `7 1 2\n${JSON.stringify(sync)}`)
  t.strictSame((await store.record('acme', 'anna'))?.sync, sync)
  await store.saveConnection('acme', sampleConnection(), true, 3)
  t.strictSame((await store.record('acme', 'anna'))?.sync, initialSyncRecord(true, 3, 8))
})
