/** Local midnights and wall times over the days on which clocks change. */
import fc from 'fast-check'
import {
  ianaZone,
  instantOf,
  isMidnight,
  isValidZone,
  localInstant,
  offsetsOf,
  startOfDay,
  wallOf
} from '../../src/lib/time-zone.ts'
import t from '../group/tap.ts'

const at = (text: string) => Date.parse(text)
const clock = (year: number, month: number, day: number, hour: number, minute = 0) => ({
  year,
  month,
  day,
  hour,
  minute,
  second: 0
})

t.test('a day is from midnight to midnight over both clock changes', async (t) => {
  const days: [zone: string, day: [number, number, number], start: string, hours: number][] = [
    ['Europe/Stockholm', [2026, 3, 28], '2026-03-27T23:00:00Z', 24],
    ['Europe/Stockholm', [2026, 3, 29], '2026-03-28T23:00:00Z', 23],
    ['Europe/Stockholm', [2026, 10, 25], '2026-10-24T22:00:00Z', 25],
    ['America/New_York', [2026, 3, 8], '2026-03-08T05:00:00Z', 23],
    ['America/New_York', [2026, 11, 1], '2026-11-01T04:00:00Z', 25],
    ['Asia/Kolkata', [2026, 3, 29], '2026-03-28T18:30:00Z', 24],
    ['Asia/Kolkata', [2026, 10, 25], '2026-10-24T18:30:00Z', 24],
    ['Pacific/Auckland', [2026, 4, 5], '2026-04-04T11:00:00Z', 25],
    ['Pacific/Auckland', [2026, 9, 27], '2026-09-26T12:00:00Z', 23],
    ['Australia/Lord_Howe', [2026, 4, 5], '2026-04-04T13:00:00Z', 24.5],
    ['UTC', [2026, 2, 28], '2026-02-28T00:00:00Z', 24]
  ]
  for (const [zone, [year, month, day], start, hours] of days) {
    const from = startOfDay(zone, year, month, day)
    t.equal(new Date(from).toISOString(), new Date(start).toISOString(), `${zone} ${year}-${month}-${day}`)
    t.equal((startOfDay(zone, year, month, day + 1) - from) / 3_600_000, hours, `${zone}: ${hours} hours`)
    t.ok(isMidnight(zone, from))
    t.notOk(isMidnight(zone, from + 1000))
    t.notOk(isMidnight(zone, from - 1))
  }
})

t.test('where clocks skip midnight the day begins with the skip', async (t) => {
  const skipped: [zone: string, day: [number, number, number], start: string, hours: number][] = [
    ['America/Sao_Paulo', [2018, 11, 4], '2018-11-04T03:00:00Z', 23],
    ['Asia/Beirut', [2026, 3, 29], '2026-03-28T22:00:00Z', 23],
    ['Africa/Cairo', [2026, 4, 24], '2026-04-23T22:00:00Z', 23],
    // 23:30 became 00:30: the half hour that is missing lies on both sides of midnight.
    ['America/Toronto', [1919, 3, 31], '1919-03-31T04:30:00Z', 23.5],
    // Samoa left that Friday out.
    ['Pacific/Apia', [2011, 12, 30], '2011-12-30T10:00:00Z', 0]
  ]
  for (const [zone, [year, month, day], start, hours] of skipped) {
    const from = startOfDay(zone, year, month, day)
    t.equal(new Date(from).toISOString(), new Date(start).toISOString(), `${zone} ${year}-${month}-${day}`)
    t.equal((startOfDay(zone, year, month, day + 1) - from) / 3_600_000, hours, `${zone}: ${hours} hours`)
    t.ok(isMidnight(zone, from))
  }
})

t.test('where clocks show midnight twice the day before is the longer one', async (t) => {
  t.equal(startOfDay('Africa/Cairo', 2026, 10, 30), at('2026-10-29T22:00:00Z'))
  t.equal(startOfDay('Africa/Cairo', 2026, 10, 30) - startOfDay('Africa/Cairo', 2026, 10, 29), 25 * 3_600_000)
  t.equal(startOfDay('America/Havana', 2026, 11, 1), at('2026-11-01T04:00:00Z'))
})

t.test(
  'a time that clocks show twice is the first; one that they never show is taken as if not skipped',
  async (t) => {
    t.equal(localInstant('Europe/Stockholm', clock(2026, 10, 25, 2, 30)), at('2026-10-25T00:30:00Z'))
    t.equal(localInstant('Europe/Stockholm', clock(2026, 10, 25, 3)), at('2026-10-25T02:00:00Z'))
    t.equal(localInstant('Europe/Stockholm', clock(2026, 3, 29, 2, 30)), at('2026-03-29T01:30:00Z'))
    t.equal(localInstant('Europe/Stockholm', clock(2026, 3, 29, 3)), at('2026-03-29T01:00:00Z'))
    t.equal(localInstant('America/New_York', clock(2026, 11, 1, 1, 30)), at('2026-11-01T05:30:00Z'))
    t.equal(localInstant('Asia/Kolkata', clock(2026, 11, 1, 9)), at('2026-11-01T03:30:00Z'))
  }
)

t.test('zone names: IANA as given, Windows mapped, nothing else', async (t) => {
  t.equal(ianaZone('Europe/Stockholm'), 'Europe/Stockholm')
  t.equal(ianaZone('W. Europe Standard Time'), 'Europe/Berlin')
  t.equal(ianaZone('romance standard time'), 'Europe/Paris')
  t.equal(ianaZone('FLE Standard Time'), 'Europe/Kyiv')
  for (const name of [
    'Customized Time Zone',
    '',
    '+01:00',
    'Mars/Olympus',
    'a'.repeat(100_000),
    '../etc',
    'x\0y'
  ]) {
    t.equal(ianaZone(name), null)
  }
  t.notOk(isValidZone('W. Europe Standard Time'))
  t.ok(isValidZone('UTC'))
  t.throws(() => startOfDay('Mars/Olympus', 2026, 1, 1), { name: 'RangeError' })
})

t.test('years that no calendar should hold do no harm', async (t) => {
  for (const year of [0, 1, 99, 1600, 9999]) {
    t.ok(Number.isFinite(startOfDay('Europe/Stockholm', year, 1, 1)), String(year))
  }
})

t.test('law: a wall time that is shown at all is shown at the instant that is given for it', async () => {
  const zones = ['Europe/Stockholm', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Africa/Cairo']
  const instants = fc.integer({ min: at('2000-01-01') / 1000, max: at('2040-01-01') / 1000 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, (zone, second) => {
      const offsetAt = offsetsOf(zone)
      const wall = second * 1000 + offsetAt(second * 1000)
      const found = instantOf(wall, offsetAt)
      return found <= second * 1000 && found + offsetAt(found) === wall
    }),
    { numRuns: 2000 }
  )
})

t.test('local times of the first century, and days and months that run over into the next', async (t) => {
  t.equal(wallOf(99, 13, 1), at('0100-01-01T00:00:00Z'))
  t.equal(wallOf(4, 2, 29, 12), at('0004-02-29T12:00:00Z'))
  t.equal(wallOf(1, 1, 0), at('0000-12-31T00:00:00Z'))
  t.equal(wallOf(2026, 14, 1), at('2027-02-01T00:00:00Z'))
})
