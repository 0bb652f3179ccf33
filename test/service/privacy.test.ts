/** The canary: a subject and a location are planted everywhere they can come in, and looked for everywhere. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'
import { startRedis } from '../support/redis-server.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  followTenant,
  publicAddress,
  startServiceOnGraph
} from '../support/service-process.ts'

const CANARY = 'kanariefågel'
const PLACE = 'Hemliga gatan'
/** As text, and as other writings would have it. */
const traces = [CANARY, PLACE, 'kanarief', 'Hemliga'].flatMap((word) => [
  Buffer.from(word),
  Buffer.from(word, 'latin1'),
  Buffer.from(word, 'utf16le'),
  Buffer.from(JSON.stringify(word).slice(1, -1)),
  Buffer.from(encodeURIComponent(word))
])

t.test('no subject and no location is in the store, a log, a metric, an answer or an error', async (t) => {
  const both = await startServiceOnGraph(t)
  const { simulator, service } = both
  const now = Date.now()
  const iso = (minutes: number) => new Date(now + minutes * 60_000).toISOString()
  const secret = { subject: `MÖT ${CANARY}`, location: PLACE }
  simulator.mailboxes.put(DIRECTORY, {
    address: 'anna@acme.example',
    events: [
      { ...secret, start: iso(-10), end: iso(10) },
      { ...secret, start: iso(20), end: iso(30), sensitivity: 'private' },
      { ...secret, start: iso(40), end: iso(50), subject: CANARY, categories: [CANARY] }
    ]
  })
  for (const [user, fault] of [
    ['broken', { kind: 'garbage', garbage: 'truncatedJson' }],
    ['odd', { kind: 'garbage', garbage: 'wrongTypes' }]
  ] as const) {
    simulator.mailboxes.put(DIRECTORY, {
      address: `${user}@acme.example`,
      events: [{ ...secret, start: iso(-10), end: iso(10) }]
    })
    simulator.faults.add({ ...fault, mailbox: `${user}@acme.example` })
  }
  await createTenantOnGraph(both, 'acme', ['anna', 'broken', 'odd'])
  const root = '/v1/tenants/acme'
  const consumer = await followTenant(service, 'acme')
  await consumer.until('all were tried', (held) => {
    const states = [...held.values()].map(({ sync }) => sync.state)
    return held.get('anna').sync.state === 'fresh' && !states.includes('never')
  })
  t.equal(consumer.held.get('anna').diversion, 'meeting', 'the subject did its work')

  const answers = await Promise.all(
    [
      ['GET', '/metrics'],
      ['GET', `${root}/statuses`],
      ['GET', `${root}/users/anna/status?explain=true`],
      ['GET', `${root}/users/anna/timeline?explain=true`],
      ['GET', `${root}/sync`],
      ['POST', `${root}/connection/test`],
      ['POST', `${root}/connection/test?user=odd`]
    ].map(([method, path]) => service.call(method!, path!))
  )
  const preview = await service.call('POST', `${root}/rules/preview`, {
    events: [
      { subject: secret.subject, start: iso(0), end: iso(1) },
      { subject: CANARY, start: 'x', end: iso(1) }
    ]
  })
  const previewOfCalendar = await service.call('POST', `${root}/rules/preview`, { user: 'anna' })
  t.equal(preview.status, 400)
  t.equal(previewOfCalendar.json.decisions.length, 3)
  answers.push(preview, previewOfCalendar)
  for (const { text } of answers) expectNone(t, Buffer.from(text), 'an answer')
  t.match(answers[3]!.json.intervals[1].rules, [{ from: 'tenant' }])
  t.notOk('text' in answers[3]!.json.intervals[1].rules[0], 'a private event’s rule is its source alone')

  await service.kill('SIGTERM')
  expectNone(t, Buffer.from(service.output.join('\n')), 'the log')
  const files = (await readdir(service.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile()
  )
  t.ok(files.length > 1, 'there is something to look at')
  for (const file of files) expectNone(t, await readFile(join(file.parentPath, file.name)), file.name)
})

t.test('nor in Redis, its jobs and messages, whatever notifications and streams say', async (t) => {
  const redis = await startRedis(t)
  const received = monitor(t, redis.port)
  const shared = {
    ...(await publicAddress()),
    HANVISA_REDIS_URL: redis.url,
    HANVISA_MASTER_KEY: randomBytes(32).toString('base64')
  }
  const both = await startServiceOnGraph(t, shared)
  const { simulator, service } = both
  // What is posted to a replica that owns no tenant goes through Redis to the one that does.
  const replica = await both.restart({ ...shared, HANVISA_PORT: '0', HANVISA_ROLE: 'api' })
  const now = Date.now()
  const iso = (minutes: number) => new Date(now + minutes * 60_000).toISOString()
  const planted = (word: string, id = CANARY) => ({
    id,
    subject: `${word} ${CANARY}`,
    location: PLACE,
    start: iso(-10),
    end: iso(10)
  })
  const account = { user: 'svc', password: 'right', address: 'svc@acme.example' }
  simulator.installations.put(DIRECTORY, {
    schemes: ['basic'],
    accounts: [{ ...account, impersonates: 'everybody' }]
  })
  const put = (user: string, word: string) =>
    simulator.mailboxes.putEvent(DIRECTORY, `${user}@acme.example`, planted(word))
  const users = ['anna', 'bo']
  for (const user of users) {
    simulator.mailboxes.put(DIRECTORY, { address: `${user}@acme.example`, events: [planted('MÖT')] })
  }
  const streaming = {
    kind: 'ews',
    url: `${simulator.origin}/${DIRECTORY}/EWS/Exchange.asmx`,
    auth: { kind: 'basic', user: account.user, password: account.password },
    access: 'impersonation',
    version: 'auto',
    ca: simulator.ca,
    pollSeconds: 3600
  }
  await createTenantOnGraph(both, 'notified', users, undefined, 3600)
  await createTenantOnGraph(both, 'streamed', users, undefined, 3600)
  const changed = await service.call('PUT', '/v1/tenants/streamed/connection', streaming)
  t.equal(changed.status, 200)
  for (const tenant of ['notified', 'streamed']) {
    const consumer = await followTenant(service, tenant)
    await consumer.until('read', (held) => users.every((user) => held.get(user).diversion === 'meeting'))
    for (;;) {
      const { json } = await service.call('GET', `/v1/tenants/${tenant}/sync`)
      if (json.connection.notifications.state === 'live') break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    for (const user of users) put(user, 'LUN')
    await consumer.until('notified', (held) => users.every((user) => held.get(user).diversion === 'lunch'))
    for (const user of users) put(user, 'MÖT')
    await consumer.until('notified', (held) => users.every((user) => held.get(user).diversion === 'meeting'))
  }
  // What Graph does not send, a stranger may; and what is wrong with it must not be quoted.
  const { notificationUrl, clientState } = simulator.graphSubscriptions.list()[0]!
  const item = {
    subscriptionId: CANARY,
    clientState,
    changeType: 'updated',
    resource: CANARY,
    resourceData: { id: CANARY, '@odata.etag': CANARY, subject: CANARY, location: PLACE }
  }
  for (const value of [
    [item],
    [{ ...item, clientState: CANARY }],
    [{ ...item, lifecycleEvent: CANARY }],
    [{ ...item, changeType: CANARY }],
    CANARY
  ]) {
    for (const origin of [service.origin, replica.origin]) {
      const url = `${origin}${new URL(notificationUrl).pathname}`
      await checkedFetch(url, { method: 'POST', body: JSON.stringify({ value }) })
    }
  }
  await checkedFetch(notificationUrl, { method: 'POST', body: `{"value":[${CANARY}` })
  await checkedFetch(`${notificationUrl}?validationToken=${CANARY}`, { method: 'POST' })
  simulator.ewsSubscriptions.streams.end('cut')
  for (const path of ['/metrics', '/v1/tenants/notified/sync', '/v1/tenants/streamed/sync']) {
    expectNone(t, Buffer.from((await service.call('GET', path)).text), path)
  }
  await replica.kill('SIGTERM')
  await service.kill('SIGTERM')
  expectNone(t, Buffer.from([...service.output, ...replica.output].join('\n')), 'the log')
  const written = Buffer.concat(received)
  // Messages of replicas, the state of connections, jobs and what they hold.
  for (const what of [/"publish"/i, /connection-state/, /:sync:\w/, /"notification/]) {
    t.match(written.toString('latin1').match(what)?.[0], what)
  }
  expectNone(t, written, 'what Redis received')
})

/** Everything that is asked of Redis, scripts' own writes and messages too; what is not ASCII as `\xc3`. */
function monitor(t: Test, port: number): readonly Buffer[] {
  const received: Buffer[] = []
  const socket = connect(port, '127.0.0.1', () => socket.write('MONITOR\r\n'))
  socket.on('data', (bytes) => received.push(bytes))
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return received
}

function expectNone(t: { notOk(value: unknown, message: string): void }, bytes: Buffer, what: string): void {
  t.notOk(
    traces.some((trace) => bytes.includes(trace)),
    `${what} holds no trace`
  )
}
