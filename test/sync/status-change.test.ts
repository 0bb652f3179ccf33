/** What of a reading consumers can see, where it is not obvious. */

import { Mask } from '../../src/domain/mask.ts'
import { initialSyncRecord, type SyncRecord } from '../../src/domain/sync-state.ts'
import type { Cause } from '../../src/domain/timeline.ts'
import { changesStatus } from '../../src/sync/batch/status-change.ts'
import { sampleCause, sampleTimeline, sampleUser } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { rulesWith } from '../support/rule-fixtures.ts'

const confirmed = (at: number): SyncRecord => ({
  ...initialSyncRecord(true, 0),
  confirmedAt: at,
  freshSince: 1
})
const held = (sync: SyncRecord) => ({
  user: sampleUser('anna'),
  override: null,
  absences: [],
  timeline: null,
  sync
})

t.test('a confirmation in the nick of time is seen, one in good time is not', async (t) => {
  const hour = 3_600_000
  const staleAfter = 240_000
  const seen = (before: SyncRecord, after: SyncRecord, at: number, within = staleAfter) =>
    changesStatus(held(before), { sync: after, timeline: 'same' }, within, at, null)
  t.equal(seen(confirmed(hour), confirmed(hour + 120_000), hour + 121_000), false)
  t.equal(seen(confirmed(hour), confirmed(hour + 229_000), hour + 229_900), false)
  t.equal(
    seen(confirmed(hour), confirmed(hour + 230_000), hour + 231_000),
    true,
    'whoever receives it late showed stale'
  )
  t.equal(seen(confirmed(hour), confirmed(hour + 241_000), hour + 242_000), true, 'it was stale')
  t.equal(
    seen(confirmed(hour), confirmed(hour + 10_000), hour + 10_500, 20_000),
    false,
    'a quick poll as usual'
  )
  const failed = { ...confirmed(hour), failedSince: hour + 60_000 }
  t.equal(seen(confirmed(hour), failed, hour + 235_000), false, 'a failure makes nobody less stale')
  const watched = { ...confirmed(hour), subscribed: true }
  const failing = { ...watched, failedSince: 7 * hour - 300_000 }
  t.equal(
    seen(watched, { ...watched, confirmedAt: 6 * hour }, 6 * hour + 500),
    false,
    'a reconciliation as usual'
  )
  t.equal(seen(failing, { ...watched, confirmedAt: 7 * hour - 62_000 }, 7 * hour - 61_000), true)
})

t.test('whatever an interval shows is seen, and what it does not show is not', async (t) => {
  const hour = 3_600_000
  const timeline = (more: Partial<Cause>) => {
    const cause = { ...sampleCause(0), ...more }
    return { ...sampleTimeline([cause]), boundaries: Float64Array.of(hour, 2 * hour) }
  }
  const sync = confirmed(hour)
  const seen = (more: Partial<Cause>, at: number) =>
    changesStatus(
      { ...held(sync), timeline: timeline({}) },
      { sync, timeline: timeline(more) },
      10 * hour,
      at,
      null
    )
  for (const at of [hour + 1, 3 * hour]) {
    t.equal(seen({ forwardTo: '1075' }, at), true, 'now, and within the life of a cursor')
    t.equal(seen({ phone: 'open' }, at), true)
    t.equal(seen({ index: 7, private: true }, at), false)
  }
})

t.test('what a masked audience alone can see is seen', async (t) => {
  const hour = 3_600_000
  const cause = (diversion: string): Cause => ({ ...sampleCause(0), diversion })
  const timeline = (codes: string[], ...boundaries: number[]) => ({
    // The last leaves the phone open: else it is seen in `reachableAt`.
    ...sampleTimeline(codes.map(cause).map((one, place) => (place === 2 ? { ...one, phone: 'open' } : one))),
    boundaries: Float64Array.from(boundaries.map((hours) => hours * hour))
  })
  const before = timeline(['sick', 'out-of-office', 'sick'], 1, 2, 2, 3, 3, 4)
  const after = timeline(['sick', 'out-of-office', 'sick'], 1, 2, 2, 3, 3, 5)
  const sync = confirmed(hour)
  const seen = (mask: Mask | null) =>
    changesStatus({ ...held(sync), timeline: before }, { sync, timeline: after }, 10 * hour, 1.5 * hour, mask)
  t.equal(seen(null), false, 'neither the present run nor the next one')
  const rules = rulesWith()
  const diversions = rules.diversions.map((one) => (one.code === 'sick' ? { ...one, sensitive: true } : one))
  t.equal(seen(new Mask({ ...rules, diversions })), true, 'masked it is one run, and ends later')
})
