/** The law of cursors: whoever follows one, however rarely, holds what holds. */
import fc from 'fast-check'
import type { Override } from '../../src/domain/override.ts'
import type { Status } from '../../src/status/status-members.ts'
import t from '../group/tap.ts'
import {
  addUsers,
  fetchChanges,
  fixtureTimeline,
  MINUTE,
  openTenant,
  readStatuses,
  START,
  saveTimeline
} from '../support/tenant-fixture.ts'

t.test('law: a consumer that follows its cursor, however rarely, holds what holds', async (t) => {
  const { store, clock, service } = await openTenant(t)
  const ids = ['anna', 'bo', 'cia']
  await addUsers(store, ...ids)
  let now = START
  const held = new Map<string, Status>()
  let cursor = ''
  const restart = async () => {
    const answer = await readStatuses(service)
    held.clear()
    for (const status of answer.statuses) held.set(status.user, status)
    cursor = answer.cursor
  }
  await restart()
  const minutes = fc.nat(40)
  const step = fc.oneof(
    minutes.map((by) => ({ kind: 'time' as const, by })),
    fc.record({
      kind: fc.constant('calendar' as const),
      user: fc.constantFrom(...ids),
      at: fc.array(minutes, { maxLength: 6 })
    }),
    fc.record({
      kind: fc.constant('override' as const),
      user: fc.constantFrom(...ids),
      until: fc.option(minutes)
    }),
    fc.record({ kind: fc.constant('look' as const) })
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      for (const one of steps) {
        if (one.kind === 'time') {
          now += one.by * MINUTE
          clock.set(now)
        } else if (one.kind === 'calendar') {
          const from = (now - START) / MINUTE
          const marks = [...new Set(one.at)].sort((a, b) => a - b)
          const pieces = marks.flatMap((mark, index): [number, number, string][] => {
            const next = marks[index + 1]
            return next === undefined
              ? []
              : [[from - 20 + mark, from - 20 + next, index % 2 ? 'lunch' : 'meeting']]
          })
          await saveTimeline(store, one.user, fixtureTimeline(...pieces), now)
        } else if (one.kind === 'override') {
          const override: Override = {
            diversion: 'sick',
            from: now,
            until: one.until === null ? null : now + (one.until + 1) * MINUTE
          }
          await store.saveOverride('acme', one.user, override, now)
        } else {
          const answer = await fetchChanges(service, cursor)
          cursor = answer.cursor
          for (const status of answer.changes) held.set(status.user, status)
          t.same(
            [...held.values()].sort((a, b) => (a.user < b.user ? -1 : 1)),
            (await readStatuses(service)).statuses
          )
        }
      }
    }),
    { numRuns: 60 }
  )
})
