/** `hanvisa try` as somebody sees it who points it at a calendar of their own. */
import { join, resolve } from 'node:path'
import { previewCalendar } from '../../src/cli/preview-calendar.ts'
import { calendar, event } from '../connectors/ics/calendars.ts'
import t from '../group/tap.ts'
import { startFakeCaldavServer } from '../support/fake-caldav-server.ts'

const packFolder = resolve('rules')
const now = Date.parse('2026-11-22T08:00:00Z')

async function tried(...args: string[]) {
  let out = ''
  let errors = ''
  const code = await previewCalendar(args, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (errors += text) },
    packFolder,
    clock: () => now,
    ownZone: 'Europe/Stockholm'
  })
  return { code, out, errors }
}

const folder = t.testdir({
  'anna.ics': calendar(
    event(
      'DTSTART;TZID=Europe/Stockholm:20261123T090000',
      'DURATION:PT1H',
      'SUMMARY:Kund',
      'RRULE:FREQ=DAILY;COUNT=2'
    ),
    event(
      'DTSTART;TZID=Europe/Stockholm:20261123T120000',
      'DURATION:PT1H',
      'SUMMARY:LUN: pizza',
      'TRANSP:TRANSPARENT'
    ),
    event('DTSTART;TZID=Europe/Stockholm:20261121T120000', 'DURATION:PT1H', 'SUMMARY:is over')
  ),
  'cancelled.ics': calendar(
    event('DTSTART:20261202T090000Z', 'DURATION:PT1H', 'SUMMARY:Canceled: MÖT vecka'),
    event('DTSTART:20261203T090000Z', 'DURATION:PT1H', 'STATUS:CONFIRMED', 'SUMMARY:Inställt: MÖT vecka')
  ),
  'invited.ics': calendar(
    event(
      'DTSTART:20261202T090000Z',
      'DURATION:PT1H',
      'SUMMARY:Budget',
      'ORGANIZER:mailto:anna@example.se',
      'ATTENDEE;PARTSTAT=DECLINED:mailto:bo@example.se'
    )
  ),
  'folded.ics': Buffer.concat([
    Buffer.from(
      'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261202T090000Z\r\nDURATION:PT1H\r\nSUMMARY:Kund'
    ),
    Buffer.of(0xc3, 0x0d, 0x0a, 0x20, 0xa5),
    Buffer.from(
      ' LUN\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nDTSTART:20261203T090000Z\r\nDURATION:PT1H\r\nSUMMARY:'
    ),
    Buffer.from('MÖT hel\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n')
  ]),
  'free.ics': calendar(),
  'page.ics': '<!DOCTYPE html>'
})
const anna = join(folder, 'anna.ics')

t.test('prints the diversions, in the zone, with the reason', async (t) => {
  const { code, out, errors } = await tried(anna)
  t.equal(errors, '')
  t.equal(code, 0)
  t.match(out, /^Sun 22 Nov 2026 09:00 in Europe\/Stockholm, rules 3kontakt: 4 events read/)
  t.match(out, /Mon 23 Nov 2026\n {2}09:00 – 10:00 {2}Busy, phone closed +The calendar shows Busy\./)
  t.match(out, /Tue 24 Nov 2026\n {2}09:00 – 10:00/)
  t.notMatch(out, /12:00/, 'neither what is over nor what does not divert')
})

t.test('another pack, another zone', async (t) => {
  const { code, out } = await tried(anna, '--pack', 'infracom', '--zone', 'America/New_York')
  t.equal(code, 0)
  t.match(out, /06:00 – 07:00 {2}Lunch, phone closed +The subject contains “LUN”\./)
})

t.test('a calendar in which nothing diverts', async (t) => {
  t.match((await tried(join(folder, 'free.ics'))).out, /Nothing diverts/)
})

t.test('an event that its subject cancels diverts nobody', async (t) => {
  const { out } = await tried(join(folder, 'cancelled.ics'), '--pack', 'infracom')
  t.match(out, /2 events read\n\nNothing diverts/)
})

t.test('with --owner the note that asks for the owner goes away', async (t) => {
  const invited = join(folder, 'invited.ics')
  const unknown = await tried(invited)
  t.match(unknown.out, /Note: The calendar does not say whose it is.*`--owner` of `hanvisa try`/)
  t.match(unknown.out, /10:00 – 11:00 {2}Busy, phone closed/)
  const withOwner = await tried(invited, '--owner', 'Bo@example.se')
  t.match(withOwner.out, /1 events read\n\nNothing diverts/)
})

t.test('a fold within a character corrupts neither its own line nor another', async (t) => {
  const { out } = await tried(join(folder, 'folded.ics'), '--pack', 'infracom')
  t.match(out, /Wed 2 Dec 2026\n {2}10:00 – 11:00 {2}Lunch, phone closed +The subject contains “LUN”/)
  t.match(out, /Thu 3 Dec 2026\n {2}10:00 – 11:00 {2}Meeting, phone closed +The subject contains “MÖT”/)
  t.notMatch(out, /Note/)
})

t.test('a failure is one sentence, and an exit code', async (t) => {
  const rows: [args: string[], code: number, said: RegExp][] = [
    [[], 2, /^usage: /],
    [[anna, anna], 2, /^usage: /],
    [[anna, '--colour'], 2, /^usage: /],
    [[anna, '--zone', 'Mars/Olympus'], 2, /no time zone "Mars\/Olympus"/],
    [[anna, '--pack', 'none'], 2, /no pack "none": there are 3kontakt, /],
    [[join(folder, 'gone.ics')], 1, /There is no file .*gone\.ics/],
    [[join(folder, 'page.ics')], 1, /web page/],
    [['http://127.0.0.1:1/x'], 1, /127\.0\.0\.1:1/]
  ]
  for (const [args, code, said] of rows) {
    const result = await tried(...args)
    t.equal(result.code, code, args.slice(1).join(' '))
    t.match(result.errors, said)
    t.equal(result.out, '')
  }
})

t.test('an account on a CalDAV server is read like a calendar, by its address', async (t) => {
  const server = await startFakeCaldavServer(t)
  server.put('anna', [event('DTSTART:20261123T110000Z', 'DURATION:PT1H', 'SUMMARY:LUN: pizza')])
  const address = server.origin.replace('://', '://anna:secret@')
  for (const place of ['/', '/dav/calendars/anna/', '/dav/calendars/anna/personal/']) {
    const { code, out, errors } = await tried(address + place, '--pack', 'infracom')
    t.equal(errors, '')
    t.equal(code, 0)
    t.match(out, /1 events read[\s\S]*12:00 – 13:00 +Lunch/, place)
  }
  const wrong = await tried(`${address.replace('secret', 'wrong')}/`)
  t.equal(wrong.code, 1)
  t.match(wrong.errors, /refuses the user name/)
})

t.test('with office hours and holidays the page shows when the office is closed, and why', async (t) => {
  const { out, code } = await tried(join(folder, 'anna.ics'), '--hours', '08:00-17:00', '--country', 'se')
  t.equal(code, 0)
  t.match(out, /17:00 – Tue 24 Nov 2026 08:00 +Gone for the day, phone closed +Outside office hours\./)
  t.match(out, /09:00 – 10:00 +Busy, phone closed/)
  for (const [args, message] of [
    [['--hours', '8-17'], /^--hours: "8" is no time/],
    [['--hours', '17:00-08:00'], /^--hours: ends before it begins/],
    [['--country', 'DE'], /^--country: "DE" is not known/]
  ] as const) {
    const refused = await tried(join(folder, 'anna.ics'), ...args)
    t.equal(refused.code, 2)
    t.match(refused.errors, message)
  }
})
