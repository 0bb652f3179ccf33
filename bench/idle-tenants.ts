/**
 * Tenants that a worker keeps and nothing happens to: two mailboxes each, over Graph, read once and not due for an hour.
 * What they cost the worker and Redis, and how soon a worker that takes over all of them has read them.
 */

import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { ReplicaProcess } from '../soak/replicas.ts'
import { packFolder } from '../src/composition.ts'
import type { GraphConnection } from '../src/connectors/connection.ts'
import { kindOf } from '../src/connectors/kinds.ts'
import type { RuleSet } from '../src/domain/rule-set.ts'
import { initialSyncRecord } from '../src/domain/sync-state.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { redisAddress } from '../src/storage/redis/address.ts'
import { openRedis } from '../src/storage/redis/redis.ts'
import { sealConnection } from '../src/storage/secrets/connection-secrets.ts'
import { type Sealer, sealer } from '../src/storage/secrets/seal.ts'
import { type Store, StoreUnavailable } from '../src/storage/store.ts'
import { benchClientId, benchDirectory, benchMailbox } from './fixtures/simulated-tenant.ts'
import { benchUserRecord } from './fixtures/user-records.ts'
import { type BenchInstallation, openBenchInstallation } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { loadAverage, processCpuMs, residentBytes, runConcurrently } from './processes.ts'

const USERS = 2
/** Seconds. */
const idle = 30

export async function benchIdleTenants(sizes: readonly number[] = [100, 1_000, 10_000]): Promise<void> {
  for (const tenants of sizes) await measure(tenants)
  await measureTakeOver(1_000)
}

/** How long a worker that takes over so many tenants holds its event loop: looking for that takes a processor of its own. */
async function measureTakeOver(tenants: number): Promise<void> {
  const preload = pathToFileURL(join(import.meta.dirname, 'report-turns.js'))
  const installation = await openBenchInstallation(['worker'], { NODE_OPTIONS: `--import ${preload}` })
  const [worker] = installation.replicas
  const store = await openRedis({ address: redisAddress(installation.redis.url) })
  try {
    await worker!.end('SIGTERM')
    await saveTenants(installation, store, tenants)
    await installation.simulator.control('DELETE', 'requests')
    await worker!.start()
    const startMs = await longestTurnMs(worker!)
    while ((await answered(installation)) < tenants * USERS) await after(100)
    printRow(
      `${tenants.toLocaleString('en')} tenants taken over: longest stall`,
      `${await longestTurnMs(worker!)} ms CPU`,
      `${startMs} ms to start`,
      `load ${loadAverage()}`,
      '≤ 20 ms'
    )
  } finally {
    await store.close()
    await installation.close()
  }
}

/** Since it was asked last. */
async function longestTurnMs(worker: ReplicaProcess): Promise<number> {
  const before = worker.output.length
  process.kill(worker.pid!, 'SIGPWR')
  for (;;) {
    for (const line of worker.output.slice(before)) {
      const found = /^longest turn (.+) ms$/.exec(line)
      if (found !== null) return Number(found[1])
    }
    await after(20)
  }
}

async function saveTenants(installation: BenchInstallation, store: Store, tenants: number): Promise<void> {
  const needs = {
    store,
    seal: sealer(installation.masterKey),
    rules: (await loadPacks(packFolder)).get('infracom')!
  }
  await runConcurrently(tenants, (index) => retryWhileBusy(() => saveTenant(installation, needs, index)))
}

async function measure(tenants: number): Promise<void> {
  const what = `${tenants.toLocaleString('en')} idle tenants owned`
  const installation = await openBenchInstallation(['worker'])
  const { redis, simulator, replicas } = installation
  const [worker] = replicas
  const store = await openRedis({ address: redisAddress(redis.url) })
  try {
    const server = { pid: await redisPid(installation) }
    await after(5_000)
    const empty = residentBytes(worker!)
    const alone = await measureIdle(installation, server)
    await worker!.end('SIGTERM')
    await saveTenants(installation, store, tenants)

    const redisBytes = await memoryInRedis(installation)
    await simulator.control('DELETE', 'requests')
    const before = { worker: 0, redis: processCpuMs(server) }
    const began = performance.now()
    await worker!.start()
    while ((await answered(installation)) < tenants * USERS) await after(100)
    const seconds = (performance.now() - began) / 1000
    printRow(
      `${what}: taken over and read`,
      `${seconds.toFixed(1)} s`,
      `${((processCpuMs(worker!) - before.worker) / tenants).toFixed(2)} ms CPU each`,
      `redis ${((processCpuMs(server) - before.redis) / tenants).toFixed(2)} ms each`,
      `load ${loadAverage()}`
    )

    // What follows the reading dies down: saving, posting, collecting garbage.
    await after(20_000)
    const spent = await measureIdle(installation, server)
    printRow(
      `${what}: in a second`,
      `${(spent.worker / idle).toFixed(1)} ms CPU`,
      `${(alone.worker / idle).toFixed(1)} with none`,
      `redis ${(spent.redis / idle).toFixed(1)} (${(alone.redis / idle).toFixed(1)}) ms`,
      `${spent.commands} commands to Redis (${alone.commands})`
    )
    const jobs = (await memoryInRedis(installation)) - redisBytes
    printRow(
      `${what}: memory`,
      `${((residentBytes(worker!) - empty) / tenants / 1000).toFixed(1)} kB/tenant`,
      `${Math.round(residentBytes(worker!) / 1e6)} MB in all`,
      `jobs in Redis ${(jobs / tenants / 1000).toFixed(2)} kB`,
      '≤ 20 kB each at 10,000 tenants; this is resident memory, free pages of V8 too'
    )
  } finally {
    await store.close()
    await installation.close()
  }
}

/** In so many seconds. */
async function measureIdle(
  { replicas: [worker], redis }: BenchInstallation,
  server: { readonly pid: number }
) {
  const commands = async () =>
    Number(/total_commands_processed:(\d+)/.exec(String(await redis.command('INFO', 'stats')))![1])
  const before = { worker: processCpuMs(worker!), redis: processCpuMs(server), commands: await commands() }
  await after(idle * 1000)
  return {
    worker: processCpuMs(worker!) - before.worker,
    redis: processCpuMs(server) - before.redis,
    commands: Math.round(((await commands()) - before.commands) / idle)
  }
}

async function saveTenant(
  { simulator }: BenchInstallation,
  { store, seal, rules }: { readonly store: Store; readonly seal: Sealer; readonly rules: RuleSet },
  index: number
): Promise<void> {
  const at = Date.now()
  const tenant = `t${index}`
  const directory = benchDirectory(index)
  const addresses = Array.from({ length: USERS }, (_, number) => benchMailbox(tenant, number))
  await simulator.control('PUT', `tenants/${directory}`, {
    apps: [{ clientId: benchClientId, secret: 'right' }]
  })
  await simulator.control(
    'PUT',
    `tenants/${directory}/mailboxes`,
    addresses.map((address) => ({ address }))
  )
  const connection: GraphConnection = {
    kind: 'graph',
    tenantId: directory,
    clientId: benchClientId,
    clientSecret: 'right',
    cloud: { login: simulator.origin, graph: simulator.origin },
    pollSeconds: 3600
  }
  await store.saveTenant({ id: tenant, name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' }, at)
  await store.saveRules(tenant, 0, { at, put: { pack: 'infracom' }, effective: rules })
  await store.saveConnection(
    tenant,
    sealConnection(tenant, connection, kindOf(connection).secretMembers, seal, at),
    true,
    at
  )
  await store.saveUsers(
    tenant,
    addresses.map((address, number) => ({
      user: { ...benchUserRecord(number, 0, at, at).user, mailbox: { address } },
      sync: initialSyncRecord(true, at)
    })),
    at
  )
}

/** On a busy machine Redis may not answer within the store's two seconds; the same may be saved again. */
async function retryWhileBusy(save: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await save()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tries === 20) throw error
      await after(500)
    }
  }
}

async function answered({ simulator }: BenchInstallation): Promise<number> {
  const { counts } = (await simulator.control('GET', 'requests')) as {
    counts: { route: string; status: number; count: number }[]
  }
  return counts
    .filter(({ route, status }) => route === 'calendarView' && status === 200)
    .reduce((sum, { count }) => sum + count, 0)
}

async function memoryInRedis({ redis }: BenchInstallation): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))![1])
}

async function redisPid({ redis }: BenchInstallation): Promise<number> {
  return Number(/process_id:(\d+)/.exec(String(await redis.command('INFO', 'server')))![1])
}
