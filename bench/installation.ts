/** A whole installation for figures: Redis, the simulator and replicas of the service, each a process of its own. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent, fetch } from 'undici'
import { createReplica, type LoadBalancer, openLoadBalancer, type ReplicaProcess } from '../soak/replicas.ts'
import { startRedis, type TestRedis } from '../test/support/redis-server.ts'

export interface BenchInstallation {
  readonly redis: TestRedis
  readonly replicas: readonly ReplicaProcess[]
  readonly loadBalancer: LoadBalancer
  readonly simulator: SimulatorProcess
  /** Under which connections are sealed. */
  readonly masterKey: Buffer
  /** A call to the service, with the key; a string goes as CSV. Throws for what is refused. */
  call(method: string, path: string, body?: unknown): Promise<unknown>
  close(): Promise<void>
}

export interface SimulatorProcess {
  readonly origin: string
  /** Process id, for what it costs. */
  readonly pid: number
  /** A call to the control API. */
  control(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
}

const adminKey = randomBytes(24).toString('base64url')

export async function openBenchInstallation(
  roles: readonly ('all' | 'api' | 'worker')[],
  more: Record<string, string> = {}
): Promise<BenchInstallation> {
  const undo: (() => unknown)[] = []
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  undo.push(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'data'))
  const redis = await startRedis({ teardown: (step) => void undo.push(step) }, {})
  const { simulator, caFile } = await startSimulatorProcess(folder, undo)
  const loadBalancer = await openLoadBalancer()
  undo.push(() => loadBalancer.close())
  const masterKey = randomBytes(32)
  const replicas = roles.map((role, index) =>
    createReplica(`${role}-${index}`, {
      HANVISA_REDIS_URL: redis.url,
      HANVISA_ROLE: role,
      HANVISA_DATA_DIR: join(folder, 'data'),
      HANVISA_ADMIN_KEY: adminKey,
      HANVISA_MASTER_KEY: masterKey.toString('base64'),
      HANVISA_ALLOW_PRIVATE_TARGETS: '1',
      NODE_EXTRA_CA_CERTS: caFile,
      ...more,
      ...(more.HANVISA_PUBLIC_URL === 'the door' && { HANVISA_PUBLIC_URL: loadBalancer.origin })
    })
  )
  undo.push(() => Promise.all(replicas.map((one) => one.end('SIGKILL'))))
  await Promise.all(replicas.map((one) => one.start()))
  loadBalancer.replicas.push(...replicas.filter(({ name }) => !name.startsWith('worker')))
  const dispatcher = new Agent({ headersTimeout: 600_000, bodyTimeout: 600_000 })
  undo.push(() => dispatcher.close())

  return {
    redis,
    replicas,
    loadBalancer,
    simulator,
    masterKey,
    async call(method, path, body) {
      const type = typeof body === 'string' ? 'text/csv' : 'application/json'
      const response = await fetch(`${loadBalancer.origin}${path}`, {
        method,
        dispatcher,
        headers: { authorization: `Bearer ${adminKey}`, ...(body !== undefined && { 'content-type': type }) },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text === '' ? null : JSON.parse(text)
    },
    async close() {
      for (const step of undo.splice(0).reverse()) await step()
    }
  }
}

/** Its certificate authority is in `caFile`. */
export async function startSimulatorProcess(folder: string, undo: (() => unknown)[]) {
  const program = fileURLToPath(new URL('../simulator/main.js', import.meta.url))
  const child = spawn(process.execPath, [program, '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  undo.push(async () => {
    child.kill()
    await once(child, 'exit')
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { origin, control, caFile } = JSON.parse(line) as { origin: string; control: string; caFile: string }
  const dispatcher = new Agent({ connect: { ca: await readFile(caFile, 'utf8') } })
  undo.push(() => dispatcher.close())
  const simulator: SimulatorProcess = {
    origin,
    pid: child.pid!,
    async control(method, path, body) {
      const response = await fetch(`${control}/${path}`, {
        method,
        dispatcher,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body)
        })
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text === '' ? null : JSON.parse(text)
    }
  }
  return { simulator, caFile }
}
