/** Quiet hours and digests on days of 23, 24 and 25 hours. */

import { digestDayAt, isQuiet } from '../../src/alarms/quiet-hours.ts'
import t from '../group/tap.ts'

const zone = 'Europe/Stockholm'
const everyDay = [1, 2, 3, 4, 5, 6, 7]
const at = (text: string) => Date.parse(text)

t.test('quiet hours go over midnight and begin on the days that are named', async (t) => {
  const quiet = { from: '18:00', to: '07:00', days: [1, 2, 3, 4, 5], criticalToo: false }
  const cases: readonly (readonly [string, boolean])[] = [
    // Tuesday, 1 December 2026.
    ['2026-12-01T17:59:59+01:00', false],
    ['2026-12-01T18:00:00+01:00', true],
    ['2026-12-02T06:59:59+01:00', true],
    ['2026-12-02T07:00:00+01:00', false],
    // Friday evening reaches into Saturday; Saturday and Sunday evening do not begin.
    ['2026-12-05T06:00:00+01:00', true],
    ['2026-12-05T19:00:00+01:00', false],
    ['2026-12-07T06:00:00+01:00', false],
    ['2026-12-07T18:30:00+01:00', true]
  ]
  for (const [text, expected] of cases) t.equal(isQuiet(quiet, zone, at(text)), expected, text)
})

t.test('they are local times on the night when the clock changes', async (t) => {
  const quiet = { from: '22:00', to: '06:00', days: everyDay, criticalToo: false }
  // 29 March 2026: the clock skips from 02:00 to 03:00, so the night has seven hours.
  t.equal(isQuiet(quiet, zone, at('2026-03-28T20:59:59Z')), false)
  t.equal(isQuiet(quiet, zone, at('2026-03-28T21:00:00Z')), true)
  t.equal(isQuiet(quiet, zone, at('2026-03-29T03:59:59Z')), true)
  t.equal(isQuiet(quiet, zone, at('2026-03-29T04:00:00Z')), false)
  // 25 October 2026: nine hours.
  t.equal(isQuiet(quiet, zone, at('2026-10-24T20:00:00Z')), true)
  t.equal(isQuiet(quiet, zone, at('2026-10-25T04:59:59Z')), true)
  t.equal(isQuiet(quiet, zone, at('2026-10-25T05:00:00Z')), false)
  const short = { from: '02:15', to: '02:45', days: everyDay, criticalToo: false }
  t.equal(
    isQuiet(short, zone, at('2026-03-29T01:30:00Z')),
    true,
    'a time that the clock skips is read as if it had not'
  )
  const whole = { from: '00:00', to: '00:00', days: [2], criticalToo: false }
  t.equal(isQuiet(whole, zone, at('2026-12-01T23:59:59+01:00')), true, 'the whole of Tuesday')
  t.equal(isQuiet(whole, zone, at('2026-12-02T00:00:00+01:00')), false)
})

t.test('a digest is due once a local day', async (t) => {
  t.equal(digestDayAt('07:30', zone, at('2026-12-01T06:29:59Z')), null)
  t.equal(digestDayAt('07:30', zone, at('2026-12-01T06:30:00Z'))?.day, '2026-12-01')
  t.equal(digestDayAt('02:30', zone, at('2026-03-29T01:29:59Z')), null)
  t.equal(
    digestDayAt('02:30', zone, at('2026-03-29T01:30:00Z'))?.day,
    '2026-03-29',
    'though the clock skips that time'
  )
  t.equal(digestDayAt('02:30', zone, at('2026-10-25T00:30:00Z'))?.day, '2026-10-25')
  t.equal(
    digestDayAt('02:30', zone, at('2026-10-25T01:30:00Z'))?.day,
    '2026-10-25',
    'twice that time is one day'
  )
})
