/** Answers that Graph gives by Microsoft's pages and public reports, and what an operator then reads. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import t from '../../group/tap.ts'
import { type FakeResponse, failed, fakeGraphWindow, startFakeGraph, viewOf } from './fake-graph.ts'

const healthy = ['anna@example.se', 'bo@example.se', 'cia@example.se']
const sick = 'guest@example.se'

/** azure-docs#27188 and Microsoft Q&A: a good token, and a mailbox that is unlicensed, a guest's or on premises. */
const refusals: readonly [string, FakeResponse, code: string, hint: RegExp][] = [
  ['a bare 401', { status: 401 }, 'mailbox_unknown', /guest@example\.se has no mailbox.*unlicensed, a guest/],
  ['401', failed(401, 'MailboxNotEnabledForRESTAPI'), 'mailbox_unknown', /no mailbox in Exchange Online/],
  ['401', failed(401, 'UnknownError'), 'mailbox_unknown', /no mailbox in Exchange Online/],
  ['403', failed(403, 'Authorization_RequestDenied'), 'consent_missing', /Calendars\.Read/],
  [
    'a directory without Exchange Online',
    failed(401, 'OrganizationFromTenantGuidNotFound', "The tenant for tenant guid '0' does not exist."),
    'mailbox_unknown',
    /directory has no Exchange Online at all.*tenantId/
  ]
]

t.test('what Graph answers for one mailbox of a batch is that mailbox’s, and costs no token', async (t) => {
  for (const [name, refusal, code, hint] of refusals) {
    const graph = await startFakeGraph(t, ({ url }) => (url.includes('guest%40') ? refusal : viewOf('x')))
    for (let times = 0; times < 3; times += 1) {
      const results = await graph.read([sick, ...healthy])
      t.match(results[0], { outcome: 'failed', error: { code, hint, scope: 'mailbox' } }, name)
      t.match(results.slice(1), Array(3).fill({ outcome: 'read', events: [{ subject: 'x' }] }), name)
    }
    t.equal(graph.counts.tokens, 1, 'the token serves the others, so it stays cached')
    // A 403 has the availability asked for, which may be granted; a 401 has nothing asked for again.
    t.equal(graph.counts.batches, refusal.status === 403 ? 6 : 3, name)
  }
})

t.test(
  'availability: a mailbox that cannot be the anchor does not keep the others from being seen',
  async (t) => {
    for (const [name, refusal] of refusals) {
      const graph = await startFakeGraph(t, ({ url, body }) => {
        if (url.includes('guest%40')) return refusal
        const { schedules } = body as { schedules: string[] }
        const item = {
          status: 'oof',
          start: { dateTime: '2026-11-18T11:00:00.0000000', timeZone: 'UTC' },
          end: { dateTime: '2026-11-18T12:00:00.0000000', timeZone: 'UTC' }
        }
        const value = schedules.map((scheduleId) =>
          scheduleId === sick
            ? { scheduleId, error: { responseCode: '5009', message: 'x' } }
            : { scheduleId, availabilityView: '3', scheduleItems: [item] }
        )
        return { status: 200, body: { value } }
      })
      const results = await graph.read([sick, ...healthy], false)
      t.match(results[0], { outcome: 'failed', error: { scope: 'mailbox' } }, name)
      t.match(results.slice(1), Array(3).fill({ outcome: 'read', events: [{ busy: 'oof' }] }), name)
    }
  }
)

t.test(
  'Retry-After 0 or 1, over and over: few requests, and the mailbox waits for its next read',
  async (t) => {
    for (const status of [429, 503]) {
      for (const retryAfter of ['0', '1']) {
        const asked = new Map<string, number>()
        const graph = await startFakeGraph(t, ({ url }) => {
          const mailbox = url.split('/')[2] ?? ''
          asked.set(mailbox, (asked.get(mailbox) ?? 0) + 1)
          if (!url.includes('guest%40')) return viewOf('x')
          return { ...failed(status, 'x'), headers: { 'Retry-After': retryAfter } }
        })
        const begun = performance.now()
        const [first, second] = await graph.read([sick, 'anna@example.se'])
        const code = status === 429 ? 'throttled' : 'unreachable'
        t.match(first, { error: { code, retryAfter: Number(retryAfter) * 1000, scope: 'mailbox' } })
        t.match(second, { outcome: 'read' })
        t.same([...asked.values()], [4, 1], `${status} ${retryAfter}: four tries, of the one alone`)
        t.ok(performance.now() - begun > 1_500, 'with growing pauses between')
      }
    }
  }
)

t.test('each kind of refusal has the hint that helps', async (t) => {
  const claims =
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
  const rows: readonly [FakeResponse, code: string, hint: RegExp][] = [
    // learn.microsoft.com/graph/auth-limit-mailbox-access, "Handle API errors".
    [
      failed(403, 'ErrorAccessDenied', 'Access to OData is disabled.'),
      'access_denied',
      /Test-ApplicationAccessPolicy -Identity 'guest@example\.se' -AppId '?3f8f2f0e-6a0c-4a53-9f5b-1c2d3e4f5a6b/
    ],
    [
      failed(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.'),
      'access_denied',
      /Test-ServicePrincipalAuthorization/
    ],
    // learn.microsoft.com/entra/identity-platform/claims-challenge.
    [
      { ...failed(403, 'x'), headers: { 'WWW-Authenticate': claims } },
      'access_denied',
      /Conditional Access of the directory blocks the application/
    ],
    [
      { ...failed(401, 'InvalidAuthenticationToken'), headers: { 'www-authenticate': claims } },
      'access_denied',
      /Conditional Access/
    ],
    [failed(404, 'MailboxNotSupportedForRESTAPI'), 'mailbox_unknown', /has no mailbox in Exchange Online/],
    [failed(404, 'MailboxNotHostedInExchangeOnline'), 'mailbox_unknown', /has no mailbox in Exchange Online/],
    [failed(404, 'ErrorItemNotFound'), 'mailbox_unknown', /has no default calendar/],
    [failed(404, 'Request_ResourceNotFound'), 'mailbox_unknown', /is no user of this directory/]
  ]
  for (const [refusal, code, hint] of rows) {
    const graph = await startFakeGraph(t, ({ url }) => (url.includes('guest%40') ? refusal : viewOf('x')))
    const [first, second] = await graph.read([sick, 'anna@example.se'])
    t.match(first, { outcome: 'failed', error: { code, hint, scope: 'mailbox' } })
    t.match(second, { outcome: 'read' })
  }
})

t.test('getSchedule’s 5006 and 5009, and then 403: the operator reads both', async (t) => {
  const rows = [
    ['5006', 'protocol_error', /more entries than getSchedule shows.*may not read this calendar/],
    ['5009', 'mailbox_unknown', /no address of a mailbox here.*may not read this calendar/]
  ] as const
  for (const [responseCode, code, hint] of rows) {
    const graph = await startFakeGraph(t, ({ url }) => {
      if (!url.endsWith('/getSchedule')) return failed(403, 'ErrorAccessDenied')
      return { status: 200, body: { value: [{ scheduleId: sick, error: { responseCode, message: 'x' } }] } }
    })
    t.match(await graph.read([sick], false), [{ error: { code, hint } }], responseCode)
    const bySubject = [{ error: { code: 'access_denied', hint: /may not read.*(more entries|no address)/ } }]
    t.match(await graph.read([sick]), bySubject, `${responseCode}, with subjects`)
  }
})

t.test('a busy view without items is busy, never free', async (t) => {
  // scheduleInformation's scheduleItems is optional (learn.microsoft.com/graph/api/resources/scheduleinformation).
  for (const scheduleItems of [undefined, null, []]) {
    const graph = await startFakeGraph(t, ({ url, body }) => {
      if (!url.endsWith('/getSchedule')) return failed(403, 'ErrorAccessDenied')
      const { availabilityViewInterval: minutes } = body as { availabilityViewInterval: number }
      const digits = Array.from({ length: (7 * 1440) / minutes }, (_, index) => {
        const hours = (index * minutes) / 60
        return minutes > 60 || (hours >= 58 && hours < 60) ? '2' : hours >= 60 && hours < 61 ? '3' : '0'
      })
      const entry = { scheduleId: sick, availabilityView: digits.join(''), scheduleItems }
      return { status: 200, body: { value: [entry] } }
    })
    const [result] = await graph.read([sick], false)
    t.match(result, {
      outcome: 'read',
      detail: 'availability',
      events: [
        { busy: 'busy', start: Date.parse('2026-11-18T10:00:00Z'), end: Date.parse('2026-11-18T12:00:00Z') },
        { busy: 'oof', start: Date.parse('2026-11-18T12:00:00Z'), end: Date.parse('2026-11-18T13:00:00Z') }
      ]
    })
  }
  const vague = await startFakeGraph(t, ({ url, body }) => {
    if (!url.endsWith('/getSchedule')) return failed(403, 'ErrorAccessDenied')
    const { availabilityViewInterval: minutes } = body as { availabilityViewInterval: number }
    const entry = { scheduleId: sick, availabilityView: minutes > 60 ? '2222' : '' }
    return { status: 200, body: { value: [entry] } }
  })
  const [result] = await vague.read([sick], false)
  t.match(result, { outcome: 'failed' }, 'and where even the view is gone, it is an error')
})

t.test('a clock that is 40 minutes off: the check `clock` says so, and so does what is read', async (t) => {
  let aheadMs = 40 * 60_000
  const graph = await startFakeGraph(
    t,
    () => viewOf('x'),
    () => ({ Date: new Date(Date.now() + aheadMs).toUTCString() })
  )
  const target = { mailbox: 'anna@example.se', timeZone: 'Europe/Stockholm' }
  const check = () => graph.connector.check(target, AbortSignal.timeout(60_000))
  t.match(await check(), [
    { name: 'address', ok: true },
    { name: 'clock', ok: false, code: 'clock_wrong', hint: /40 minutes behind.*NTP/ }
  ])
  const wrong = { outcome: 'read', events: [{ subject: 'x' }], partialRead: { code: 'clock_wrong' } }
  t.match(await graph.read(['anna@example.se']), [wrong], 'the calendar is read all the same')
  aheadMs = 0
  t.match(await graph.read(['anna@example.se']), [{ outcome: 'read', partialRead: null }])
  t.ok((await check()).every(({ ok }) => ok))
})

t.test('a proxy that asks for a sign-in is named, by the check and by what is read', async (t) => {
  const proxy = await startProxy(t)
  const names = { https_proxy: `http://${proxy}`, no_proxy: '' }
  for (const [name, value] of Object.entries(names)) {
    const before = process.env[name]
    process.env[name] = value
    t.teardown(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
  const graph = await startFakeGraph(t, () => viewOf('x'))
  const target = { mailbox: 'anna@example.se', timeZone: 'Europe/Stockholm' }
  const error = { code: 'proxy_refused', hint: new RegExp(`The proxy ${proxy} asks for a sign-in`) }
  t.match(await graph.connector.check(target, AbortSignal.timeout(60_000)), [
    { name: 'address', ok: false, ...error }
  ])
  t.match(await graph.read(['anna@example.se']), [
    { outcome: 'failed', error: { ...error, scope: 'connection' } }
  ])
})

t.test('a code that is none of Microsoft’s is not shown', async (t) => {
  const graph = await startFakeGraph(t, () => failed(404, 'Uppsagning.Anna', 'Lunch'))
  const [result] = await graph.read(['anna@example.se'])
  t.match(result, { error: { hint: /\(HTTP 404\)$/ } })
  t.ok(fakeGraphWindow.start > 0)
})

async function startProxy(t: Test): Promise<string> {
  const server = createServer()
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
