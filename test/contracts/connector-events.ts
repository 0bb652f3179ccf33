/** What every connector must read of the events in a calendar. */
import type { Test } from 'tap'
import {
  around,
  type CalendarServer,
  type ContractEvent,
  day,
  iso,
  meeting,
  memberBySubject,
  noon,
  readOne,
  spans
} from './connector-calendar-server.ts'

export const eventCases = {
  'an empty calendar has no events': async (t: Test, server: CalendarServer) => {
    const { events, detail, partialRead: shortfall } = await readOne(t, server, 'empty', [])
    t.same({ events, shortfall }, { events: [], shortfall: null })
    t.match(detail, /^subjects/)
  },

  'every busy status': async (t: Test, server: CalendarServer) => {
    const statuses = ['free', 'tentative', 'busy', 'oof', 'workingElsewhere'] as const
    const { events } = await readOne(
      t,
      server,
      'busy',
      statuses.map((busy) => ({ ...meeting(busy), busy }))
    )
    t.same(memberBySubject(events, 'busy'), Object.fromEntries(statuses.map((busy) => [busy, busy])))
  },

  'subjects as they were written': async (t: Test, server: CalendarServer) => {
    const subjects = [
      'MÖT; budget, "våren" \\ höst',
      'e\u0301te\u0301',
      '昼食 🍜',
      `${'lång '.repeat(60)}slut`,
      'a\tb'
    ]
    const { events } = await readOne(t, server, 'subjects', subjects.map(meeting))
    t.same(new Set(events.map(({ subject }) => subject)), new Set(subjects))
  },

  'whole days run from midnight to midnight of the user, over both clock changes': async (
    t: Test,
    server: CalendarServer
  ) => {
    for (const [place, date, next, start, end] of wholeDays) {
      const name = `day-${place.split('/')[1]}-${date}`
      const event = { subject: 'Semester', start: date, end: next, allDay: true, busy: 'oof' as const }
      const { events } = await readOne(t, server, name, [event], {
        timeZone: place,
        window: around(Date.parse(date))
      })
      const expected = { start: Date.parse(start), end: Date.parse(end), allDay: true, busy: 'oof' }
      t.match(events, [expected], `${place} ${date}`)
      t.equal(events.length, 1)
    }
  },

  'private and confidential events say so': async (t: Test, server: CalendarServer) => {
    const kinds = ['normal', 'private', 'confidential'] as const
    const put = kinds.map((visibility) => ({ ...meeting(visibility), visibility }))
    const { events } = await readOne(t, server, 'private', put)
    // Connectors return the subjects that they may read; the domain decides what is shown.
    t.same(new Set(events.map(({ visibility }) => visibility)), new Set(kinds))
  },

  'cancelled events say so': async (t: Test, server: CalendarServer) => {
    const { events } = await readOne(t, server, 'cancelled', [
      { ...meeting('off'), cancelled: true },
      meeting('on')
    ])
    const on = events.filter(({ cancelled }) => !cancelled).map(({ subject }) => subject)
    t.same(on, ['on'], 'gone altogether would be as good')
  },

  'what the user answered': async (t: Test, server: CalendarServer) => {
    const answers = ['organizer', 'accepted', 'tentative', 'declined', 'notResponded'] as const
    const { events } = await readOne(
      t,
      server,
      'answers',
      answers.map((response) => ({ ...meeting(response), response }))
    )
    t.same(
      memberBySubject(events, 'response'),
      Object.fromEntries(answers.map((response) => [response, response]))
    )
  },

  categories: async (t: Test, server: CalendarServer) => {
    const categories = ['Semester', 'Röd kategori']
    const { events } = await readOne(t, server, 'categories', [
      { ...meeting('with'), categories },
      meeting('without')
    ])
    t.same(memberBySubject(events, 'categories'), { with: categories, without: [] })
  },

  'a series keeps its local time, without what was deleted and with what was moved': async (
    t: Test,
    server: CalendarServer
  ) => {
    const series: ContractEvent = {
      subject: 'Stand-up',
      start: '2026-03-26T08:00:00Z',
      end: '2026-03-26T08:30:00Z',
      daily: {
        count: 6,
        deleted: ['2026-03-28'],
        moved: { '2026-03-30': { start: '2026-03-30T12:00:00Z', end: '2026-03-30T13:00:00Z' } }
      }
    }
    const window = { start: Date.parse('2026-03-25T00:00:00Z'), end: Date.parse('2026-04-08T00:00:00Z') }
    const { events } = await readOne(t, server, 'series', [series], { window })
    t.same(spans(events), [
      '2026-03-26T08:00:00.000Z/2026-03-26T08:30:00.000Z',
      '2026-03-27T08:00:00.000Z/2026-03-27T08:30:00.000Z',
      '2026-03-29T07:00:00.000Z/2026-03-29T07:30:00.000Z',
      '2026-03-30T12:00:00.000Z/2026-03-30T13:00:00.000Z',
      '2026-03-31T07:00:00.000Z/2026-03-31T07:30:00.000Z'
    ])
    t.equal(new Set(events.map(({ id }) => id)).size, events.length, 'each has an id of its own')
  },

  'an event that touches the window comes whole, one that only meets its edge not at all': async (
    t: Test,
    server: CalendarServer
  ) => {
    const window = around(noon, 1)
    const at = (subject: string, from: number, to: number) => ({ subject, start: iso(from), end: iso(to) })
    const hour = 3_600_000
    const { events } = await readOne(
      t,
      server,
      'edges',
      [
        at('over the start', window.start - hour, window.start + hour),
        at('over the end', window.end - hour, window.end + hour),
        at('over both', window.start - 20 * day, window.end + 20 * day),
        at('ends at the start', window.start - hour, window.start),
        at('begins at the end', window.end, window.end + hour)
      ],
      { window }
    )
    t.same(spans(events), [
      `${iso(window.start - 20 * day)}/${iso(window.end + 20 * day)}`,
      `${iso(window.start - hour)}/${iso(window.start + hour)}`,
      `${iso(window.end - hour)}/${iso(window.end + hour)}`
    ])
  },

  'an absence that reaches the end of the window ends when it ends, and what follows can be read': async (
    t: Test,
    server: CalendarServer
  ) => {
    const window = around(noon, 7)
    const vacation = { subject: 'Semester', start: '2026-11-16', end: '2026-12-28', allDay: true }
    const then = { subject: 'Kurs', start: '2026-12-27T23:00:00Z', end: '2026-12-28T10:00:00Z' }
    const { events } = await readOne(t, server, 'followed', [vacation, then], { window })
    t.same(
      events.map(({ end }) => iso(end)),
      ['2026-12-27T23:00:00.000Z']
    )
    const beyond = { start: Date.parse('2026-12-20T00:00:00Z'), end: Date.parse('2027-01-19T00:00:00Z') }
    const further = await readOne(t, server, 'further', [vacation, then], { window: beyond })
    t.same(
      further.events.map(({ end }) => iso(end)),
      ['2026-12-27T23:00:00.000Z', '2026-12-28T10:00:00.000Z']
    )
  },

  'hundreds of events': async (t: Test, server: CalendarServer) => {
    const put = Array.from({ length: 450 }, (_, index) => ({
      subject: `Nr ${index}`,
      start: iso(noon + index * 600_000),
      end: iso(noon + index * 600_000 + 300_000)
    }))
    const { events } = await readOne(t, server, 'hundreds', put, { window: around(noon, 14) })
    t.equal(new Set(events.map(({ subject }) => subject)).size, 450)
  },

  'an edit is there at the next read': async (t: Test, server: CalendarServer) => {
    await readOne(t, server, 'edited', [meeting('before'), meeting('deleted')])
    const { events } = await readOne(t, server, 'edited', [meeting('after')])
    t.same(
      events.map(({ subject }) => subject),
      ['after']
    )
  }
} as const

/** Zone, an all-day event's date and the day after, and the midnights. Both clock changes of 2026, where there are any. */
const wholeDays = [
  ['Europe/Stockholm', '2026-03-29', '2026-03-30', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['Europe/Stockholm', '2026-10-25', '2026-10-26', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  ['America/New_York', '2026-03-08', '2026-03-09', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'],
  ['America/New_York', '2026-11-01', '2026-11-02', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
  ['Asia/Kolkata', '2026-03-29', '2026-03-30', '2026-03-28T18:30:00Z', '2026-03-29T18:30:00Z'],
  ['Asia/Kolkata', '2026-10-25', '2026-10-26', '2026-10-24T18:30:00Z', '2026-10-25T18:30:00Z'],
  ['Pacific/Auckland', '2026-04-05', '2026-04-06', '2026-04-04T11:00:00Z', '2026-04-05T12:00:00Z'],
  ['Pacific/Auckland', '2026-09-27', '2026-09-28', '2026-09-26T12:00:00Z', '2026-09-27T11:00:00Z']
] as const
