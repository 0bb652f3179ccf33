/**
 * For how long a tenant of 100,000 users holds the event loop: when it is loaded, answered, relabelled, and searched, when
 * everybody changes, and when the clock is set back.
 */
import { packFolder } from '../src/composition.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { requireCursor } from '../src/status/cursor.ts'
import { findStatuses } from '../src/status/find-statuses.ts'
import { TenantView } from '../src/status/tenant-view.ts'
import { inLanguage, tenantContextOf } from '../src/status/user-state.ts'
import { tenantFormat } from '../src/status/view-moment.ts'
import { benchSnapshot, benchUserRecord } from './fixtures/user-records.ts'
import { measureLongestTurn } from './longest-turn.ts'
import { printRow } from './paired-runs.ts'

const USERS = 100_000
const HOUR = 3_600_000

export async function benchLargeTenant(): Promise<void> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  const at = Date.UTC(2026, 10, 23, 8)
  let now = at
  const users = Array.from({ length: USERS }, (_, number) => benchUserRecord(number, 10, at, at))
  const snapshot = benchSnapshot(users)
  const context = tenantContextOf(snapshot, rules)
  const deps = { snapshot, context, clock: () => now, onChange: () => {}, isCurrent: () => true }
  const byExtension = { ...tenantFormat, by: 'extension' as const }
  const view = await measureStall('loaded', () => TenantView.open(deps))
  const { chunks } = await measureStall('all statuses', () => view.statuses())
  await measureStall('all statuses by extension', () => view.statuses(byExtension))
  const position = view.position + 1
  const all = { position, at, users: 'all' as const, vacated: [] }
  await measureStall('another language', () =>
    view.rebuild([all], { ...snapshot, position, loggedAt: at }, inLanguage(context, 'en'))
  )
  const named = { ...all, position: position + 1, users: users.map(({ user }) => user.id) }
  await measureStall('everybody was changed', () =>
    view.rebuild([named], { ...snapshot, position: position + 1, loggedAt: at }, context)
  )
  const { cursor } = JSON.parse(Buffer.concat(chunks).toString()) as { cursor: string }
  await measureStall('all in changes by extension', () =>
    view.changesSince(requireCursor(cursor), byExtension, async () => [all, named])
  )
  const search = { ...tenantFormat, filter: { q: `${USERS - 1}` }, at, limit: 10 }
  await measureStall('searched', () => findStatuses(view.moment(), search))
  now = at - HOUR
  await measureStall('the clock was set back', () => view.statuses())
}

async function measureStall<T>(what: string, work: () => Promise<T>): Promise<T> {
  globalThis.gc?.()
  const { result, seconds, longestMs } = await measureLongestTurn(work)
  printRow(
    `${USERS.toLocaleString('en')} users, ${what}: longest stall`,
    `${longestMs.toFixed(0)} ms CPU`,
    '–',
    `in ${seconds.toFixed(2)} s`,
    '≤ 20 ms'
  )
  return result
}
