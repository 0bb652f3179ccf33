/** Absences over a calendar: what holds is the same whatever their order, and equals a naive look at each instant. */
import fc from 'fast-check'
import { type Absence, absenceTimeline } from '../../src/domain/absence.ts'
import { Catalogue } from '../../src/domain/catalogue.ts'
import { layTimeline } from '../../src/domain/effective-timeline.ts'
import { causeAt, statusAt } from '../../src/domain/status.ts'
import { emptyTimeline } from '../../src/domain/timeline-runs.ts'
import { sampleCause } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'

const catalogue = new Catalogue([
  { code: 'vacation', labels: {}, phone: 'closed' },
  { code: 'meeting', labels: {}, phone: 'closed' },
  { code: 'working-from-home', labels: {}, phone: 'open' },
  { code: 'available', labels: {}, phone: 'open' }
])
const codes = ['vacation', 'meeting', 'working-from-home', 'available']

t.test('of two absences the higher diversion holds, and its end shows the other', async (t) => {
  const absences: Absence[] = [
    { id: 'a', diversion: 'meeting', from: 0, until: 10 },
    { id: 'b', diversion: 'vacation', from: 4, until: 6 }
  ]
  const timeline = absenceTimeline(absences, catalogue)
  t.strictSame([...timeline.boundaries], [0, 4, 4, 6, 6, 10])
  t.match(statusAt(timeline, 5), {
    diversion: 'vacation',
    source: 'absence',
    until: 6,
    untilKind: 'known',
    reachableAt: 10
  })
})

t.test('an absence ends when it ends, also beyond what was read of the calendar', async (t) => {
  const calendar = {
    boundaries: Float64Array.of(0, 5),
    causes: [sampleCause(0)],
    truncatedAt: 5
  }
  const absences: Absence[] = [{ id: 'a', diversion: 'vacation', from: 3, until: 9 }]
  const status = statusAt(layTimeline({ calendar, absences, floor: null }, catalogue, 0), 4)
  t.match(status, { diversion: 'vacation', since: 3, until: 9, untilKind: 'known', reachableAt: 9 })
})

t.test('an absence of "available" opens what the calendar closes', async (t) => {
  const calendar = { boundaries: Float64Array.of(0, 9), causes: [sampleCause(0)], truncatedAt: null }
  const absences: Absence[] = [{ id: 'a', diversion: 'available', from: 3, until: 5, phone: 'closed' }]
  const timeline = layTimeline({ calendar, absences, floor: null }, catalogue, 0)
  t.match(statusAt(timeline, 4), { diversion: 'available', phone: 'open' })
  t.match(statusAt(timeline, 5), { diversion: 'meeting', phone: 'closed' })
})

t.test('a law: at each instant the absence that wins holds, else the calendar', async (t) => {
  const anyAbsence = fc
    .record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      diversion: fc.constantFrom(...codes),
      from: fc.nat(20),
      length: fc.integer({ min: 1, max: 15 }),
      phone: fc.constantFrom('open' as const, 'closed' as const, undefined)
    })
    .map(({ length, phone, ...rest }): Absence => {
      return { ...rest, until: rest.from + length, ...(phone !== undefined && { phone }) }
    })
  const anyAbsences = fc.uniqueArray(anyAbsence, { selector: ({ id }) => id, maxLength: 4 })
  const anyCalendar = fc.uniqueArray(fc.nat(40), { maxLength: 8 }).map((instants) => {
    const sorted = instants.sort((a, b) => a - b).slice(0, instants.length & ~1)
    return {
      boundaries: Float64Array.from(sorted),
      causes: Array.from({ length: sorted.length / 2 }, (_, index) => sampleCause(index)),
      truncatedAt: null
    }
  })
  fc.assert(
    fc.property(anyAbsences, anyCalendar, (absences, calendar) => {
      const timeline = layTimeline({ calendar, absences, floor: null }, catalogue, 0)
      const reversed = layTimeline({ calendar, absences: [...absences].reverse(), floor: null }, catalogue, 0)
      for (let at = -1; at < 45; at++) {
        const holding = absences
          .filter(({ from, until }) => from <= at && at < until)
          .map((one) => ({
            ...one,
            phone: one.diversion === 'available' ? 'open' : (one.phone ?? catalogue.find(one.diversion).phone)
          }))
        const best = Math.min(...holding.map(({ diversion }) => codes.indexOf(diversion)))
        const bestOnes = holding.filter(({ diversion }) => codes.indexOf(diversion) === best)
        const is = causeAt(timeline, at)
        if (bestOnes.length === 0) {
          if (is !== causeAt(calendar, at)) return false
        } else {
          const phone = bestOnes.some((one) => one.phone === 'closed') ? 'closed' : 'open'
          if (is === null || is.diversion !== codes[best] || is.phone !== phone) return false
          if (is.from !== 'absence') return false
        }
        if (JSON.stringify(causeAt(reversed, at)) !== JSON.stringify(is)) return false
      }
      const { boundaries } = timeline
      return boundaries.every((boundary, index) => index === 0 || boundaries[index - 1]! <= boundary)
    })
  )
  t.equal(layTimeline({ calendar: emptyTimeline, absences: [], floor: null }, catalogue, 0), emptyTimeline)
})
