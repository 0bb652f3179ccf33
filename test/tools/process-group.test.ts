/** Nothing that a bench or a soak run started outlives it, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { plainNodeArgs } from '../support/plain-process.ts'
import { until } from '../support/until.ts'

const module = resolve('dist/tools/process-group.js')

/** A runner, the program that it runs, and what that started in its turn: the ids of all three. */
async function started(t: Test) {
  const folder = t.testdir()
  const member = join(folder, 'member.mjs')
  writeFileSync(
    member,
    `import { spawn } from 'node:child_process'
     import { endWithRunner } from '${module}'
     endWithRunner()
     const child = spawn('sleep', ['600'])
     process.stdout.write(JSON.stringify([process.pid, child.pid, process.env.TMPDIR]) + '\\n')
     setInterval(() => {}, 1000)`
  )
  const runner = join(folder, 'runner.mjs')
  writeFileSync(runner, `import { runInGroup } from '${module}'\nawait runInGroup(['${member}'])`)
  const child = spawn('env', plainNodeArgs(runner), { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const [member1, member2, temporary] = JSON.parse(line) as [number, number, string]
  t.teardown(() => [member1, member2].map((pid) => isAlive(pid) && process.kill(pid, 'SIGKILL')))
  return { child, members: [member1, member2], temporary }
}

/** A zombie that nobody has waited for is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  t.test(`${signal} to the runner ends the program and all that it started`, async (t) => {
    const { child, members } = await started(t)
    t.ok(members.every(isAlive))
    const [code, by] = await end(child, signal)
    t.same([code, by], signal === 'SIGKILL' ? [null, signal] : [signal === 'SIGINT' ? 130 : 143, null])
    await until('nobody is left', () => !members.some(isAlive))
  })
}

t.test('a program that fails leaves its code, no child and no temporary folder', async (t) => {
  const { child, members, temporary } = await started(t)
  t.ok(existsSync(temporary))
  const gone = once(child, 'exit')
  process.kill(members[0]!, 'SIGTERM')
  t.same(await gone, [0, null], 'the runner goes on')
  await until('nobody is left', () => !members.some(isAlive))
  t.notOk(existsSync(temporary))
})

async function end(child: ChildProcess, signal: NodeJS.Signals) {
  const gone = once(child, 'exit')
  child.kill(signal)
  return (await gone) as [number | null, NodeJS.Signals | null]
}
