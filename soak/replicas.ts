/** Replicas of the service as processes that can be killed, behind a door that leads to whichever of them lives. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '../src/main.js')

export interface ReplicaProcess {
  readonly name: string
  /** Null while it starts, or after it was killed. */
  origin: string | null
  /** Null while it does not run. */
  readonly pid: number | null
  /** Everything it printed, over all of its lives. */
  readonly output: string[]
  /** Starts it; resolves when it listens. */
  start(): Promise<void>
  /** Ends it without a word (SIGKILL) or in good order (SIGTERM); resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** It stands still (SIGSTOP), and nobody is led to it. */
  freeze(): void
  thaw(): void
}

export function createReplica(name: string, environment: Record<string, string>): ReplicaProcess {
  let child: ChildProcess | null = null
  let reached: string | null = null
  const self: ReplicaProcess = {
    name,
    origin: null,
    get pid() {
      return child?.pid ?? null
    },
    output: [],
    async start() {
      const started = spawn(process.execPath, [main], {
        env: { PATH: process.env.PATH ?? '', HANVISA_PORT: '0', ...environment },
        stdio: ['ignore', 'pipe', 'pipe']
      })
      child = started
      reached = await new Promise<string>((resolve, reject) => {
        for (const stream of [started.stdout!, started.stderr!]) {
          createInterface({ input: stream }).on('line', (line) => {
            self.output.push(line)
            const said = line.startsWith('{') ? (JSON.parse(line) as { msg?: string; origin?: string }) : {}
            if (said.msg === 'listening' && said.origin !== undefined) resolve(said.origin)
          })
        }
        started.once('exit', () => {
          if (child === started) child = null
          reject(new Error(`${name} ended: ${self.output.slice(-5).join('\n')}`))
        })
      })
      self.origin = reached
    },
    async end(signal) {
      self.origin = null
      const ending = child
      child = null
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
      ending.kill(signal)
      await once(ending, 'exit')
    },
    freeze() {
      self.origin = null
      child?.kill('SIGSTOP')
    },
    thaw() {
      child?.kill('SIGCONT')
      self.origin = reached
    }
  }
  return self
}

export interface LoadBalancer {
  /** `http://127.0.0.1:PORT`: the one address that stays, as a load balancer's does. */
  readonly origin: string
  /** A door may be made before there is anybody behind it. */
  readonly replicas: ReplicaProcess[]
  close(): Promise<void>
}

/** Hands each request on to one that lives, in turn; 502 where none does, or it dies over it. */
export async function openLoadBalancer(): Promise<LoadBalancer> {
  const replicas: ReplicaProcess[] = []
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  // Above the replicas' own, whose `Keep-Alive` header clients are passed and rely on.
  const server = createServer({ keepAliveTimeout: 90_000 }, (request, response) => {
    const living = replicas.filter(({ origin }) => origin !== null)
    const chosen = living[turn++ % Math.max(1, living.length)]?.origin
    const fail = () => {
      if (!response.headersSent) response.writeHead(502)
      response.end()
    }
    if (chosen === undefined || chosen === null) return fail()
    const { method, headers, url } = request
    const onward = forward(`${chosen}${url ?? '/'}`, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', fail)
    })
    onward.on('error', fail)
    request.pipe(onward)
    request.on('error', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    replicas,
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
