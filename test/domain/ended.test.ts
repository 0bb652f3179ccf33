/** What of a user's record is over, and what is not. */
import { withoutEnded } from '../../src/domain/ended.ts'
import type { Override } from '../../src/domain/override.ts'
import { sampleAbsence, sampleCause, sampleTimeline } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'

const nothing = { timeline: null, override: null, absences: [] }
const override: Override = { diversion: 'sick', from: 1, until: 9 }
const timelineOf = (...boundaries: number[]) =>
  sampleTimeline(
    Array.from({ length: boundaries.length / 2 }, (_, i) => sampleCause(i)),
    { boundaries: Float64Array.from(boundaries) }
  )

t.test('what ends after the instant stays as it is', async (t) => {
  const held = { timeline: timelineOf(1, 9), override, absences: [sampleAbsence('a')] }
  t.strictSame(withoutEnded(held, 8), {})
  t.strictSame(withoutEnded(nothing, 8), {})
  t.strictSame(withoutEnded({ ...nothing, override: { diversion: 'sick', from: 1, until: null } }, 99), {})
})

t.test('what ended before is left out', async (t) => {
  const held = {
    timeline: timelineOf(1, 9, 20, 30),
    override,
    absences: [sampleAbsence('a'), sampleAbsence('b', { until: 30 })]
  }
  const { timeline, ...left } = withoutEnded(held, 9)
  t.strictSame([...timeline!.boundaries], [20, 30])
  t.strictSame(left, { override: null, absences: [sampleAbsence('b', { until: 30 })] })
})

t.test('back early lasts while the run may that it cuts short', async (t) => {
  const early: Override = { ...override, diversion: 'available', backEarlyFrom: 'vacation' }
  t.strictSame(withoutEnded({ ...nothing, timeline: timelineOf(5, 30), override: early }, 20), {})
  const absences = [sampleAbsence('a', { from: 5, until: 30 })]
  t.strictSame(withoutEnded({ ...nothing, absences, override: early }, 20), {})
  t.strictSame(withoutEnded({ ...nothing, timeline: timelineOf(25, 30), override: early }, 20), {
    override: null
  })
})
