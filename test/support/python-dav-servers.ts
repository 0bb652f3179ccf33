/** Real CalDAV servers for a test, Radicale and Xandikos as Debian packages them: on a port of their own, gone when the test ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../tools/free-port.ts'
import { until } from './until.ts'

interface TeardownOwner {
  teardown(step: () => unknown): void
}

export interface DavServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** Milliseconds of CPU that the server has used. */
  cpuMs(): Promise<number>
}

const packages = { radicale: 'radicale', xandikos: 'xandikos' } as const
export type DavServerName = keyof typeof packages

/** Why the tests of a server are skipped; false where it is installed. */
export function isMissing(name: DavServerName): string | false {
  const found = spawnSync(`/usr/bin/${name}`, ['--version'], { stdio: 'ignore' }).error === undefined
  return found ? false : `${name} is not installed (apt-get install ${packages[name]})`
}

export interface RadicaleOptions {
  /** Accounts and their passwords; each has the rights to its own calendars. */
  readonly users: Readonly<Record<string, string>>
  /** Reads all calendars, as docs/caldav.md has it. */
  readonly reader?: string
  /** Writes all calendars. */
  readonly writer?: string
}

export async function startRadicale(t: TeardownOwner, options: RadicaleOptions): Promise<DavServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-radicale-'))
  const port = await freePort()
  const lines = Object.entries(options.users).map(([user, password]) => `${user}:${password}\n`)
  await writeFile(join(folder, 'users'), lines.join(''))
  await writeFile(join(folder, 'rights'), rightsOf(options))
  await writeFile(
    join(folder, 'config'),
    [
      ...['[server]', `hosts = 127.0.0.1:${port}`, 'max_connections = 20'],
      ...['[auth]', 'type = htpasswd', `htpasswd_filename = ${join(folder, 'users')}`],
      ...['htpasswd_encryption = plain', 'delay = 0'],
      ...['[rights]', 'type = from_file', `file = ${join(folder, 'rights')}`],
      ...['[storage]', `filesystem_folder = ${join(folder, 'store')}`],
      ...['[logging]', 'level = error', '']
    ].join('\n')
  )
  return start(t, folder, port, ['/usr/bin/radicale', '-C', join(folder, 'config')])
}

function rightsOf({ reader, writer }: RadicaleOptions): string {
  const section = (name: string, user: string, collection: string, permissions: string) =>
    `[${name}]\nuser: ${user}\ncollection: ${collection}\npermissions: ${permissions}\n`
  return [
    reader === undefined ? '' : section('reader', reader, '.*', 'Rr'),
    writer === undefined ? '' : section('writer', writer, '.*', 'RrWw'),
    section('root', '.+', '', 'R'),
    section('principal', '.+', '{user}', 'RW'),
    section('calendars', '.+', '{user}/[^/]+', 'rw')
  ].join('\n')
}

/** With one user, `/anna/`, and no sign-in. */
export async function startXandikos(t: TeardownOwner): Promise<DavServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-xandikos-'))
  const port = await freePort()
  await mkdir(join(folder, 'store'))
  const own = ['-d', join(folder, 'store'), '--defaults', '--current-user-principal', '/anna/']
  return start(t, folder, port, ['/usr/bin/xandikos', ...own, '-l', '127.0.0.1', '-p', String(port)])
}

async function start(
  t: TeardownOwner,
  folder: string,
  port: number,
  [program = '', ...args]: readonly string[]
): Promise<DavServer> {
  const child = spawn('/usr/bin/python3', [program, ...args], { stdio: 'ignore' })
  t.teardown(async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  })
  const origin = `http://127.0.0.1:${port}`
  await until(`${program} answers`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
    return fetch(origin, { method: 'OPTIONS' }).then(
      () => true,
      () => false
    )
  })
  return { origin, cpuMs: () => cpuMsOf(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Of `/proc/PID/stat` (proc(5)): user and system time in hundredths of a second. */
async function cpuMsOf({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
