/** What was acknowledged is in Redis, whole, when the process that wrote it is killed at any moment. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { readAudit } from '../contracts/store-audit.ts'
import t from '../group/tap.ts'
import { killStoreWriter, lostWrites } from '../support/kill-store-writer.ts'
import { longTests } from '../support/long-tests.ts'
import { plainNodeArgs } from '../support/plain-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { hangMs } from '../support/until.ts'

/** Every other time Redis is killed as well. */
const KILLS = longTests ? 100 : 8

t.test(`${KILLS} writers are killed, and Redis with them`, async (t) => {
  const server = await startRedis(t, { appendOnly: true })
  const program = resolve('dist/test/support/store-writer-process.js')
  const promised = new Map<string, number>()
  const lost: string[] = []
  let acknowledged = 0
  for (let round = 0; round < KILLS; round++) {
    const writer = spawn('env', plainNodeArgs(program, server.url, `${1 + round * 100_000}`), {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const { promises } = await killStoreWriter(writer)
    acknowledged += promises.length
    for (const [what, count] of promises) promised.set(what, count)
    if (round % 2 === 1) await server.restart()

    const store = await openRedis({ address: redisAddress(server.url, hangMs) })
    const snapshot = await store.snapshot('acme')
    const log = await store.log('acme', Math.max(0, (snapshot?.position ?? 0) - 1000))
    const keys = await store.apiKeys.list('acme', { limit: 100 })
    const audit = await readAudit(store, 'acme')
    const auditHead = await store.audit.head('acme')
    await store.close()
    lost.push(
      ...lostWrites({ snapshot, log, keys, audit, auditHead }, promised).map(
        (fault) => `round ${round}: ${fault}`
      )
    )
  }
  t.strictSame(lost, [])
  t.ok(acknowledged > KILLS, 'there was something to lose')
  t.comment(`${acknowledged} writes were acknowledged`)
})
