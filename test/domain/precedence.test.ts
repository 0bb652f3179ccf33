/** docs/precedence.md as a law: whatever sources there are, what holds at an instant is what a naive look at each of them says. */
import fc from 'fast-check'
import type { Absence } from '../../src/domain/absence.ts'
import { buildTimeline } from '../../src/domain/build-timeline.ts'
import { Catalogue } from '../../src/domain/catalogue.ts'
import { compileRules, type Decision } from '../../src/domain/decide.ts'
import { layOverride, layTimeline } from '../../src/domain/effective-timeline.ts'
import { Floor } from '../../src/domain/hours/floor.ts'
import type { OfficeHours } from '../../src/domain/hours/office-hours.ts'
import { OpeningCalendar } from '../../src/domain/hours/opening-calendar.ts'
import type { Override } from '../../src/domain/override.ts'
import { mappedStatuses } from '../../src/domain/rule-set.ts'
import { causeAt, nextTransition, statusAt } from '../../src/domain/status.ts'
import t from '../group/tap.ts'
import { rulesWith } from '../support/rule-fixtures.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A Monday before Easter: the window holds week-ends, a half day and three red days. */
const now = Date.parse('2026-03-30T00:00:00Z')
const rules = compileRules(rulesWith(), 1)
const { diversions } = rulesWith()
const catalogue = new Catalogue(diversions)
const codes = diversions.map(({ code }) => code)
const day = [['08:00', '17:00']] as const
const hours: OfficeHours = {
  week: { mon: day, tue: day, wed: day, thu: day, fri: day },
  holidays: { country: 'SE', half: { types: ['optional'], until: '12:00' } },
  outside: 'gone-for-the-day'
}
const zone = 'Europe/Stockholm'
const opening = new OpeningCalendar(hours, zone)

const anyInstant = fc.integer({ min: 0, max: 14 * 24 }).map((hour) => now + hour * HOUR)
const anyLength = fc.integer({ min: 1, max: 80 }).map((length) => length * HOUR)
const anyCode = fc.constantFrom(
  'vacation',
  'out-of-office',
  'meeting',
  'lunch',
  'working-from-home',
  'available'
)
const anyPhone = fc.constantFrom('open' as const, 'closed' as const)

const anyDecision = fc
  .record({
    start: anyInstant,
    length: anyLength,
    diversion: anyCode,
    phone: anyPhone,
    from: fc.constantFrom('user' as const, 'tenant' as const, 'availability' as const),
    index: fc.nat(4)
  })
  .map(({ start, length, phone, ...cause }): Decision => {
    const shown = cause.diversion === 'available' ? ('open' as const) : phone
    return {
      start,
      end: start + length,
      forwardRefused: false,
      cause: { ...cause, phone: shown, private: false, forwardTo: null }
    } as unknown as Decision
  })
const anyAbsence = fc
  .record({ id: fc.constantFrom('a', 'b', 'c'), diversion: anyCode, from: anyInstant, length: anyLength })
  .map(({ length, ...rest }): Absence => ({ ...rest, until: rest.from + length }))
const anyOverride = fc
  .record({ diversion: anyCode, from: anyInstant, length: fc.option(anyLength), phone: anyPhone })
  .map(({ length, ...rest }): Override => ({ ...rest, until: length === null ? null : rest.from + length }))
const anySources = fc.record({
  decisions: fc.array(anyDecision, { maxLength: 8 }),
  absences: fc.uniqueArray(anyAbsence, { selector: ({ id }) => id, maxLength: 3 }),
  override: fc.option(anyOverride, { freq: 3 }),
  hasHours: fc.boolean()
})
type Sources = typeof anySources extends fc.Arbitrary<infer T> ? T : never

/** The table of docs/precedence.md, read from above, at one instant. */
function naive({ decisions, absences, override, hasHours }: Sources, at: number): string {
  if (override !== null && override.from <= at && (override.until ?? Infinity) > at) {
    return `override ${override.diversion}`
  }
  const absent = absences.filter(({ from, until }) => from <= at && at < until)
  const highest = codes.find((code) => absent.some(({ diversion }) => diversion === code))
  if (highest !== undefined) return `absence ${highest}`
  const holding = decisions.filter(({ start, end }) => start <= at && at < end).map(({ cause }) => cause)
  const opened = holding.some(({ from, diversion }) => from !== 'availability' && diversion === 'available')
  const counted = opened ? holding.filter(({ from }) => from !== 'availability') : holding
  const [first] = counted.sort(
    (one, other) =>
      codes.indexOf(one.diversion) - codes.indexOf(other.diversion) ||
      Number(one.from === 'availability') - Number(other.from === 'availability') ||
      Number(one.phone === 'open') - Number(other.phone === 'open') ||
      Number(one.from === 'tenant') - Number(other.from === 'tenant') ||
      one.index - other.index
  )
  const isClosed = hasHours && opening.closingAt(at) !== null
  const givesWay =
    first === undefined || (first.from === 'availability' && mappedStatuses[first.index] !== 'oof')
  if (isClosed && givesWay) return 'hours gone-for-the-day'
  return first === undefined ? 'nothing' : `${first.from} ${first.diversion}`
}

function layAll({ decisions, absences, override, hasHours }: Sources) {
  const calendar = buildTimeline(decisions, rules, null)
  const floor = hasHours ? new Floor(hours, zone, catalogue) : null
  return layOverride(layTimeline({ calendar, absences, floor }, catalogue, now), override, catalogue)
}

t.test('a law: for any mix of sources the result equals a naive reference', async (t) => {
  fc.assert(
    fc.property(anySources, fc.array(anyInstant, { minLength: 1, maxLength: 30 }), (sources, instants) => {
      const timeline = layAll(sources)
      for (const at of instants) {
        const cause = causeAt(timeline, at)
        const from = cause?.from === 'holiday' ? 'hours' : cause?.from
        const is = cause === null ? 'nothing' : `${from} ${cause.diversion}`
        if (is !== naive(sources, at))
          throw new Error(`${new Date(at).toISOString()}: ${is}, not ${naive(sources, at)}`)
      }
      return true
    }),
    { numRuns: 300 }
  )
  t.pass()
})

t.test(
  'a law: the floor never closes where a trigger opens, and nobody is reachable in closed time',
  async (t) => {
    fc.assert(
      fc.property(anySources, anyInstant, (sources, at) => {
        const timeline = layAll({ ...sources, hasHours: true, override: null })
        const { phone, reachableAt, until } = statusAt(timeline, at)
        const cause = causeAt(timeline, at)
        if (cause !== null && cause.from !== 'hours' && cause.from !== 'holiday' && cause.phone === 'open') {
          if (phone !== 'open') return false
        }
        if (reachableAt !== null) {
          const then = causeAt(timeline, reachableAt)
          if (then === null ? opening.closingAt(reachableAt) !== null : then.phone === 'closed') return false
        }
        return until === null || until > at
      }),
      { numRuns: 300 }
    )
    t.pass()
  }
)

t.test('back on Tuesday at eight: over a vacation, a week-end and Easter', async (t) => {
  const floor = new Floor(hours, zone, catalogue)
  const at = Date.parse('2026-04-01T09:00:00Z')
  const until = Date.parse('2026-04-05T10:00:00Z')
  const absences: Absence[] = [{ id: 'a', diversion: 'vacation', from: at, until }]
  const calendar = buildTimeline([], rules, null)
  const timeline = layTimeline({ calendar, absences, floor }, catalogue, at)
  t.match(statusAt(timeline, at), {
    diversion: 'vacation',
    until,
    reachableAt: Date.parse('2026-04-07T06:00:00Z')
  })
  t.match(statusAt(timeline, until), {
    diversion: 'gone-for-the-day',
    source: 'hours',
    until: Date.parse('2026-04-07T06:00:00Z')
  })
  t.equal(floor.holidayName(causeAt(timeline, until)!), 'påskdagen')
  t.equal(nextTransition(timeline, until), Date.parse('2026-04-07T06:00:00Z'), 'a new holiday shows nothing')
})

t.test('an end beyond the window is followed by the floor too', async (t) => {
  const floor = new Floor(hours, zone, catalogue)
  const until = now + 100 * DAY + 20 * HOUR
  const absences: Absence[] = [{ id: 'a', diversion: 'vacation', from: now, until }]
  const calendar = buildTimeline([], rules, null)
  const { reachableAt } = statusAt(layTimeline({ calendar, absences, floor }, catalogue, now), now)
  t.equal(reachableAt, opening.closingAt(until)?.end)
})

t.test('hours without a diversion outside close nothing', async (t) => {
  const floor = new Floor({ ...hours, outside: null }, zone, catalogue)
  const calendar = buildTimeline([], rules, null)
  t.strictSame(layTimeline({ calendar, absences: [], floor }, catalogue, now), calendar)
})
