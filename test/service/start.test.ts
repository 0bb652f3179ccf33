/** `npm start` as a process manager runs it: asked to stop, the service itself stops, and nothing stays behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'

t.test('a signal to npm reaches the service, which closes', async (t) => {
  // `env -i`, because what is started from a test inherits what tap looks into processes with.
  const environment = [`PATH=${process.env.PATH}`, `HOME=${process.env.HOME}`, 'HANVISA_PORT=0']
  const npm = spawn('env', ['-i', ...environment, `HANVISA_DATA_DIR=${t.testdir()}`, 'npm', 'start'], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => npm.kill('SIGKILL'))
  const lines = createInterface({ input: npm.stdout })
  let origin = ''
  const said: string[] = []
  const listening = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (!line.startsWith('{')) return
      const entry = JSON.parse(line) as { msg: string; origin?: string }
      said.push(entry.msg)
      if (entry.msg !== 'listening') return
      origin = entry.origin ?? ''
      resolve()
    })
  })
  await listening
  t.equal((await checkedFetch(`${origin}/readyz`)).status, 200)
  const ended = once(npm, 'exit')
  const printed = once(lines, 'close')
  npm.kill('SIGTERM')
  await Promise.all([ended, printed])
  t.equal(said.at(-1), 'closing')
  await t.rejects(fetch(`${origin}/healthz`), 'nobody listens any more')
})
