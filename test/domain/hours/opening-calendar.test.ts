/** When an office is open: weeks, holidays, half days, days before, bridge days, nights and clock changes. */
import fc from 'fast-check'
import { type OfficeHours, validateOfficeHours } from '../../../src/domain/hours/office-hours.ts'
import { OpeningCalendar } from '../../../src/domain/hours/opening-calendar.ts'
import { offsetsOf } from '../../../src/lib/time-zone.ts'
import t from '../../group/tap.ts'

const zone = 'Europe/Stockholm'
const day = [['08:00', '17:00']] as const
const week = { mon: day, tue: day, wed: day, thu: day, fri: day }
const HOUR = 3_600_000

/** The instant of a wall time in Stockholm (outside of gaps). */
function at(wall: string): number {
  const guess = Date.parse(`${wall}:00Z`)
  return guess - offsetsOf(zone)(guess - HOUR)
}

const isOpen = (hours: OfficeHours, wall: string) =>
  new OpeningCalendar(hours, zone).closingAt(at(wall)) === null
const opens = (hours: OfficeHours, wall: string) => {
  const next = new OpeningCalendar(hours, zone).nextOpening(at(wall))
  return next && new Date(next + offsetsOf(zone)(next)).toISOString().slice(0, 16)
}

t.test('a week', async (t) => {
  const hours: OfficeHours = { week, outside: 'gone-for-the-day' }
  t.equal(isOpen(hours, '2026-12-01T08:00'), true)
  t.equal(isOpen(hours, '2026-12-01T07:59'), false)
  t.equal(isOpen(hours, '2026-12-01T17:00'), false, 'half-open')
  t.equal(opens(hours, '2026-12-04T17:30'), '2026-12-07T08:00', 'over the week-end')
  t.equal(opens(hours, '2026-12-04T12:00'), '2026-12-07T08:00', 'while it is open: the next time')
  t.equal(opens(hours, '2026-12-04T03:00'), '2026-12-04T08:00')
  const lunch: OfficeHours = {
    week: {
      ...week,
      fri: [
        ['08:00', '12:00'],
        ['13:00', '17:00']
      ]
    },
    outside: null
  }
  t.equal(isOpen(lunch, '2026-12-04T12:30'), false)
  t.equal(opens(lunch, '2026-12-04T11:00'), '2026-12-07T08:00', 'after lunch it goes on')
})

t.test('over Christmas: holidays, and who is back when', async (t) => {
  const hours: OfficeHours = { week, holidays: { country: 'SE' }, outside: 'gone-for-the-day' }
  t.equal(opens(hours, '2026-12-23T18:00'), '2026-12-28T08:00')
  t.equal(opens(hours, '2026-12-30T18:00'), '2027-01-04T08:00', 'New Year’s Eve is a bank holiday')
  const calendar = new OpeningCalendar(hours, zone)
  t.strictSame(calendar.closingAt(at('2026-12-25T12:00')), {
    start: at('2026-12-23T17:00'),
    end: at('2026-12-28T08:00')
  })
  t.match(calendar.closings(at('2026-12-25T12:00'), at('2026-12-25T12:01')), [{ holiday: 'juldagen' }])
  const red: OfficeHours = { ...hours, holidays: { country: 'SE', closed: ['public'] } }
  t.equal(isOpen(red, '2026-12-24T10:00'), true)
})

t.test('half days, days before, bridge days, days added and removed', async (t) => {
  const of = (holidays: OfficeHours['holidays']): OfficeHours => ({
    week,
    holidays: { country: 'SE', ...holidays },
    outside: 'gone-for-the-day'
  })
  const half = of({ half: { types: ['optional'], until: '12:00' } })
  t.equal(isOpen(half, '2026-04-30T11:59'), true)
  t.equal(isOpen(half, '2026-04-30T12:00'), false)
  t.equal(isOpen(of({}), '2026-04-30T12:00'), true, 'unless it is asked for, it is no half day')
  const before = of({ dayBefore: { until: '15:00' } })
  t.equal(isOpen(before, '2026-05-13T14:59'), true)
  t.equal(isOpen(before, '2026-05-13T15:00'), false, 'before Ascension')
  t.equal(isOpen(before, '2026-05-12T15:00'), true)
  const bridge = of({ bridge: 'closed' })
  t.equal(isOpen(bridge, '2026-05-15T10:00'), false, 'Friday after Ascension')
  t.equal(isOpen(of({}), '2026-05-15T10:00'), true)
  t.equal(isOpen(bridge, '2026-06-05T10:00'), true, 'a holiday on a Saturday takes nothing from the week')
  t.equal(isOpen(bridge, '2026-06-18T10:00'), true, 'before a day off stands a working day')
  const wednesdays: OfficeHours = { ...bridge, week: { wed: day } }
  t.equal(isOpen(wednesdays, '2026-12-02T10:00'), true, 'a week alone makes no bridge')
  const changed = of({
    add: [{ date: '2026-12-30', name: 'Mellandag', until: '12:00' }],
    remove: ['2026-12-31']
  })
  t.equal(isOpen(changed, '2026-12-30T11:00'), true)
  t.equal(isOpen(changed, '2026-12-30T12:00'), false)
  t.equal(isOpen(changed, '2026-12-31T12:00'), true)
})

t.test('nights, and the days on which clocks change', async (t) => {
  const night = { fri: [['22:00', '24:00']], sat: [['00:00', '06:00']] } as const
  const hours: OfficeHours = { week: night, outside: 'gone-for-the-day' }
  t.equal(isOpen(hours, '2026-12-04T23:59'), true)
  t.equal(isOpen(hours, '2026-12-05T00:00'), true, 'over midnight')
  t.equal(opens(hours, '2026-12-04T23:00'), '2026-12-11T22:00', 'going on after midnight is no opening')
  const sunday: OfficeHours = { week: { sun: [['02:30', '04:00']] }, outside: null }
  const closings = (from: string) =>
    new OpeningCalendar(sunday, zone)
      .closings(Date.parse(from), Date.parse(from) + 30 * HOUR)
      .map(({ start, end }) => [new Date(start).toISOString(), new Date(end).toISOString()])
  t.strictSame(
    closings('2026-03-28T23:00:00Z').slice(0, 2),
    [
      ['2026-03-28T23:00:00.000Z', '2026-03-29T01:00:00.000Z'],
      ['2026-03-29T02:00:00.000Z', '2026-03-29T22:00:00.000Z']
    ],
    'spring: 02:30 is 03:00, and the day has 23 hours'
  )
  t.strictSame(
    closings('2026-10-24T22:00:00Z').slice(0, 2),
    [
      ['2026-10-24T22:00:00.000Z', '2026-10-25T00:30:00.000Z'],
      ['2026-10-25T03:00:00.000Z', '2026-10-25T23:00:00.000Z']
    ],
    'autumn: the first 02:30, and the day has 25 hours'
  )
})

const minute = fc.integer({ min: 0, max: 1440 })
const time = (minutes: number) =>
  `${`${Math.floor(minutes / 60)}`.padStart(2, '0')}:${`${minutes % 60}`.padStart(2, '0')}`
const anyDay = fc.uniqueArray(minute, { maxLength: 6 }).map((minutes) => {
  const sorted = minutes.sort((a, b) => a - b)
  return Array.from({ length: sorted.length >> 1 }, (_, index): [string, string] => [
    time(sorted[2 * index]!),
    time(sorted[2 * index + 1]!)
  ])
})
const anyHours = fc.record({
  week: fc.record({
    mon: anyDay,
    tue: anyDay,
    wed: anyDay,
    thu: anyDay,
    fri: anyDay,
    sat: anyDay,
    sun: anyDay
  }),
  holidays: fc.record({
    country: fc.constantFrom('SE', 'NO', 'DK', 'FI', 'IS'),
    bridge: fc.constantFrom('closed' as const, undefined),
    dayBefore: fc.constantFrom({ until: '15:00' }, undefined)
  }),
  outside: fc.constant('gone-for-the-day')
}) as unknown as fc.Arbitrary<OfficeHours>

t.test('a law: closed pieces are sorted, never negative, and end where the office is open', async () => {
  fc.assert(
    fc.property(
      anyHours,
      fc.integer({ min: Date.parse('2025-12-20T00:00:00Z'), max: Date.parse('2028-01-10T00:00:00Z') }),
      (hours, instant) => {
        if (validateOfficeHours(hours, new Set(['gone-for-the-day'])).length > 0) return true
        const calendar = new OpeningCalendar(hours, zone)
        const pieces = calendar.closings(instant, instant + 9 * 24 * HOUR)
        for (const [index, { start, end }] of pieces.entries()) {
          if (start >= end || start < (pieces[index - 1]?.end ?? 0)) return false
        }
        const closing = calendar.closingAt(instant)
        if (closing !== null) {
          if (closing.start > instant || closing.end <= instant) return false
          if (calendar.closingAt(closing.end) !== null || calendar.closingAt(closing.start - 1) !== null)
            return false
        }
        const next = calendar.nextOpening(instant)
        return next === null || (next > instant && calendar.closingAt(next) === null)
      }
    ),
    { numRuns: 60 }
  )
})

t.test('what cannot be is refused by name', async (t) => {
  const fields = (hours: OfficeHours) =>
    validateOfficeHours(hours, new Set(['gone-for-the-day', 'available'])).map(({ field }) => field)
  const good: OfficeHours = { week, outside: 'gone-for-the-day' }
  t.strictSame(fields(good), [])
  t.strictSame(fields({ ...good, week: {} }), ['week'])
  t.strictSame(fields({ ...good, week: { mon: [['17:00', '08:00']] } }), ['week/mon/0'])
  t.strictSame(
    fields({
      ...good,
      week: {
        mon: [
          ['08:00', '12:00'],
          ['11:00', '13:00']
        ]
      }
    }),
    ['week/mon/1']
  )
  t.strictSame(fields({ ...good, week: { mon: [['08:00', '24:01']] } }), ['week/mon/0'])
  t.strictSame(fields({ ...good, outside: 'siesta' }), ['outside'])
  t.strictSame(fields({ ...good, outside: 'available' }), ['outside'])
  t.strictSame(fields({ ...good, holidays: { country: 'DE' } }), ['holidays/country'])
  t.strictSame(fields({ ...good, holidays: { remove: ['2026-02-30'] } }), ['holidays/remove/0'])
})
