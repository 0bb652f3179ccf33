/** `hanvisa rotate-key` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { plainNodeArgs } from './plain-process.ts'

export interface RotateKeyProcess {
  readonly child: ChildProcess
  /** Null: it was killed. `output`: what it printed to either stream. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
}

export function startRotateKey(environment: Readonly<Record<string, string>>): RotateKeyProcess {
  const child = spawn('env', plainNodeArgs(resolve('dist/src/main.js'), 'rotate-key'), {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  return { child, ended }
}
