/** From Graph's JSON to CalendarEvents: every member in every form, and nothing lost in silence. */
import fc from 'fast-check'
import { parseBatchResponse } from '../../../src/connectors/graph/client/batch-response.ts'
import { parseCalendarEvents } from '../../../src/connectors/graph/read/calendar-events.ts'
import { parseSchedule } from '../../../src/connectors/graph/read/schedules.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'

const zone = 'Europe/Stockholm'
const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' })
const whole = {
  id: 'AAk=',
  subject: 'Lunch med Kalle',
  start: utc('2026-11-18T11:00:00.0000000'),
  end: utc('2026-11-18T12:00:00.0000000'),
  isAllDay: false,
  showAs: 'busy',
  sensitivity: 'normal',
  isCancelled: false,
  responseStatus: { response: 'organizer', time: '0001-01-01T00:00:00Z' },
  categories: ['Röd']
}
const read = (changes: object) => parseCalendarEvents({ value: [{ ...whole, ...changes }] }, zone)[0]

t.test('an event as Graph documents it', async (t) => {
  t.same(read({}), {
    id: 'AAk=',
    subject: 'Lunch med Kalle',
    start: Date.parse('2026-11-18T11:00:00Z'),
    end: Date.parse('2026-11-18T12:00:00Z'),
    allDay: false,
    busy: 'busy',
    visibility: 'normal',
    cancelled: false,
    response: 'organizer',
    categories: ['Röd']
  })
  t.same(parseCalendarEvents({ value: [] }, zone), [])
})

t.test('words in any case, new words and missing members', async (t) => {
  const rows: [changes: object, expected: object][] = [
    [{ showAs: 'Busy' }, { busy: 'busy' }],
    [{ showAs: 'WORKINGELSEWHERE' }, { busy: 'workingElsewhere' }],
    [{ showAs: 'Oof' }, { busy: 'oof' }],
    [{ showAs: 'unknown' }, { busy: 'unknown' }],
    [{ showAs: 'asleep' }, { busy: 'unknown' }],
    [{ showAs: null }, { busy: 'unknown' }],
    [{ showAs: 7 }, { busy: 'unknown' }],
    [{ showAs: undefined }, { busy: 'unknown' }],
    [{ sensitivity: 'personal' }, { visibility: 'normal' }],
    [{ sensitivity: 'Private' }, { visibility: 'private' }],
    [{ sensitivity: 'confidential' }, { visibility: 'confidential' }],
    [{ sensitivity: 'secret' }, { visibility: 'private' }],
    [{ sensitivity: null }, { visibility: 'normal' }],
    [{ subject: null }, { subject: '' }],
    [{ subject: undefined }, { subject: '' }],
    [{ isAllDay: null }, { allDay: false }],
    [{ isCancelled: undefined }, { cancelled: false }],
    [{ isCancelled: true }, { cancelled: true }],
    [{ categories: null }, { categories: [] }],
    [{ responseStatus: { response: 'tentativelyAccepted' } }, { response: 'tentative' }],
    [{ responseStatus: { response: 'notResponded' } }, { response: 'notResponded' }],
    [{ responseStatus: { response: 'declined' } }, { response: 'declined' }],
    [{ responseStatus: { response: 'none' } }, { response: 'none' }],
    [{ responseStatus: null }, { response: 'organizer' }],
    [{ responseStatus: null, showAs: 'tentative' }, { response: 'notResponded' }],
    [{ responseStatus: { response: 'perhaps' }, showAs: 'tentative' }, { response: 'notResponded' }]
  ]
  for (const [changes, expected] of rows) t.match(read(changes), expected, JSON.stringify(changes))
})

t.test('times in any zone, and dates that float', async (t) => {
  const rows: [start: unknown, end: unknown, allDay: boolean, from: string, to: string][] = [
    [
      utc('2026-11-18T11:00:00'),
      utc('2026-11-18T12:00:00.5'),
      false,
      '2026-11-18T11:00:00Z',
      '2026-11-18T12:00:00Z'
    ],
    [
      { dateTime: '2026-07-01T09:00:00.0000000', timeZone: 'Pacific Standard Time' },
      { dateTime: '2026-07-01T10:00:00.0000000', timeZone: 'America/Los_Angeles' },
      false,
      '2026-07-01T16:00:00Z',
      '2026-07-01T17:00:00Z'
    ],
    [
      { dateTime: '2026-07-01T09:00:00', timeZone: 'tzone://Microsoft/Utc' },
      { dateTime: '2026-07-01T10:00:00Z', timeZone: 'Coordinated Universal Time' },
      false,
      '2026-07-01T09:00:00Z',
      '2026-07-01T10:00:00Z'
    ],
    [
      utc('2026-03-29T00:00:00.0000000'),
      utc('2026-03-30T00:00:00.0000000'),
      true,
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z'
    ],
    [
      { dateTime: '2026-10-25T00:00:00', timeZone: 'Tokyo Standard Time' },
      { dateTime: '2026-10-26T00:00:00', timeZone: 'Tokyo Standard Time' },
      true,
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z'
    ],
    [
      utc('2028-02-29T00:00:00'),
      utc('2028-03-01T00:00:00'),
      true,
      '2028-02-28T23:00:00Z',
      '2028-02-29T23:00:00Z'
    ],
    // An all-day event of another zone by a server that sends instants after all.
    [
      utc('2026-11-17T23:00:00'),
      utc('2026-11-18T23:00:00'),
      true,
      '2026-11-17T23:00:00Z',
      '2026-11-18T23:00:00Z'
    ],
    // Written by the clock of somebody in New York, or in a zone that nobody knows: whole days, by their dates.
    [
      utc('2026-11-18T05:00:00'),
      utc('2026-11-20T05:00:00'),
      true,
      '2026-11-17T23:00:00Z',
      '2026-11-19T23:00:00Z'
    ],
    [
      { dateTime: '2026-11-18T09:00:00', timeZone: 'Customized Time Zone' },
      { dateTime: '2026-11-18T17:00:00', timeZone: 'Customized Time Zone' },
      true,
      '2026-11-17T23:00:00Z',
      '2026-11-18T23:00:00Z'
    ]
  ]
  for (const [start, end, isAllDay, from, to] of rows) {
    const expected = { start: Date.parse(from), end: Date.parse(to), allDay: isAllDay }
    t.match(read({ start, end, isAllDay }), expected, `${from}/${to}`)
  }
})

t.test('an event that cannot be read fails the calendar, and the hint names the member', async (t) => {
  const rows: [page: unknown, member: RegExp][] = [
    [undefined, /Graph's value /],
    [{ value: {} }, /Graph's value /],
    ...[null, 17, 'event', [], {}].map((event): [unknown, RegExp] => [
      { value: [whole, event] },
      /value\[1\]\.id/
    ]),
    ...[
      ['id', 5],
      ['subject', {}],
      ['isAllDay', 'true'],
      ['isCancelled', 1],
      ['categories', 'red'],
      ['categories', [null]],
      ['start', null],
      ['start', 'noon'],
      ['start', { dateTime: 12, timeZone: 'UTC' }],
      ['start', utc('2026-02-29T00:00:00')],
      ['start', utc('2026-13-01T00:00:00')],
      ['start', utc('2026-11-18T24:00:00')],
      ['start', utc('2026-11-18T11:60:00')],
      ['start', utc('2026-11-18')],
      ['start', utc(' 2026-11-18T11:00:00')],
      ['start', utc('0000-01-01T00:00:00')],
      ['start', utc('+002026-11-18T11:00:00')],
      ['start', { dateTime: '2026-11-18T11:00:00', timeZone: 'Customized Time Zone' }],
      ['start', { dateTime: '2026-11-18T11:00:00' }],
      ['end', undefined],
      ['end', utc('2026-11-18T10:59:59')]
    ].map(([member, value]): [unknown, RegExp] => [
      { value: [{ ...whole, [member as string]: value }] },
      new RegExp(`value\\[0\\]\\.${member}`)
    ])
  ]
  for (const [page, hint] of rows) {
    t.throws(
      () => parseCalendarEvents(page, zone),
      { code: 'protocol_error', hint },
      JSON.stringify(page)?.slice(-90)
    )
  }
})

t.test('availability: errors of one mailbox, by name and by number', async (t) => {
  const target = { mailbox: 'Anna@example.se', timeZone: zone }
  const errorOf = (responseCode: unknown) =>
    parseSchedule(
      { value: [{ scheduleId: 'anna@EXAMPLE.se', error: { message: 'Lunch', responseCode } }] },
      target
    )
  const rows: [code: unknown, expected: string][] = [
    ['5009', 'mailbox_unknown'],
    [5009, 'mailbox_unknown'],
    ['ErrorMailRecipientNotFound', 'mailbox_unknown'],
    ['5006', 'protocol_error'],
    ['ErrorNoFreeBusyAccess', 'access_denied'],
    ['ErrorServerBusy', 'throttled'],
    ['ErrorMailboxLogonFailed', 'unreachable'],
    ['ErrorFreeBusyGenerationFailed', 'unreachable'],
    ['<b>', 'unreachable'],
    [undefined, 'unreachable']
  ]
  for (const [code, expected] of rows) {
    const error = errorOf(code)
    t.ok(error instanceof RemoteError)
    t.match(error, { code: expected, scope: 'mailbox' }, String(code))
    t.notMatch((error as RemoteError).message, /Lunch|<b>/)
  }
  for (const body of [
    null,
    { value: 5 },
    { value: [] },
    { value: [{ scheduleId: 'x' }] },
    { value: [{ scheduleId: 'anna@example.se' }] }
  ]) {
    t.match(parseSchedule(body, target), { code: 'protocol_error' })
  }
})

t.test('law: whatever the network delivers, it is read or it is a RemoteError', async (t) => {
  const members = Object.keys(whole)
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(whole)), fc.constant(undefined))
  const event = fc
    .tuple(fc.dictionary(fc.constantFrom(...members), odd), fc.boolean())
    .map(([some, full]) => (full ? { ...whole, ...some } : some))
  const page = fc.oneof(fc.jsonValue(), fc.record({ value: fc.oneof(odd, fc.array(event)) }))
  const asserted = (call: () => unknown) => {
    try {
      call()
    } catch (error) {
      if (!(error instanceof RemoteError) || error.hint.includes('Kalle')) throw error
    }
  }
  fc.assert(fc.property(page, (body) => asserted(() => parseCalendarEvents(body, zone))))
  const target = { mailbox: 'a@b.se', timeZone: zone }
  const entry = fc.record({
    scheduleId: fc.constant('a@b.se'),
    scheduleItems: fc.oneof(odd, fc.array(event)),
    error: odd
  })
  fc.assert(
    fc.property(fc.record({ value: fc.array(entry) }), (body) => asserted(() => parseSchedule(body, target)))
  )
  fc.assert(
    fc.property(fc.jsonValue(), (body) =>
      asserted(() => parseBatchResponse(Buffer.from(JSON.stringify(body)), 0))
    )
  )
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => asserted(() => parseBatchResponse(Buffer.from(bytes), 0)))
  )
  t.pass()
})
