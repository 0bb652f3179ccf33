/**
 * The same backlog read by one, two and four workers: a tenant in each shard, "read now" for all of them. Redis, the
 * simulator, who is asked and the workers are processes of their own, on the same cores: what each of them costs says what limits.
 */
import { setTimeout as after } from 'node:timers/promises'
import { shardCount, shardName, shardOf } from '../src/sync/cluster/shards.ts'
import { createBenchTenant } from './fixtures/simulated-tenant.ts'
import { type BenchInstallation, openBenchInstallation } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { processCpuMs } from './processes.ts'

const MAILBOXES = 300
const EVENTS = 10
/** Milliseconds that the simulator takes its time: none, and about what Graph is seen to take for a batch. */
const latencies = [0, 1_000]

interface Spent {
  readonly seconds: number
  readonly workers: number
  readonly simulator: number
  readonly redis: number
  readonly asked: number
}

export async function benchWorkers(counts: readonly number[] = [1, 2, 4], rounds = 3): Promise<void> {
  const found = new Map<string, Spent>()
  for (const count of counts) {
    const workers = Array.from({ length: count }, () => 'worker' as const)
    const installation = await openBenchInstallation(['api', ...workers])
    try {
      const tenants = await fill(installation)
      for (const latency of latencies) {
        await slow(installation, latency)
        const all: Spent[] = []
        for (let round = 0; round <= rounds; round++) all.push(await readAll(installation, tenants))
        // The first warms up.
        const [middle] = all
          .slice(1)
          .sort((a, b) => a.seconds - b.seconds)
          .slice(rounds >> 1)
        found.set(`${count} ${latency}`, middle!)
      }
    } finally {
      await installation.close()
    }
  }
  for (const latency of latencies) {
    const one = found.get(`${counts[0]} ${latency}`)!
    for (const count of counts) print(count, latency, found.get(`${count} ${latency}`)!, one)
  }
}

function print(count: number, latency: number, spent: Spent, one: Spent): void {
  const total = shardCount * MAILBOXES
  const each = (cpu: number) => `${(cpu / total).toFixed(2)}`
  const cores = (spent.workers + spent.simulator + spent.redis + spent.asked) / spent.seconds / 1000
  printRow(
    `${count} workers, ${latency === 0 ? 'no latency' : `${latency} ms a call`}`,
    `${Math.round(total / spent.seconds)}/s`,
    `${spent.seconds.toFixed(1)} s`,
    `${(one.seconds / spent.seconds).toFixed(2)} × one worker`,
    `linear: ${count}.00; ${cores.toFixed(2)} cores busy`
  )
  printRow(
    '  CPU ms per mailbox',
    `workers ${each(spent.workers)}`,
    `simulator ${each(spent.simulator)}`,
    `redis ${each(spent.redis)}`,
    `api ${each(spent.asked)}`
  )
}

/** A tenant for each shard, so that what is measured is the workers and not how evenly names fall. */
async function fill(installation: BenchInstallation): Promise<string[]> {
  const tenants = Array.from({ length: shardCount }, (_, shard) => {
    let number = 0
    while (shardOf(`${shardName(shard)}-${number}`) !== shard) number += 1
    return `${shardName(shard)}-${number}`
  })
  const way = { kind: 'graph', pollSeconds: 3600 } as const
  const began = Date.now()
  for (const [index, tenant] of tenants.entries())
    await createBenchTenant(installation, way, { tenant, index, users: MAILBOXES, events: EVENTS })
  await readSince(installation, tenants, began)
  return tenants
}

async function slow({ simulator }: BenchInstallation, milliseconds: number): Promise<void> {
  await simulator.control('DELETE', 'faults')
  if (milliseconds > 0) {
    await simulator.control('POST', 'faults', { kind: 'slow', route: 'batch', milliseconds })
  }
}

async function readAll(installation: BenchInstallation, tenants: readonly string[]): Promise<Spent> {
  const { replicas, simulator, redis, call } = installation
  const workers = replicas.filter(({ name }) => name.startsWith('worker'))
  const asked = replicas.filter(({ name }) => !name.startsWith('worker'))
  const server = Number(/process_id:(\d+)/.exec(String(await redis.command('INFO', 'server')))![1])
  const spent = () => ({
    workers: sum(workers.map(processCpuMs)),
    simulator: processCpuMs(simulator),
    redis: processCpuMs({ pid: server }),
    asked: sum(asked.map(processCpuMs))
  })
  // Instants have whole seconds.
  await after(1_000 - (Date.now() % 1_000))
  const began = Date.now()
  const before = spent()
  await simulator.control('DELETE', 'requests')
  await Promise.all(tenants.map((tenant) => call('POST', `/v1/tenants/${tenant}/sync`, {})))
  // The simulator counts for next to nothing; who asks the service would be measured, too.
  while ((await answered(installation)) < tenants.length * MAILBOXES) await after(20)
  await readSince(installation, tenants, began)
  const seconds = (Date.now() - began) / 1000
  const now = spent()
  return {
    seconds,
    workers: now.workers - before.workers,
    simulator: now.simulator - before.simulator,
    redis: now.redis - before.redis,
    asked: now.asked - before.asked
  }
}

async function answered({ simulator }: BenchInstallation): Promise<number> {
  const { counts } = (await simulator.control('GET', 'requests')) as {
    counts: { route: string; status: number; count: number }[]
  }
  const views = counts.filter(({ route }) => route === 'calendarView')
  const refused = views.filter(({ status }) => status !== 200)
  if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`)
  return sum(views.map(({ count }) => count))
}

/** Waits until what was read since this instant is stored for everybody. */
async function readSince(
  { call }: BenchInstallation,
  tenants: readonly string[],
  since: number,
  timeoutMs = 180_000
): Promise<void> {
  for (const tenant of tenants) {
    for (;;) {
      const { users } = (await call('GET', `/v1/tenants/${tenant}/sync?limit=${MAILBOXES}`)) as {
        users: { lastSuccess: string | null }[]
      }
      const read = users.filter(
        ({ lastSuccess }) => lastSuccess !== null && Date.parse(lastSuccess) >= since
      ).length
      if (read === MAILBOXES) break
      if (Date.now() > since + timeoutMs) throw new Error(`${tenant}: ${read} of ${MAILBOXES} were read`)
      await after(50)
    }
  }
}

const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0)
