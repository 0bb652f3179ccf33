/** `npm run soak -- [--seeds 10] [--first 1] [--seconds 60] [--quiet]`: chaos runs one after the other, and what came of each. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedis } from '../test/support/redis-server.ts'
import { runChaos } from './chaos.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    quiet: { type: 'boolean', default: false }
  }
})
const first = Number(values.first)
let failed = 0
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const undo: (() => unknown)[] = []
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-soak-'))
  undo.push(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'data'))
  try {
    const redis = await startRedis({ teardown: (step) => void undo.push(step) }, { appendOnly: true })
    const { faults, counts } = await runChaos({
      seed,
      seconds: Number(values.seconds),
      folder,
      redis,
      ...(!values.quiet && { log: (line) => process.stdout.write(`  ${line}\n`) })
    })
    process.stdout.write(
      `seed ${seed}: ${faults.length === 0 ? 'nothing lost' : 'FAULTS'} ${JSON.stringify(counts)}\n`
    )
    for (const fault of faults.slice(0, 20)) process.stdout.write(`  - ${fault}\n`)
    if (faults.length > 0) failed += 1
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
process.exitCode = failed === 0 ? 0 : 1
