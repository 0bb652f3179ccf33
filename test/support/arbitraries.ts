/** What happens to a tenant, for laws: as management and sync write it, in any order. */
import fc from 'fast-check'
import type { Override } from '../../src/domain/override.ts'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import type { Store } from '../../src/storage/store.ts'
import { fixtureTimeline, fixtureUser, MINUTE, START } from './tenant-fixture.ts'

export const userIds = ['anna', 'bo', 'cia']
const anyUser = fc.constantFrom(...userIds)
const minutes = fc.nat(40)

/** What happens to a tenant; `time` in seconds. */
export const tenantEvent = fc.oneof(
  fc.record({ kind: fc.constant('time' as const), by: fc.nat(1200) }),
  fc.record({
    kind: fc.constant('calendar' as const),
    user: anyUser,
    at: fc.array(minutes, { maxLength: 6 })
  }),
  fc.record({ kind: fc.constant('confirm' as const), user: anyUser }),
  fc.record({ kind: fc.constant('override' as const), user: anyUser, until: fc.option(minutes) }),
  fc.record({ kind: fc.constant('gone' as const), user: anyUser }),
  fc.record({ kind: fc.constant('tenant' as const), name: fc.constantFrom('Acme', 'Ajax') })
)
type Event = typeof tenantEvent extends fc.Arbitrary<infer E> ? E : never

/** As management and sync write, at the instant. */
export async function applyTenantEvent(
  store: Store,
  one: Exclude<Event, { kind: 'time' }>,
  now: number
): Promise<void> {
  if (one.kind === 'tenant') {
    await store.saveTenant({ id: 'acme', name: one.name, timeZone: 'Europe/Stockholm', language: 'sv' }, now)
    return
  }
  const known = await store.record('acme', one.user)
  if (one.kind === 'gone') {
    if (known === null) {
      await store.saveUsers(
        'acme',
        [{ user: fixtureUser(one.user), sync: initialSyncRecord(true, now) }],
        now
      )
    } else await store.removeUsers('acme', [one.user], now)
  } else if (one.kind === 'override') {
    const until = one.until === null ? null : now + (one.until + 1) * MINUTE
    const override: Override = { diversion: 'sick', from: now, until }
    await store.saveOverride('acme', one.user, override, now)
  } else if (known === null) return
  else if (one.kind === 'confirm') {
    const { confirmedAt } = known.sync
    // It can be seen if the calendar was stale.
    const visible = confirmedAt === null || confirmedAt + 4 * MINUTE <= now
    const sync = { ...known.sync, confirmedAt: now, freshSince: visible ? now : known.sync.freshSince }
    await store.saveReadings('acme', [{ user: one.user, sync, timeline: 'same', visible }], now)
  } else {
    const from = Math.floor((now - START) / MINUTE)
    const marks = [...new Set(one.at)].sort((a, b) => a - b)
    const pieces = marks.flatMap((mark, index): [number, number, string][] => {
      const next = marks[index + 1]
      return next === undefined ? [] : [[from - 20 + mark, from - 20 + next, index % 2 ? 'lunch' : 'meeting']]
    })
    const sync = { ...known.sync, confirmedAt: now, freshSince: now }
    const outcome = { user: one.user, sync, timeline: fixtureTimeline(...pieces), visible: true }
    await store.saveReadings('acme', [outcome], now)
  }
}
