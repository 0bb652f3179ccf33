/** A shard's worker stops with Redis away, and leaves nothing behind that keeps its process from ending. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from '../group/tap.ts'
import { plainNodeArgs } from '../support/plain-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

t.setTimeout(0)
const program = fileURLToPath(new URL('../support/shard-worker-process.js', import.meta.url))

t.test(
  'a process whose worker stopped while its connection was being made again ends by itself',
  async (t) => {
    const redis = await startRedis(t)
    const child = spawn('env', plainNodeArgs(program, redis.url), { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    const said: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
    const exit = once(child, 'exit')
    await until('it waits for jobs', () => said.includes('ready'))
    await redis.kill()
    child.stdin.write('stop\n')
    await until('the worker has stopped', () => said.includes('stopped'))
    await until('the process has ended', () => child.exitCode !== null)
    t.strictSame(await exit, [0, null])
  }
)
