/**
 * Every test file: what `npm test` runs. Files that lie side by side share a process (group/group.ts), since starting one
 * and loading the service costs 2 to 3 s of CPU, more than most files take. A new file is found here by itself.
 */
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'

/** A process each: they take long, or wait long. Begun first, so that none of them is still running alone at the end. */
const alone = [
  'cli/rotate-key',
  'api/auth/roles',
  'storage/kill',
  'console/attendant',
  'console/operator',
  'console/accessibility',
  'service/peers',
  'delivery/webhook',
  'demo',
  'soak/chaos',
  'connectors/ics/recurrence-judge',
  'service/notifications',
  'service/privacy',
  'deploy/image',
  'storage/redis',
  'service/replicas',
  'readme'
].map((name) => `${name}.test.js`)
const filesPerGroup = 20
/** Two cores: the machine computes for most of the time, and waits for time-outs, long polls and the start of processes besides. */
const jobs = 4
const timeoutMs = 1_800_000

type Parser = NonNullable<ReturnType<typeof t.spawn>['subtest']>['parser']

const folder = import.meta.dirname
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .sort()
const { NODE_OPTIONS: _, ...env } = process.env

const program = join(folder, 'group', 'group.js')

t.jobs = jobs
const failures: string[] = []
const runs: Promise<unknown>[] = []
for (const group of [...alone.map((file) => [file]), ...groupsOf(files)]) {
  const paths = group.map((file) => relative('.', join(folder, file)))
  const name = group.length === 1 ? group[0] : `${group[0]} to ${group.at(-1)}`
  const run = t.spawn(
    process.execPath,
    [program, ...paths],
    { env, buffered: true, timeout: timeoutMs },
    name
  )
  if (run.subtest !== null) collectFailures(run.subtest.parser)
  runs.push(run)
}
await Promise.allSettled(runs)
// Last, so that a record that keeps the end of the output alone names them.
for (const failure of failures) t.comment(`failed: ${failure}`)

function collectFailures(parser: Parser): void {
  parser.on('child', collectFailures)
  parser.on('assert', ({ ok, todo, skip, fullname }) => {
    if (!ok && !todo && !skip) failures.push(fullname)
  })
}

/** Neighbours in the tree test the same part, and load the same modules. */
function groupsOf(paths: readonly string[]): string[][] {
  const small = paths.filter((file) => !alone.includes(file))
  return Array.from({ length: Math.ceil(small.length / filesPerGroup) }, (_, index) =>
    small.slice(index * filesPerGroup, (index + 1) * filesPerGroup)
  )
}
