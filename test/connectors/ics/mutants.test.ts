/** Calendars that were damaged at random are read, or are unreadable: nothing else is thrown, and what is read can be used. */

import { decodeCalendar } from '../../../src/connectors/icalendar/decode.ts'
import { UnreadableCalendar } from '../../../src/connectors/icalendar/errors.ts'
import t from '../../group/tap.ts'
import { longTests } from '../../support/long-tests.ts'
import { calendar, event, read } from './calendars.ts'
import { generateRules, Random } from './recurrence-rules.ts'

const seed = Number(process.env.MUTANTS_SEED ?? Date.now() % 1_000_000)
const count = longTests ? 30_000 : 3_000

const zone = [
  ...[
    'BEGIN:VTIMEZONE',
    'TZID:Customized',
    'BEGIN:STANDARD',
    'DTSTART:16010101T030000',
    'TZOFFSETFROM:+0200'
  ],
  ...['TZOFFSETTO:+0100', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'END:STANDARD', 'BEGIN:DAYLIGHT'],
  ...['DTSTART:16010101T020000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200', 'RDATE:20260329T020000'],
  ...['END:DAYLIGHT', 'END:VTIMEZONE']
]
const whole = calendar(
  'METHOD:PUBLISH',
  'X-WR-CALNAME:anna@example.se',
  'X-OWNER;CN="Anna":mailto:anna@example.se',
  ...zone,
  event(
    'UID:series',
    'SEQUENCE:2',
    'DTSTART;TZID=Customized:20261102T090000',
    'DTEND;TZID=Customized:20261102T100000',
    'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU;COUNT=40',
    'EXRULE:FREQ=DAILY;INTERVAL=14;UNTIL=20261231T000000Z',
    'EXDATE;TZID=Customized:20261116T090000,20261118T090000',
    'RDATE;VALUE=PERIOD:20261125T080000Z/PT2H,20261126T080000Z/20261126T090000Z',
    'SUMMARY:MÖT: kund, å ä ö',
    'ORGANIZER;CN=Bo:mailto:bo@example.se',
    'ATTENDEE;PARTSTAT=DECLINED;CUTYPE=INDIVIDUAL:mailto:anna@example.se',
    'CATEGORIES:Röd\\, viktig,Semester',
    'CLASS:PRIVATE',
    'X-MICROSOFT-CDO-BUSYSTATUS:OOF'
  ),
  event(
    'UID:series',
    'RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Customized:20261130T090000',
    'DTSTART;TZID=Customized:20261130T110000',
    'DURATION:P1DT2H'
  ),
  event('DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;UNTIL=20261203T230000Z', 'SUMMARY:SEM'),
  event(
    'DTSTART:20261201T230000Z',
    'DTEND:20261203T230000Z',
    'X-MICROSOFT-CDO-ALLDAYEVENT:TRUE',
    'TRANSP:OPAQUE'
  )
)
const pieces = [
  ...[
    '\r\n',
    '\n ',
    ':',
    ';',
    ',',
    '=',
    '"',
    '\\',
    '\0',
    '-',
    '0',
    '9999999999',
    '20260230',
    '00000000T000000'
  ],
  ...[
    '99991231T235959Z',
    '00010101',
    'P',
    'PT',
    '-P1W',
    'PT9999999999999999S',
    'BYSETPOS=-1',
    'FREQ=SECONDLY'
  ],
  ...['COUNT=999999999', 'INTERVAL=99999999999999', 'BYMONTHDAY=31;BYMONTH=2', 'BYSECOND=60', 'VALUE=DATE:'],
  ...[
    'TZID=Nowhere:',
    'BEGIN:VEVENT',
    'END:VEVENT',
    'END:VCALENDAR',
    'BEGIN:VTIMEZONE',
    '\u2028',
    'constructor:'
  ],
  ...[
    'RECURRENCE-ID:',
    'RRULE:',
    'DURATION:',
    'EXDATE:',
    'SEQUENCE:-1',
    'UID:',
    'VALUE=PERIOD:',
    '__proto__:'
  ]
]

function mutate(bytes: Buffer, random: Random): Buffer {
  let mutant = bytes
  for (let times = random.int(1, 6); times > 0; times -= 1) {
    const at = random.int(0, mutant.length - 1)
    const until = Math.min(mutant.length, at + random.int(0, 30))
    const [before, middle, after] = [
      mutant.subarray(0, at),
      mutant.subarray(at, until),
      mutant.subarray(until)
    ]
    const kind = random.int(0, 4)
    const added =
      kind === 0
        ? Buffer.of(random.int(0, 255))
        : kind === 1
          ? Buffer.from(random.pick(pieces))
          : kind === 2
            ? Buffer.concat([middle, middle])
            : kind === 3
              ? Buffer.from(random.pick(rules))
              : Buffer.alloc(0)
    mutant = Buffer.concat([before, added, random.chance(0.5) ? middle : Buffer.alloc(0), after])
  }
  return mutant
}

const rules = generateRules(seed, 300).map(({ rule }) => `\r\nRRULE:${rule}\r\n`)

// Nothing here lets timers run: a deadline of tap's would fire though nothing hangs.
t.setTimeout(0)

t.test(`${count} mutants of seed ${seed} (again: MUTANTS_SEED=${seed})`, { timeout: 0 }, async (t) => {
  t.comment(`seed ${seed}`)
  const random = new Random(seed)
  const limits = {
    maxOccurrences: 10_000,
    maxEventOccurrences: 2_000,
    maxSteps: 100_000,
    maxEventSteps: 20_000
  }
  let readable = 0
  for (let number = 0; number < count; number += 1) {
    const mutant = mutate(Buffer.from(whole), random)
    try {
      const { events } = read(decodeCalendar(mutant, null), { limits })
      readable += 1
      for (const { start, end } of events) {
        if (!(start <= end) || !/^\d{4}-/.test(new Date(end).toISOString())) {
          t.fail(`mutant ${number}: ${start} to ${end}`)
        }
      }
    } catch (error) {
      if (!(error instanceof UnreadableCalendar)) {
        t.fail(`mutant ${number}: ${(error as Error).stack}`, { mutant: mutant.toString('latin1') })
        if (t.counts.fail > 3) break
      } else if (/[ÅÄÖåäö]|anna|kund/.test(error.message)) {
        t.fail(`mutant ${number}: the message quotes the calendar: ${error.message}`)
      }
    }
  }
  t.ok(readable > count / 4, `${readable} of ${count} could be read`)
})
