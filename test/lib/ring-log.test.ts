/** A log of the newest entries: what it says to be complete is complete. */
import fc from 'fast-check'
import { RingLog } from '../../src/lib/ring-log.ts'
import t from '../group/tap.ts'

t.test('law: after `completeAfter` nothing is missing, and enough is retained', async (t) => {
  const entry = fc.record({ step: fc.nat(3), weight: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
      const log = new RingLog<number>(0, 10)
      const all: { mark: number; entry: number; weight: number }[] = []
      let mark = 1
      for (const [index, { step, weight }] of entries.entries()) {
        mark += step
        log.add(mark, index, weight)
        all.push({ mark, entry: index, weight })
      }
      const received = log.between(log.completeAfter, mark)
      const due = all.filter((one) => one.mark > log.completeAfter)
      t.same(
        received,
        due.map((one) => one.entry)
      )
      const total = all.reduce((sum, one) => sum + one.weight, 0)
      const weight = due.reduce((sum, one) => sum + one.weight, 0)
      t.ok(weight >= Math.min(total, 10), `${weight} of ${total}`)
    }),
    { numRuns: 200 }
  )
})
