/**
 * For how long the service holds its event loop while an operator changes a large tenant: imports, a language, a connection, a
 * removal; over the embedded store and over Redis. The whole service runs in this process, its caller in another thread.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { startService } from '../src/composition.ts'
import { noAlarmSenders } from '../src/config-alarms.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { openThreadCaller } from './call-from-thread.ts'
import { measureLongestTurn } from './longest-turn.ts'
import { printRow } from './paired-runs.ts'

const USERS = 50_000
const GOAL = '≤ 20 ms'
const START_MS = 3_000
/** For so long after the answer the service works on what was changed, and is measured too. */
const AFTER_MS = 3_000

export function benchStallsOnLmdb(): Promise<void> {
  return overStore('lmdb', null)
}

export async function benchStallsOnRedis(): Promise<void> {
  const undo: (() => unknown)[] = []
  try {
    const redis = await startRedis({ teardown: (step) => void undo.push(step) })
    await overStore('Redis', redis.url)
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

async function overStore(name: string, redisUrl: string | null): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const adminKey = randomBytes(24).toString('base64url')
  const service = await startService(
    {
      host: '127.0.0.1',
      port: 0,
      dataDir,
      redisUrl,
      role: 'all',
      adminKey,
      masterKey: randomBytes(32),
      masterKeyNext: null,
      publicUrl: null,
      allowPrivateTargets: true,
      allowedNetworks: [],
      trustedProxies: [],
      signIn: null,
      providerApplication: null,
      alarms: noAlarmSenders,
      maxCallsPerMinute: 600,
      maxLongPollsPerKey: 100,
      historyMs: 2 * 86_400_000,
      auditDays: 365,
      logLevel: 'error'
    },
    pino({ level: 'error' }, pino.destination(2))
  )
  const caller = openThreadCaller(service.origin, adminKey)
  const measure = async (what: string, method: string, path: string, body?: unknown) => {
    globalThis.gc?.()
    let seconds = 0
    const { longestMs } = await measureLongestTurn(async () => {
      const start = performance.now()
      await caller.call(method, path, body)
      seconds = (performance.now() - start) / 1000
      await pause(AFTER_MS)
    })
    const took = `in ${seconds.toFixed(1)} s`
    printRow(`${name}, 50,000 users, ${what}`, `${longestMs.toFixed(1)} ms`, '', took, GOAL)
  }
  const tenant = { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }
  try {
    await caller.call('PUT', '/v1/tenants/acme', tenant)
    // The process begins: leases, queues and their scripts are not what is measured.
    await pause(START_MS)
    const users = '/v1/tenants/acme/users/import'
    await measure('import', 'POST', users, sheet(USERS, 'Anna'))
    await measure('same import', 'POST', users, sheet(USERS, 'Anna'))
    await measure('import, all changed', 'POST', users, sheet(USERS, 'Bo'))
    await measure('statuses, first', 'GET', '/v1/tenants/acme/statuses')
    await measure('another language', 'PUT', '/v1/tenants/acme', { ...tenant, language: 'en' })
    await measure('statuses, then', 'GET', '/v1/tenants/acme/statuses')
    await measure('import that removes half', 'POST', `${users}?mode=replace`, sheet(USERS / 2, 'Bo'))
    await measure('rules of 2,000 triggers', 'PUT', '/v1/tenants/acme/rules', manyTriggers())
    await measure('lint of them', 'POST', '/v1/tenants/acme/rules/lint', {})
    await measure('connection', 'PUT', '/v1/tenants/acme/connection', { kind: 'ics', pollSeconds: 300 })
    await measure('removal', 'DELETE', '/v1/tenants/acme')
  } finally {
    await caller.close()
    await service.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function manyTriggers(): object {
  const triggers = Array.from({ length: 2_000 }, (_, index) => ({
    match: index % 2 === 0 ? 'word' : 'prefix',
    text: `${(index * 7919).toString(36)} projektmöte${index % 2 === 0 ? '' : ':'}`,
    diversion: 'meeting'
  }))
  return { pack: 'infracom', triggers }
}

function sheet(users: number, name: string): string {
  const rows = Array.from(
    { length: users },
    (_, index) => `u${index},${name} ${index},${100_000 + index},u${index}.ics,true`
  )
  return ['user,displayName,extension,mailbox,syncEnabled', ...rows].join('\n')
}
