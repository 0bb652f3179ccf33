/**
 * Every test file, each in a process of its own: what `npm test` runs. tap's runner would start each with loaders for
 * TypeScript and mocks, which compiled tests do not need: 1.6 s of CPU for a file that imports the service.
 */
import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import t from 'tap'

/** Begun first, so that none of them is still running alone at the end. */
const longest = [
  'storage/kill',
  'service/peers',
  'demo',
  'soak/chaos',
  'connectors/ics/recurrence-judge',
  'service/notifications',
  'service/privacy',
  'deploy/image',
  'storage/redis',
  'service/replicas',
  'readme'
]
/** The machine waits more than it computes: for timeouts, for processes to start, for long polls. */
const jobs = 6
const timeoutMs = 600_000

const folder = import.meta.dirname
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
const { NODE_OPTIONS: _, ...env } = process.env

t.jobs = jobs
for (const file of files) {
  const path = join(folder, file)
  void t.spawn(
    process.execPath,
    [path],
    { env, buffered: true, timeout: timeoutMs },
    relative(resolve('dist'), path)
  )
}

function rank(file: string): number {
  const index = longest.indexOf(file.replace('.test.js', ''))
  return index < 0 ? longest.length : index
}
