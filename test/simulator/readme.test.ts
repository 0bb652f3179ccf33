/** simulator/README.md: its session runs in a shell, each of its examples is accepted, and no call is missing. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { openSimulator } from '../support/open-simulator.ts'

const readme = readFileSync('simulator/README.md', 'utf8')
const blocks = (kind: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text)

t.test('the first session reads over Graph what was put', async (t) => {
  const folder = join(t.testdir(), 'data/simulator')
  await mkdir(folder, { recursive: true })
  const simulator = await startSimulator({ folder })
  t.teardown(() => simulator.close())
  const session = blocks('sh').at(-1)!.replaceAll('https://127.0.0.1:8443', simulator.origin)
  const cwd = dirname(dirname(folder))
  const { stdout } = await promisify(execFile)('sh', ['-euc', session], { cwd })
  t.match(stdout, /"value":\[\{.*"subject":"LUN: pizza"/)
})

t.test('each example is taken, in their order', async (t) => {
  const { send } = await openSimulator(t)
  const done = new Set<string>()
  for (const line of blocks('http').join('').trim().split('\n')) {
    const [, method = '', path = '', body] = /^(\w+) (\S+)(?: (.*))?$/.exec(line) ?? []
    const { status } = await send(
      method,
      `/control${path}`,
      body === undefined ? {} : { body: JSON.parse(body) }
    )
    t.ok(status >= 200 && status < 300, `${line}: ${status}`)
    done.add(`${method} ${template(path)}`)
  }
  t.strictSame([...done].sort(), routes().sort())
})

/** The examples are about these. */
function template(path: string): string {
  return path
    .replace(/\?.*/, '')
    .replace(/example\.se(?=\/|$)/, ':tenant')
    .replace(/(mailboxes)\/[^/]+/, '$1/:address')
    .replace(/(events)\/[^/]+/, '$1/:event')
    .replace(/(faults)\/\d+/, '$1/:id')
}

/** As the control API's sources register them. */
function routes(): string[] {
  const all = ['control.ts', 'control-notifications.ts'].flatMap((file) => {
    const text = readFileSync(join('simulator', file), 'utf8')
    const mailboxes = text.indexOf('function mailboxRoutes')
    const observation = text.indexOf('function observationRoutes')
    return [...text.matchAll(/\bapp\.(get|put|post|delete)\(\s*'([^']+)'/g)].map((found) => {
      const { 1: method = '', 2: path, index } = found
      const prefix = mailboxes >= 0 && index > mailboxes && index < observation ? '/tenants/:tenant' : ''
      return `${method.toUpperCase()} ${prefix}${path}`
    })
  })
  return [...new Set(all)]
}
