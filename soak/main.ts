/** `npm run soak -- [--seeds 10] [--first 1] [--seconds 60] [--quiet]`: chaos runs, one after the other, each a process group. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runInGroup } from '../tools/process-group.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    quiet: { type: 'boolean', default: false }
  }
})
const program = join(import.meta.dirname, 'run-seed.js')
const first = Number(values.first)
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const code = await runInGroup([program, String(seed), values.seconds, ...(values.quiet ? ['--quiet'] : [])])
  if (code !== 0) process.exitCode = 1
}
