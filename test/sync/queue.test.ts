/** The in-process queue, with jobs of its own: turns, dedupe, deadlines, pauses, bounds. */
import fc from 'fast-check'
import { FairQueue, type QueueLimits } from '../../src/sync/queue/fair-queue.ts'
import { BatchCancelled, type BatchResult, BatchTimeout, type SyncQueue } from '../../src/sync/queue/queue.ts'
import t from '../group/tap.ts'
import { createFakeClock, yieldToEventLoop } from '../support/fake-clock.ts'
import { until } from '../support/until.ts'

const limits: QueueLimits = {
  maxRunning: 4,
  maxRunningPerTenant: 2,
  maxWaitingPerTenant: 10_000,
  deadlineMs: 60_000,
  graceMs: 2_000
}
const fine: BatchResult = { tenant: null, targets: new Map() }

interface Job {
  readonly tenant: string
  readonly targets: readonly string[]
  readonly signal: AbortSignal
  end(verdict?: BatchResult): Promise<void>
}

/** A queue whose jobs stay until the test ends them. */
function bench(own: Partial<QueueLimits> = {}, batch = 1) {
  const time = createFakeClock()
  const started: Job[] = []
  const queue: SyncQueue = new FairQueue(
    {
      batchSize: () => batch,
      read: (tenant, targets, signal) =>
        new Promise((resolve) => {
          const end = async (verdict = fine) => {
            resolve(verdict)
            await yieldToEventLoop()
          }
          started.push({ tenant, targets, signal, end })
        })
    },
    { ...limits, ...own },
    time.timers
  )
  const startedBatches = () => started.map(({ tenant, targets }) => `${tenant}:${targets.join('+')}`)
  return { time, queue, started, startedBatches }
}

const names = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

t.test('a tenant with 10,000 mailboxes does not hold up one with 10', async (t) => {
  const { queue, started } = bench({}, 20)
  await queue.add('big', names(10_000), 'poll')
  await queue.add('small', names(10), 'poll')
  await yieldToEventLoop()
  let turns = 0
  while (!started.some(({ tenant }) => tenant === 'small')) {
    await started[turns++]!.end()
  }
  t.ok(turns <= 2, 'the small one is read after at most two batches of the big one')
})

t.test('however long the queues are, tenants alternate', (t) =>
  fc
    .assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 6 }),
        async (lengths) => {
          const { queue, started } = bench({ maxRunning: 1, maxRunningPerTenant: 1 })
          // The first job takes the slot, so that all others are queued before the second begins.
          for (const [index, length] of lengths.entries())
            await queue.add(`tenant ${index}`, names(length), 'poll')
          await yieldToEventLoop()
          const total = lengths.reduce((sum, length) => sum + length, 0)
          for (let done = 0; done < total; done++) await started[done]!.end()
          const longest = Math.max(...lengths)
          for (let round = 0; round < longest; round++) {
            const waiting = lengths.filter((length) => length > round).length
            const before = lengths.reduce((sum, length) => sum + Math.min(length, round), 0)
            const turn = started.slice(before, before + waiting).map(({ tenant }) => tenant)
            if (new Set(turn).size !== waiting) return false
          }
          return started.length === total
        }
      ),
      { numRuns: 30 }
    )
    .then(() => t.pass())
)

t.test(
  'a mailbox is queued once however often it is requested, and is read once more if requested meanwhile',
  async (t) => {
    const { queue, started, startedBatches } = bench()
    t.equal(await queue.add('acme', ['anna', 'bo', 'anna'], 'poll'), 3)
    t.equal(await queue.add('acme', ['anna', 'bo'], 'poll'), 2)
    await yieldToEventLoop()
    t.same(startedBatches(), ['acme:anna'], 'one batch tries whether the tenant answers')
    await queue.add('acme', ['anna'], 'now')
    await queue.add('acme', ['anna'], 'poll')
    await started[0]!.end()
    await started[1]!.end()
    t.same(startedBatches().sort(), ['acme:anna', 'acme:anna', 'acme:bo'])
    await started[2]!.end()
    await yieldToEventLoop()
    t.equal(started.length, 3)
    t.same(queue.depth(), { waiting: 0, running: 0 })
  }
)

t.test('a mailbox is never read twice at the same time', (t) =>
  fc
    .assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ target: fc.nat(4), haste: fc.constantFrom('poll', 'soon', 'now'), end: fc.nat(3) }),
          {
            maxLength: 40
          }
        ),
        async (steps) => {
          const { queue, started } = bench({ maxRunningPerTenant: 4 }, 2)
          const over = new Set<Job>()
          for (const { target, haste, end } of steps) {
            await queue.add('acme', [`${target}`], haste as 'poll')
            await yieldToEventLoop()
            const open = started.filter((job) => !over.has(job))
            const reading = open.flatMap(({ targets }) => targets)
            if (new Set(reading).size !== reading.length) return false
            const job = open[end]
            if (job === undefined) continue
            over.add(job)
            await job.end()
          }
          return true
        }
      ),
      { numRuns: 50 }
    )
    .then(() => t.pass())
)

t.test('a full queue accepts no more, and says so; another tenant is not affected', async (t) => {
  const { queue } = bench({ maxWaitingPerTenant: 5 })
  t.equal(await queue.add('acme', names(9), 'poll'), 5)
  t.equal(await queue.add('other', names(3), 'poll'), 3)
})

t.test('a read that an operator requests has priority', async (t) => {
  const { queue, started, startedBatches } = bench({ maxRunning: 1 })
  await queue.add('acme', names(5), 'poll')
  await yieldToEventLoop()
  await queue.add('acme', ['3'], 'now')
  await started[0]!.end()
  t.equal(startedBatches()[1], 'acme:3')
})

t.test('limits hold: in all, for a tenant, and one for a tenant that has not answered yet', async (t) => {
  const { queue, started } = bench()
  for (const tenant of ['a', 'b', 'c', 'd', 'e']) await queue.add(tenant, names(5), 'poll')
  await until('as many run as may', () => started.length === 4)
  t.same(
    started.map(({ tenant }) => tenant),
    ['a', 'b', 'c', 'd']
  )
  await started[0]!.end()
  await until('the next has begun', () => started.length === 5)
  await started[4]!.end()
  await until('the one after that has begun', () => started.length === 6)
  t.ok(queue.depth().running <= 4)
  for (let index = 0; index < 20; index++) {
    await until('it has begun', () => started.length > index)
    await started[index]!.end()
    const open = started.slice(index + 1)
    for (const tenant of ['a', 'b', 'c', 'd', 'e']) {
      t.ok(open.filter((job) => job.tenant === tenant).length <= 2)
    }
  }
})

t.test('a calendar server that hangs frees its slot at the deadline', async (t) => {
  const { queue, started, time } = bench({ maxRunning: 1 })
  await queue.add('hangs', ['x'], 'poll')
  await yieldToEventLoop()
  await queue.add('fine', ['y'], 'poll')
  await time.run(59_999)
  t.notOk(started[0]!.signal.aborted)
  await time.run(1)
  t.ok(started[0]!.signal.reason instanceof BatchTimeout)
  t.equal(started.length, 1, 'it may still report its result')
  await time.run(2_000)
  t.equal(started[1]?.tenant, 'fine')
  await started[0]!.end({ tenant: { delayMs: 1e9, source: 'own' }, targets: new Map() })
  await started[1]!.end()
  await time.run(4_500)
  t.equal(started.length, 2)
  await time.run(1_000)
  t.equal(started[2]?.tenant, 'hangs', 'what it says after that counts for nothing; it is read again')
})

t.test(
  'a delayed tenant waits, is tried by one batch, and goes on at full speed once that was answered',
  async (t) => {
    const { queue, started, time } = bench()
    await queue.add('acme', names(6), 'poll')
    await yieldToEventLoop()
    await started[0]!.end({ tenant: { delayMs: 10_000, source: 'own' }, targets: new Map() })
    await time.run(9_999)
    t.equal(started.length, 1)
    await time.run(500)
    t.equal(started.length, 2)
    await started[1]!.end()
    await until('two run at a time', () => started.length === 4)
    t.equal(queue.depth().running, 2)
    for (const job of started) await job.end()
    await started[4]!.end()
    await started[5]!.end()
    t.ok(
      started.slice(2).some(({ targets }) => targets[0] === '0'),
      'who was refused is read again'
    )
  }
)

t.test('read now ends a delay of our own, not one that the calendar server asked for', async (t) => {
  for (const by of ['own', 'server'] as const) {
    const { queue, started } = bench()
    await queue.add('acme', ['x'], 'poll')
    await yieldToEventLoop()
    await started[0]!.end({ tenant: { delayMs: 100_000, source: by }, targets: new Map() })
    await queue.add('acme', ['x'], 'poll')
    await queue.add('acme', ['x'], 'soon')
    await yieldToEventLoop()
    t.equal(started.length, 1, 'a change here does not send for more of the same')
    t.equal(await queue.add('acme', ['x'], 'now'), 1)
    await yieldToEventLoop()
    t.equal(started.length, by === 'own' ? 2 : 1, by)
  }
})

t.test('a delayed mailbox delays no other, and is read again by itself', async (t) => {
  const { queue, started, time, startedBatches } = bench()
  await queue.add('acme', ['bad'], 'poll')
  await yieldToEventLoop()
  await started[0]!.end({ tenant: null, targets: new Map([['bad', { delayMs: 30_000, source: 'own' }]]) })
  t.equal(await queue.add('acme', ['bad', 'good'], 'poll'), 2)
  await yieldToEventLoop()
  t.same(startedBatches(), ['acme:bad', 'acme:good'])
  await started[1]!.end()
  await time.run(31_000)
  t.same(startedBatches(), ['acme:bad', 'acme:good', 'acme:bad'])
  await started[2]!.end({ tenant: null, targets: new Map([['bad', { delayMs: 30_000, source: 'own' }]]) })
  await queue.add('acme', ['bad'], 'soon')
  await yieldToEventLoop()
  t.equal(started.length, 4, 'a change of it does not wait')
})

t.test('a dropped tenant is removed: its reads are aborted and report nothing', async (t) => {
  const { queue, started, startedBatches } = bench()
  await queue.add('acme', names(5), 'poll')
  await yieldToEventLoop()
  await queue.drop('acme')
  t.ok(started[0]!.signal.reason instanceof BatchCancelled)
  await queue.add('acme', ['0'], 'poll')
  await yieldToEventLoop()
  t.same(startedBatches(), ['acme:0', 'acme:0'], 'it begins again at once, though the old read has not ended')
  await started[0]!.end({ tenant: { delayMs: 1e6, source: 'own' }, targets: new Map() })
  await started[1]!.end()
  await queue.add('acme', ['1'], 'poll')
  await yieldToEventLoop()
  t.equal(started.length, 3)
})

t.test('a worker that throws delays nobody', async (t) => {
  const time = createFakeClock()
  let reads = 0
  const read = async () => {
    reads += 1
    throw new Error('a defect')
  }
  const queue = new FairQueue({ batchSize: () => 0, read }, limits, time.timers)
  await queue.add('acme', names(3), 'poll')
  await time.run(10)
  await until('each was tried', () => reads === 3 && queue.depth().running === 0)
  t.same(queue.depth(), { waiting: 3, running: 0 })
  await time.run(5_500)
  await until('each is tried again: nobody else would have them read', () => reads === 6)
})

t.test('closing aborts what runs, waits for its end, and starts nothing again', async (t) => {
  const { queue, started, time } = bench()
  await queue.add('acme', names(5), 'poll')
  await yieldToEventLoop()
  const closed = queue.close()
  t.ok(started[0]!.signal.aborted)
  await time.run(2_000)
  await closed
  t.equal(await queue.add('acme', ['x'], 'now'), 0)
  t.equal(started.length, 1)
})
