/** What was acknowledged survives kill -9 at any moment: writers are killed one after the other on one folder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { readAudit } from '../contracts/store-audit.ts'
import t from '../group/tap.ts'
import { killStoreWriter, lostWrites } from '../support/kill-store-writer.ts'
import { longTests } from '../support/long-tests.ts'
import { plainNodeArgs } from '../support/plain-process.ts'

/** A kill costs 0.3 s of CPU. `npm run test:long` has the hundreds that find what is rare. */
const KILLS = longTests ? 210 : 20

t.test(`${KILLS} writers are killed, each at a random moment`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-kill-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const program = resolve('dist/test/support/store-writer-process.js')
  const promised = new Map<string, number>()
  const lost: string[] = []
  let acknowledged = 0
  let whileOpening = 0

  const start = (round: number) =>
    spawn('env', plainNodeArgs(program, folder, `${1 + round * 100_000}`), {
      stdio: ['pipe', 'pipe', 'inherit']
    })
  let next = start(0)
  for (let round = 0; round < KILLS; round++) {
    const writer = next
    // It loads its modules while this one writes and is checked.
    next = start(round + 1)
    const { promises, opened } = await killStoreWriter(writer)
    acknowledged += promises.length
    if (!opened) whileOpening++
    for (const [what, count] of promises) promised.set(what, count)

    const store = await openLmdb({ folder })
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
  next.kill('SIGKILL')
  await once(next, 'close')

  t.strictSame(lost, [])
  t.ok(acknowledged > KILLS, 'there was something to lose')
  t.comment(`${acknowledged} writes were acknowledged; ${whileOpening} writers did not get as far as writing`)
})
