/** Series of events as calendar programs write them. */
import fc from 'fast-check'
import t from '../../group/tap.ts'
import { calendar, event, parsedInstant, read, shown } from './calendars.ts'

const daily = (...lines: string[]) =>
  event('UID:s', 'DTSTART;TZID=Europe/Stockholm:20261123T090000', 'DURATION:PT1H', 'SUMMARY:s', ...lines)

t.test('exceptions, additions and moved occurrences', async (t) => {
  const rows: [what: string, text: string[], expected: string[]][] = [
    [
      'EXDATE in UTC, as a date, and floating',
      [
        daily(
          'RRULE:FREQ=DAILY;COUNT=4',
          'EXDATE:20261123T080000Z',
          'EXDATE;VALUE=DATE:20261124',
          'EXDATE:20261126T090000'
        )
      ],
      ['2026-11-25T08:00/2026-11-25T09:00 s']
    ],
    [
      'RDATE, and RDATE as a period of its own length',
      [daily('RDATE;TZID=Europe/Stockholm:20261124T100000', 'RDATE;VALUE=PERIOD:20261125T080000Z/PT2H')],
      [
        '2026-11-23T08:00/2026-11-23T09:00 s',
        '2026-11-24T09:00/2026-11-24T10:00 s',
        '2026-11-25T08:00/2026-11-25T10:00 s'
      ]
    ],
    [
      'one moved (named in UTC), one called off',
      [
        daily('RRULE:FREQ=DAILY;COUNT=3'),
        event(
          'UID:s',
          'RECURRENCE-ID:20261124T080000Z',
          'DTSTART:20261124T120000Z',
          'DTEND:20261124T130000Z',
          'SUMMARY:moved'
        ),
        event('UID:s', 'RECURRENCE-ID:20261125T080000Z', 'STATUS:CANCELLED', 'SUMMARY:off')
      ],
      [
        '2026-11-23T08:00/2026-11-23T09:00 s',
        '2026-11-24T12:00/2026-11-24T13:00 moved',
        '2026-11-25T08:00/2026-11-25T08:00 off'
      ]
    ],
    [
      'moved into the window from far outside it',
      [
        daily('RRULE:FREQ=YEARLY'),
        event(
          'UID:s',
          'RECURRENCE-ID;TZID=Europe/Stockholm:20281123T090000',
          'DTSTART:20261124T120000Z',
          'DURATION:PT1H',
          'SUMMARY:early'
        )
      ],
      ['2026-11-23T08:00/2026-11-23T09:00 s', '2026-11-24T12:00/2026-11-24T13:00 early']
    ],
    [
      'THISANDFUTURE: an hour later and twice as long from the third on',
      [
        daily('RRULE:FREQ=DAILY;COUNT=4'),
        event(
          'UID:s',
          'RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T080000Z',
          'DTSTART:20261125T090000Z',
          'DURATION:PT2H',
          'SUMMARY:later'
        )
      ],
      [
        '2026-11-23T08:00/2026-11-23T09:00 s',
        '2026-11-24T08:00/2026-11-24T09:00 s',
        '2026-11-25T09:00/2026-11-25T11:00 later',
        '2026-11-26T09:00/2026-11-26T11:00 later'
      ]
    ],
    [
      'of two versions the later',
      [daily('SEQUENCE:2', 'RRULE:FREQ=DAILY;COUNT=1'), daily('SEQUENCE:1', 'RRULE:FREQ=DAILY;COUNT=3')],
      ['2026-11-23T08:00/2026-11-23T09:00 s']
    ],
    [
      'an invitation to one occurrence, without its series',
      [
        event(
          'UID:x',
          'RECURRENCE-ID:20261124T080000Z',
          'DTSTART:20261124T080000Z',
          'DURATION:PT1H',
          'SUMMARY:one'
        )
      ],
      ['2026-11-24T08:00/2026-11-24T09:00 one']
    ],
    [
      'DTSTART out of step with its rule counts as the first',
      [daily('RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3')],
      [
        '2026-11-23T08:00/2026-11-23T09:00 s',
        '2026-11-24T08:00/2026-11-24T09:00 s',
        '2026-12-01T08:00/2026-12-01T09:00 s'
      ]
    ],
    [
      'UNTIL as a date is that whole day; white space in the rule',
      [daily('RRULE:FREQ=DAILY;BYDAY=MO, TU,WE;UNTIL=20261124')],
      ['2026-11-23T08:00/2026-11-23T09:00 s', '2026-11-24T08:00/2026-11-24T09:00 s']
    ],
    [
      'UNTIL in UTC, by instant; an EXRULE that ends before the rest',
      [
        daily(
          'RRULE:FREQ=DAILY;UNTIL=20261126T080000Z',
          'EXRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261124T000000Z'
        )
      ],
      [
        '2026-11-24T08:00/2026-11-24T09:00 s',
        '2026-11-25T08:00/2026-11-25T09:00 s',
        '2026-11-26T08:00/2026-11-26T09:00 s'
      ]
    ],
    [
      'second 60 is the next minute',
      [daily('RRULE:FREQ=DAILY;BYSECOND=0,60;COUNT=3')],
      [
        '2026-11-23T08:00/2026-11-23T09:00 s',
        '2026-11-23T08:01/2026-11-23T09:01 s',
        '2026-11-24T08:00/2026-11-24T09:00 s'
      ]
    ],
    [
      'UNTIL before DTSTART leaves the first occurrence, as Google ends a series at its beginning',
      [daily('RRULE:FREQ=DAILY;UNTIL=20261101T000000Z')],
      ['2026-11-23T08:00/2026-11-23T09:00 s']
    ],
    [
      'numbered days in a weekly rule are every such day',
      [daily('RRULE:FREQ=WEEKLY;BYDAY=1MO;COUNT=2')],
      ['2026-11-23T08:00/2026-11-23T09:00 s', '2026-11-30T08:00/2026-11-30T09:00 s']
    ],
    [
      'the fourth Monday of November, by year and by position',
      [
        event(
          'DTSTART:20151123T080000Z',
          'DURATION:PT1H',
          'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=MO;BYSETPOS=4',
          'SUMMARY:y'
        )
      ],
      ['2026-11-23T08:00/2026-11-23T09:00 y']
    ]
  ]
  for (const [what, text, expected] of rows) t.same(shown(read(calendar(...text))), expected, what)
})

t.test('a series keeps its local time over a change of the clock, and its length in hours', async (t) => {
  const window = { start: parsedInstant('2026-10-23T00:00:00Z'), end: parsedInstant('2026-10-27T00:00:00Z') }
  const night = event(
    'DTSTART;TZID=Europe/Stockholm:20261023T220000',
    'DTEND;TZID=Europe/Stockholm:20261024T060000',
    'RRULE:FREQ=DAILY;COUNT=3',
    'SUMMARY:jour'
  )
  t.same(shown(read(calendar(night), { window })), [
    '2026-10-23T20:00/2026-10-24T04:00 jour',
    '2026-10-24T20:00/2026-10-25T04:00 jour',
    '2026-10-25T21:00/2026-10-26T05:00 jour'
  ])
  const days = event('DTSTART;VALUE=DATE:20261024', 'DURATION:P2D', 'SUMMARY:semester')
  t.same(shown(read(calendar(days), { window })), ['2026-10-23T22:00/2026-10-25T23:00 semester'])
})

t.test('law: how long ago a series began does not change what it gives now', async () => {
  const freq = fc.constantFrom(
    'DAILY',
    'WEEKLY',
    'WEEKLY;BYDAY=MO,WE',
    'MONTHLY',
    'MONTHLY;BYDAY=-1FR',
    'HOURLY;INTERVAL=7'
  )
  fc.assert(
    fc.property(
      freq,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 9000 }),
      (rule, interval, back) => {
        const start = new Date(parsedInstant('2026-11-01T09:00:00Z') - back * 86_400_000)
        const stamp = start.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
        const with_ = (extra: string) => {
          const full = rule.includes('INTERVAL') ? rule : `${rule};INTERVAL=${interval}`
          return shown(
            read(
              calendar(event('UID:l', `DTSTART:${stamp}Z`, 'DURATION:PT30M', `RRULE:FREQ=${full}${extra}`))
            )
          )
        }
        // With COUNT every step is walked; without, the years before are skipped.
        return JSON.stringify(with_('')) === JSON.stringify(with_(';COUNT=150000'))
      }
    ),
    { numRuns: 40 }
  )
})
