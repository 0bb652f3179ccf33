/** When polls fall due, how long failures keep away, and which days are read. */
import fc from 'fast-check'
import { windowAt } from '../../src/domain/window.ts'
import { RemoteError, syncCodes } from '../../src/errors.ts'
import { runAtOnce } from '../../src/lib/steps.ts'
import { retryDelay } from '../../src/sync/queue/retry-policy.ts'
import { PollSchedule, sortTargets } from '../../src/sync/scheduling/poll-schedule.ts'
import t from '../group/tap.ts'

const day = 86_400_000
const beat = 250

const tenants = fc.record({
  tenant: fc.string({ minLength: 1, maxLength: 8 }),
  targets: fc.uniqueArray(fc.base64String({ minLength: 4, maxLength: 8 }), { minLength: 1, maxLength: 120 }),
  batchSize: fc.integer({ min: 1, max: 20 }),
  interval: fc.integer({ min: 10, max: 300 }).map((seconds) => seconds * 1000),
  from: fc.nat(10_000_000)
})

/** Lets a schedule run, and says when each target fell due. */
function plan(polls: PollSchedule, targets: Iterable<string>, now: number): void {
  runAtOnce(polls.plan(runAtOnce(sortTargets(targets)), now))
}

function dues(polls: PollSchedule, from: number, until: number): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (let now = from + beat; now <= until; now += beat) {
    for (const target of polls.takeDue(now)) found.set(target, [...(found.get(target) ?? []), now])
  }
  return found
}

t.test('everybody is polled exactly once in each interval, at a time of their own', async (t) => {
  fc.assert(
    fc.property(tenants, ({ tenant, targets, batchSize, interval, from }) => {
      const polls = new PollSchedule(tenant, interval, batchSize)
      plan(polls, targets, from)
      const found = dues(polls, from, from + 4 * interval)
      return targets.every((target) => {
        const times = found.get(target) ?? []
        const gaps = times.slice(1).map((time, index) => time - times[index]!)
        return times.length === 4 && gaps.every((gap) => Math.abs(gap - interval) <= beat)
      })
    }),
    { numRuns: 40 }
  )
  t.pass()
})

t.test('polls are spread evenly, in full batches', async (t) => {
  fc.assert(
    fc.property(tenants, ({ tenant, targets, batchSize, interval, from }) => {
      const polls = new PollSchedule(tenant, interval, batchSize)
      plan(polls, targets, from)
      const batches = Math.ceil(targets.length / batchSize)
      const part = interval / 4
      const most = (Math.ceil((part / interval) * batches) + 1) * batchSize
      for (let quarter = 0; quarter < 4; quarter++) {
        const start = from + quarter * part
        const found = [...dues(polls, start, start + part).values()].flat()
        if (found.length > most) return false
        const perBeat = new Map<number, number>()
        for (const time of found) perBeat.set(time, (perBeat.get(time) ?? 0) + 1)
        const atOnce = Math.ceil((beat / interval) * batches) * batchSize + batchSize
        if ([...perBeat.values()].some((count) => count > atOnce)) return false
      }
      return true
    }),
    { numRuns: 40 }
  )
  t.pass()
})

t.test('users who are added and removed delay nobody beyond the interval', async (t) => {
  fc.assert(
    fc.property(
      tenants,
      fc.uniqueArray(fc.base64String({ minLength: 4, maxLength: 8 }), { maxLength: 60 }),
      fc.nat(99),
      ({ tenant, targets, batchSize, interval, from }, others, part) => {
        const polls = new PollSchedule(tenant, interval, batchSize)
        plan(polls, targets, from)
        const change = from + 2 * interval + (interval * part) / 100
        const before = dues(polls, from, change)
        const staying = targets.slice(Math.floor(targets.length / 3))
        plan(polls, new Set([...staying, ...others]), change)
        const after = dues(polls, change - (change % beat), change + 3 * interval)
        return staying.every((target) => {
          const times = [...(before.get(target) ?? []), ...(after.get(target) ?? [])]
          return times.slice(1).every((time, index) => time - times[index]! <= interval + 2 * beat)
        })
      }
    ),
    { numRuns: 40 }
  )
  t.pass()
})

t.test('a restart keeps everybody’s place in the interval', async (t) => {
  const targets = Array.from({ length: 100 }, (_, index) => `${index * 7919}`)
  const phases = (from: number) => {
    const polls = new PollSchedule('acme', 60_000, 5)
    plan(polls, targets, from)
    const found = dues(polls, from, from + 60_000)
    return targets.map((target) => (found.get(target)?.[0] ?? 0) % 60_000)
  }
  t.same(phases(0), phases(6_000_000))
})

t.test('tenants with one mailbox each are not all polled in the same moment', async (t) => {
  const perSecond = new Array<number>(60).fill(0)
  for (let index = 0; index < 3000; index++) {
    const polls = new PollSchedule(`tenant-${index}`, 60_000, 20)
    plan(polls, ['x'], 0)
    perSecond[Math.floor(polls.nextDueAt / 1000) % 60]! += 1
  }
  t.ok(Math.max(...perSecond) < 100, '50 a second would be perfect')
})

t.test('after hours without a tick everybody is due once, not once for each interval', async (t) => {
  const polls = new PollSchedule('acme', 60_000, 2)
  plan(polls, ['a', 'b', 'c'], 0)
  t.same([...polls.takeDue(9 * 3_600_000 + 5)].sort(), ['a', 'b', 'c'])
  t.same(polls.takeDue(9 * 3_600_000 + 6), [])
  const none = new PollSchedule('acme', 60_000, 2)
  plan(none, [], 0)
  t.equal(none.nextDueAt, Number.POSITIVE_INFINITY)
})

t.test('the window is the same all day and never less than promised', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (at) => {
      const { start, end } = windowAt(at)
      const midnight = at - (at % day)
      const same = windowAt(midnight).start === start && windowAt(midnight + day - 1).end === end
      const moved = windowAt(midnight + day)
      return (
        same &&
        start <= at - day &&
        end >= at + 14 * day &&
        moved.start === start + day &&
        moved.end === end + day
      )
    })
  )
  t.pass()
})

t.test('failures are retried after longer and longer, but never more than some minutes', async (t) => {
  for (const code of syncCodes) {
    const error = new RemoteError(code, 'hint')
    const pauses = [1, 2, 3, 10, 1000].map((failures) => retryDelay(error, failures, 0.999).delayMs)
    t.same(
      pauses,
      [...pauses].sort((a, b) => a - b),
      code
    )
    t.ok(pauses[0]! >= 4_000 && pauses.at(-1)! <= 900_000, code)
  }
  const refused = new RemoteError('secret_invalid', 'hint', { scope: 'connection' })
  t.ok(retryDelay(refused, 1, 0).delayMs >= 450_000, 'a refused secret is not tried over and over')
  const asked = new RemoteError('throttled', 'hint', { retryAfter: 2_128 })
  t.same(retryDelay(asked, 1, 0.5), { delayMs: 2_128, source: 'server' })
  const zero = new RemoteError('throttled', 'hint', { retryAfter: 0 })
  const waits = [1, 2, 3, 4, 5, 6, 50].map((failures) => retryDelay(zero, failures, 0).delayMs)
  t.same(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000], 'nobody is asked over and over')
})
