/** What single events say: zones, days, busy status, visibility, answers; and what is wrong with some. */

import { decodeCalendar } from '../../../src/connectors/icalendar/decode.ts'
import t from '../../group/tap.ts'
import { calendar, event, parsedInstant, read, shown } from './calendars.ts'

const noon = ['DTSTART:20261123T110000Z', 'DTEND:20261123T120000Z', 'SUMMARY:x']

t.test('times in every kind of zone', async (t) => {
  const own = [
    'BEGIN:VTIMEZONE',
    'TZID:Customized Time Zone',
    ...[
      'BEGIN:STANDARD',
      'DTSTART:16010101T030000',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0100',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
      'END:STANDARD'
    ],
    ...[
      'BEGIN:DAYLIGHT',
      'DTSTART:16010101T020000',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0200',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
      'END:DAYLIGHT'
    ],
    'END:VTIMEZONE'
  ]
  const rows: [parameter: string, start: string][] = [
    ['', '2026-11-23T08:00'],
    [';TZID=America/New_York', '2026-11-23T14:00'],
    [';TZID="W. Europe Standard Time"', '2026-11-23T08:00'],
    [';TZID=India Standard Time', '2026-11-23T03:30'],
    [';TZID=Customized Time Zone', '2026-11-23T08:00'],
    [';TZID=/mozilla.org/20050126_1/Pacific/Auckland', '2026-11-22T20:00'],
    [';TZID=Nowhere', '2026-11-23T08:00']
  ]
  for (const [parameter, start] of rows) {
    const result = read(
      calendar(...own, event(`DTSTART${parameter}:20261123T090000`, 'DURATION:PT1H', 'SUMMARY:x'))
    )
    t.equal(shown(result)[0]!.slice(0, 16), start, parameter || 'floating')
    t.equal(result.partialRead !== null, parameter.includes('Nowhere'), 'only an unknown zone is reported')
  }
  const summer = { start: parsedInstant('2026-07-01T00:00:00Z'), end: parsedInstant('2026-07-08T00:00:00Z') }
  const july = calendar(...own, event('DTSTART;TZID=Customized Time Zone:20260702T090000', 'DURATION:PT1H'))
  t.match(shown(read(july, { window: summer }))[0], /^2026-07-02T07:00/)
})

t.test(
  'days: with and without an end, ending on themselves, marked by Exchange, written by Google',
  async (t) => {
    for (const lines of [
      ['DTSTART;VALUE=DATE:20261124'],
      ['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261125'],
      ['DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261124'],
      ['DTSTART;TZID=US/Pacific:20261124', 'DURATION:PT86400S'],
      ['DTSTART:20261124T000000', 'DTEND:20261125T000000', 'X-MICROSOFT-CDO-ALLDAYEVENT:TRUE']
    ]) {
      const [only] = read(calendar(event(...lines))).events
      t.match(
        only,
        {
          start: parsedInstant('2026-11-23T23:00:00Z'),
          end: parsedInstant('2026-11-24T23:00:00Z'),
          allDay: true
        },
        lines.join(' ')
      )
    }
    const [timed] = read(calendar(event('DTSTART:20261124T000000', 'DTEND:20261125T000000'))).events
    t.equal(timed!.allDay, false, 'midnight to midnight alone is no day')
  }
)

t.test('busy status: Exchange, then RFC 5545; what the organizer meant for others is nothing', async (t) => {
  const rows: [lines: string[], busy: string][] = [
    [[], 'busy'],
    [['TRANSP:TRANSPARENT'], 'free'],
    [['STATUS:TENTATIVE'], 'tentative'],
    [['X-MICROSOFT-CDO-BUSYSTATUS:OOF', 'TRANSP:TRANSPARENT'], 'oof'],
    [['X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE'], 'workingElsewhere'],
    [['X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE', 'X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY'], 'tentative'],
    [['X-MICROSOFT-CDO-INTENDEDSTATUS:FREE'], 'busy'],
    [['X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY', 'TRANSP:TRANSPARENT'], 'free'],
    [['X-MICROSOFT-CDO-BUSYSTATUS:NONSENSE'], 'busy']
  ]
  for (const [lines, busy] of rows) {
    t.equal(read(calendar(event(...noon, ...lines))).events[0]!.busy, busy, lines.join(' '))
  }
})

t.test('visibility, categories, and an unknown class is private', async (t) => {
  const [first, second] = read(
    calendar(
      event(...noon, 'CLASS:X-SECRET', 'CATEGORIES:Röd\\, viktig,Semester', 'CATEGORIES:Kurs'),
      event(...noon, 'CLASS:')
    )
  ).events
  t.match(first, { visibility: 'private', categories: ['Röd, viktig', 'Semester', 'Kurs'] })
  t.match(second, { visibility: 'normal', categories: [] })
})

t.test(
  "the owner's answer, where the owner is known, where it is not, and where nobody was invited",
  async (t) => {
    const anna = (answer: string) => `ATTENDEE;PARTSTAT=${answer}:mailto:Anna@example.se`
    const bo = 'ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:bo@example.se'
    const organizer = 'ORGANIZER:mailto:bo@example.se'
    const known = 'X-WR-CALNAME:anna@example.se'
    const rows: [head: string[], lines: string[], response: string][] = [
      [[known], [], 'none'],
      [[known], ['ORGANIZER:mailto:anna@example.se', bo], 'organizer'],
      [[known], [organizer, bo, anna('DECLINED')], 'declined'],
      [[known], [organizer, bo, anna('NEEDS-ACTION')], 'notResponded'],
      [['X-OWNER;CN="Anna":mailto:anna@example.se'], [organizer, bo, anna('TENTATIVE')], 'tentative'],
      [[known], [organizer, bo], 'accepted'],
      [[], [organizer, anna('DECLINED')], 'accepted'],
      [[known], [organizer, 'ATTENDEE;PARTSTAT=DECLINED:mailto:cia@example.se'], 'accepted'],
      [[], [organizer, anna('DECLINED'), 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:cia@example.se'], 'accepted'],
      [
        [],
        [organizer, anna('DECLINED'), 'ATTENDEE:mailto:cia@example.se', 'STATUS:TENTATIVE'],
        'notResponded'
      ],
      [[], ['X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE'], 'notResponded'],
      [[], ['STATUS:TENTATIVE'], 'none']
    ]
    for (const [head, lines, response] of rows) {
      t.equal(
        read(calendar(...head, event(...noon, ...lines))).events[0]!.response,
        response,
        [...head, ...lines].join(' ')
      )
    }
    const google = read(calendar(event(...noon, organizer, anna('DECLINED'), bo)), {
      mailbox: '/calendar/ical/anna@example.se/private/basic.ics'
    })
    t.equal(google.events[0]!.response, 'declined', "Google's address names the owner")
    t.equal(read(calendar('METHOD:CANCEL', event(...noon))).events[0]!.cancelled, true)
  }
)

t.test('what cannot be read is reported by line, and the rest is read', async (t) => {
  const rows: [lines: string[], said: RegExp][] = [
    [['DTSTART:20261345T990000'], /line 12: DTSTART cannot be read/],
    [['SUMMARY:hemligt'], /the event has no DTSTART/],
    [
      ['DTSTART:20261123T110000Z', 'RRULE:FREQ=FORTNIGHTLY'],
      /line 13: RRULE cannot be read: FREQ is missing or unknown/
    ],
    [['DTSTART:20261123T110000Z', 'RRULE:FREQ=DAILY;COUNT=many'], /COUNT is no whole number from 1/],
    [['DTSTART:20261123T110000Z', 'RRULE:FREQ=DAILY;UNTIL=20261345'], /UNTIL is no date and no time/],
    [['DTSTART:20261123T110000Z', 'RRULE:hemligt'], /a part that RFC 5545 does not know/],
    [['DTSTART:20261123T110000Z', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'], /RRULE gives nothing/],
    [
      ['DTSTART:20261123T110000Z', 'RRULE:FREQ=MINUTELY'],
      /line 13: its recurrence gives more than 2000 occurrences/
    ],
    [['DTSTART:20261123T110000Z', 'DURATION:P'], /line 13: DURATION cannot be read/],
    [['DTSTART:20261123T110000Z', 'DURATION:P99999999999999999999W'], /line 13: DURATION cannot be read/]
  ]
  for (const [lines, said] of rows) {
    const result = read(calendar(event(...noon), event(...lines)))
    t.equal(result.events.length, 1, lines.join(' '))
    t.match(result.partialRead, { code: 'protocol_error', hint: said })
    t.notMatch(result.partialRead!.hint, /hemligt/)
  }
})

t.test('a calendar without subjects is reported, if subjects are required', async (t) => {
  const busy = calendar(event('DTSTART:20261123T110000Z', 'DTEND:20261123T120000Z', 'SUMMARY:Busy'))
  t.match(read(busy), { detail: 'availability', partialRead: { code: 'subject_not_readable' } })
  t.match(read(busy, { subjects: false }), { detail: 'availability', partialRead: null })
})

t.test('charsets: a mark first, then what is declared, then UTF-8, then Windows-1252', async (t) => {
  const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding)
  t.equal(decodeCalendar(bytes('\uFEFFmöte', 'utf8'), 'iso-8859-1'), 'möte')
  t.equal(decodeCalendar(bytes('\uFEFFmöte', 'utf16le'), null), 'möte')
  t.equal(decodeCalendar(bytes('möte', 'latin1'), 'ISO-8859-1'), 'möte')
  t.equal(decodeCalendar(bytes('möte', 'latin1'), null), 'möte')
  t.equal(decodeCalendar(bytes('möte', 'utf8'), 'klingon'), 'möte')
})

t.test('a fold within a character, and a line in another charset, change no other line', async (t) => {
  const line = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding)
  for (const end of ['\r\n', '\n', '\r']) {
    const folded = Buffer.concat([
      line(`SUMMARY:möte${end}SUMMARY:Kund`),
      Buffer.from([0xc3]),
      line(`${end} `),
      Buffer.from([0xa5]),
      line(`${end}\tLUN${end}`)
    ])
    const text = decodeCalendar(Buffer.concat([folded, line(`SUMMARY:fjäll${end}`, 'latin1'), folded]), null)
    const lines = text.split('\n')
    t.same(
      lines.filter((one) => one.trim() !== ''),
      [...['SUMMARY:möte', 'SUMMARY:KundåLUN', 'SUMMARY:fjäll'], ...['SUMMARY:möte', 'SUMMARY:KundåLUN']]
    )
    t.equal(lines.indexOf('SUMMARY:fjäll'), 4, 'lines keep their numbers')
  }
})

t.test('lines that are longer than any program writes cost their own event at the most', async (t) => {
  const parameters = ';X=1'.repeat(100_000)
  const result = read(
    calendar(
      event('DTSTART:20261123T110000Z', 'DURATION:PT1H', `SUMMARY:MÖT ${'x'.repeat(300_000)}`),
      event(`DTSTART${parameters}:20261123T110000Z`, 'SUMMARY:x'),
      event('DTSTART:20261123T120000Z', 'DURATION:PT1H', `ATTENDEE${parameters}:mailto:a@example.se`)
    )
  )
  t.match(result.events, [{ subject: /^MÖT x/ }, { start: parsedInstant('2026-11-23T12:00:00Z') }])
  t.equal(result.events.length, 2)
  t.match(result.partialRead, { hint: /^1 event is left out .*: line 12: DTSTART cannot be read/ })

  const folds = Buffer.concat([Buffer.from(`SUMMARY:${'a\r\n '.repeat(300_000)}`), Buffer.of(0xe4)])
  t.equal(decodeCalendar(folds, null).split('\n').length, 300_001)
})
