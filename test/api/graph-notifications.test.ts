/** What Graph receives at a notification URL: the validation token, 202 for what is accepted or dropped, 503 for what could not be accepted. */
import { createHmac } from 'node:crypto'
import Fastify from 'fastify'
import type { Test } from 'tap'
import { openMetrics } from '../../src/api/metrics.ts'
import { sendError } from '../../src/api/problem.ts'
import { graphNotificationRoutes } from '../../src/api/routes/graph-notifications.ts'
import { ProblemSchema } from '../../src/api/schemas/problems.ts'
import { createNotificationUrls } from '../../src/connectors/graph/notifications/url.ts'
import { createNotificationVerifiers } from '../../src/connectors/graph/notifications/verifier.ts'
import type { CalendarNotification } from '../../src/connectors/notification.ts'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'

const secret = createHmac('sha256', 'master key').update('graph notices').digest()
const address = createNotificationUrls('https://hanvisa.example.se', secret, 'acme').endpointOf('target-1')
const path = new URL(address.notificationUrl).pathname
const item = (etag: string) => ({
  subscriptionId: 'c6126aa3',
  changeType: 'updated',
  clientState: address.clientState,
  resourceData: { id: 'AAMk', '@odata.etag': etag }
})

async function openAddress(
  t: Test,
  onNotifications: (notifications: readonly CalendarNotification[]) => Promise<void>
) {
  const metrics = openMetrics()
  const log: string[] = []
  const app = Fastify({
    logger: { level: 'trace', stream: { write: (line: string) => void log.push(line) } }
  })
  app.setErrorHandler(sendError)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.addSchema(ProblemSchema)
  await app.register(
    graphNotificationRoutes({
      graphVerifier: createNotificationVerifiers(secret),
      sync: { onNotifications },
      metrics,
      clock: () => 1_795_000_000_000
    })
  )
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const post = async (to: string, body?: string | Buffer, type = 'application/json; charset=utf-8') => {
    const response = await checkedFetch(`${origin}${to}`, {
      method: 'POST',
      ...(body !== undefined && { body, headers: type === '' ? {} : { 'content-type': type } })
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const counts = async () => {
    const { text } = await metrics.render()
    const found = text.matchAll(/hanvisa_notifications_total\{connector="graph",outcome="(\w+)"\} (\d+)/g)
    return Object.fromEntries([...found].map(([, outcome, count]) => [outcome, Number(count)]))
  }
  return { post, counts, log }
}

t.test('the handshake: the token is returned decoded, as plain text', async (t) => {
  const { post, counts } = await openAddress(t, async () => {})
  const said = 'Validation: Testing client application reachability for subscription Request-Id: 5f/+ö'
  const tokens = [
    [`validationToken=${encodeURIComponent(said)}`, said],
    // As Graph writes it, by the rules of forms.
    [`validationToken=${new URLSearchParams({ t: said }).toString().slice(2)}`, said],
    [`x=1&validationToken=abc&validationToken=def`, 'abc'],
    [`validationToken=%3Cscript%3Ealert(1)%3C/script%3E`, '<script>alert(1)</script>'],
    ['validationToken=%zz', '%zz'],
    ['validationToken=', '']
  ] as const
  for (const [query, token] of tokens) {
    const { status, headers, text } = await post(`${path}?${query}`, '', 'text/plain; charset=utf-8')
    t.same([status, text], [200, token], query)
    t.match(headers.get('content-type'), /^text\/plain/)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
  }
  const long = await post(`${path}?validationToken=${'x'.repeat(5_000)}`)
  t.same([long.status, long.text], [202, ''], 'nobody is given back a book')
  t.same(await counts(), { malformed: 1 })
})

t.test('notifications with a valid signature are passed on, and each outcome is counted', async (t) => {
  const received: CalendarNotification[] = []
  const { post, counts, log } = await openAddress(
    t,
    async (notifications) => void received.push(...notifications)
  )
  const value = [item('1'), item('1'), item('2'), { ...item('3'), clientState: 'guess-of-a-secret' }, {}]
  const { status, text } = await post(path, JSON.stringify({ value }))
  t.same([status, text], [202, ''])
  const notification = { tenant: 'acme', targetId: 'target-1', event: 'changed' }
  t.same(received, [notification, notification])
  t.same(await counts(), { accepted: 2, replayed: 1, invalid_signature: 1, malformed: 1 })
  for (const line of log) t.notMatch(line, /AAMk|guess-of|etag|c6126aa3/, 'nothing of a body is logged')
})

t.test('whatever is posted, it is 202 and empty', async (t) => {
  const { post, counts, log } = await openAddress(t, async () => void t.fail('nothing was genuine'))
  const bodies: [body: string | Buffer | undefined, type?: string][] = [
    [undefined],
    ['', ''],
    ['{"value":[', 'application/json'],
    ['{"value":[{"__proto__":{"x":1}}]}'],
    ['null'],
    ['[]'],
    ['['.repeat(100_000)],
    [`{"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [Buffer.from([0xff, 0xfe, 0x00])],
    ['<xml/>', 'text/xml'],
    ['a=b', 'application/x-www-form-urlencoded'],
    ['x', 'nonsense'],
    ['x', 'multipart/form-data; boundary=x'],
    [JSON.stringify({ value: Array(5_000).fill({ clientState: 'Uppsägning', subscriptionId: 'x' }) })]
  ]
  for (const [body, type] of bodies) {
    const { status, text } = await post(path, body, type)
    t.same([status, text], [202, ''], String(body).slice(0, 40))
  }
  for (const odd of [
    `${path}?a=1&%`,
    '/notifications/graph/x/%20/%00',
    `/notifications/graph/x/acme/${'x'.repeat(90)}`
  ]) {
    t.equal((await post(odd, '{"value":[{}]}')).status, 202, odd)
  }
  t.same(Object.keys(await counts()).sort(), ['invalid_signature', 'malformed'])
  for (const line of log) t.notMatch(line, /Uppsägning/)
})

t.test('more than is read is refused before it is', async (t) => {
  const { post } = await openAddress(t, async () => {})
  const { status } = await post(path, Buffer.alloc(10_000_000, 32)).catch(() => ({ status: 413 }))
  t.equal(status, 413)
})

t.test('what could not be stored is answered 503, and accepted when Graph sends it again', async (t) => {
  // learn.microsoft.com/graph/change-notifications-delivery-webhooks: not 2xx is sent again for up to four hours.
  let isAway = true
  const accepted: CalendarNotification[] = []
  const { post, counts } = await openAddress(t, async (notifications) => {
    if (isAway) throw new Error('the store is away')
    accepted.push(...notifications)
  })
  const body = JSON.stringify({ value: [item('a')] })
  t.same([(await post(path, body)).status, (await post(path, body)).status], [503, 503])
  t.equal(
    (await post(path, JSON.stringify({ value: [{}] }))).status,
    202,
    'what is dropped is not sent again'
  )
  isAway = false
  t.same([(await post(path, body)).status, (await post(path, body)).status], [202, 202])
  t.equal(accepted.length, 1)
  t.same(await counts(), { not_kept: 2, malformed: 1, accepted: 1, replayed: 1 })
})

// Microsoft, "Change notifications through webhooks": an endpoint is slow whose answers take more than 10 s.
t.test('what hangs is answered 503, before Graph takes the address for slow', async (t) => {
  const { post } = await openAddress(t, () => new Promise(() => {}))
  const begun = performance.now()
  t.equal((await post(path, JSON.stringify({ value: [item('a')] }))).status, 503)
  t.ok(performance.now() - begun < 10_000)
})
