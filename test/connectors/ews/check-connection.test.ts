/** "Test connection" says `ok` of steps that ran, and of no other. */
import { createServer as createTcpServer } from 'node:net'
import type { Connector } from '../../../src/connectors/connector.ts'
import { checkConnection } from '../../../src/connectors/ews/check-connection.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { fakeExchange } from './fake-exchange.ts'
import { calendarView } from './replies.ts'

async function check(connector: Connector, mailbox = 'a@example.se', deadlineMs = 30_000) {
  const checks = await connector.check(
    { mailbox, timeZone: 'Europe/Stockholm' },
    AbortSignal.timeout(deadlineMs)
  )
  return {
    passed: checks.filter(({ ok }) => ok).map(({ name }) => name),
    failed: checks.find(({ ok }) => !ok)
  }
}

t.test('a mailbox that is no address is reported at once, and nothing else', async (t) => {
  const exchange = await fakeExchange(t, () => calendarView([]))
  for (const mailbox of ['EXEMPEL\\kare', 'åsa@exempel.test', 'kare']) {
    const { passed, failed } = await check(exchange.connector(), mailbox)
    t.same(passed, [], mailbox)
    t.match(failed, { name: 'impersonation', code: 'mailbox_unknown', hint: /SMTP/ }, mailbox)
  }
  t.equal(exchange.calls.length, 0)
})

t.test('every step that ran is ok when all are: a name, TLS, and the sign-in', async (t) => {
  const exchange = await fakeExchange(t, () => calendarView([]))
  t.same((await check(exchange.connector())).passed, [
    'name',
    'connect',
    'tls',
    'sign-in',
    'ews',
    'impersonation',
    'subjects'
  ])
})

t.test('HTTP 400 of something else is no sign-in', async (t) => {
  const exchange = await fakeExchange(t, () => ({
    status: 400,
    headers: { 'content-type': 'text/html' },
    body: 'Bad Request'
  }))
  const { passed, failed } = await check(exchange.connector())
  t.same(passed, ['name', 'connect', 'tls'])
  t.match(failed, { name: 'ews', code: 'protocol_error', hint: /check url/ })
})

t.test('clocks that differ are reported before the sign-in, and with what is read', async (t) => {
  const exchange = await fakeExchange(t, () => ({
    headers: { date: new Date(Date.now() - 600_000).toUTCString() },
    body: calendarView([])
  }))
  const connector = exchange.connector()
  const { passed, failed } = await check(connector)
  t.same(passed, ['name', 'connect', 'tls'])
  t.match(failed, { name: 'clock', code: 'clock_wrong', hint: /10 minutes ahead of that of localhost/ })
  const [result] = await exchange.read(connector, ['a@example.se'])
  t.match(result, { outcome: 'read', partialRead: { code: 'clock_wrong' } })
})

t.test('a test that succeeds ends the delay after a refused sign-in', async (t) => {
  let refuses = false
  const exchange = await fakeExchange(t, () =>
    refuses ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, body: '' } : calendarView([])
  )
  const connector = exchange.connector()
  refuses = true
  const [refused] = await exchange.read(connector, ['a@example.se'])
  t.match(refused, { outcome: 'failed', error: { code: 'secret_invalid' } })
  const [paused] = await exchange.read(connector, ['a@example.se'])
  t.match(paused, { outcome: 'failed', error: { hint: /not tried again/, retryAfter: undefined } })
  refuses = false
  t.equal((await check(connector)).failed, undefined)
  t.match(await exchange.read(connector, ['a@example.se']), [{ outcome: 'read' }])
})

t.test('a server that hangs fails at the step after the last that passed', async (t) => {
  const tls = await fakeExchange(t, () => null)
  const hanging = await check(tls.connector(), 'a@example.se', 2_000)
  t.same(hanging.passed, ['name', 'connect', 'tls'], 'it never said what it makes of the sign-in')
  t.match(hanging.failed, { name: 'sign-in', code: 'unreachable' })
  const silent = createTcpServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const { port } = silent.address() as { port: number }
  const noTls = await check(
    tls.connector({ url: `https://localhost:${port}/EWS/Exchange.asmx` }),
    'a@example.se',
    2_000
  )
  t.same(noTls.passed, ['name', 'connect'])
  t.match(noTls.failed, { name: 'tls', code: 'unreachable' })
  const plain = await check(
    tls.connector({ url: `http://127.0.0.1:${port}/EWS/Exchange.asmx` }),
    'a@example.se',
    2_000
  )
  t.same(plain.passed, ['connect'], 'there is no TLS over http, and no name in an address')
  t.match(plain.failed, { name: 'sign-in', code: 'unreachable' })
})

t.test(
  'a sign-in that Autodiscover refuses is `sign-in`, and one that finds nothing `autodiscover`',
  async (t) => {
    for (const [code, name] of [
      ['secret_invalid', 'sign-in'],
      ['unreachable', 'autodiscover']
    ] as const) {
      const error = new RemoteError(code, 'why', { scope: 'connection' })
      const checks = await checkConnection(
        { mailbox: 'a@example.se', timeZone: 'Europe/Stockholm' },
        {
          openReader: () => ({
            endpoint: { usesAutodiscover: true, open: () => Promise.reject(error) } as never,
            client: null as never,
            ids: null as never,
            account: 'svc',
            read: async () => [],
            clockError: () => null,
            close: () => {}
          }),
          access: 'delegate',
          now: 0,
          signal: hangSignal()
        }
      )
      t.same(checks, [{ name, ok: false, code, hint: 'why' }])
    }
  }
)
