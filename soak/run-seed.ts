/** One chaos run and what came of it: `run-seed.js SEED SECONDS [--quiet]`. Exit code 1 where something was lost. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '../test/support/redis-server.ts'
import { endWithRunner } from '../tools/process-group.ts'
import { runChaos } from './chaos.ts'

endWithRunner()
const [seed = '1', seconds = '60', quiet] = process.argv.slice(2)
const undo: (() => unknown)[] = []
const folder = await mkdtemp(join(tmpdir(), 'hanvisa-soak-'))
undo.push(() => rm(folder, { recursive: true, force: true }))
await mkdir(join(folder, 'data'))
try {
  const redis = await startRedis({ teardown: (step) => void undo.push(step) }, { appendOnly: true })
  const { faults, counts } = await runChaos({
    seed: Number(seed),
    seconds: Number(seconds),
    folder,
    redis,
    ...(quiet === undefined && { log: (line) => process.stdout.write(`  ${line}\n`) })
  })
  process.stdout.write(
    `seed ${seed}: ${faults.length === 0 ? 'nothing lost' : 'FAULTS'} ${JSON.stringify(counts)}\n`
  )
  for (const fault of faults.slice(0, 20)) process.stdout.write(`  - ${fault}\n`)
  if (faults.length > 0) process.exitCode = 1
} finally {
  for (const step of undo.reverse()) await step()
}
