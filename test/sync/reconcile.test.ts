/** Reconciliation: edits without a notification are found, counted and repaired, with few requests on a day without edits. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { Semaphore } from '../../src/lib/semaphore.ts'
import { RuleCache } from '../../src/sync/batch/rule-cache.ts'
import { SavedRecordCache } from '../../src/sync/batch/saved-records.ts'
import { FairQueue, queueLimits } from '../../src/sync/queue/fair-queue.ts'
import { ReconcileSchedule } from '../../src/sync/scheduling/reconcile-schedule.ts'
import type { SyncDeps } from '../../src/sync/sync-deps.ts'
import { TargetRegistry } from '../../src/sync/targets/target-registry.ts'
import { TenantSync } from '../../src/sync/tenant-sync.ts'
import t from '../group/tap.ts'
import { calendarEvent, startFakeCalendarServer } from '../support/fake-calendar-server.ts'
import { harnessRules, hourMs, minuteMs, openSyncHarness, polling } from '../support/sync-harness.ts'

const eight = Date.UTC(2026, 10, 23, 8)
const at = (hours: number) => eight + hours * hourMs
const day = 24 * hourMs

/** One tenant whose calendars are all watched, looked after every minute instead of four times a second. */
async function reconciledTenant(
  t: Test,
  people: number,
  store?: (real: SyncDeps['store']) => SyncDeps['store']
) {
  const all = await openSyncHarness(t, { side: await startFakeCalendarServer(20) })
  const { side, time, until, record } = all
  side.newSubscriptions = 'active'
  const ids = Array.from({ length: people }, (_, index) => `user${index}`)
  for (const id of ids) side.calendars.set(`${id}@acme.example`, [calendarEvent('MÖT', at(1), at(2))])
  await all.tenant('acme')
  await all.people('acme', Object.fromEntries(ids.map((id) => [id, {}])))
  const needs: SyncDeps = {
    store: store?.(all.store) ?? all.store,
    openConnector: (_tenant, connection) =>
      side.connector(connection as Parameters<typeof side.connector>[0]),
    sealer: all.seal,
    defaultRules: harnessRules,
    ruleCache: new RuleCache(),
    savedRecords: new SavedRecordCache(),
    tenantLoads: new Semaphore(8),
    clock: time.clock,
    timers: time.timers,
    random: () => 0.5,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: all.metrics,
    publishStatus: null
  }
  const queue = new FairQueue(
    { batchSize: () => 20, read: (_tenant, keys, signal) => reading.read(keys, signal) },
    queueLimits,
    time.timers
  )
  all.metrics.observeQueue(() => queue.depth())
  const reading = new TenantSync('acme', needs, queue, () => {})
  t.teardown(async () => {
    await queue.close()
    await reading.close()
  })
  await time.run(1000)
  for (const id of ids) await until(async () => (await record('acme', id)).sync.subscribed)
  await time.run(10_000)
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += minuteMs) {
      reading.runDue()
      await time.run(minuteMs)
    }
  }
  const requests = () => side.requests.length + side.fingerprintRequests.length
  return { ...all, ids, reading, pass, requests }
}

t.test(
  'a day without edits costs a quarter of a request per mailbox and hour, and one for the tenant',
  async (t) => {
    for (const prints of ['given', 'none'] as const) {
      for (const people of [1, 2, 6, 21]) {
        const { side, ids, pass, requests, state, counted } = await reconciledTenant(t, people)
        side.fingerprints = prints
        const begun = requests()
        for (let hours = 0; hours < 24; hours++) {
          await pass(hourMs)
          for (const id of ids) if ((await state('acme', id)) !== 'fresh') t.fail(`${id} at ${hours}`)
        }
        const first = (requests() - begun) / people / 24
        const next = requests()
        await pass(day)
        const second = (requests() - next) / people / 24
        const figures = `${people} mailboxes, fingerprints ${prints}: ${second.toFixed(3)} an hour, ${first.toFixed(3)} on the first day`
        t.comment(figures)
        // One renewal of a subscription in six days comes on top.
        t.ok(second + 1 / 6 / 24 <= 0.25 + 1 / people, figures)
        t.equal(counted('missed'), 0, 'a window that moved is no missed notification')
      }
    }
  }
)

t.test(
  'a subscribed calendar counts as current until reading fails; an unreadable one is counted apart',
  async (t) => {
    const { side, ids, reading, pass, time } = await reconciledTenant(t, 3)
    const behind = () => time.clock() - (reading.figures.oldestSyncAt() ?? 0)
    await pass(2 * hourMs)
    t.equal(behind(), 0)
    side.calendars.delete(`${ids[0]}@acme.example`)
    side.edited(`${ids[0]}@acme.example`)
    await pass(minuteMs)
    t.ok(behind() > minuteMs / 2, `${behind()}`)
    t.equal(reading.figures.countUnreadable(), 0)
    await pass(hourMs)
    t.equal(behind(), 0, 'one dead address is no lag of the tenant')
    t.equal(reading.figures.countUnreadable(), 1)
  }
)

t.test('an edit whose notification was lost is found by reconciliation, counted and repaired', async (t) => {
  const { side, pass, timeline, counted, until, bytes } = await reconciledTenant(t, 8)
  side.fingerprints = 'given'
  await pass(hourMs)
  t.notOk((await bytes()).includes(`${at(1)},${at(2)},"busy"`), 'digests are in memory alone')
  side.calendars.set('user3@acme.example', [calendarEvent('MÖT', at(4), at(5))])
  await pass(61 * minuteMs)
  await until(async () => (await timeline('acme', 'user3'))[0] === 'meeting 4–5')
  t.equal(counted('missed'), 1)
  t.equal(counted('reconciled different'), 1)
  t.ok(counted('reconciled same') >= 7)
  await pass(2 * hourMs)
  t.equal(counted('missed'), 1, 'once')
})

t.test(
  'an edit that availability does not show is found within a day; notified, it does not count as missed',
  async (t) => {
    const { side, pass, timeline, counted, until } = await reconciledTenant(t, 8)
    side.fingerprints = 'given'
    await pass(hourMs)
    side.calendars.set('user3@acme.example', [calendarEvent('paus', at(1), at(2))])
    side.calendars.set('user4@acme.example', [calendarEvent('MÖT', at(9), at(9.5))])
    side.edited('user4@acme.example')
    // On the day that comes into the window tonight.
    side.calendars.set('user5@acme.example', [
      calendarEvent('MÖT', at(1), at(2)),
      calendarEvent('MÖT', at(24 * 15), at(24 * 15 + 1))
    ])
    await until(async () => (await timeline('acme', 'user4'))[0] === 'meeting 9–9.5')
    await pass(17 * hourMs)
    await until(async () => (await timeline('acme', 'user3'))[0] === 'busy 1–2')
    await until(async () => (await timeline('acme', 'user5')).length === 2)
    t.equal(counted('missed'), 1)
  }
)

t.test('where fingerprints are missing or fail, everything is read all the same', async (t) => {
  const { side, pass, state, counted, time } = await reconciledTenant(t, 4)
  side.fingerprints = 'hanging'
  const reads = side.requests.length
  await pass(61 * minuteMs)
  await time.run(minuteMs)
  t.equal(side.fingerprintRequests.length, 1)
  t.equal(side.requests.length, reads + 4)
  t.equal(counted('reconciled unknown'), 4)
  await pass(6 * hourMs)
  t.equal(await state('acme', 'user0'), 'fresh')
  t.equal(side.fingerprintRequests.length, 1, 'it is not tried again before tomorrow')
})

t.test(
  'when all subscriptions become inactive at once the calendars are polled within the interval, spread over it',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 10, max: 600 }),
        fc.nat(10_000_000),
        async (people, batchSize, seconds, from) => {
          const interval = seconds * 1000
          const targets = new TargetRegistry(() => () => {})
          const record = {
            sync: initialSyncRecord(true, 0),
            user: { triggers: [] }
          } as unknown as Parameters<typeof targets.apply>[1]
          for (let index = 0; index < people; index++) {
            const key = `${(index * 7919) % 10_007}-${index}`
            targets.apply(key, record, { key, mailbox: key, timeZone: 'UTC' })
          }
          let isActive = true
          const plan = new ReconcileSchedule('acme', interval, batchSize, targets, () => isActive)
          await plan.plan(from)
          for (let now = from; now < from + interval; now += 1000)
            if (plan.takeDue(now).poll.length > 0) return false
          isActive = false
          const beat = 250
          const polled = new Set<string>()
          const most = (Math.ceil((beat / interval) * Math.ceil(people / batchSize)) + 1) * batchSize
          const start = from + interval
          for (let now = start; now <= start + interval + 1000; now += beat) {
            const { poll, reconcile } = plan.takeDue(now)
            if (reconcile.length > 0) return false
            // The first look makes up for what the thousand milliseconds between looks left.
            if (now > start && poll.length > most) return false
            for (const key of poll) polled.add(key)
          }
          return polled.size === people
        }
      ),
      { numRuns: 25 }
    )
    t.pass()
  }
)

t.test('after a gap in the feed, only the calendars that it concerns are read', async (t) => {
  const now = { dropsEvents: false, losing: false }
  let gap = () => {}
  const { side, ids, store, people, time, reading, record, until, timeline } = await reconciledTenant(
    t,
    5,
    (real) => ({
      ...real,
      saveReadings: async (tenant, outcomes, at) =>
        now.losing ? outcomes.map(({ user }) => user) : real.saveReadings(tenant, outcomes, at),
      follow(tenant, onEvent) {
        gap = () => onEvent({ kind: 'gap' }, null)
        return real.follow(tenant, (event, saved) => now.dropsEvents || onEvent(event, saved))
      }
    })
  )
  side.calendars.set('new@acme.example', [calendarEvent('MÖT', at(6), at(7))])
  side.calendars.set('user2@acme.example', [calendarEvent('MÖT', at(8), at(9))])
  now.dropsEvents = now.losing = true
  await store.removeUsers('acme', [ids[0]!], time.clock())
  await people('acme', { new: {}, user1: { triggers: [{ match: 'word', text: 'möt', diversion: 'lunch' }] } })
  await reading.readNow(['user2'])
  await time.run(polling * 1000)
  t.same(await timeline('acme', 'user2'), ['meeting 1–2'], 'acknowledged, and lost')
  const asked = side.requests.length
  now.dropsEvents = now.losing = false
  gap()
  await until(async () => (await timeline('acme', 'new'))[0] === 'meeting 6–7')
  await until(async () => (await timeline('acme', 'user1'))[0] === 'lunch 1–2')
  await until(async () => (await timeline('acme', 'user2'))[0] === 'meeting 8–9')
  await reading.whenIdle()
  await time.run(polling * 1000)
  const read = new Set(side.requests.slice(asked).map(({ mailbox }) => mailbox.split('@')[0]))
  t.same([...read].sort(), ['new', 'user1', 'user2'])
  t.equal(side.stopped.length, 1, 'who is gone is let go')
  t.equal(side.opened.count, 1, 'over the same connection')
  t.ok((await record('acme', 'user3')).sync.subscribed)
})
