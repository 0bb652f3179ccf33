/** What masked audiences read and are woken by, beside what the others are. */
import fc from 'fast-check'
import { type Audience, maskedAudience, unmaskedAudience } from '../../src/status/audience.ts'
import { requireCursor } from '../../src/status/cursor.ts'
import type { Status } from '../../src/status/status-members.ts'
import type { StatusService } from '../../src/status/status-service.ts'
import { tenantFormat } from '../../src/status/view-moment.ts'
import t from '../group/tap.ts'
import { catalogue, rulesWith } from '../support/rule-fixtures.ts'
import {
  addUsers,
  fixtureTimeline,
  MINUTE,
  never,
  openReplica,
  openTenant,
  START,
  saveTimeline
} from '../support/tenant-fixture.ts'

const diversions = catalogue.map((one) => (one.code === 'sick' ? { ...one, sensitive: true } : one))
const ownAudience: Audience = { sensitive: false, unmaskedUser: 'anna' }

async function open(t: Parameters<typeof openTenant>[0]) {
  const { store, clock } = await openTenant(t)
  const service = openReplica(t, { store, clock, defaultRules: rulesWith({ diversions }) })
  return { store, clock, service }
}

async function read(service: StatusService, audience: Audience) {
  const answer = await (await service.view('acme'))!.statuses({ ...tenantFormat, audience })
  const body = JSON.parse(Buffer.concat(answer.chunks).toString())
  return { etag: answer.etag, cursor: body.cursor as string, statuses: body.statuses as Status[] }
}

async function follow(service: StatusService, cursor: string, audience: Audience) {
  const format = { ...tenantFormat, audience }
  const found = (await service.changes('acme', requireCursor(cursor), { waitMs: 0, signal: never, format }))!
  return { cursor: found.cursor, changes: found.changes.map((json): Status => JSON.parse(json)) }
}

t.test('a masked audience reads the stand-in, a softphone its own user as they are', async (t) => {
  const { store, service } = await open(t)
  await addUsers(store, 'anna', 'bo', 'cia')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 60, 'sick'], [60, 90, 'out-of-office']), START)
  await saveTimeline(store, 'bo', fixtureTimeline([0, 60, 'meeting'], [60, 90, 'sick']), START)
  const plain = await read(service, unmaskedAudience)
  const masked = await read(service, maskedAudience)
  const own = await read(service, ownAudience)
  t.match(plain.statuses, [
    { diversion: 'sick', label: 'sick', until: '2026-11-23T09:00:00Z', next: { diversion: 'out-of-office' } },
    { diversion: 'meeting', next: { diversion: 'sick' } },
    { diversion: 'available' }
  ])
  t.match(masked.statuses, [
    { diversion: 'out-of-office', label: 'out-of-office', until: '2026-11-23T09:30:00Z', next: null },
    { diversion: 'meeting', next: { diversion: 'out-of-office' } },
    { diversion: 'available' }
  ])
  t.same(own.statuses, [plain.statuses[0], masked.statuses[1], masked.statuses[2]])
  t.equal(new Set([plain.etag, masked.etag, own.etag]).size, 3, 'their entity tags differ')
  const other = await read(service, { sensitive: false, unmaskedUser: 'cia' })
  t.equal(other.etag, masked.etag, 'of whom nothing is masked reads what all masked audiences read')
})

t.test('the bytes are kept for each audience', async (t) => {
  const { store, service } = await open(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 60, 'sick']), START)
  const view = (await service.view('acme'))!
  const masked = { ...tenantFormat, audience: maskedAudience }
  t.equal(view.keptStatuses(masked), null, 'made only when asked for')
  const answer = await view.statuses(masked)
  t.equal(view.keptStatuses(masked), answer)
  t.equal(view.keptStatuses(tenantFormat), null)
  t.not((await view.statuses()).etag, answer.etag)
  t.equal(view.keptStatuses(masked), answer, 'beside one another')
})

t.test('what only shows behind the mask wakes no masked audience', async (t) => {
  const { store, clock, service } = await open(t)
  await addUsers(store, 'anna')
  await saveTimeline(store, 'anna', fixtureTimeline([0, 2, 'sick'], [2, 90, 'out-of-office']), START)
  const { cursor } = await read(service, maskedAudience)
  clock.set(START + 2 * MINUTE)
  t.match((await follow(service, cursor, unmaskedAudience)).changes, [{ diversion: 'out-of-office' }])
  t.same((await follow(service, cursor, maskedAudience)).changes, [], 'a transition')
  t.match((await follow(service, cursor, ownAudience)).changes, [{ diversion: 'out-of-office' }])

  const before = (await read(service, maskedAudience)).cursor
  await saveTimeline(store, 'anna', fixtureTimeline([0, 90, 'sick']), START)
  t.match((await follow(service, before, unmaskedAudience)).changes, [{ diversion: 'sick' }])
  t.same((await follow(service, before, maskedAudience)).changes, [], 'an edit')
  t.match((await follow(service, before, ownAudience)).changes, [{ diversion: 'sick' }])

  await saveTimeline(store, 'anna', fixtureTimeline([0, 95, 'out-of-office']), START)
  t.match((await follow(service, before, maskedAudience)).changes, [{ until: '2026-11-23T09:35:00Z' }])
})

t.test('law: whoever follows a cursor holds what their audience reads', async (t) => {
  const { store, clock, service } = await open(t)
  await addUsers(store, 'anna', 'bo')
  let now = START
  clock.set(now)
  const audiences = [unmaskedAudience, maskedAudience, ownAudience]
  const followers = await Promise.all(
    audiences.map(async (audience) => {
      const { cursor, statuses } = await read(service, audience)
      return { audience, cursor, held: new Map(statuses.map((one) => [one.user, one])) }
    })
  )
  const step = fc.oneof(
    fc.record({ by: fc.nat(20) }),
    fc.record({
      user: fc.constantFrom('anna', 'bo'),
      pieces: fc.array(
        fc.tuple(fc.integer({ min: 1, max: 15 }), fc.constantFrom('sick', 'out-of-office', 'lunch')),
        {
          maxLength: 5
        }
      )
    })
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      for (const one of steps) {
        if ('by' in one) {
          now += one.by * MINUTE
          clock.set(now)
          continue
        }
        let start = (now - START) / MINUTE
        const pieces = one.pieces.map(([lasts, diversion]): [number, number, string] => {
          start += lasts
          return [start - lasts, start, diversion]
        })
        await saveTimeline(store, one.user, fixtureTimeline(...pieces), now)
      }
      for (const follower of followers) {
        const { cursor, changes } = await follow(service, follower.cursor, follower.audience)
        follower.cursor = cursor
        for (const status of changes) follower.held.set(status.user, status)
        const { statuses } = await read(service, follower.audience)
        if (JSON.stringify([...follower.held.values()]) !== JSON.stringify(statuses)) return false
        if (follower.audience === maskedAudience && JSON.stringify(changes).includes('sick')) return false
      }
      return true
    }),
    { numRuns: 60 }
  )
  t.pass('held')
})
