/** A process that dies while it removes a large tenant, or has it read anew, leaves nothing half done to the next. */

import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import t from '../group/tap.ts'
import { killDuringPendingWork } from '../support/kill-pending-work.ts'
import { longTests } from '../support/long-tests.ts'
import { startRedis } from '../support/redis-server.ts'
import { hangMs } from '../support/until.ts'

/** A kill costs a second of CPU. */
const KILLS = longTests ? 200 : 6

t.test('over the embedded store', async (t) => {
  const folder = t.testdir()
  await killDuringPendingWork(t, {
    place: folder,
    kills: KILLS,
    maxLifeMs: 90,
    open: () => openLmdb({ folder })
  })
})

t.test('over Redis, which is killed too every third time', async (t) => {
  const server = await startRedis(t, { appendOnly: true })
  await killDuringPendingWork(t, {
    place: server.url,
    kills: KILLS,
    maxLifeMs: 10,
    open: () => openRedis({ address: redisAddress(server.url, hangMs) }),
    afterKill: async (round) => {
      if (round % 3 === 2) await server.restart()
    }
  })
})
