/** What is read out of Exchange's replies, whatever the version, the prefixes and the pieces in which they come. */
import t from '../../group/tap.ts'
import {
  availabilityReply,
  calendarView,
  fault,
  item,
  mailbox,
  readAvailability,
  readCalendarView,
  refusedMailbox,
  server,
  soapReply
} from './replies.ts'

const at = (text: string) => Date.parse(text)
const lunch = {
  subject: 'LUN: våfflor &amp; kaffe',
  start: '2026-11-23T11:00:00',
  end: '2026-11-23T12:00:00'
}

t.test('availability: each mailbox at its own level, in the order of the request', async (t) => {
  const reply = availabilityReply(
    mailbox('Detailed', [lunch, { ...lunch, private: true, busy: 'OOF' }]),
    refusedMailbox('ErrorMailRecipientNotFound'),
    mailbox('FreeBusy', [{ start: '2026-11-23T08:00:00', end: '2026-11-23T09:00:00', busy: 'Tentative' }])
  )
  const { found, server, fault } = await readAvailability(reply)
  t.equal(fault, null)
  t.same(server, { major: 15, minor: 2, build: 1748 })
  t.same(
    found.map(({ status: verdict, view, events }) => [verdict.code, view, events.length]),
    [
      ['NoError', 'Detailed', 2],
      ['ErrorMailRecipientNotFound', 'None', 0],
      ['NoError', 'FreeBusy', 1]
    ]
  )
  t.match(found[0]?.events, [
    {
      subject: 'LUN: våfflor & kaffe',
      start: at('2026-11-23T11:00Z'),
      end: at('2026-11-23T12:00Z'),
      busy: 'busy'
    },
    { subject: '', visibility: 'private', busy: 'oof' }
  ])
  t.match(found[2]?.events, [
    { subject: '', busy: 'tentative', response: 'notResponded', visibility: 'normal' }
  ])
})

t.test('availability: times with and without an offset, and whole days of the user', async (t) => {
  const times = [
    ['2026-11-22T23:00:00', '2026-11-23T23:00:00'],
    ['2026-11-23T00:00:00+01:00', '2026-11-24T00:00:00+01:00'],
    ['2026-11-22T15:00:00-08:00', '2026-11-23T15:00:00.0000000-08:00'],
    ['2026-11-22T23:00:00Z', '2026-11-23T23:00:00.123Z']
  ]
  const { found } = await readAvailability(
    availabilityReply(
      mailbox(
        'Detailed',
        times.map(([start = '', end = '']) => ({ ...lunch, start, end }))
      )
    )
  )
  for (const event of found[0]?.events ?? []) {
    t.match(event, { start: at('2026-11-22T23:00Z'), end: at('2026-11-23T23:00Z'), allDay: true })
  }
  t.equal(found[0]?.events.length, 4)
})

t.test('availability: an event without a readable time fails its mailbox and no other', async (t) => {
  for (const wrong of [
    '',
    '2026-13-01T00:00:00',
    '2026-02-30T00:00:00',
    '23.11.2026',
    '2026-11-23T25:00:00'
  ]) {
    const reply = availabilityReply(
      mailbox('Detailed', [{ ...lunch, start: wrong }]),
      mailbox('Detailed', [lunch])
    )
    const { found } = await readAvailability(reply)
    t.match(found[0]?.fault, { code: 'protocol_error', hint: /StartTime/ }, wrong)
    t.match(found[1], { fault: null, events: { length: 1 } })
  }
  const backwards = availabilityReply(mailbox('Detailed', [{ ...lunch, end: '2026-11-23T10:00:00' }]))
  t.match((await readAvailability(backwards)).found[0]?.fault, { hint: /EndTime/ })
})

t.test('availability: words that are new are unknown, and count as busy', async (t) => {
  const words = ['Free', 'Tentative', 'Busy', 'OOF', 'WorkingElsewhere', 'NoData', 'Napping']
  const { found } = await readAvailability(
    availabilityReply(
      mailbox(
        'Detailed',
        words.map((busy) => ({ ...lunch, busy }))
      )
    )
  )
  t.same(
    found[0]?.events.map(({ busy }) => busy),
    ['free', 'tentative', 'busy', 'oof', 'workingElsewhere', 'unknown', 'unknown']
  )
})

const times = '<t:Start>2026-11-23T11:00:00Z</t:Start><t:End>2026-11-23T12:00:00Z</t:End>'

t.test('calendar view: every member that rules look at', async (t) => {
  const { reader, server } = await readCalendarView(
    calendarView([
      item(
        'A',
        `<t:Subject>MÖT; budget</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Categories><t:String>Röd</t:String><t:String>Kund</t:String></t:Categories>${times}<t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>WorkingElsewhere</t:LegacyFreeBusyStatus><t:IsCancelled>true</t:IsCancelled><t:CalendarItemType>Exception</t:CalendarItemType><t:MyResponseType>Decline</t:MyResponseType>`
      ),
      item('B', times)
    ])
  )
  t.same(server, { major: 15, minor: 2, build: 1748 })
  t.equal(reader.isComplete, true)
  t.equal(reader.status?.code, 'NoError')
  t.same(reader.events, [
    {
      id: 'A',
      subject: 'MÖT; budget',
      start: at('2026-11-23T11:00Z'),
      end: at('2026-11-23T12:00Z'),
      allDay: false,
      busy: 'workingElsewhere',
      visibility: 'private',
      cancelled: true,
      response: 'declined',
      categories: ['Röd', 'Kund']
    },
    {
      id: 'B',
      subject: '',
      start: at('2026-11-23T11:00Z'),
      end: at('2026-11-23T12:00Z'),
      allDay: false,
      busy: 'unknown',
      visibility: 'normal',
      cancelled: false,
      response: 'organizer',
      categories: []
    }
  ])
})

t.test(
  'calendar view: whole days that were entered in another zone are the days that were meant',
  async (t) => {
    const days = [
      ['2026-11-23T23:00:00Z', '2026-11-24T23:00:00Z'],
      ['2026-11-24T05:00:00Z', '2026-11-25T05:00:00Z'],
      ['2026-11-23T15:00:00Z', '2026-11-24T15:00:00Z'],
      ['2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z']
    ]
    const { reader } = await readCalendarView(
      calendarView(
        days.map(([start, end], index) =>
          item(
            `${index}`,
            `<t:Start>${start}</t:Start><t:End>${end}</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>`
          )
        )
      )
    )
    for (const event of reader.events) {
      t.match(event, { start: at('2026-11-23T23:00Z'), end: at('2026-11-24T23:00Z'), allDay: true })
    }
  }
)

t.test('calendar view: what was cut, refused or is no view says so', async (t) => {
  t.equal((await readCalendarView(calendarView([item('A', times)], false))).reader.isComplete, false)
  const refused = (await readCalendarView(calendarView([], true, 'ErrorFolderNotFound'))).reader
  t.equal(refused.status?.code, 'ErrorFolderNotFound')
  const master = `${times}<t:CalendarItemType>RecurringMaster</t:CalendarItemType>`
  for (const [members, place] of [
    ['<t:Start>2026-11-23T11:00:00Z</t:Start>', /End/],
    ['<t:Start>x</t:Start>', /Start/],
    [master, /expand series/]
  ] as const) {
    const { reader } = await readCalendarView(calendarView([item('A', members)]))
    t.match(reader.fault, { code: 'protocol_error', hint: place })
  }
})

t.test(
  'faults: the code and the back-off, from either namespace, padded or within another error',
  async (t) => {
    t.same((await readAvailability(fault('ErrorServerBusy', 297749))).fault, {
      code: 'ErrorServerBusy',
      inner: null,
      backOffMs: 297749
    })
    const inner = soapReply(
      '<m:FindItemResponse xmlns:m="m" xmlns:t="t"><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="Error"><m:MessageText>x</m:MessageText><m:ResponseCode>ErrorInternalServerError</m:ResponseCode><m:MessageXml><t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value><t:Value Name="BackOffMilliseconds">500</t:Value></m:MessageXml></m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse>'
    )
    t.same((await readCalendarView(inner)).reader.status, {
      code: 'ErrorInternalServerError',
      inner: 'ErrorServerBusy',
      backOffMs: 500
    })
    const old = soapReply(
      '<soap:Fault xmlns:soap="s"><soap:faultcode>soap:Client</soap:faultcode><faultstring>Microsoft.Exchange.Data.Storage.AccessDeniedException: no</faultstring><detail><ErrorCode>-2146233088</ErrorCode></detail></soap:Fault>',
      server(8, 0, 685)
    )
    const { fault: denied, server: serverVersion } = await readAvailability(old)
    t.equal(denied?.code, 'ErrorAccessDenied')
    t.same(serverVersion, { major: 8, minor: 0, build: 685 })
    t.equal(
      (await readAvailability(fault('&lt;script&gt;'))).fault?.code,
      'ErrorUnknown',
      'only a word is a code'
    )
  }
)

t.test(
  'prefixes, attributes in single quotes, comments, CDATA and character references make no difference',
  async (t) => {
    const usual = await readAvailability(availabilityReply(mailbox('Detailed', [lunch])))
    const reply = availabilityReply(mailbox('Detailed', [lunch]))
    const prefixed = reply
      .replace(/<(\/?)(?=[A-Z])/g, '<$1q0:')
      .replaceAll('s:Envelope', 'Envelope')
      .replaceAll('s:Body', 'soap11:Body')
    t.same((await readAvailability(prefixed)).found, usual.found, 'prefixed')
    const written = reply
      .replace('våfflor &amp; kaffe', 'v&#xE5;fflor<!-- ? --> <![CDATA[& kaffe]]>')
      .replace(/="([^"]*)"/g, "='$1'")
    t.same((await readAvailability(written)).found, usual.found, 'written otherwise')
  }
)

t.test(
  'charsets: the mark, Content-Type, the declaration, else UTF-8; a piece may end within a character',
  async (t) => {
    const reply = availabilityReply(mailbox('Detailed', [{ ...lunch, subject: 'Möte 昼食 🍜' }]))
    const subjectIn = async (bytes: Buffer, contentType?: string) =>
      (await readAvailability(bytes, { contentType })).found[0]?.events[0]?.subject
    t.equal(await subjectIn(Buffer.from(reply)), 'Möte 昼食 🍜')
    t.equal(
      await subjectIn(Buffer.from(`\ufeff${reply}`), 'text/xml; charset=iso-8859-1'),
      'Möte 昼食 🍜',
      'a mark wins'
    )
    t.equal(await subjectIn(Buffer.from(`\ufeff${reply}`, 'utf16le')), 'Möte 昼食 🍜')
    t.equal(await subjectIn(Buffer.from(reply, 'utf16le'), 'text/xml'), 'Möte 昼食 🍜')
    t.equal(
      await subjectIn(Buffer.from(reply.replace('utf-8', 'UTF-16'))),
      'Möte 昼食 🍜',
      'declared, but cannot be'
    )
    const western = availabilityReply(mailbox('Detailed', [{ ...lunch, subject: 'Möte på ön' }]))
    const latin = Buffer.from(western.replace('utf-8', 'iso-8859-1'), 'latin1')
    t.equal(await subjectIn(latin), 'Möte på ön', 'declared')
    t.equal(await subjectIn(Buffer.from(western, 'latin1'), 'text/xml; charset="ISO-8859-1"'), 'Möte på ön')
    await t.rejects(subjectIn(Buffer.from(western, 'latin1')), { code: 'protocol_error', message: /charset/ })
    await t.rejects(subjectIn(Buffer.from(reply), 'text/xml; charset=klingon'), { message: /charset/ })
  }
)
