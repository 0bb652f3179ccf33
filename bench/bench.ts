/**
 * `npm run bench`: prints the figures of the performance budget, each beside its baseline of the same run. With names
 * (`npm run bench -- edits million`) only those parts. Each part is a process of its own: one that fails is reported, the
 * others go on, and the exit code is 1.
 */
import { join } from 'node:path'
import { runInGroup } from '../tools/process-group.ts'
import { printRow } from './paired-runs.ts'
import { parts } from './parts.ts'

const program = join(import.meta.dirname, 'run-part.js')
const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.\n`)
  process.exit(2)
}
printRow('what', 'ours', 'baseline', 'ratio (least–most)', 'goal')
const failed: string[] = []
for (const name of Object.keys(parts)) {
  if (names.length > 0 && !names.includes(name)) continue
  const code = await runInGroup(['--expose-gc', program, name])
  if (code === 0) continue
  failed.push(name)
  process.stdout.write(`${name}: FAILED with exit code ${code}; what it said is above\n`)
}
if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}
