/** Starts servers that need an account of their own on this machine: PostgreSQL, memcached, SOGo, Cyrus. For root alone. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../support/until.ts'

/** Why the tests cannot run here; false where they can. */
export function isNotReady(programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return 'needs root, since each server runs under an account of its own'
  const missing = programs.filter((program) => spawnSync('test', ['-x', program]).status !== 0)
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')} (see tools/setup.mjs)`
}

/** A folder that every account may enter; gone with the test. */
export async function makeFolder(t: Test, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `hanvisa-${name}-`))
  await chmod(folder, 0o755)
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** As `user`. Ended with all its children when the test ends. */
export function startAs(t: Test, user: string, program: string, args: readonly string[]): ChildProcess {
  const child = spawn('setpriv', [...accountOf(user), program, ...args], { stdio: 'ignore', detached: true })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    process.kill(-child.pid!, 'SIGKILL')
    await gone
  })
  return child
}

/** As `user`. Throws where it fails, with what it said. */
export function runAs(user: string, program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('setpriv', [...accountOf(user), program, ...args], {
    input,
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function accountOf(user: string): string[] {
  return user === 'root' ? ['--'] : [`--reuid=${user}`, `--regid=${groupOf(user)}`, '--init-groups', '--']
}

function groupOf(user: string): string {
  return spawnSync('id', ['-gn', user], { encoding: 'utf8' }).stdout.trim()
}

export function untilAnswers(what: string, url: string): Promise<true> {
  return until(`${what} answers`, () =>
    fetch(url, { redirect: 'manual' }).then(
      () => true as const,
      () => false as const
    )
  )
}

/** Writes one calendar object as a calendar program does. */
export async function putObject(origin: string, user: string, path: string, vevent: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`
  const body = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', vevent, 'END:VCALENDAR', ''].join(
    '\r\n'
  )
  const headers = { authorization, 'content-type': 'text/calendar; charset=utf-8' }
  const reply = await fetch(origin + path, { method: 'PUT', headers, body })
  if (!reply.ok) throw new Error(`PUT ${path}: ${reply.status}`)
}
