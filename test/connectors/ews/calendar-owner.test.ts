/**
 * The calendar that is read is that of the mailbox that was asked for, also where a server takes no notice of ExchangeImpersonation and
 * would answer with the service account's own.
 */
import t from '../../group/tap.ts'
import { exchangeMeeting, openExchange, outcomesOf, readErrorOf } from './exchange.ts'
import { type FakeCall, fakeExchange } from './fake-exchange.ts'
import { calendarView, fault, item } from './replies.ts'

const lunch = item(
  '1',
  '<t:Subject>LUNCH</t:Subject><t:Start>2026-11-18T12:00:00Z</t:Start><t:End>2026-11-18T13:00:00Z</t:End><t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:CalendarItemType>Occurrence</t:CalendarItemType>'
)
/** distinguishedfolderid.md: "Mailbox: identifies a mailbox … a delegate". Null where the request means the caller's own. */
const ownerIn = ({ body }: FakeCall) =>
  /<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>([^<]*)/.exec(body)?.[1] ?? null

t.test('the request names the owner of the calendar, beside whom it impersonates', async (t) => {
  const exchange = await fakeExchange(t, () => calendarView([lunch]))
  const mailbox = 'o&m@example.se'
  t.match(await exchange.read(exchange.connector(), [mailbox]), [
    { outcome: 'read', events: [{ subject: 'LUNCH' }] }
  ])
  t.match(exchange.calls, [{ operation: 'FindItem', impersonated: 'o&amp;m@example.se' }])
  t.equal(ownerIn(exchange.calls[0]!), 'o&amp;m@example.se')
})

t.test('a server that does not impersonate shows nobody the account’s own calendar', async (t) => {
  const denied = calendarView([], true, 'ErrorAccessDenied')
  const unknown = calendarView([], true, 'ErrorNonExistentMailbox')
  const exchange = await fakeExchange(t, (call) => {
    const owner = ownerIn(call)
    if (owner === null) return calendarView([lunch])
    return owner === 'a@example.se' ? denied : unknown
  })
  const [refused, none] = await exchange.read(exchange.connector(), ['a@example.se', 'sign-in@corp.local'])
  t.match(readErrorOf(refused), { code: 'access_denied', scope: 'mailbox', hint: /ApplicationImpersonation/ })
  t.match(readErrorOf(none), {
    code: 'mailbox_unknown',
    scope: 'mailbox',
    hint: /sign-in@corp.local is no address.*primary SMTP address/
  })
})

t.test('a sign-in name that is no address is impersonated as one where the server heeds it', async (t) => {
  const exchange = await fakeExchange(t, ({ body }) =>
    body.includes('<t:PrincipalName>anna@corp.local<')
      ? calendarView([lunch])
      : fault('ErrorNonExistentMailbox')
  )
  const connector = exchange.connector()
  for (const _ of ['found out', 'known']) {
    t.match(await exchange.read(connector, ['anna@corp.local']), [
      { outcome: 'read', events: [{ subject: 'LUNCH' }] }
    ])
  }
  t.strictSame(
    exchange.calls.map((call) => [
      /<t:(\w+Name|SmtpAddress)>([^<-]*)/.exec(call.body)?.slice(1),
      ownerIn(call)
    ]),
    [
      [['SmtpAddress', 'anna@corp.local'], 'anna@corp.local'],
      [['SmtpAddress', 'no'], null],
      [['SmtpAddress', 'anna@corp.local'], null],
      [['PrincipalName', 'anna@corp.local'], null],
      [['PrincipalName', 'anna@corp.local'], null]
    ]
  )
})

t.test('an alias reads where the server heeds it', async (t) => {
  const exchange = await openExchange(t, 'impersonation')
  const { simulator, directory } = exchange
  const events = [exchangeMeeting('LUNCH')]
  simulator.mailboxes.put(directory, { address: 'anna@example.se', aliases: ['a.ek@example.se'], events })
  t.same(outcomesOf(await exchange.read(exchange.connector(), ['a.ek@example.se'])), [['LUNCH']])
})
