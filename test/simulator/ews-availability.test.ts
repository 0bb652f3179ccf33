/** GetUserAvailability: each mailbox at the level that the caller may see, in the shape and within the limits of Exchange. */
import t from '../group/tap.ts'
import { availabilityBody, basic, every, openEws, outline, service, texts } from './ews-open.ts'

const meeting = {
  subject: 'MÖT: <budget> & plan',
  location: 'Rum 1',
  start: '2026-11-23T09:00:00Z',
  end: '2026-11-23T10:00:00Z',
  response: 'accepted'
} as const
const season = 'Bias,Time,DayOrder,Month,DayOfWeek'
const hours = `WorkingHours(TimeZone(Bias,StandardTime(${season}),DaylightTime(${season})),WorkingPeriodArray(WorkingPeriod(DayOfWeek,StartTimeInMinutes,EndTimeInMinutes)))`
const flags = 'IsMeeting,IsRecurring,IsException,IsReminderSet,IsPrivate'
const ok = 'ResponseMessage(ResponseCode)'

t.test('rights decide the view of each mailbox, and the answer names it', async (t) => {
  const { put, ask } = await openEws(t)
  const granted = {
    none: 'none',
    free: 'freeBusy',
    limited: 'limitedDetails',
    reader: 'reviewer',
    full: 'fullAccess'
  } as const
  for (const [name, right] of Object.entries(granted)) {
    put({ address: `${name}@example.se`, rights: { 'SVC@example.se': right }, events: [meeting] })
  }
  const addresses = [...Object.keys(granted), 'nobody'].map((name) => `${name}@example.se`)
  const { status, body } = await ask(availabilityBody(addresses))
  t.equal(status, 200)
  const [none, free, limited, reader, full, nobody] = every(body, 'FreeBusyResponse')
  t.same(texts(body, 'FreeBusyViewType'), ['None', 'FreeBusy', 'Detailed', 'Detailed', 'Detailed', 'None'])
  const failed = 'ResponseMessage(MessageText,ResponseCode,DescriptiveLinkKey,MessageXml(ExceptionType))'
  t.equal(outline(none!), `FreeBusyResponse(${failed},FreeBusyView(FreeBusyViewType))`)
  t.same(texts(none, 'ResponseCode'), ['ErrorNoFreeBusyAccess'])
  t.same(texts(nobody, 'ResponseCode'), ['ErrorMailRecipientNotFound'])
  t.match(texts(nobody, 'MessageText')[0], 'Unable to resolve e-mail address <>SMTP:nobody@example.se')
  const plain = 'StartTime,EndTime,BusyType'
  const view = (event: string) =>
    `FreeBusyResponse(${ok},FreeBusyView(FreeBusyViewType,CalendarEventArray(CalendarEvent(${event})),${hours}))`
  t.equal(outline(free!), view(plain))
  t.equal(outline(limited!), view(`${plain},CalendarEventDetails(Subject,Location,${flags})`))
  for (const each of [reader, full]) {
    t.equal(outline(each!), view(`${plain},CalendarEventDetails(ID,Subject,Location,${flags})`))
  }
  t.same(texts(reader, 'Subject'), ['MÖT: <budget> & plan'])
  t.same(texts(reader, 'StartTime'), ['2026-11-23T09:00:00'], 'in the zone of the request, without an offset')
  t.same(texts(reader, 'IsMeeting'), ['true'])
})

t.test('a private event has no text, and is marked private', async (t) => {
  const { put, ask } = await openEws(t)
  const rights = { 'svc@example.se': 'reviewer' } as const
  const storedEvents = [
    { ...meeting, sensitivity: 'private', showAs: 'oof' },
    { ...meeting, sensitivity: 'confidential', start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z' },
    { ...meeting, sensitivity: 'personal', start: '2026-11-23T13:00:00Z', end: '2026-11-23T14:00:00Z' }
  ] as const
  put({ address: 'anna@example.se', rights, events: storedEvents })
  const { body } = await ask(availabilityBody(['anna@example.se']))
  t.same(texts(body, 'IsPrivate'), ['true', 'true', 'false'])
  t.same(
    every(body, 'CalendarEventDetails').map(outline).slice(0, 2),
    Array(2).fill(`CalendarEventDetails(${flags})`)
  )
  t.same(texts(body, 'BusyType'), ['OOF', 'Busy', 'Busy'])
  t.same(texts(body, 'Subject').length, 1)
})

t.test(
  'series come expanded, whole-day events at their owner’s midnight, and events at the edges whole',
  async (t) => {
    const { put, ask } = await openEws(t)
    put({
      address: 'anna@example.se',
      rights: { default: 'reviewer' },
      timeZone: 'Europe/Helsinki',
      events: [
        { ...meeting, recurrence: { every: 'day', changes: { '2026-11-24': { subject: 'Flyttat' } } } },
        { subject: 'Resa', allDay: true, start: '2026-11-23', end: '2026-11-24', showAs: 'workingElsewhere' },
        { subject: 'Lång', start: '2026-11-01T08:00:00Z', end: '2026-12-20T08:00:00Z', showAs: 'tentative' }
      ]
    })
    const window = { to: '2026-11-25T00:00:00' }
    const { body } = await ask(availabilityBody(['anna@example.se'], window))
    t.same(texts(body, 'StartTime').slice(0, 4), [
      '2026-11-01T08:00:00',
      '2026-11-22T22:00:00',
      '2026-11-23T09:00:00',
      '2026-11-24T09:00:00'
    ])
    t.equal(texts(body, 'EndTime')[0], '2026-12-20T08:00:00')
    t.same(texts(body, 'IsException'), ['false', 'false', 'false', 'true'])
    t.same(texts(body, 'BusyType').slice(0, 2), ['Tentative', 'WorkingElsewhere'])
    const older = await ask(availabilityBody(['anna@example.se'], window), { version: 'Exchange2010_SP2' })
    t.equal(texts(older.body, 'BusyType')[1], 'Free', 'as the older schema has it')

    const merged = await ask(availabilityBody(['anna@example.se'], { view: 'MergedOnly', interval: '360' }))
    t.same(texts(merged.body, 'MergedFreeBusy'), ['1211'])
    t.equal(every(merged.body, 'WorkingHours').length, 0)
    const both = await ask(availabilityBody(['anna@example.se'], { view: 'DetailedMerged' }))
    t.equal(texts(both.body, 'MergedFreeBusy')[0]?.length, 48)
    t.same(texts(both.body, 'FreeBusyViewType'), ['DetailedMerged'])
  }
)

t.test('times are read and written in the zone of the request', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put({
    address: 'anna@example.se',
    events: [meeting, { ...meeting, start: '2026-07-01T22:30:00Z', end: '2026-07-01T23:00:00Z' }]
  })
  const turn = (name: string, bias: number, month: number, hour: string) =>
    `<t:${name}><t:Bias>${bias}</t:Bias><t:Time>${hour}:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>${month}</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:${name}>`
  const stockholm = `<t:TimeZone><t:Bias>-60</t:Bias>${turn('StandardTime', 0, 10, '03')}${turn('DaylightTime', -60, 3, '02')}</t:TimeZone>`
  const times = async (from: string, to: string) =>
    texts((await ask(availabilityBody(['anna@example.se'], { zone: stockholm, from, to }))).body, 'StartTime')
  t.same(await times('2026-11-23T00:00:00', '2026-11-24T00:00:00'), ['2026-11-23T10:00:00'])
  t.same(await times('2026-07-02T00:00:00', '2026-07-03T00:00:00'), ['2026-07-02T00:30:00'], 'summer time')
  t.same(await times('2026-07-01T00:00:00', '2026-07-02T00:00:00'), [])

  const context = await ask(availabilityBody(['anna@example.se'], { zone: '' }), {
    zone: 'Tokyo Standard Time'
  })
  t.same(texts(context.body, 'StartTime'), ['2026-11-23T18:00:00'], 'the header stands in for the element')
  t.equal((await ask(availabilityBody(['anna@example.se'], { zone: '' }))).code, 'ErrorTimeZone')
  const odd = await ask(availabilityBody(['anna@example.se'], { zone: '' }), { zone: 'constructor' })
  t.equal(odd.code, 'ErrorTimeZone')

  simulator.installations.put('7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f', {
    version: '2007_SP1',
    accounts: [service]
  })
  t.same(
    await times('2026-11-23T00:00:00', '2026-11-24T00:00:00'),
    ['2026-11-23T10:00:00+01:00'],
    'as 2007 wrote them'
  )
})

t.test('what Exchange refuses is refused: too many, too long, no such view, no such interval', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put('anna@example.se')
  const code = async (addresses: string[], options = {}) => {
    const response = await ask(availabilityBody(addresses, options))
    return `${response.status} ${response.code}`
  }
  const anna = ['anna@example.se']
  const many = (count: number) => Array<string>(count).fill('anna@example.se')
  t.equal(await code(many(100)), '200 NoError')
  t.equal(await code(many(101)), '500 ErrorMailboxDataArrayTooBig')
  t.equal(await code([]), '500 ErrorMissingArgument')
  t.equal(await code(anna, { to: '2027-01-24T00:00:00' }), '200 NoError')
  t.equal(await code(anna, { to: '2027-01-25T00:00:00' }), '500 ErrorTimeIntervalTooBig')
  t.equal(await code(anna, { to: '2026-11-22T00:00:00' }), '500 ErrorInvalidTimeInterval')
  t.equal(await code(anna, { to: 'tomorrow' }), '500 ErrorSchemaValidation')
  t.equal(await code(anna, { view: 'None' }), '500 ErrorInvalidFreeBusyViewType')
  for (const interval of ['4', '1441', 'x'])
    t.equal(await code(anna, { interval }), '500 ErrorInvalidMergedFreeBusyInterval')

  simulator.installations.put('7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f', {
    version: '2007_SP1',
    accounts: [service]
  })
  t.equal(await code(anna, { to: '2027-01-04T00:00:00' }), '200 NoError', '42 days')
  const response = await ask(availabilityBody(anna, { to: '2027-01-04T00:00:01' }))
  t.equal(response.status, 500)
  t.equal(
    outline(response.body!),
    'Fault(faultcode,faultstring,detail(ErrorCode))',
    'a number, as 2007 has it'
  )
})

t.test('impersonation swaps the eyes, but not with 2007, which does not know it here', async (t) => {
  const { put, ask, simulator } = await openEws(t)
  put({ address: 'anna@example.se', rights: { 'svc@example.se': 'reviewer' }, events: [meeting] })
  put({ address: 'bo@example.se', rights: { 'anna@example.se': 'limitedDetails' }, events: [meeting] })
  const views = async (impersonate?: { name: string }) => {
    const asking = impersonate ? { impersonate } : {}
    return texts(
      (await ask(availabilityBody(['anna@example.se', 'bo@example.se']), asking)).body,
      'FreeBusyViewType'
    )
  }
  t.same(await views(), ['Detailed', 'FreeBusy'])
  t.same(await views({ name: 'anna@example.se' }), ['Detailed', 'Detailed'])
  t.same(await views({ name: 'bo@example.se' }), ['FreeBusy', 'Detailed'])
  simulator.installations.put('7c3b6a52-5f5e-4d0e-9d3f-0a1b2c3d4e5f', {
    version: '2007_SP1',
    accounts: [service]
  })
  t.same(await views({ name: 'bo@example.se' }), ['Detailed', 'FreeBusy'])
  t.equal(
    (await ask(availabilityBody(['anna@example.se']), { authorization: basic('svc', 'x') })).status,
    401
  )
})
