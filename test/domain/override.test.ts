/** Overrides: when one ends, what takes the place of what, and back early, which follows the calendar. */
import fc from 'fast-check'
import { AVAILABLE, type Diversion } from '../../src/domain/diversion.ts'
import {
  applyOverride,
  isOverrideActive,
  type Override,
  type OverrideRequest,
  resolveOverride
} from '../../src/domain/override.ts'
import { statusAt } from '../../src/domain/status.ts'
import type { EffectiveTimeline } from '../../src/domain/timeline-runs.ts'
import t from '../group/tap.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const at = (text: string) => Date.parse(text)
const iso = (instant: number | null | undefined) =>
  instant == null ? instant : new Date(instant).toISOString().replace('.000Z', 'Z')

function diversion(code: string, overrideEnds?: Diversion['overrideEnds']): Diversion {
  const phone = code === AVAILABLE ? 'open' : 'closed'
  return { code, labels: {}, phone, ...(overrideEnds !== undefined && { overrideEnds }) }
}

type Piece = [start: number, end: number, diversion: string]

function calendarOf(pieces: readonly Piece[], truncatedAt: number | null = null): EffectiveTimeline {
  return {
    boundaries: Float64Array.from(pieces.flatMap((piece) => [piece[0], piece[1]])),
    causes: pieces.map(([, , code], index) => ({
      diversion: code,
      phone: code === AVAILABLE ? 'open' : 'closed',
      from: 'tenant',
      index,
      private: false,
      forwardTo: null
    })),
    truncatedAt
  }
}

const nothing = calendarOf([])
const lunch = diversion('lunch', 60)
const available = diversion(AVAILABLE)

function set(
  request: OverrideRequest,
  now: number,
  { calendar = nothing, previous = null as Override | null, timeZone = 'Europe/Stockholm' } = {}
) {
  return resolveOverride(request, previous, calendar, { at: now, timeZone, nextOpening: null })
}

t.test('without an end it ends as its diversion says', async (t) => {
  const now = at('2026-11-23T11:00:00.789Z')
  const until = (overrideEnds?: Diversion['overrideEnds']) =>
    iso(set({ diversion: diversion('x', overrideEnds) }, now)?.until)
  t.equal(until(60), '2026-11-23T12:00:00Z')
  t.equal(until('endOfDay'), '2026-11-23T23:00:00Z')
  t.equal(until('nextOpening'), '2026-11-23T23:00:00Z', 'the end of the day where there are no hours')
  t.equal(until('manual'), null)
  t.equal(until(), null, 'manual unless stated')
})

t.test('the requested end takes precedence over that of the diversion', async (t) => {
  const now = at('2026-11-23T11:00:00Z')
  t.equal(iso(set({ diversion: lunch, minutes: 30 }, now)?.until), '2026-11-23T11:30:00Z')
  t.equal(
    iso(set({ diversion: lunch, until: at('2026-11-23T13:00:00Z') }, now)?.until),
    '2026-11-23T13:00:00Z'
  )
  t.equal(set({ diversion: lunch, until: null }, now)?.until, null, 'null asks for manual expressly')
  t.match(set({ diversion: lunch, phone: 'open' }, now), { phone: 'open' })
})

t.test('the end of the day is a midnight of the zone, on days of 23, 24 and 25 hours', async (t) => {
  const endOfDay = diversion('gone-for-the-day', 'endOfDay')
  const until = (now: string, timeZone?: string) =>
    iso(set({ diversion: endOfDay }, at(now), timeZone === undefined ? {} : { timeZone })?.until)
  t.equal(until('2026-10-24T22:00:00Z'), '2026-10-25T23:00:00Z', '25 hours: the clock goes back')
  t.equal(until('2026-10-25T22:59:59Z'), '2026-10-25T23:00:00Z', 'its last second')
  t.equal(until('2026-03-28T23:00:00Z'), '2026-03-29T22:00:00Z', '23 hours: the clock goes forward')
  t.equal(until('2026-11-23T08:00:00Z', 'Europe/Helsinki'), '2026-11-23T22:00:00Z')
  t.equal(until('2026-12-31T22:30:00Z'), '2026-12-31T23:00:00Z', 'the year turns')
})

t.test('everything is in whole seconds, and an override holds from the moment it is set', async (t) => {
  const now = at('2026-11-23T11:00:00.789Z')
  const override = set({ diversion: lunch, until: at('2026-11-23T12:00:00.001Z') }, now)
  t.equal(iso(override?.from), '2026-11-23T11:00:00Z')
  t.equal(iso(override?.until), '2026-11-23T12:00:01Z', 'never ended before its time')
})

t.test('the same again goes on, another begins', async (t) => {
  const sick: Override = { diversion: 'sick', from: 9 * HOUR, until: null }
  const again = set({ diversion: diversion('sick'), until: 30 * HOUR }, 12 * HOUR, { previous: sick })
  t.same(again, { ...sick, until: 30 * HOUR })
  t.same(set({ diversion: diversion('busy') }, 12 * HOUR, { previous: sick }), {
    diversion: 'busy',
    from: 12 * HOUR,
    until: null
  })
  t.equal(isOverrideActive({ ...sick, until: 12 }, 12), false)
  t.equal(isOverrideActive(sick, 1e15), true)
})

t.test('its phone overrules the catalogue, save that available is open', async (t) => {
  const phone = (override: Override) => statusAt(applyOverride(nothing, override, 'closed'), 5).phone
  t.equal(phone({ diversion: 'meeting', from: 0, until: null }), 'closed')
  t.equal(phone({ diversion: 'meeting', from: 0, until: null, phone: 'open' }), 'open')
  t.equal(phone({ diversion: AVAILABLE, from: 0, until: null, phone: 'closed' }), 'open')
})

t.test('back early', async (t) => {
  const day = calendarOf([
    [8 * HOUR, 10 * HOUR, 'meeting'],
    [10 * HOUR, 11 * HOUR, 'lunch']
  ])
  t.same(set({ diversion: available }, 9 * HOUR, { calendar: day }), {
    diversion: AVAILABLE,
    from: 9 * HOUR,
    until: 10 * HOUR,
    backEarlyFrom: 'meeting'
  })
  t.equal(set({ diversion: available }, 12 * HOUR, { calendar: day }), null, 'nothing to come back from')
  const sick: Override = { diversion: 'sick', from: 9 * HOUR, until: null }
  t.equal(set({ diversion: available }, 12 * HOUR, { calendar: day, previous: sick }), null, 'only removes')
  t.match(
    set({ diversion: available, minutes: 90 }, 9 * HOUR, { calendar: day }),
    { until: 9 * HOUR + 90 * MINUTE },
    'with an end it is any override'
  )
})

t.test('back early follows the run, also where its end was not known', async (t) => {
  const DAY = 24 * HOUR
  const before = calendarOf([[1 * DAY, 20 * DAY, 'vacation']], 20 * DAY)
  const back = set({ diversion: available }, 9 * DAY, { calendar: before })!
  const during = (calendar: EffectiveTimeline, day: number) =>
    statusAt(applyOverride(calendar, back, 'open'), day * DAY).diversion

  t.equal(during(before, 15), AVAILABLE)
  const longer = calendarOf([
    [1 * DAY, 20 * DAY, 'vacation'],
    [20 * DAY, 40 * DAY, 'vacation'],
    [40 * DAY, 41 * DAY, 'meeting']
  ])
  t.equal(during(longer, 30), AVAILABLE, 'the run turned out to go on')
  t.equal(during(longer, 40), 'meeting', 'the next diversion still comes')
  const firstPartForgotten = calendarOf([[19 * DAY, 40 * DAY, 'vacation']])
  t.equal(during(firstPartForgotten, 30), AVAILABLE, 'what is too old is not read any more')
  const shorter = calendarOf([
    [1 * DAY, 12 * DAY, 'vacation'],
    [14 * DAY, 16 * DAY, 'vacation']
  ])
  t.equal(during(shorter, 11), AVAILABLE)
  t.equal(during(shorter, 15), 'vacation', 'another vacation is not the one that was cut short')
  t.equal(during(calendarOf([[14 * DAY, 16 * DAY, 'meeting']]), 15), 'meeting', 'the run is gone')
})

const SECOND = 1000
const runs: fc.Arbitrary<Piece[]> = fc
  .array(
    fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.constantFrom('meeting', 'vacation', AVAILABLE)),
    {
      maxLength: 8
    }
  )
  .map((parts) => {
    let clock = 0
    return parts.map(([gap, length, code]): Piece => {
      const start = clock + gap
      clock = start + length
      return [start * SECOND, clock * SECOND, code]
    })
  })
const request: fc.Arbitrary<OverrideRequest> = fc
  .record({
    diversion: fc.constantFrom(lunch, available, diversion('meeting', 'endOfDay'), diversion('sick')),
    until: fc.option(fc.option(fc.integer({ min: 60_000, max: 200_000 })), { nil: undefined }),
    minutes: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined })
  })
  .map(({ diversion, until, minutes }) => ({
    diversion,
    ...(until !== undefined && { until }),
    ...(until === undefined && minutes !== undefined && { minutes })
  }))

t.test(
  'law: from the moment it is set until its end it holds, and every instant is a whole second',
  async (t) => {
    fc.assert(
      fc.property(runs, request, fc.nat(40_000), fc.nat(200_000), (pieces, request, now, later) => {
        const calendar = calendarOf(pieces)
        const override = set(request, now, { calendar })
        const alone = statusAt(calendar, now)
        if (override === null) return request.diversion.code === AVAILABLE && alone.diversion === AVAILABLE
        const effective = applyOverride(calendar, override, request.diversion.phone)
        const instant = now + later
        const status = statusAt(effective, instant)
        const { since, until, reachableAt, next } = status
        for (const one of [
          since,
          until,
          reachableAt,
          next?.from,
          next?.until,
          override.from,
          override.until
        ]) {
          if (one != null && one % SECOND !== 0) return false
        }
        if (override.until !== null && instant >= override.until) {
          return status.diversion === statusAt(calendar, instant).diversion && status.source !== 'override'
        }
        return status.diversion === request.diversion.code && status.source === 'override'
      }),
      { numRuns: 2000 }
    )
    t.pass()
  }
)

t.test('law: back early ends exactly where the run that it cut short ends', async (t) => {
  fc.assert(
    fc.property(runs, fc.nat(30_000), (pieces, now) => {
      const calendar = calendarOf(pieces)
      const override = set({ diversion: available }, now, { calendar })
      const { diversion: cut, until } = statusAt(calendar, now)
      return cut === AVAILABLE ? override === null : override?.until === until
    }),
    { numRuns: 1000 }
  )
  t.pass()
})
