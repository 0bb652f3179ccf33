/**
 * A provider's whole estate on Redis: tenants of a hundred users, ten intervals each. What a replica needs to hold it, how soon
 * it answers, how fast changes reach it, and what tenants cost that nobody asks for.
 */

import { redisAddress } from '../src/storage/redis/address.ts'
import { openRedis } from '../src/storage/redis/redis.ts'
import type { Store } from '../src/storage/store.ts'
import { benchUserRecord } from './fixtures/user-records.ts'
import { type BenchInstallation, openBenchInstallation } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { loadAverage, processCpuMs, residentBytes, runConcurrently } from './processes.ts'

const USERS = 100
const INTERVALS = 10

export async function benchMillion(sizes: readonly number[] = [10_000, 100_000, 1_000_000]): Promise<void> {
  for (const users of sizes) await measure(users / USERS)
}

async function measure(tenants: number): Promise<void> {
  const what = `${(tenants * USERS).toLocaleString('en')} users`
  const installation = await openBenchInstallation(['api'])
  const [replica] = installation.replicas
  const store = await openRedis({ address: redisAddress(installation.redis.url) })
  try {
    const filled = await timed(() => runConcurrently(tenants, (index) => fill(store, index)))
    const inRedis = Number(
      /used_memory:(\d+)/.exec(String(await installation.redis.command('INFO', 'memory')))![1]
    )
    printRow(
      `${what}: written to Redis`,
      perSecond(tenants * USERS, filled),
      `${kB(inRedis / tenants / USERS)}/user`,
      '–',
      '–'
    )

    await replica!.end('SIGTERM')
    const started = await timed(() => replica!.start())
    const empty = residentBytes(replica!)
    const first = await timed(() => ask(installation, 0))
    printRow(
      `${what}: start, then the first answer`,
      `${ms(started)} + ${ms(first)}`,
      '–',
      '–',
      'no slower with more tenants'
    )

    const all = await timed(() => runConcurrently(tenants, (index) => ask(installation, index)))
    const held = residentBytes(replica!)
    printRow(
      `${what}: all tenants asked for`,
      perSecond(tenants, all).replace('/s', ' tenants/s'),
      '–',
      '–',
      '–'
    )
    printRow(
      `${what}: memory of the replica`,
      `${kB((held - empty) / tenants / USERS)}/user`,
      `${Math.round(held / 1e6)} MB in all`,
      `load ${loadAverage()}`,
      'linear'
    )

    const idle = processCpuMs(replica!)
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    printRow(`${what}: ten idle seconds`, `${ms(processCpuMs(replica!) - idle)} CPU`, '–', '–', '–')
    await changes(installation, store, tenants, what)
  } finally {
    await store.close()
    await installation.close()
  }
}

/** Overrides set as fast as may be in a hundred tenants, until the replica's long polls have returned the last. */
async function changes(
  { replicas, call }: BenchInstallation,
  store: Store,
  tenants: number,
  what: string
): Promise<void> {
  const some = Array.from({ length: Math.min(100, tenants) }, (_, index) => index)
  const cursors = new Map<number, string>()
  for (const index of some) {
    const { cursor } = (await call('GET', `/v1/tenants/${idOf(index)}/statuses`)) as { cursor: string }
    cursors.set(index, cursor)
  }
  const rounds = 20
  const total = some.length * rounds
  let seen = 0
  const before = processCpuMs(replicas[0]!)
  const took = await timed(async () => {
    const polls = some.map(async (index) => {
      const left = new Set(Array.from({ length: rounds }, (_, user) => `user${index * USERS + user}`))
      while (left.size > 0) {
        const answer = (await call(
          'GET',
          `/v1/tenants/${idOf(index)}/changes?wait=20&cursor=${cursors.get(index)}`
        )) as { cursor: string; changes: { user: string }[] }
        cursors.set(index, answer.cursor)
        for (const { user } of answer.changes) if (left.delete(user)) seen += 1
      }
    })
    const writes = some.map(async (index) => {
      for (let user = 0; user < rounds; user++) {
        const at = Date.now()
        const override = { diversion: 'sick', from: at, until: null }
        await store.saveOverride(idOf(index), `user${index * USERS + user}`, override, at)
      }
    })
    await Promise.all([...polls, ...writes])
  })
  if (seen !== total) throw new Error(`${seen} of ${total} changes were seen`)
  printRow(
    `${what}: changes, written to long poll`,
    perSecond(total, took).replace('/s', ' changes/s'),
    `${((processCpuMs(replicas[0]!) - before) / total).toFixed(2)} ms CPU each`,
    '–',
    '–'
  )
}

async function fill(store: Store, index: number): Promise<void> {
  const at = Date.now()
  const tenant = idOf(index)
  const records = Array.from({ length: USERS }, (_, user) =>
    benchUserRecord(index * USERS + user, INTERVALS, at + 3_600_000, at + 86_400_000)
  )
  await store.saveTenant({ id: tenant, name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' }, at)
  await store.saveUsers(
    tenant,
    records.map(({ user, sync }) => ({ user, sync })),
    at
  )
  await store.saveReadings(
    tenant,
    records.map(({ user, sync, timeline }) => ({
      user: user.id,
      sync: { ...sync, confirmedAt: at, freshSince: at },
      timeline: timeline!,
      visible: true
    })),
    at
  )
}

async function ask({ call }: BenchInstallation, index: number): Promise<void> {
  const { statuses } = (await call('GET', `/v1/tenants/${idOf(index)}/statuses`)) as { statuses: unknown[] }
  if (statuses.length !== USERS) throw new Error(`${idOf(index)}: ${statuses.length} users`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const idOf = (index: number) => `t${index}`
const ms = (milliseconds: number) => `${Math.round(milliseconds)} ms`
const kB = (bytes: number) => `${(bytes / 1000).toFixed(2)} kB`
const perSecond = (count: number, milliseconds: number) => `${Math.round((count * 1000) / milliseconds)}/s`
