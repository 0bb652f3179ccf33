/** Webhooks, Alertmanager and the heartbeat, over HTTP servers. */
import { createHmac } from 'node:crypto'
import type { Test } from 'tap'
import { createAlertmanagerFollower } from '../../src/alarms/alertmanager.ts'
import { createHeartbeat } from '../../src/alarms/heartbeat.ts'
import { openWebhookSender } from '../../src/alarms/senders/webhook.ts'
import { AddressPolicy, anyAddress } from '../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../src/connectors/net/http-client.ts'
import type { RaisedAlarmRecord } from '../../src/storage/alarms.ts'
import t from '../group/tap.ts'
import { startHttpReceiver } from './http-receiver.ts'

const NOW = Date.parse('2026-12-01T08:00:00Z')
const event = {
  type: 'alarm.raised',
  id: 'alarm-acme-stale-e12-1',
  data: {
    tenant: 'acme',
    cause: 'stale',
    severity: 'critical',
    summary: 'Acme: åtta',
    hint: 'Gör så här.',
    url: null
  }
} as const
const message = { id: 'x', inReplyTo: null, subject: '', text: '', short: '', events: [event] }
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function client(t: Test, policy = anyAddress) {
  const http = openHttpClient({ addressPolicy: policy })
  t.teardown(() => http.close())
  return http
}

t.test('a webhook is signed as Standard Webhooks has it, and its answers are told apart', async (t) => {
  const receiver = await startHttpReceiver(t)
  const sender = openWebhookSender(client(t), () => NOW)
  const send = () => sender.send({ to: `${receiver.origin}/hook`, format: 'standard', secret }, message)
  t.match(await send(), { code: 'sent', said: 'HTTP 200' })
  const [{ headers, body }] = receiver.requests as [(typeof receiver.requests)[0]]
  t.strictSame(JSON.parse(body), {
    type: 'alarm.raised',
    timestamp: '2026-12-01T08:00:00Z',
    data: event.data
  })
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const signature = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64')
  t.equal(headers['webhook-signature'], `v1,${signature}`)
  t.equal(headers['webhook-id'], event.id)
  for (const [status, code] of [
    [410, 'recipient_refused'],
    [404, 'refused'],
    [429, 'temporary'],
    [500, 'temporary'],
    [302, 'temporary']
  ] as const) {
    receiver.answer = (_, reply) => reply.writeHead(status, { location: 'http://127.0.0.1/' }).end()
    t.match(await send(), { code }, `${status}`)
  }
})

t.test('Slack and Teams get the form that they take', async (t) => {
  const receiver = await startHttpReceiver(t)
  const sender = openWebhookSender(client(t), () => NOW)
  await sender.send({ to: receiver.origin, format: 'slack', secret }, message)
  await sender.send({ to: receiver.origin, format: 'teams', secret }, message)
  const [slack, teams] = receiver.requests.map(({ body }) => JSON.parse(body))
  t.strictSame(slack, { text: 'Acme: åtta\nGör så här.' })
  t.match(teams, { type: 'message', attachments: [{ content: { type: 'AdaptiveCard' } }] })
})

t.test('a webhook leads nowhere inside', async (t) => {
  const receiver = await startHttpReceiver(t)
  const policy = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })
  const sender = openWebhookSender(client(t, policy), () => NOW)
  for (const to of [
    receiver.origin,
    receiver.origin.replace('http:', 'https:'),
    'https://169.254.169.254/'
  ]) {
    t.match(await sender.send({ to, format: 'standard', secret }, message), { code: 'temporary' }, to)
  }
  t.strictSame(receiver.requests, [])
})

const raised: RaisedAlarmRecord = {
  tenant: 'acme',
  cause: 'unreachable',
  episode: 'e1',
  severity: 'critical',
  beganAt: NOW - 3_600_000,
  raisedAt: NOW,
  users: 8,
  of: 8
}

t.test('Alertmanager has the alarms repeated while they last, and ended once they are over', async (t) => {
  const [one, other] = [await startHttpReceiver(t), await startHttpReceiver(t)]
  const follower = createAlertmanagerFollower({
    http: client(t),
    urls: [one.origin, other.origin],
    publicUrl: 'https://hanvisa.example',
    clock: () => NOW,
    log: { warn: () => {} }
  })
  const pass = (list: RaisedAlarmRecord[], owns = true) =>
    follower.onPass({ raised: list, isProvider: true, owns: () => owns })
  // What Alertmanager 0.25.0 takes: label names of letters, digits and `_`, at least one label (reference/alarms.md, section 6).
  one.answer = ({ body }, reply) => {
    const isValid = (JSON.parse(body) as { labels: object }[]).every(
      ({ labels }) =>
        Object.keys(labels).length > 0 && Object.keys(labels).every((name) => /^[a-zA-Z_]\w*$/.test(name))
    )
    reply.writeHead(isValid ? 200 : 400).end()
  }
  await pass([raised])
  await pass([raised])
  await pass([])
  await pass([])
  const posts = one.requests.map(({ path, body }) => ({ path, alerts: JSON.parse(body) }))
  t.equal(posts.length, 3)
  t.strictSame(posts[0], posts[1])
  t.strictSame(posts[0], {
    path: '/api/v2/alerts',
    alerts: [
      {
        labels: {
          alertname: 'HanvisaTenantAlarm',
          cause: 'unreachable',
          severity: 'critical',
          tenant: 'acme'
        },
        annotations: {
          summary: 'the calendar system cannot be reached',
          description:
            'See that the calendar system runs, and whether its name, certificate, firewall or VPN have changed.'
        },
        startsAt: '2026-12-01T07:00:00Z',
        generatorURL: 'https://hanvisa.example/v1/tenants/acme/sync'
      }
    ]
  })
  t.match(posts[2], { alerts: [{ endsAt: '2026-12-01T08:00:00Z', annotations: { summary: /reached/ } }] })
  t.equal(other.requests.length, 3, 'every member of a cluster')
  await pass([raised])
  await pass([], false)
  t.equal(one.requests.length, 4, 'whoever reads the tenant now goes on')
})

t.test('the heartbeat comes from one process, and stays away with the store', async (t) => {
  const receiver = await startHttpReceiver(t)
  let isThere = true
  const url = `${receiver.origin}/ping`
  const heartbeat = createHeartbeat({
    http: client(t),
    url,
    isStoreReachable: () => isThere,
    log: { warn: () => {} }
  })
  const pass = (isProvider: boolean) => heartbeat.onPass({ raised: [], isProvider, owns: () => true })
  await pass(true)
  await pass(false)
  isThere = false
  await pass(true)
  t.strictSame(
    receiver.requests.map(({ method, path }) => `${method} ${path}`),
    ['GET /ping']
  )
})
