/** Long work in slices: it comes to the same as in one go, and lets everything else have its turns. */
import fc from 'fast-check'
import {
  encodeListInSlices,
  forEachInSlices,
  nextSlice,
  runInSlices,
  sortInSlices
} from '../../src/lib/time-slices.ts'
import t from '../group/tap.ts'

const compare = (one: number, other: number) => one - other

t.test('a list is sorted as in one go, and equal items keep their order', async (t) => {
  const numbers = Array.from({ length: 10_001 }, (_, index) => (index * 7919) % 1009)
  t.same(await sortInSlices(numbers, compare), [...numbers].sort(compare))
  const pairs = numbers.map((number, index) => ({ number, index }))
  const byNumber = (one: (typeof pairs)[0], other: (typeof pairs)[0]) => one.number - other.number
  t.same(await sortInSlices(pairs, byNumber), [...pairs].sort(byNumber))
  t.same(await sortInSlices([], compare), [])
})

t.test('law: a list is encoded as one text', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { maxLength: 5 }),
      fc.integer({ min: 0, max: 700 }),
      async (some, times) => {
        const texts = Array.from({ length: times }, () => some).flat()
        const chunks = await encodeListInSlices('[', texts, ']')
        t.equal(Buffer.concat(chunks).toString(), Buffer.from(`[${texts.join(',')}]`).toString())
      }
    ),
    { numRuns: 30 }
  )
  t.equal((await encodeListInSlices('[', ['a', 'b'], ']')).length, 1, 'a short one in one chunk')
})

t.test('the event loop runs between the slices, however many tasks are running', async (t) => {
  const busy = (milliseconds: number) => {
    const end = performance.now() + milliseconds
    while (performance.now() < end);
  }
  let isWorking = true
  let turns = 0
  const count = () => {
    turns++
    if (isWorking) setImmediate(count)
  }
  setImmediate(count)
  const items = Array.from({ length: 64 }, (_, index) => index)
  const seen: number[] = []
  await Promise.all([
    forEachInSlices(items, (item) => {
      seen.push(item)
      busy(1)
    }),
    forEachInSlices(items, () => busy(1))
  ])
  isWorking = false
  t.same(seen, items)
  t.ok(turns >= 6, `${turns} turns for 128 ms of work`)
})

t.test('a computation that pauses lets the event loop run, and comes to its result', async (t) => {
  let turns = 0
  let isWorking = true
  const count = () => {
    turns++
    if (isWorking) setImmediate(count)
  }
  setImmediate(count)
  function* compute(): Generator<void, number> {
    for (let step = 0; step < 32; step++) {
      const end = performance.now() + 2
      while (performance.now() < end);
      yield
    }
    return 7
  }
  t.equal(await runInSlices(compute()), 7)
  isWorking = false
  t.ok(turns >= 6, `${turns} turns for 64 ms of work`)
})

t.test('each turn resumes one waiter', async (t) => {
  let turn = 0
  let isWaiting = true
  const count = () => {
    turn++
    if (isWaiting) setImmediate(count)
  }
  setImmediate(count)
  const resumed: number[] = []
  await Promise.all([1, 2, 3].map(() => nextSlice().then(() => resumed.push(turn))))
  isWaiting = false
  t.equal(new Set(resumed).size, 3)
})
