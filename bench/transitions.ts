/** A hundred thousand users switch on the same second: how long until `changes` has them all, and what is written. */

import { packFolder } from '../src/composition.ts'
import { loadPacks } from '../src/management/load-packs.ts'
import { requireCursor } from '../src/status/cursor.ts'
import { TenantView } from '../src/status/tenant-view.ts'
import { tenantContextOf } from '../src/status/user-state.ts'
import { tenantFormat } from '../src/status/view-moment.ts'
import { benchSnapshot, benchUserRecord } from './fixtures/user-records.ts'
import { median, printRow } from './paired-runs.ts'

const USERS = 100_000

export async function benchTransitions(): Promise<void> {
  const rules = (await loadPacks(packFolder)).get('infracom')!
  const nine = Date.UTC(2026, 10, 23, 8)
  const seconds: number[] = []
  /** What it would take on a machine of its own. */
  const cpu: number[] = []
  for (let round = 0; round < 5; round++) {
    let now = nine - 60_000
    const users = Array.from({ length: USERS }, (_, number) => benchUserRecord(number, 10, nine, now))
    const snapshot = benchSnapshot(users)
    const view = await TenantView.open({
      snapshot,
      context: tenantContextOf(snapshot, rules),
      clock: () => now,
      onChange: () => {},
      isCurrent: () => true
    })
    const { cursor } = JSON.parse((await view.statuses()).body.toString('utf8')) as { cursor: string }
    now = nine
    const before = process.cpuUsage()
    const start = performance.now()
    const changes = await view.changesSince(requireCursor(cursor), tenantFormat, async () => null)
    const body = changes?.changes.join(',') ?? ''
    seconds.push((performance.now() - start) / 1000)
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / 1e6)
    if (changes?.changes.length !== USERS) throw new Error('not everybody switched')
    if (body.length === 0) throw new Error('nothing was written out')
  }
  printRow(
    `${USERS.toLocaleString('en')} users switch on the same second`,
    `${median(seconds).toFixed(2)} s`,
    `${median(cpu).toFixed(2)} s CPU`,
    `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)} s`,
    'all in `changes` ≤ 1 s, nothing written'
  )
}
