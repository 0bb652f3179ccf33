/** A Graph that answers what no Graph should: an error for the mailbox, never a crash, a hang or a leak. */
import { createServer } from 'node:https'
import type { Test } from 'tap'
import type { ReadResult } from '../../../src/connectors/connector.ts'
import { GraphConnector } from '../../../src/connectors/graph/connector.ts'
import { anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { makeAuthority, startTestServer } from '../test-server.ts'

const authority = await makeAuthority()
const window = { start: Date.parse('2026-11-16T00:00:00Z'), end: Date.parse('2026-11-23T00:00:00Z') }
const event = (subject: string) => ({
  id: subject,
  subject,
  start: { dateTime: '2026-11-18T11:00:00.0000000', timeZone: 'UTC' },
  end: { dateTime: '2026-11-18T12:00:00.0000000', timeZone: 'UTC' },
  showAs: 'busy'
})
const ok = (id: string, body: unknown) => ({ id, status: 200, headers: {}, body })

interface Request {
  readonly id: string
  readonly url: string
}

/** What the reply is, and how often Graph was asked. */
async function readFrom(
  t: Test,
  mailboxes: readonly string[],
  reply: (requests: readonly Request[], origin: string) => unknown
): Promise<{ readings: readonly ReadResult[]; asked: number }> {
  let asked = 0
  const remote = await startTestServer(t, authority, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (request.url?.includes('/oauth2/v2.0/token')) {
      response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'secret-token' }))
      return
    }
    asked += 1
    const answer = reply(JSON.parse(Buffer.concat(chunks).toString()).requests, remote.origin)
    response.setHeader('content-type', 'application/json')
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca: authority.ca })
  t.teardown(() => outbound.close())
  const connector = new GraphConnector({
    connection: {
      kind: 'graph',
      tenantId: 'example.se',
      clientId: 'app',
      clientSecret: 'shh',
      cloud: { login: `${remote.origin}/`, graph: `${remote.origin}/` },
      pollSeconds: 60
    },
    http: outbound
  })
  const targets = mailboxes.map((mailbox) => ({ mailbox, timeZone: 'Europe/Stockholm' }))
  const readings = await connector.read({
    targets,
    window,
    subjects: true,
    signal: hangSignal()
  })
  return { readings, asked }
}

t.test('replies that are none', async (t) => {
  const replies: [name: string, reply: unknown][] = [
    ['html', '<html>Sign in to the Wi-Fi: Uppsägning</html>'],
    ['nothing', ''],
    ['cut JSON', '{"responses":[{"id":"0","status":200'],
    ['no responses', {}],
    ['null', null],
    ['an empty list', { responses: [] }],
    ['other ids', { responses: [ok('7', { value: [event('x')] })] }],
    ['no body', { responses: [{ id: '0', status: 200 }] }],
    ['base64', { responses: [ok('0', Buffer.from('<html>').toString('base64'))] }],
    ['status as text', { responses: [{ id: '0', status: '200', body: { value: [] } }] }],
    ['nonsense', { responses: [null, 5, 'x', [], { id: 0, status: 200 }] }],
    ['one bad event among good', { responses: [ok('0', { value: [event('a'), { id: 'b' }] })] }],
    ['a link that is none', { responses: [ok('0', { value: [], '@odata.nextLink': 4 })] }],
    ['deep', `{"responses":${'['.repeat(100_000)}${']'.repeat(100_000)}}`]
  ]
  for (const [name, reply] of replies) {
    const { readings } = await readFrom(t, ['anna@example.se'], () => reply)
    t.match(readings, [{ outcome: 'failed', error: { code: 'protocol_error' } }], name)
    if (readings[0]?.outcome === 'failed') {
      t.notMatch(`${readings[0].error.message}${readings[0].error.cause}`, /Uppsägning|secret-token|shh/)
    }
  }
})

t.test('answers arrive in any order, and the first of two counts', async (t) => {
  const { readings } = await readFrom(t, ['a@b.se', 'c@d.se', 'e@f.se'], (requests) => ({
    responses: [
      ...requests.map(({ id }) => ok(id, { value: [event(id)] })).reverse(),
      ...requests.map(({ id }) => ok(id, { value: [] }))
    ]
  }))
  t.match(readings, [{ events: [{ id: '0' }] }, { events: [{ id: '1' }] }, { events: [{ id: '2' }] }])
})

t.test('the token goes to Graph alone: a next page on another host is not requested', async (t) => {
  let stolen = 0
  const thief = createServer({ cert: authority.cert, key: authority.key }, (_, response) => {
    stolen += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
  t.teardown(() => thief.close())
  const links = (origin: string) => [
    'https://evil.example/v1.0/users/a/calendarView?$skip=2',
    `https://localhost:${(thief.address() as { port: number }).port}/v1.0/users/a/calendarView`,
    `${origin}.evil.example/v1.0/users`,
    `${origin.replace('https://', 'https://user:pass@evil.example/')}/v1.0/`,
    `${origin}/beta/users/a/calendarView`,
    `${origin}/v1.0/../admin`,
    origin.replace('https', 'http'),
    '/v1.0/users/a/calendarView?$skip=2',
    'javascript:alert(1)'
  ]
  for (let index = 0; index < links('https://x').length; index += 1) {
    const { readings, asked } = await readFrom(t, ['a@b.se'], (requests, origin) => ({
      responses: requests.map(({ id }) =>
        ok(id, { value: [event('x')], '@odata.nextLink': links(origin)[index] })
      )
    }))
    t.match(
      readings,
      [{ error: { code: 'protocol_error', hint: /next page/ } }],
      links('https://graph')[index] ?? ''
    )
    t.equal(asked, 1)
  }
  t.equal(stolen, 0)
})

t.test('endless pages are stopped', async (t) => {
  const { readings, asked } = await readFrom(t, ['a@b.se', 'c@d.se'], (requests, origin) => ({
    responses: requests.map(({ id, url }) => {
      const endless = url.includes('a%40b.se') ? { '@odata.nextLink': `${origin}/v1.0${url}` } : {}
      return ok(id, { value: [event(id)], ...endless })
    })
  }))
  t.match(readings, [{ error: { code: 'protocol_error', hint: /25 pages/ } }, { outcome: 'read' }])
  t.equal(asked, 25)
})

t.test('a reply beyond all measure is not read to its end', async (t) => {
  const { readings } = await readFrom(t, ['a@b.se'], () => `{"responses":[],"x":"${'x'.repeat(40_000_000)}"}`)
  t.match(readings, [{ error: { code: 'protocol_error', hint: /larger than/ } }])
})
