/** The chaos run in its short form; `npm run soak` has the long one, over ten seeds. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runChaos } from '../../soak/chaos.ts'
import t from '../group/tap.ts'
import { longTests } from '../support/long-tests.ts'
import { startRedis } from '../support/redis-server.ts'

t.test(
  'replicas and Redis are killed and stand still, Exchange fails, and every consumer ends with the right statuses',
  async (t) => {
    const folder = t.testdir()
    await mkdir(join(folder, 'data'))
    const redis = await startRedis(t, { appendOnly: true })
    const { faults, counts } = await runChaos({ seed: 1, seconds: longTests ? 60 : 15, folder, redis })
    t.comment(JSON.stringify(counts))
    t.same(faults, [])
    t.ok(
      counts.kills! + counts.freezes! >= 1 && counts.redisRestarts! + counts.redisFreezes! >= 1,
      'there was chaos'
    )
    t.ok(counts.edits! > 25 && counts.overridesSet! > 10, 'and people at work')
  }
)
