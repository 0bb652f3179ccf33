/** A real Redis for a test: on a port of its own, in a folder of its own, gone when the test ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { freePort } from '../../tools/free-port.ts'
import { until } from './until.ts'

/** A test of tap's, or whoever else ends what was begun. */
interface TeardownOwner {
  teardown(step: () => unknown): void
}

export interface TestRedisOptions {
  /** Every write is on disk before it is answered: nothing is lost by `kill` and `restart`. Otherwise nothing is persistent. */
  readonly appendOnly?: boolean
  readonly password?: string
  /** More of redis.conf: `['maxmemory-policy', 'allkeys-lru']`, one pair after the other. */
  readonly settings?: readonly string[]
}

export interface TestRedis {
  /** As for HANVISA_REDIS_URL, with the password. */
  readonly url: string
  readonly port: number
  /** Resolves when the process is gone. SIGKILL unless said otherwise. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Restarts it on the same port and folder (killing it where it still runs). `emptied`: without its data. */
  restart(how?: { readonly emptied?: boolean }): Promise<void>
  /** It keeps its connections and answers nothing. */
  freeze(): void
  thaw(): void
  /** One command over a connection of its own: `await redis.ask('FLUSHALL')`. */
  command(command: string, ...args: (string | number)[]): Promise<unknown>
}

export function startRedis(t: TeardownOwner, options: TestRedisOptions = {}): Promise<TestRedis> {
  return start(t, options, [])
}

export interface TestRedisCluster {
  /** `redis+cluster://…` with all nodes. */
  readonly url: string
  readonly nodes: readonly TestRedis[]
}

/** On a busy machine a node may be silent for seconds, and would be given up by the others for a shorter time than this. */
const NODE_TIMEOUT_MS = 60_000

/** A cluster whose nodes, one or three, share the slots evenly; no replicas. */
export async function startCluster(
  t: TeardownOwner,
  { nodes: count = 3, ...options }: TestRedisOptions & { readonly nodes?: 1 | 3 } = {}
): Promise<TestRedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: count }, () => start(t, options, ['cluster-enabled', 'yes']))
  )
  const [first] = nodes
  for (const [index, node] of nodes.entries()) {
    const slot = (part: number) => Math.floor((16_384 * part) / count)
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    await node.command('CLUSTER', 'ADDSLOTSRANGE', slot(index), slot(index + 1) - 1)
    if (first !== undefined && node !== first) {
      const bus = Number(((await node.command('CONFIG', 'GET', 'cluster-port')) as string[])[1])
      await first.command('CLUSTER', 'MEET', '127.0.0.1', node.port, bus)
    }
  }
  for (const node of nodes) {
    await until(async () => {
      const info = String(await node.command('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`)
    })
  }
  return { url: `redis+cluster://${credentials(options)}${nodes.map(address).join(',')}`, nodes }
}

export interface TestRedisSentinel {
  /** `redis+sentinel://…/main`. */
  readonly url: string
  readonly master: TestRedis
  /** Takes the master's place once that has been gone for `maxSilenceMs`. */
  readonly replica: TestRedis
  readonly sentinel: TestRedis
}

/** A master, a replica, and one Sentinel that gives the master up after `maxSilenceMs` without an answer. */
export async function startSentinel(
  t: TeardownOwner,
  { maxSilenceMs, ...options }: TestRedisOptions & { readonly maxSilenceMs: number }
): Promise<TestRedisSentinel> {
  const { password } = options
  const auth = password === undefined ? [] : ['masterauth', quoted(password)]
  const master = await start(t, options, [...auth, 'repl-diskless-sync-delay', '0'])
  const replica = await start(t, options, [...auth, 'replicaof', `127.0.0.1 ${master.port}`])
  await until(async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up')
  )
  const watch = [
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    `sentinel down-after-milliseconds main ${maxSilenceMs}`,
    'sentinel failover-timeout main 3000',
    ...(password === undefined ? [] : [`sentinel auth-pass main ${quoted(password)}`])
  ]
  const sentinel = await start(t, {}, [], watch)
  await until(async () =>
    String(await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`)
  )
  return {
    url: `redis+sentinel://${credentials(options)}${address(sentinel)}/main`,
    master,
    replica,
    sentinel
  }
}

const quoted = (text: string) => JSON.stringify(text)
const address = ({ port }: TestRedis) => `127.0.0.1:${port}`
const credentials = ({ password }: TestRedisOptions) =>
  password === undefined ? '' : `:${encodeURIComponent(password)}@`

/** `watch` is what a Sentinel watches; without it, it is a server. */
async function start(
  t: TeardownOwner,
  options: TestRedisOptions,
  more: readonly string[],
  watch?: readonly string[]
): Promise<TestRedis> {
  const { password, appendOnly = false } = options
  const parent = await mkdtemp(join(tmpdir(), 'hanvisa-redis-'))
  const folder = join(parent, 'data')
  const configFile = join(parent, 'redis.conf')
  let running: ChildProcess | null = null
  let port = 0
  // That between the nodes of a cluster.
  const busPort = await freePort()

  const launch = async () => {
    await mkdir(folder, { recursive: true })
    const settings = [
      ['port', `${port}`],
      ['bind', '127.0.0.1'],
      ['dir', folder],
      ['save', '""'],
      ...(watch === undefined
        ? [
            ['appendonly', appendOnly ? 'yes' : 'no'],
            ['appendfsync', 'always']
          ]
        : []),
      ...(password === undefined ? [] : [['requirepass', quoted(password)]]),
      ...(more.includes('cluster-enabled')
        ? [
            ['cluster-port', `${busPort}`],
            ['cluster-node-timeout', `${NODE_TIMEOUT_MS}`]
          ]
        : []),
      ...pairs([...more, ...(options.settings ?? [])])
    ].map((pair) => pair.join(' '))
    await writeFile(configFile, `${[...settings, ...(watch ?? [])].join('\n')}\n`)
    running = await whenReady(configFile, watch !== undefined)
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const child = running
    if (child === null) return
    running = null
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  t.teardown(async () => {
    await kill()
    await rm(parent, { recursive: true, force: true })
  })
  for (let attempt = 1; running === null; attempt++) {
    port = await freePort()
    await launch().catch((error: Error) => {
      if (attempt === 5 || !error.message.includes('in use')) throw error
    })
  }
  return {
    url: `redis://${credentials(options)}127.0.0.1:${port}`,
    port,
    kill,
    async restart({ emptied = false } = {}) {
      await kill()
      if (emptied) await rm(folder, { recursive: true })
      await launch()
    },
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
    async command(command, ...args) {
      const client = new Redis({
        port,
        ...(password === undefined || watch ? {} : { password }),
        retryStrategy: null
      })
      // What goes wrong is in the answer.
      client.on('error', () => {})
      try {
        return await client.call(command, ...args)
      } finally {
        client.disconnect()
      }
    }
  }
}

/** Resolves when it takes connections, its data loaded. */
async function whenReady(configFile: string, asSentinel: boolean): Promise<ChildProcess> {
  const child = spawn('redis-server', [configFile, ...(asSentinel ? ['--sentinel'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (said.push(line) > 100) said.shift()
      if (line.includes(asSentinel ? '+monitor' : 'Ready to accept connections')) resolve()
    })
    child.once('error', () =>
      reject(new Error('redis-server could not be started: install it (apt install redis-server)'))
    )
    child.once('exit', () => reject(new Error(`redis-server ended:\n${said.join('\n')}`)))
  })
  return child
}

function pairs(flat: readonly string[]): string[][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []))
}
