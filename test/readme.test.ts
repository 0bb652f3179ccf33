/** What the README says is so: its commands run, its answers come, its tables are those of the code, its links lead somewhere. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { access, constants, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { syncCodes } from '../src/errors.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { Settings } from '../src/settings.ts'
import t from './group/tap.ts'
import { checkedFetch } from './support/openapi.ts'
import { startRedis } from './support/redis-server.ts'
import { until } from './support/until.ts'

const program = `"${process.execPath}" "${resolve('.')}/dist/src/main.js"`
const documents = [
  'README.md',
  'rules/README.md',
  'docs/architecture.md',
  'docs/glossary.md',
  'docs/privacy.md',
  'docs/operations.md',
  'docs/caldav.md',
  'docs/switches/3cx.md',
  'docs/switches/asterisk.md',
  'docs/switches/dialplan.md',
  'docs/switches/freepbx.md',
  'docs/switches/kamailio.md',
  'docs/switches/phones.md',
  'test/peers/README.md',
  'simulator/README.md',
  'CONTRIBUTING.md'
]
const readme = await readFile('README.md', 'utf8')

interface Block {
  readonly language: string
  readonly text: string
  /** Why a test cannot run it, where it says so. */
  readonly notRun: string | null
}

const blocks = blocksOf(readme)

t.test('every block is of a language that is checked', async (t) => {
  // PowerShell speaks to Exchange: nothing here could run it.
  for (const { language, text } of blocks) {
    t.ok(['sh', 'json', 'powershell', 'text'].includes(language), `${language}: ${text.slice(0, 50)}`)
  }
})

t.test('the npm commands are there', async (t) => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = documents.map((name) => readFile(name, 'utf8'))
  for (const [, script = ''] of (await Promise.all(named)).join('\n').matchAll(/npm (?:run )?([a-z:-]+)/g)) {
    t.ok(scripts[script], `npm ${script}`)
    const [, program] = /^node (?:--\S+ )*dist\/(\S+)\.js/.exec(scripts[script] ?? '') ?? []
    if (program !== undefined) await t.resolves(access(`${program}.ts`), program)
  }
})

for (const document of ['CONTRIBUTING.md', 'docs/security.md']) {
  t.test(`the files that ${document} names are there`, async (t) => {
    const text = await readFile(document, 'utf8')
    for (const [, path = ''] of text.matchAll(
      /`((?:src|test|simulator|docs|helm|openapi|tools)\/[\w./-]*)`/g
    )) {
      await t.resolves(access(path), path)
    }
  })
}

t.test('the commands do what the README says, from an empty service on', async (t) => {
  const folder = t.testdir()
  const { origin, stop } = await startService(t, folder)
  // Where a reader has had the time to read on, the test waits for the calendar to be read.
  const settled = `until curl -s $API/tenants/acme/users/anna/status -H "$KEY" | grep -q '"fresh"'; do sleep 0.1; done`
  const runnable = blocks.filter(({ language, notRun }) => language === 'sh' && notRun === null)
  const commands = runnable.filter(({ text }) => !/^npm (run demo|start)\n$|redis:/.test(text))
  const script = commands.map(({ text }, index) => {
    const adapted = text
      .replaceAll('http://127.0.0.1:8080', origin)
      .replaceAll('npm run hanvisa --', program)
      .replaceAll(/curl -s\b/g, "curl -s -w '\\n'")
    const before = text.includes('calendar.ics')
      ? "printf 'BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\nEND:VCALENDAR\\r\\n' > calendar.ics\n"
      : ''
    const after = text.includes('users/anna') ? settled : ''
    // What the reader of the parts on Microsoft 365 and Exchange has done by then.
    const [, tenant] = /tenants\/(contoso|fabrikam)/.exec(text) ?? []
    const made = `curl -s -X PUT $API/tenants/${tenant} -H "$KEY" -H "$JSON" -d '{ "name": "${tenant}", "timeZone": "Europe/Stockholm", "language": "sv" }' > /dev/null\n`
    return `echo '@@${index}'\n${tenant === undefined ? '' : made}${before}${adapted}${after}`
  })
  const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', script.join('\n')], { cwd: folder })
  const said = stdout.split(/^@@\d+\n/m).slice(1)

  for (const [index, block] of commands.entries()) {
    const [firstLine = ''] = block.text.split('\n')
    const output = said[index] ?? ''
    if (!block.text.includes('curl ')) continue
    const answers = output
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    t.ok(answers.length > 0, firstLine)
    for (const answer of answers) {
      const problem = typeof answer.type === 'string' ? answer.type : null
      if (block.text.includes('"displayname"'))
        t.match(problem, /invalid_request$/, 'what is wrong is reported')
      else t.equal(problem, null, `${firstLine} ${problem === null ? '' : JSON.stringify(answer)}`)
    }
    const next = blocks[blocks.indexOf(block) + 1]
    if (next?.language === 'json') compare(t, answers.at(-1), JSON.parse(next.text), firstLine)
  }

  const key = (await readFile(join(folder, 'data', 'admin-key'), 'utf8')).trim()
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  for (const { text } of blocksOf(await readFile('rules/README.md', 'utf8'))) {
    const answer = await checkedFetch(`${origin}/v1/tenants/contoso/rules`, {
      method: 'PUT',
      headers,
      body: text
    })
    t.ok(answer.ok, `rules/README.md: ${text}`)
  }
  for (const body of connectionBodies()) {
    const init = { method: 'PUT', headers, body: JSON.stringify(body) }
    const answer = await checkedFetch(`${origin}/v1/tenants/fabrikam/connection`, init)
    t.ok(answer.ok, `${body.kind} ${body.access}: ${await answer.text()}`)
  }
  const metrics = await (await checkedFetch(`${origin}/metrics`, { headers })).text()
  for (const [, name = ''] of (await readFile('docs/operations.md', 'utf8')).matchAll(
    /^\| `(hanvisa_\w+)`/gm
  )) {
    t.ok(metrics.includes(`# TYPE ${name} `), name)
  }
  await stop()
  await movedToRedis(t, folder, key)
})

/** What the first part of the README made, copied into a Redis and served from there by a worker and an API. */
async function movedToRedis(t: Test, folder: string, key: string): Promise<void> {
  const redis = await startRedis(t)
  const [migration, start, ...others] = blocks.filter(
    ({ language, text, notRun }) => language === 'sh' && notRun === null && text.includes('redis:')
  )
  t.same(others, [])
  const adapted = (text = '') =>
    text
      .replaceAll('redis://127.0.0.1:6379', redis.url)
      .replaceAll('npm run hanvisa --', program)
      .replaceAll('HANVISA_PORT=8081 ', '')
      .replaceAll('npm start', `HANVISA_PORT=0 ${program}`)
  const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', adapted(migration?.text)], { cwd: folder })
  t.match(stdout, /3 tenants, 3 users, .* all the same/, 'everything is copied')

  // A group of its own, so that the one in the background ends with the other.
  const shell = spawn('sh', ['-eu', '-c', adapted(start?.text)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const closed = once(shell, 'close')
  t.teardown(async () => {
    process.kill(-shell.pid!, 'SIGTERM')
    await closed
  })
  const origins: string[] = []
  createInterface({ input: shell.stdout }).on('line', (line) => {
    const { msg, origin } = JSON.parse(line) as { msg: string; origin?: string }
    if (msg === 'listening' && origin !== undefined) origins.push(origin)
  })
  await until(() => origins.length === 2)
  const headers = { authorization: `Bearer ${key}` }
  const ask = (origin: string, path: string) => checkedFetch(`${origin}/v1/tenants/acme/${path}`, { headers })
  const answers = await Promise.all(origins.map((origin) => ask(origin, 'users/anna/status')))
  t.same(answers.map(({ status }) => status).sort(), [200, 404], 'one answers, the other reads')
  const api = origins[answers.findIndex(({ ok }) => ok)] ?? ''
  t.match(await (await ask(api, 'users/anna/status')).json(), { diversion: 'vacation', source: 'calendar' })
  await until(async () => {
    const { connection } = (await (await ask(api, 'sync')).json()) as { connection: { state: string } }
    return connection.state === 'working'
  })
}

t.test('blocks that cannot be run name calls that exist', async (t) => {
  const { paths } = JSON.parse(await readFile('openapi/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, unknown>>
  }
  for (const { text, notRun } of blocks.filter(({ notRun }) => notRun !== null)) {
    t.match(notRun, /Microsoft 365|Exchange server|Docker/, 'and say why')
    if (notRun?.includes('Docker')) {
      for (const [path] of text.matchAll(/\S+\.sh/g)) await t.resolves(access(path, constants.X_OK), path)
      continue
    }
    const [, method = '', path = ''] = /-X (\w+) "?\$API(\/[^\s"?]+)/.exec(text) ?? []
    const pattern = `/v1${path}`
      .replace(/tenants\/[^/]+/, 'tenants/{tenant}')
      .replace(/users\/[^/]+/, 'users/{user}')
    t.ok(paths[pattern]?.[method.toLowerCase()], `${method} ${pattern}`)
  }
})

t.test('the settings are those of the configuration, with their defaults', async (t) => {
  const rows = [...readme.matchAll(/^\| `(HANVISA_\w+)` +\| (.*?) +\|/gm)].map(([, name, value]) => [
    name,
    value
  ])
  const settings = Settings.properties as Record<string, { default?: unknown }>
  t.strictSame(
    rows.map(([name]) => name),
    Object.keys(settings)
  )
  for (const [name = '', value] of rows) {
    const usual = settings[name]?.default
    t.equal(value?.replace(/^(unset|made at .*)$/, ''), usual === undefined ? '' : `\`${usual}\``, name)
  }
})

t.test('the sync codes are listed one by one', async (t) => {
  const operations = await readFile('docs/operations.md', 'utf8')
  const [, section = ''] = /\n## The sync codes\n([\s\S]*?)\n##/.exec(operations) ?? []
  t.strictSame(
    [...section.matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code),
    syncCodes
  )
})

t.test('the packs are listed one by one', async (t) => {
  const text = await readFile('rules/README.md', 'utf8')
  const section = text.slice(0, text.indexOf('## `diversions`'))
  const rows = [...section.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name]) => name)
  t.strictSame(rows, [...(await loadPacks('rules')).keys()])
})

t.test('links lead somewhere', async (t) => {
  for (const document of documents) {
    const text = await readFile(document, 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (target.startsWith('https://')) continue
      await t.resolves(access(join(dirname(document), target)), `${document}: ${target}`)
    }
  }
})

/** The bodies of `PUT …/connection` that stand alone, with a real certificate where the reader pastes one. */
function connectionBodies(): { kind: string; access?: string; ca?: string }[] {
  const bodies = [...blocks, ...blocksOf(readFileSync('docs/caldav.md', 'utf8'))]
    .filter(({ language, text }) => language === 'json' && /^ *"kind":/m.test(text))
    .map(({ text }) => JSON.parse(text) as { kind: string; ca?: string })
  return bodies.map((body) => (body.ca === undefined ? body : { ...body, ca: rootCertificates[0]! }))
}

/** Same members and kinds throughout, and same values but for times: those differ from day to day. */
function compare(t: Test, found: unknown, wanted: unknown, where: string): void {
  if (Array.isArray(wanted)) {
    t.ok(Array.isArray(found), where)
    for (const [index, each] of wanted.entries())
      compare(t, (found as unknown[])[index], each, `${where} ${index}`)
  } else if (typeof wanted === 'object' && wanted !== null) {
    const entries = Object.entries(wanted)
    const members = Object.keys(found ?? {}).filter((name) => name !== 'cursor')
    t.strictSame(members.sort(), entries.map(([name]) => name).sort(), where)
    for (const [name, each] of entries)
      compare(t, (found as Record<string, unknown>)[name], each, `${where} ${name}`)
  } else if (typeof wanted === 'string' && !Number.isNaN(Date.parse(wanted)) && /^\d{4}-/.test(wanted)) {
    t.match(found, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, where)
  } else {
    t.equal(found, wanted, where)
  }
}

function blocksOf(markdown: string): Block[] {
  const found = markdown.matchAll(/(?:<!-- not run: (.*?) -->\n\s*)?^( *)```(\w+)\n(.*?)^ *```$/gms)
  return [...found].map(([, notRun, indent = '', language = '', text = '']) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    notRun: notRun ?? null
  }))
}

/** The service as `npm start` has it, empty, with its data where the reader's shell stands. */
async function startService(
  t: Test,
  folder: string
): Promise<{ readonly origin: string; readonly stop: () => Promise<void> }> {
  const service = spawn(process.execPath, ['dist/src/main.js'], {
    env: { PATH: process.env.PATH, HANVISA_PORT: '0', HANVISA_DATA_DIR: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exit = once(service, 'exit')
  const stop = async () => {
    service.kill('SIGTERM')
    await exit
  }
  t.teardown(stop)
  for await (const line of createInterface({ input: service.stdout })) {
    const { msg, origin } = JSON.parse(line) as { msg: string; origin?: string }
    if (msg !== 'listening' || origin === undefined) continue
    service.stdout.resume()
    return { origin, stop }
  }
  throw new Error('the service ended')
}
