/** The demo as somebody meets it who has never seen the project: started, read, asked, and ended. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { Agent, fetch } from 'undici'
import type { DemoStatus } from '../demo/api.ts'
import { drawTable, type TableContent } from '../demo/table.ts'
import { sampleTenants } from '../demo/tenants.ts'
import t from './group/tap.ts'
import { checkedFetch } from './support/openapi.ts'

const ESCAPE = '\x1b'

t.test('npm run demo, not in a terminal', async (t) => {
  const demo = startDemo(t)
  const curls = await demo.lines((line) => line.startsWith('curl '), 3)

  for (const [index, curl] of curls.entries()) {
    const { stdout } = await promisify(execFile)('sh', ['-c', curl])
    const { statuses } = JSON.parse(stdout) as { statuses: DemoStatus[] }
    t.ok(
      statuses.length > 0,
      `${sampleTenants[index]?.name}: the line works as pasted, and somebody is diverted`
    )
    t.ok(statuses.every(({ phone }) => phone === 'closed'))
  }
  for (const { name, users: people } of sampleTenants) {
    const lines = await demo.lines(
      (line) => line.includes(`${name}: `) && line.includes('; phone '),
      people.length
    )
    t.ok(
      people.every((person) => lines.some((line) => line.includes(`${person.extension} ${person.name}: `))),
      `${name}: a line for everybody`
    )
    t.ok(
      lines.some((line) => /phone closed; until .*; because: /.test(line)),
      `${name}: somebody is diverted, and why`
    )
  }

  const [edit = ''] = await demo.lines((line) => line.includes('books a meeting that begins now'), 1)
  const [, name = ''] = / {2}[^:]+: (.*) books/.exec(edit) ?? []
  const [, moved = ''] = await demo.lines((line) => line.includes(` ${name}: `), 2)
  t.match(moved, /phone closed/, `${name} has booked a meeting, and is diverted`)
  t.ok(edit.includes(sampleTenants[0]!.name), 'that was the tenant with an Exchange of its own')
  await onlyStatuses(t, curls)
  const headers = await operatorHeaders(demo.folder)
  await readOverNtlm(t, curls[0]!, headers)
  await demo.lines((line) => isSeen(line, sampleTenants[0]!, 'polled'), 1)
  await seenByNotification(t, demo, { curl: curls[1]!, headers })
  const [found = ''] = await demo.lines((line) => line.includes(' was found there, '), 1)
  t.match(found, /: the mailbox of \S.* was found there, and is read over Microsoft 365$/)
  await readInTheCloud(t, curls[0]!, headers)

  const children = await childrenOf(demo.child)
  t.equal(children.length, 2, 'the service and the simulator run beside it')
  demo.child.kill('SIGINT')
  t.strictSame(await demo.exit, [0, null], 'Ctrl-C ends it')
  t.strictSame(await readdir(demo.folder), [], 'its folder is gone')
  for (const { pid, program } of children) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, program)
  const said = demo.said.join('\n')
  t.notOk(said.includes(ESCAPE), 'no escape sequences without a terminal')
  for (const { wordings } of sampleTenants) {
    for (const { subject } of Object.values(wordings))
      t.notOk(said.includes(subject), 'no subject is printed')
  }
})

t.test('a child process that dies is reported, and ends the demo', async (t) => {
  const demo = startDemo(t)
  await demo.lines((line) => line.startsWith('curl '), 1)
  const children = await childrenOf(demo.child)
  const service = children.find(({ program }) => program.includes('src/main.js'))
  process.kill(service?.pid ?? Number.NaN, 'SIGKILL')
  t.strictSame(await demo.exit, [1, null])
  t.match(demo.said.join('\n'), /The service stopped by itself \(signal SIGKILL\)/)
  t.strictSame(await readdir(demo.folder), [], 'its folder is gone all the same')
  for (const { pid, program } of children) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, program)
})

t.test('the table fits any terminal', async (t) => {
  const statuses = (count: number): DemoStatus[] =>
    Array.from({ length: count }, (_, index) => ({
      user: `u${index}`,
      extension: `10${index}`,
      displayName: 'Lars-Erik Norberg-Söderström',
      diversion: index % 3 === 0 ? 'available' : 'meeting',
      label: index % 3 === 0 ? 'Tillgänglig' : 'Möte',
      phone: index % 3 === 0 ? 'open' : 'closed',
      until: `2026-11-23T09:${10 + index}:00Z`,
      next: { diversion: 'lunch', from: '2026-11-24T11:00:00Z', until: null },
      sync: { state: 'fresh' },
      because: 'Ämnet börjar med ”MOT:”.'
    }))
  const boards: TableContent[] = sampleTenants.map((tenant) => ({
    tenant,
    labels: new Map([['lunch', 'Lunch']]),
    statuses: statuses(12),
    fresh: new Set(['u1'])
  }))
  const now = Date.parse('2026-11-23T09:00:00Z')
  const draw = (width: number, height: number, colour = false) =>
    drawTable({ boards, edits: ['10:00:00  Astrid books a meeting'], now, width, height, colour })

  for (const width of [20, 40, 60, 80, 100, 140, 300]) {
    for (const height of [6, 12, 24, 50, 100]) {
      const lines = draw(width, height)
      t.ok(lines.length <= height && lines.every((line) => line.length <= width), `${width} × ${height}`)
    }
  }
  const wide = draw(140, 60).join('\n')
  t.match(
    wide,
    /> {1,3}101 .*Lars-Erik Norberg-Söderström .*Möte .*closed .*10:11 .*MOT:.* Lunch 11-24 12:00/
  )
  t.equal(wide.match(/10\d+ +Lars-Erik/g)?.length, 36, 'with room for all, all are there')
  t.match(draw(40, 60).join('\n'), /Möte .*10:11/, 'a narrow one says at least who, what and until when')
  t.match(draw(79, 24).join('\n'), /1\d+ .*Möte .*closed .*10:11 .*MOT:/, 'the usual one says why as well')
  t.match(draw(80, 24).join('\n'), /and \d+ more/, 'a low one says how many it leaves out')
  t.notOk(wide.includes(ESCAPE), 'NO_COLOR')
  t.ok(draw(140, 60, true).some((line) => line.startsWith(`${ESCAPE}[31m`)))
})

function isSeen(line: string, { name }: (typeof sampleTenants)[number], how: 'notified' | 'polled'): boolean {
  return line.includes(`${name}: `) && line.includes(` books a meeting that begins now: ${how} after `)
}

/** By what the demo says of the second tenant's first edit, and by what an operator sees of its connection. */
async function seenByNotification(
  t: Test,
  demo: ReturnType<typeof startDemo>,
  { curl, headers }: { readonly curl: string; readonly headers: Record<string, string> }
): Promise<void> {
  const tenant = sampleTenants[1]!
  const [seen = ''] = await demo.lines((line) => isSeen(line, tenant, 'notified'), 1)
  const seconds = Number(/ notified after ([\d.]+) s$/.exec(seen)?.[1])
  const { origin, root } = askerOf(curl)
  const { pollSeconds } = (await (await checkedFetch(`${root}/connection`, { headers })).json()) as {
    pollSeconds: number
  }
  t.ok(pollSeconds >= 120, `calendars are polled every ${pollSeconds} s, if at all`)
  t.ok(seconds < 60, `an edit showed after ${seconds} s`)
  const sync = (await (await checkedFetch(`${root}/sync`, { headers })).json()) as object
  const notifications = { state: 'live', live: tenant.users.length, polling: 0 }
  t.match(
    sync,
    { connection: { state: 'working', notifications } },
    'every calendar has an active subscription'
  )
  const metrics = await (await checkedFetch(`${origin}/metrics`, { headers })).text()
  t.match(
    metrics,
    /^hanvisa_notifications_total\{connector="graph",outcome="accepted"\} [1-9]/m,
    'by notifications'
  )
}

/** By what an operator sees of the first tenant's connection, and by what its Exchange was asked. */
async function readOverNtlm(t: Test, curl: string, headers: Record<string, string>): Promise<void> {
  const { root } = askerOf(curl)
  const connection = (await (await checkedFetch(`${root}/connections/exchange`, { headers })).json()) as {
    url: string
    ca: string
  }
  t.match(connection, { kind: 'ews', access: 'delegate', auth: { kind: 'ntlm' }, secrets: ['auth/password'] })

  const dispatcher = new Agent({ connect: { ca: connection.ca } })
  t.teardown(() => dispatcher.close())
  const [, control = '', domain = ''] = /^(https:\/\/[^/]+)\/([^/]+)/.exec(connection.url) ?? []
  const ask = async (path: string) => (await fetch(`${control}/control/${path}`, { dispatcher })).json()
  t.match(await ask(`tenants/${domain}/exchange`), { schemes: ['ntlm', 'negotiate'] }, 'nothing else lets in')
  const { latest } = (await ask(`requests?tenant=${domain}`)) as {
    latest: { route: string; status: number; clientId: string | null; items: number | null }[]
  }
  // Its directory in the cloud is asked too, where no mailbox is yet.
  const read = latest.filter(({ route }) => route === 'getUserAvailability')
  const signIns = latest.filter(({ route }) => route === 'signIn')
  t.ok(read.length > 1, 'it was read again and again')
  t.ok(
    read.every(({ status }) => status === 200),
    'by availability, and was never turned away'
  )
  t.ok(read.every(({ clientId }) => clientId === `svc-hanvisa@${domain}`))
  t.ok(
    read.some(({ items }) => items === 12),
    'and all of them by one call'
  )
  t.ok(signIns.length < read.length, 'a handshake for a connection, not for a call')
}

/** By what an operator sees of the user whose mailbox moved. */
async function readInTheCloud(t: Test, curl: string, headers: Record<string, string>): Promise<void> {
  const mover = sampleTenants[0]!.users[0]!
  const report = await checkedFetch(`${askerOf(curl).root}/sync?user=${mover.id}`, { headers })
  const { users } = (await report.json()) as { users: { home: object; state: string }[] }
  const { connections } = (await (
    await checkedFetch(`${askerOf(curl).root}/connections`, { headers })
  ).json()) as { connections: { connection: string; kind: string }[] }
  const cloud = connections.find(({ kind }) => kind === 'graph')
  t.type(cloud?.connection, 'string')
  t.match(users, [{ home: { connection: cloud?.connection, movedAt: /^20/ }, state: 'fresh' }])
}

/** Each line has a key of its own, which opens the tenant's statuses, and nothing else. */
async function onlyStatuses(t: Test, curls: readonly string[]): Promise<void> {
  const switches = curls.map(askerOf)
  const statusOf = async (url: string, { headers }: (typeof switches)[number]) =>
    (await checkedFetch(url, { headers })).status
  for (const [index, own] of switches.entries()) {
    const other = switches[(index + 1) % switches.length]!
    t.equal(await statusOf(`${own.root}/connection`, own), 403)
    t.equal(await statusOf(`${other.root}/statuses`, own), 404)
  }
}

/** The admin key, from where the service made it. */
async function operatorHeaders(folder: string): Promise<Record<string, string>> {
  const [name = ''] = await readdir(folder)
  const key = await readFile(join(folder, name, 'data', 'admin-key'), 'utf8')
  return { authorization: `Bearer ${key.trim()}` }
}

/** How to ask the service about a tenant, from the line that the demo gives for it. */
function askerOf(curl: string) {
  const [, authorization = '', root = ''] = /-H "Authorization: (.*?)" "(.*)\/statuses/.exec(curl) ?? []
  return { origin: new URL(root).origin, root, headers: { authorization } }
}

function startDemo(t: Test) {
  const folder = t.testdir()
  const child = spawn(process.execPath, ['dist/demo/demo.js'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder }
  })
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exit
  })
  const said: string[] = []
  const observers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      for (const observe of observers) observe()
    })
  }
  /** The first `count` lines that are such, as soon as they are there. */
  const lines = (such: (line: string) => boolean, count: number): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = said.filter(such)
        if (found.length < count) return
        observers.delete(look)
        resolve(found.slice(0, count))
      }
      observers.add(look)
      look()
      void exit.then(() => reject(new Error(`the demo ended:\n${said.join('\n')}`)))
    })
  return { child, exit, said, lines, folder }
}

async function childrenOf(parent: ChildProcess): Promise<{ pid: number; program: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  return [...stdout.matchAll(/^ *(\d+) +(\d+) +(.*)$/gm)]
    .filter(([, , ppid, program]) => Number(ppid) === parent.pid && !program?.startsWith('ps '))
    .map(([, pid, , program = '']) => ({ pid: Number(pid), program }))
}
