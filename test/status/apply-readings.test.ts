/** A replica over Redis takes over what a write of readings saved, without reading it: when it may, and that it is the same. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { initialSyncRecord, markFailed } from '../../src/domain/sync-state.ts'
import { StatusService } from '../../src/status/status-service.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import type { ReadingOutcome } from '../../src/storage/store.ts'
import t from '../group/tap.ts'
import { partitionedStore } from '../support/partitioned-store.ts'
import { startRedis } from '../support/redis-server.ts'
import { rulesWith } from '../support/rule-fixtures.ts'
import { settableClock } from '../support/settable-clock.ts'
import {
  addUsers,
  fixtureTimeline,
  fixtureUser,
  readStatuses,
  START,
  saveTimeline,
  statusesBytes
} from '../support/tenant-fixture.ts'

const redis = await startRedis(t)
const ids = ['anna', 'bo', 'cia']

/** A writer and a replica, each with a store of its own. `reads` counts what the replica reads of the tenant after the beginning. */
async function open(t: Test) {
  const [writer, own] = await Promise.all([0, 1].map(() => openRedis({ address: redisAddress(redis.url) })))
  await writer!.removeTenant('acme')
  await writer!.saveTenant({ id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }, START)
  await addUsers(writer!, ...ids, 'dora')
  const line = partitionedStore(own!)
  const reads = { count: 0 }
  const counting = {
    ...line,
    readAfter: (...args: Parameters<typeof line.readAfter>) => {
      reads.count += 1
      return line.readAfter(...args)
    },
    snapshot: (tenant: string) => {
      reads.count += 1
      return line.snapshot(tenant)
    }
  }
  const clock = settableClock(START)
  const rules = rulesWith()
  const service = new StatusService({ store: counting, defaultRules: rules, clock })
  const fresh = new StatusService({ store: writer!, defaultRules: rules, clock })
  t.teardown(async () => {
    service.close()
    fresh.close()
    await Promise.all([writer!.close(), own!.close()])
  })
  await service.view('acme')
  reads.count = 0
  /** Resolves when the replica holds everything that was written so far: a write of its own store comes after all others. */
  const settle = async () => {
    const sync = { ...initialSyncRecord(true, START), confirmedAt: clock(), freshSince: START }
    const last = { user: 'dora', sync, timeline: 'same' as const, visible: false }
    await own!.saveReadings('acme', [last], clock())
    line.deliverEvents(Infinity)
    await service.view('acme')
  }
  return { writer: writer!, line, service, fresh, clock, reads, settle }
}

const meeting = (from: number) => fixtureTimeline([from, from + 30, 'meeting'])

t.test('a reading that another process saved is applied without reading the store', async (t) => {
  const { writer, service, reads, settle } = await open(t)
  for (let round = 0; round < 5; round++) {
    await saveTimeline(writer, ids[round % 3]!, meeting(-round), START + round)
    await settle()
  }
  t.equal(reads.count, 0)
  t.match((await readStatuses(service)).statuses, [
    { user: 'anna', diversion: 'meeting', since: '2026-11-23T07:57:00Z' },
    { user: 'bo', diversion: 'meeting' },
    { user: 'cia', diversion: 'meeting' },
    { user: 'dora', diversion: 'available' }
  ])

  await writer.saveOverride('acme', 'anna', { diversion: 'lunch', from: START, until: null }, START)
  await settle()
  t.ok(reads.count > 0, 'other writes are read')
  reads.count = 0
  await saveTimeline(writer, 'anna', meeting(-9), START + 9)
  await settle()
  t.equal(reads.count, 0, 'and readings after them are not')
  t.match((await readStatuses(service)).statuses[0], { diversion: 'lunch', source: 'override' })
})

t.test('a write of more than 64 kB is read', async (t) => {
  const { writer, service, reads, settle } = await open(t)
  const long = fixtureTimeline(
    ...Array.from({ length: 5_000 }, (_, place): [number, number, string] => [
      2 * place - 1,
      2 * place + 1,
      place % 2 === 0 ? 'meeting' : 'lunch'
    ])
  )
  await saveTimeline(writer, 'anna', long, START)
  await settle()
  t.ok(reads.count > 0)
  t.match((await readStatuses(service)).statuses[0], { diversion: 'meeting' })
})

t.test(
  'law: whenever all events have come, the replica says what one says that has just read everything',
  async (t) => {
    const { writer, line, service, fresh, clock, reads, settle } = await open(t)
    line.delayEvents()
    let at = START
    let applied = 0
    const outcome = (user: string, kind: number): ReadingOutcome => {
      const sync = {
        ...initialSyncRecord(true, START),
        confirmedAt: at,
        freshSince: START,
        detail: 'subjects' as const
      }
      if (kind === 0) return { user, sync, timeline: 'same', visible: false }
      if (kind === 1) return { user, sync, timeline: meeting((at % 60) - 30), visible: true }
      const failed = markFailed(sync, at, { code: 'unreachable', hint: 'Check it.' })
      return { user, sync: failed, timeline: 'same', visible: kind === 2 }
    }
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('read' as const),
          outcomes: fc.array(fc.tuple(fc.constantFrom(...ids), fc.nat(3)), { minLength: 1, maxLength: 3 })
        })
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom('override' as const, 'rename' as const),
          user: fc.constantFrom(...ids)
        })
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('deliver' as const), max: fc.integer({ min: 1, max: 3 }) })
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) }
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        for (const one of [...steps, { kind: 'settle' as const }]) {
          at += 1000
          clock.set(at)
          if (one.kind === 'read') {
            await writer.saveReadings(
              'acme',
              one.outcomes.map(([user, kind]) => outcome(user, kind)),
              at
            )
            applied += 1
          } else if (one.kind === 'rename') {
            const user = { ...fixtureUser(one.user), displayName: `${one.user} ${at}` }
            await writer.saveUsers('acme', [{ user, sync: null }], at)
          } else if (one.kind === 'override') {
            await writer.saveOverride(
              'acme',
              one.user,
              { diversion: 'lunch', from: at, until: at + 5000 },
              at
            )
          } else if (one.kind === 'deliver') {
            line.deliverEvents(one.max)
            await service.view('acme')
          } else {
            await settle()
            const cursorless = async (which: StatusService) => (await readStatuses(which)).statuses
            t.strictSame(await cursorless(service), await cursorless(fresh))
          }
        }
      }),
      { numRuns: 60 }
    )
    t.ok(reads.count < applied, `of ${applied} writes of readings some were not read (${reads.count} reads)`)
    t.ok(await statusesBytes(service))
  }
)
