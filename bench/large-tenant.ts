/**
 * For how long a tenant of 100,000 users holds the event loop: when it is loaded, answered, relabelled, and searched. Beside it
 * what an idle loop was held for in the same run: that is the machine's doing.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { packFolder } from '../src/composition.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { findStatuses } from '../src/status/find-statuses.ts'
import { TenantView } from '../src/status/tenant-view.ts'
import { tenantContextOf } from '../src/status/user-state.ts'
import { tenantFormat } from '../src/status/view-moment.ts'
import { benchSnapshot, benchUserRecord } from './fixtures/user-records.ts'
import { printRow } from './paired-runs.ts'

const USERS = 100_000
const IDLE_MS = 1_000

export async function benchLargeTenant(): Promise<void> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  const at = Date.UTC(2026, 10, 23, 8)
  const users = Array.from({ length: USERS }, (_, number) => benchUserRecord(number, 10, at, at))
  const snapshot = benchSnapshot(users)
  const context = tenantContextOf(snapshot, rules)
  const deps = { snapshot, context, clock: () => at, onChange: () => {}, isCurrent: () => true }
  const view = await measureStall('loaded', () => TenantView.open(deps))
  await measureStall('all statuses', () => view.statuses())
  await measureStall('all statuses by extension', () => view.statuses({ by: 'extension', language: null }))
  const position = view.position + 1
  const entry = { position, at, users: 'all' as const, vacated: [] }
  await measureStall('another language', () =>
    view.rebuild([entry], { ...snapshot, position, loggedAt: at }, { ...context, language: 'en' })
  )
  const search = { ...tenantFormat, filter: { q: `${USERS - 1}` }, at, limit: 10 }
  await measureStall('searched', () => findStatuses(view.moment(), search))
}

async function measureStall<T>(what: string, work: () => Promise<T>): Promise<T> {
  globalThis.gc?.()
  const idle = await longestStall(() => pause(IDLE_MS))
  const { result, seconds, stall } = await longestStall(work)
  printRow(
    `${USERS.toLocaleString('en')} users, ${what}: longest stall`,
    `${stall.toFixed(0)} ms`,
    `${idle.stall.toFixed(0)} ms idle`,
    `in ${seconds.toFixed(2)} s`,
    '≤ 20 ms'
  )
  return result
}

/** The stall in milliseconds. */
async function longestStall<T>(work: () => Promise<T>) {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const start = performance.now()
  const result = await work()
  const seconds = (performance.now() - start) / 1000
  loop.disable()
  return { result, seconds, stall: loop.max / 1e6 }
}
