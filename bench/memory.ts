/** Memory per user in the view: with 60 intervals, and with 10 up to a million users. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { packFolder } from '../src/composition.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { TenantView } from '../src/status/tenant-view.ts'
import { tenantContextOf } from '../src/status/user-state.ts'
import { benchSnapshot, benchUserRecord } from './fixtures/user-records.ts'
import { printRow } from './paired-runs.ts'

/** Users in one tenant; larger numbers are spread over tenants of this size, as a provider's are. */
const TENANT = 1000

export async function benchMemory(): Promise<void> {
  const sixty = await perUser(10_000, 60)
  printRow(
    'memory per user, 60 intervals, 10,000 users',
    `${(sixty / 1000).toFixed(2)} kB`,
    '–',
    '–',
    '≤ 4 kB'
  )
  const small = await perUser(10_000, 10)
  for (const users of [10_000, 100_000, 1_000_000]) {
    const each = users === 10_000 ? small : await perUser(users, 10)
    printRow(
      `memory per user, 10 intervals, ${users.toLocaleString('en')} users`,
      `${(each / 1000).toFixed(2)} kB`,
      `${(small / 1000).toFixed(2)} kB`,
      (each / small).toFixed(2),
      '≤ 2.2 kB, and linear: 1.0 × that of 10,000'
    )
  }
}

async function perUser(users: number, intervals: number): Promise<number> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  const at = Date.UTC(2026, 10, 23, 8)
  const before = await usedBytes()
  const views: TenantView[] = []
  for (let first = 0; first < users; first += TENANT) {
    const snapshot = benchSnapshot(
      Array.from({ length: TENANT }, (_, number) => benchUserRecord(first + number, intervals, at, at))
    )
    const view = await TenantView.open({
      snapshot,
      context: tenantContextOf(snapshot, rules),
      clock: () => at,
      onChange: () => {},
      isCurrent: () => true
    })
    await view.statuses()
    views.push(view)
  }
  const after = await usedBytes()
  if (views.length * TENANT < users) throw new Error('too few users')
  return (after - before) / users
}

/** Bytes on V8's heap and in array buffers, after what can go is gone. */
export async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
