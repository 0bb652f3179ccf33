/** Calendars that real programs write, or that RFC 5545 allows, and that were once read wrongly. The values are worked out by hand. */
import t from '../../group/tap.ts'
import { calendar, event, read } from './calendars.ts'

const DAY = 86_400_000
const from = Date.parse('2026-11-29T00:00:00Z')

interface Case {
  readonly what: string
  readonly lines: readonly string[]
  readonly days?: number
  readonly timeZone?: string
  /** Starts in UTC, `2026-12-01 09:00`; of all-day events the local day, `2026-12-01`. */
  readonly starts: readonly string[]
  readonly note?: RegExp
}

const inStockholm = [
  ...['BEGIN:VTIMEZONE', 'TZID:W. Europe Standard Time', 'BEGIN:STANDARD', 'DTSTART:16010101T030000'],
  ...['TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'END:STANDARD'],
  ...['BEGIN:DAYLIGHT', 'DTSTART:16010101T020000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'],
  ...['RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE']
]
const inHelsinki = inStockholm.map((line) =>
  line
    .replace('W. Europe Standard Time', 'Customized')
    .replace(/\+0([12])00/, (_, hours: string) => `+0${Number(hours) + 1}00`)
)
const firstFour = ['2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04']
const flagged = 'X-MICROSOFT-CDO-ALLDAYEVENT:TRUE'

function timed(rule: string, start: string): string {
  return event(`DTSTART:${start}`, 'DURATION:PT30M', `RRULE:${rule}`, 'SUMMARY:x')
}

const other = event('DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z', 'SUMMARY:x')

const cases: readonly Case[] = [
  {
    what: 'an all-day series until local midnight in UTC, as Exchange writes it, has its last day',
    lines: [event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261203T230000Z', 'SUMMARY:SEM')],
    starts: firstFour
  },
  {
    what: 'the same written as midnights in a zone of the file',
    lines: [
      ...inStockholm,
      event(
        'DTSTART;TZID=W. Europe Standard Time:20261201T000000',
        'DTEND;TZID=W. Europe Standard Time:20261202T000000',
        'RRULE:FREQ=DAILY;UNTIL=20261203T230000Z;INTERVAL=1',
        flagged,
        'SUMMARY:SEM'
      )
    ],
    starts: firstFour
  },
  {
    what: 'until the midnight of a zone that the file defines, east of the owner',
    lines: [
      ...inHelsinki,
      event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261203T220000Z', 'SUMMARY:SEM')
    ],
    starts: firstFour
  },
  {
    what: 'until midnight west of Greenwich',
    timeZone: 'America/New_York',
    lines: [event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261204T050000Z', 'SUMMARY:SEM')],
    starts: firstFour
  },
  {
    what: 'until midnight in UTC, west of Greenwich',
    timeZone: 'America/New_York',
    lines: [event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261204T000000Z', 'SUMMARY:SEM')],
    starts: firstFour
  },
  {
    what: 'until the last second of a day, and until a date',
    lines: [
      event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261202T235959Z', 'SUMMARY:SEM'),
      event('DTSTART;VALUE=DATE:20261203', 'RRULE:FREQ=DAILY;UNTIL=20261204', 'SUMMARY:SEM')
    ],
    starts: firstFour
  },
  {
    what: 'days that are flagged, in UTC',
    lines: [event('DTSTART:20261201T230000Z', 'DTEND:20261203T230000Z', flagged, 'SUMMARY:x')],
    starts: ['2026-12-02/2']
  },
  {
    what: 'days that are flagged, as midnights in UTC',
    lines: [event('DTSTART:20261202T000000Z', 'DTEND:20261203T000000Z', flagged, 'SUMMARY:x')],
    starts: ['2026-12-02']
  },
  {
    what: 'days that are flagged, in another zone, without an end, and from hour to hour',
    lines: [
      event(
        'DTSTART;TZID=Asia/Tokyo:20261202T000000',
        'DTEND;TZID=Asia/Tokyo:20261203T000000',
        flagged,
        'SUMMARY:x'
      ),
      event('DTSTART:20261202T230000Z', flagged, 'SUMMARY:x'),
      event('DTSTART:20261204T080000', 'DTEND:20261205T170000', flagged, 'SUMMARY:x')
    ],
    starts: ['2026-12-02', '2026-12-03', '2026-12-04/2']
  },
  {
    what: 'of a flagged series one occurrence is moved and one taken out, named by UTC midnights',
    lines: [
      event(
        'UID:f',
        'DTSTART:20261130T230000Z',
        'DTEND:20261201T230000Z',
        flagged,
        'RRULE:FREQ=DAILY;UNTIL=20261203T230000Z',
        'EXDATE:20261201T230000Z',
        'SUMMARY:x'
      ),
      event(
        'UID:f',
        'RECURRENCE-ID:20261202T230000Z',
        'DTSTART:20261209T230000Z',
        'DTEND:20261210T230000Z',
        flagged
      )
    ],
    starts: ['2026-12-01', '2026-12-04', '2026-12-10']
  },
  {
    what: 'an empty RRULE, as calendarlabs.com writes, is none',
    lines: [event('DTSTART:20261201', 'DTEND:20261201', 'RRULE:', 'SUMMARY:Holiday')],
    starts: ['2026-12-01']
  },
  {
    what: 'every Sunday in December, half past eight and half past nine (RFC 5545, 3.3.10)',
    lines: [timed('FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30', '20251201T083000Z')],
    starts: ['2026-12-06 08:30', '2026-12-06 09:30', '2026-12-13 08:30', '2026-12-13 09:30']
  },
  {
    what: 'Monday of week number 50 (RFC 5545, 3.8.5.3)',
    days: 120,
    lines: [timed('FREQ=YEARLY;BYWEEKNO=50;BYDAY=MO', '20251208T090000Z')],
    starts: ['2026-12-07 09:00']
  },
  {
    what: 'daily, on the last day of the month',
    lines: [timed('FREQ=DAILY;BYMONTHDAY=-1', '20261031T090000Z'), other],
    starts: ['2026-11-30 09:00', '2026-12-01 09:00']
  },
  {
    what: 'a rule that gives nothing costs no other event',
    lines: [timed('FREQ=WEEKLY;BYDAY=FR;BYSETPOS=2', '20211221T093000Z'), other],
    starts: ['2026-12-01 09:00'],
    note: /^1 event is left out .* line 8: RRULE gives nothing/
  },
  {
    what: 'keywords in any case',
    lines: [timed('freq=Weekly;Count=2', '20261201T090000Z')],
    starts: ['2026-12-01 09:00', '2026-12-08 09:00']
  },
  {
    what: 'an EXRULE that has ended',
    days: 4,
    lines: [
      event(
        'DTSTART:20261123T090000Z',
        'DURATION:PT30M',
        'RRULE:FREQ=DAILY',
        'EXRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261130T000000Z',
        'SUMMARY:x'
      )
    ],
    starts: ['2026-11-29 09:00', '2026-11-30 09:00', '2026-12-01 09:00', '2026-12-02 09:00']
  },
  {
    what: 'days of the year within a month',
    lines: [timed('FREQ=YEARLY;BYYEARDAY=335,340;BYMONTH=12', '20251201T090000Z')],
    starts: ['2026-12-01 09:00', '2026-12-06 09:00']
  },
  {
    what: 'hourly, at two hours',
    days: 2,
    lines: [timed('FREQ=HOURLY;BYHOUR=7,1', '20260729T000000Z')],
    starts: ['2026-11-29 01:00', '2026-11-29 07:00', '2026-11-30 01:00', '2026-11-30 07:00']
  },
  {
    what: 'minutes of a day are ignored',
    lines: [
      event(
        'DTSTART;VALUE=DATE:20261130',
        'RRULE:FREQ=DAILY;BYMINUTE=1,2,3,4;INTERVAL=2;COUNT=3',
        'SUMMARY:x'
      ),
      other
    ],
    starts: ['2026-11-30', '2026-12-01 09:00', '2026-12-02', '2026-12-04']
  },
  {
    what: 'a duration of nothing at all',
    lines: [event('DTSTART:20261202T090000Z', 'DURATION:P', 'SUMMARY:x'), other],
    starts: ['2026-12-01 09:00'],
    note: /^1 event is left out .* line 7: DURATION cannot be read/
  },
  {
    what: 'a zone whose definition is broken is an unknown zone',
    lines: [
      ...['BEGIN:VTIMEZONE', 'TZID:Odd', 'BEGIN:STANDARD', 'DTSTART:never', 'TZOFFSETFROM:+0200'],
      ...['TZOFFSETTO:+0100', 'END:STANDARD', 'END:VTIMEZONE'],
      event('DTSTART;TZID=Odd:20261201T090000', 'DURATION:PT1H', 'SUMMARY:x')
    ],
    starts: ['2026-12-01 08:00'],
    note: /names a time zone that is neither known nor defined/
  }
]

for (const { what, lines, days = 15, timeZone = 'Europe/Stockholm', starts, note } of cases) {
  t.test(what, async (t) => {
    const window = { start: from, end: from + days * DAY }
    const { events, partialRead } = read(calendar(...lines), { window, timeZone })
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' })
    const found = events.map(({ start, end, allDay }) => {
      if (!allDay) return new Date(start).toISOString().slice(0, 16).replace('T', ' ')
      const length = Math.round((end - start) / DAY)
      return `${local.format(start)}${length === 1 ? '' : `/${length}`}`
    })
    t.same(found.sort(), starts)
    if (note === undefined) t.equal(partialRead, null)
    else t.match(partialRead, { code: 'protocol_error', hint: note })
  })
}

t.test("a guest's answer is nobody's, and the read says that the owner is unknown", async (t) => {
  const meeting = (answer: string, ...lines: string[]) =>
    event(
      'DTSTART:20261201T090000Z',
      'DURATION:PT1H',
      'SUMMARY:MÖT: budget',
      'ORGANIZER:mailto:anna@example.com',
      `ATTENDEE;PARTSTAT=${answer}:mailto:bo@example.com`,
      ...lines
    )
  const window = { start: from, end: from + 15 * DAY }
  const unknown = read(
    calendar(
      'X-WR-CALNAME:Arbete',
      meeting('DECLINED'),
      meeting('NEEDS-ACTION'),
      meeting('ACCEPTED', 'STATUS:TENTATIVE'),
      meeting('DECLINED')
    ),
    { window }
  )
  t.same(
    unknown.events.map(({ response }) => response),
    ['accepted', 'accepted', 'notResponded', 'accepted']
  )
  t.match(unknown.partialRead, { code: 'protocol_error', hint: /does not say whose it is/ })

  const reading = read(calendar(meeting('DECLINED'), meeting('NEEDS-ACTION')), {
    window,
    ownerAddresses: ['Bo@example.com']
  })
  t.same(
    reading.events.map(({ response }) => response),
    ['declined', 'notResponded']
  )
  t.equal(reading.partialRead, null)
  const own = read(calendar('X-WR-CALNAME:bo@example.com', meeting('DECLINED')), {
    window,
    ownerAddresses: ['anna@example.com']
  })
  t.equal(own.events[0]!.response, 'organizer', 'the configured owner comes before what the file says')
  t.equal(read(calendar(other), { window }).partialRead, null, 'where nobody is invited nothing is missing')
})
