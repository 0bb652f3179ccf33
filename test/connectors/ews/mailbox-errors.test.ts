/** What is wrong with one mailbox is that mailbox's, and what is wrong with the server is said of the server. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from '../../group/tap.ts'
import { exchangeWeek, outcomesOf, readErrorOf } from './exchange.ts'
import { type FakeCall, fakeExchange } from './fake-exchange.ts'
import { availabilityReply, calendarView, fault, item, mailbox, refusedMailbox } from './replies.ts'

const day = 86_400_000
const single = (id: string, type = 'Single') =>
  item(
    id,
    `<t:Subject>MÖT</t:Subject><t:Start>2026-11-18T12:00:00Z</t:Start><t:End>2026-11-18T13:00:00Z</t:End><t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:CalendarItemType>${type}</t:CalendarItemType>`
  )
const asked = ({ body }: FakeCall) => Array.from(body.matchAll(/<t:Address>([^<]*)/g), ([, each]) => each!)

// responsecode.md: ErrorAccountDisabled "the account that was used is disabled", ErrorPasswordExpired likewise: under
// impersonation the account that is used is the mailbox owner's.
for (const code of ['ErrorAccountDisabled', 'ErrorPasswordExpired', 'ErrorPasswordChangeRequired']) {
  for (const where of ['fault', 'message'] as const) {
    t.test(`impersonation: ${code} in a ${where} is one mailbox's, and the others are read`, async (t) => {
      const exchange = await fakeExchange(t, ({ impersonated }) => {
        if (impersonated !== 'gone@example.se') return calendarView([single('1')])
        return where === 'fault' ? fault(code) : calendarView([], true, code)
      })
      const [gone, other] = await exchange.read(exchange.connector(), ['gone@example.se', 'a@example.se'])
      t.match(readErrorOf(gone), { code: 'access_denied', scope: 'mailbox', hint: /gone@example.se/ })
      t.match(other, { outcome: 'read' })
    })
  }
  t.test(
    `delegate: ${code} of one mailbox in an answer that is otherwise good is that mailbox's`,
    async (t) => {
      const exchange = await fakeExchange(t, () =>
        availabilityReply(refusedMailbox(code), mailbox('Detailed', []))
      )
      const [gone, other] = await exchange.read(exchange.connector({ access: 'delegate' }), [
        'gone@example.se',
        'a@example.se'
      ])
      t.match(readErrorOf(gone), { code: 'access_denied', scope: 'mailbox' })
      t.match(other, { outcome: 'read' })
    }
  )
  t.test(`delegate: ${code} of the call as a whole is the service account's`, async (t) => {
    const exchange = await fakeExchange(t, () => fault(code))
    const [error] = await exchange.read(exchange.connector({ access: 'delegate' }), ['a@example.se'])
    t.match(readErrorOf(error), { code: /secret_/, scope: 'connection' })
  })
}

t.test(
  'an address that does not exist, or is not the primary one, is reported with what to enter',
  async (t) => {
    const exchange = await fakeExchange(t, ({ impersonated }) =>
      impersonated === 'alias@example.se' ? fault('ErrorNonPrimarySmtpAddress') : fault('ErrorCannotFindUser')
    )
    const [alias, none] = await exchange.read(exchange.connector(), ['alias@example.se', 'x@example.se'])
    t.match(readErrorOf(alias), {
      code: 'mailbox_unknown',
      scope: 'mailbox',
      hint: /enter the primary SMTP address.*Get-Mailbox 'alias@example.se'/
    })
    t.match(readErrorOf(none), { code: 'mailbox_unknown', scope: 'mailbox', hint: /x@example.se/ })
  }
)

// responsecode.md, ErrorResultSetTooBig: "too many calendar entries for a user in a time window", above 1,000.
t.test('delegate: a mailbox with more than 1,000 entries is read in parts, each event once', async (t) => {
  const hour = 3_600_000
  const events = Array.from({ length: 2_600 }, (_, index) => {
    const start = exchangeWeek.start + Math.floor((index * 7 * day) / 2_600 / 1000) * 1000
    return { subject: `Nr ${index}`, start, end: start + 5 * hour }
  })
  const text = (at: number) => new Date(at).toISOString().slice(0, 19)
  const exchange = await fakeExchange(t, (call) => {
    const [from, to] = ['StartTime', 'EndTime'].map((name) =>
      Date.parse(`${new RegExp(`<t:TimeWindow>.*<t:${name}>([^<]*)`).exec(call.body)?.[1]}Z`)
    )
    const shown = events.filter(({ start, end }) => start < to! && end > from!)
    return availabilityReply(
      ...asked(call).map((address) => {
        if (address !== 'full@example.se') return mailbox('Detailed', [])
        if (shown.length > 1_000) return refusedMailbox('ErrorResultSetTooBig')
        return mailbox(
          'Detailed',
          shown.map(({ subject, start, end }) => ({ subject, start: text(start), end: text(end) }))
        )
      })
    )
  })
  const [full, other] = await exchange.read(exchange.connector({ access: 'delegate' }), [
    'full@example.se',
    'a@example.se'
  ])
  t.match(other, { outcome: 'read', events: [] })
  t.equal(full?.outcome, 'read')
  if (full?.outcome !== 'read') return
  t.same(full.events.map(({ subject }) => subject).sort(), events.map(({ subject }) => subject).sort())
  t.equal(new Set(full.events.map(({ id }) => id)).size, events.length, 'and each has an id of its own')
})

t.test(
  'a server that is no EWS and answers 400 gets one request; Exchange one in each version',
  async (t) => {
    const bad = { status: 400, body: 'Bad Request' }
    const other = await fakeExchange(t, () => ({
      ...bad,
      headers: { server: 'nginx', 'content-type': 'text/html' }
    }))
    t.match(readErrorOf((await other.read(other.connector(), ['a@example.se']))[0]), {
      code: 'protocol_error',
      hint: /check url/
    })
    t.equal(other.calls.length, 1)
    const old = await fakeExchange(t, ({ body }) =>
      body.includes('Exchange2010_SP2') || body.includes('IndexedPageItemView')
        ? calendarView([single('1')])
        : { ...bad, headers: { server: 'Microsoft-IIS/7.5', 'content-type': 'text/html' } }
    )
    t.same(outcomesOf(await old.read(old.connector(), ['a@example.se'])), [['MÖT']])
  }
)

t.test('a server that answers with masters is not read, and delegate is named', async (t) => {
  const exchange = await fakeExchange(t, () => calendarView([single('1', 'RecurringMaster')]))
  const error = readErrorOf((await exchange.read(exchange.connector(), ['a@example.se']))[0])
  t.match(error, { code: 'protocol_error', scope: 'connection', hint: /access to delegate/ })
})

t.test('a series begun before the window is reported where a server does not expand it', async (t) => {
  const master = item(
    'm',
    '<t:Start>2026-09-07T07:00:00Z</t:Start><t:End>2026-09-07T08:00:00Z</t:End><t:CalendarItemType>RecurringMaster</t:CalendarItemType>'
  )
  // It takes the CalendarView for a filter of what is stored: a series is where its first occurrence is.
  const stored = await fakeExchange(t, ({ body }) =>
    calendarView(
      !body.includes('CalendarView') || body.includes('StartDate="2026-09-07') ? [master] : [single('1')]
    )
  )
  const error = readErrorOf((await stored.read(stored.connector(), ['a@example.se']))[0])
  t.match(error, { code: 'protocol_error', scope: 'connection', hint: /access to delegate/ })
  // And one that leaves series out of views altogether.
  const silent = await fakeExchange(t, ({ body }) =>
    calendarView(body.includes('CalendarView') ? [single('1')] : [master])
  )
  t.match(readErrorOf((await silent.read(silent.connector(), ['a@example.se']))[0]), {
    hint: /access to delegate/
  })
})

t.test('a server that expands is looked at no more once a view has shown an occurrence', async (t) => {
  const exchange = await fakeExchange(t, ({ impersonated, body }) => {
    if (!body.includes('CalendarView')) return calendarView([])
    return calendarView([single('1', impersonated === 'b@example.se' ? 'Occurrence' : 'Single')])
  })
  const connector = exchange.connector()
  const looks = () => exchange.calls.filter(({ body }) => body.includes('IndexedPageItemView')).length
  await exchange.read(connector, ['a@example.se'])
  t.equal(looks(), 1)
  await exchange.read(connector, ['a@example.se'])
  t.equal(looks(), 1, 'once for each mailbox')
  await exchange.read(connector, ['b@example.se'])
  await exchange.read(connector, ['c@example.se', 'd@example.se'])
  t.equal(looks(), 1)
})

t.test('a server that hangs for a whole batch is unreachable; one slow mailbox is not', async (t) => {
  const exchange = await fakeExchange(t, ({ impersonated }) =>
    impersonated.startsWith('slow') || hangs ? null : calendarView([single('1')])
  )
  let hangs = false
  const connector = exchange.connector()
  await exchange.read(connector, ['a@example.se'])
  const soon = () => ({ signal: AbortSignal.timeout(1_500) })
  const [slow, fine] = await exchange.read(connector, ['slow@example.se', 'a@example.se'], soon())
  t.match(readErrorOf(slow), { code: 'unreachable', scope: 'mailbox' })
  t.match(fine, { outcome: 'read' })
  const alone = exchange.read(connector, ['slow@example.se'], soon())
  await sleep(500)
  await exchange.read(connector, ['a@example.se'])
  t.match(
    readErrorOf((await alone)[0]),
    { scope: 'mailbox' },
    'alone in its batch, while others are answered'
  )
  hangs = true
  for (const result of await exchange.read(connector, ['a@example.se', 'b@example.se'], soon())) {
    t.match(readErrorOf(result), { code: 'unreachable', scope: 'connection', hint: /did not answer in time/ })
  }
})
