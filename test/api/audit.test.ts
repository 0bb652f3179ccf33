/** Every call that writes leaves its entry in the audit, on both stores: a walk over the calls of the OpenAPI document. */
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { AuditEntryResponse } from '../../src/management/audit/audit-reader.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { startTestService, type TestService } from '../support/service.ts'

const T = '/v1/tenants/{tenant}'
const U = `${T}/users/{user}`

interface Operation {
  readonly 'x-audit'?: string
}
const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    call: `${method.toUpperCase()} ${path}`,
    isRead: method === 'get',
    action: operation['x-audit'] ?? null
  }))
)

interface Step {
  /** As in the document. */
  readonly call: string
  readonly body?: unknown
  /** In place of what stands in braces, `anna` for a user. */
  readonly values?: Readonly<Record<string, string>>
  readonly query?: string
  /** Whose audit has the entry: the tenant's unless it says otherwise. */
  readonly of?: 'provider'
  readonly headers?: Readonly<Record<string, string>>
  /** That it was asked for is in the audit all the same. */
  readonly isRefused?: boolean
}

const user = { displayName: 'Anna Ek', extension: '1070', syncEnabled: true, mailbox: 'anna.ics' }
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, '')
const csv = 'user;displayName;extension;syncEnabled\r\nbo;Bo;2;false\r\n'

/** Nobody answers at the address: a code and a test are asked for all the same, and the code is a wrong one. */
function alarmSteps(root: string): Step[] {
  const values = { recipient: 'it', cause: 'unreachable' }
  const of = root === '/v1' ? ({ of: 'provider' } as const) : {}
  const recipient = `${root}/alarms/recipients/{recipient}`
  const webhook = { channel: 'webhook', to: 'http://127.0.0.1:9/alarms' }
  const until = inDays(1)
  return [
    { call: `PUT ${root}/alarms/settings`, body: { share: 0.5, minutes: 10 } },
    { call: `POST ${root}/alarms/{cause}/mute`, body: { until } },
    { call: `PUT ${recipient}`, body: webhook },
    { call: `POST ${recipient}/confirm`, body: { code: '000000' }, isRefused: true },
    { call: `POST ${recipient}/code`, isRefused: true },
    { call: `POST ${recipient}/test`, isRefused: true },
    { call: `DELETE ${recipient}` }
  ].map((step) => ({ ...step, ...of, values }))
}

/** One of each, in an order in which each changes something. `KEY` is the id of the key that was made last. */
const steps: readonly Step[] = [
  { call: `PUT ${T}`, body: { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv', country: 'SE' } },
  { call: `PUT ${T}/rules`, body: { pack: 'infracom' } },
  { call: `PUT ${T}/rules`, body: { pack: '3kontakt' } },
  { call: `POST ${T}/rules/versions/{version}/restore`, values: { version: '1' } },
  { call: `PUT ${U}`, body: user },
  { call: `PATCH ${U}`, body: { extension: '1071' } },
  {
    call: `PUT ${U}/triggers/{match}/{text}`,
    values: { match: 'word', text: 'padel' },
    body: { diversion: 'lunch' }
  },
  { call: `DELETE ${U}/triggers/{match}/{text}`, values: { match: 'word', text: 'padel' } },
  { call: `PUT ${U}/override`, body: { diversion: 'lunch', minutes: 5 } },
  { call: `DELETE ${U}/override` },
  {
    call: `PUT ${U}/absences/{absence}`,
    values: { absence: 'trip' },
    body: { diversion: 'out-of-office', from: inDays(9), until: inDays(10) }
  },
  { call: `DELETE ${U}/absences/{absence}`, values: { absence: 'trip' } },
  {
    call: `POST ${T}/absences/import`,
    body: `user;absence;diversion;from;until\r\nanna;trip;out-of-office;${inDays(9).slice(0, 10)};${inDays(10).slice(0, 10)}\r\n`,
    headers: { 'content-type': 'text/csv' }
  },
  {
    call: `PUT ${T}/consumers/{consumer}`,
    values: { consumer: 'pbx' },
    body: { kind: 'webhook', url: 'http://127.0.0.1:1/' }
  },
  { call: `POST ${T}/consumers/{consumer}/test`, values: { consumer: 'pbx' } },
  { call: `POST ${T}/consumers/{consumer}/pause`, values: { consumer: 'pbx' } },
  { call: `POST ${T}/consumers/{consumer}/resume`, values: { consumer: 'pbx' } },
  { call: `POST ${T}/consumers/{consumer}/replay`, values: { consumer: 'pbx' } },
  { call: `DELETE ${T}/consumers/{consumer}`, values: { consumer: 'pbx' } },
  { call: `PUT ${T}/caller-names`, body: { strip: ['0'] } },
  {
    call: `POST ${T}/contacts/import`,
    body: 'name;numbers\r\nKarin;0701234567\r\n',
    headers: { 'content-type': 'text/csv' }
  },
  { call: `DELETE ${T}/contacts` },
  { call: `DELETE ${T}/caller-names` },
  { call: `PUT ${T}/connection`, body: { kind: 'ics', pollSeconds: 60 } },
  { call: `POST ${T}/connection/test`, query: '?user=anna' },
  {
    call: `PUT ${T}/connections/{connection}`,
    values: { connection: 'second' },
    body: { kind: 'ics', pollSeconds: 60, order: 2 }
  },
  { call: `POST ${T}/connections/{connection}/test`, values: { connection: 'second' }, query: '?user=anna' },
  { call: `DELETE ${T}/connections/{connection}`, values: { connection: 'second' } },
  { call: `POST ${T}/rules/preview`, body: { user: 'anna', events: [] } },
  { call: `POST ${T}/sync`, query: '?user=anna' },
  { call: `GET ${U}/export` },
  { call: `POST ${T}/users/import`, body: csv, headers: { 'content-type': 'text/csv' } },
  { call: `POST ${T}/keys`, body: { name: 'Switch', role: 'switch' } },
  { call: `POST ${T}/keys/{id}/rotate`, values: { id: 'KEY' }, body: {} },
  { call: `DELETE ${T}/keys/{id}`, values: { id: 'KEY' } },
  { call: 'POST /v1/keys', body: { name: 'Monitor', role: 'monitor' }, of: 'provider' },
  { call: 'POST /v1/keys/{id}/rotate', values: { id: 'KEY' }, body: {}, of: 'provider' },
  { call: 'DELETE /v1/keys/{id}', values: { id: 'KEY' }, of: 'provider' },
  ...alarmSteps(T),
  ...alarmSteps('/v1'),
  { call: `DELETE ${T}/connection` },
  { call: `DELETE ${U}` },
  // Without a next key.
  { call: 'POST /v1/master-key/rotation', of: 'provider', isRefused: true },
  { call: `DELETE ${T}`, of: 'provider' }
]

/** Needs an issuer, or Entra: the test that has one looks for the entry. */
const elsewhere = [
  `POST ${T}/connection/consent`, // test/service/consent.test.ts
  'GET /consent/callback',
  'GET /sign-in/callback', // test/api/auth/sign-in.test.ts
  'POST /sign-out'
]
/** Says `none`, and is seen here to write nothing. */
const writesNothing = [
  `POST ${T}/rules/lint`,
  `POST ${T}/phonebook.xml`,
  'POST /notifications/graph/{keyId}/{tenant}/{targetId}'
]

t.test(
  'every call that is audited, or that may write, is in this walk or named in another test',
  async (t) => {
    const walked = new Set(steps.map(({ call }) => call))
    const missing = operations.filter(
      ({ call, isRead, action }) =>
        !walked.has(call) &&
        !elsewhere.includes(call) &&
        (action !== null || (!isRead && !writesNothing.includes(call)))
    )
    t.strictSame(
      missing.map(({ call }) => call),
      []
    )
    for (const call of writesNothing) t.equal(operations.find((one) => one.call === call)?.action, null, call)
  }
)

async function entriesAfter(
  { call }: TestService,
  path: string,
  after: number
): Promise<AuditEntryResponse[]> {
  const { status, body } = await call('GET', `${path}?after=${after}`)
  return status === 200 ? body.entries : []
}

async function walk(t: Test, service: TestService): Promise<void> {
  let keyId = ''
  const seen = { tenant: 0, provider: 0 }
  for (const {
    call,
    body,
    values = {},
    query = '',
    of = 'tenant',
    headers = {},
    isRefused = false
  } of steps) {
    const [method = '', template = ''] = call.split(' ')
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name] ?? ({ tenant: 'acme', user: 'anna' } as Record<string, string>)[name] ?? ''
      return value === 'KEY' ? keyId : value
    })
    const answer = await service.call(method, `${path}${query}`, body, { ...headers })
    t.ok(answer.status < 300 || isRefused, `${call} ${answer.text.slice(0, 200)}`)
    if (answer.body?.key !== undefined) keyId = answer.body.id
    const log = of === 'tenant' ? '/v1/tenants/acme/audit' : '/v1/audit'
    const found = await entriesAfter(service, log, seen[of])
    const action = operations.find((one) => one.call === call)?.action
    t.ok(
      found.length > 0 && found.every((entry) => entry.action === action),
      `${call} is ${action} in the audit`
    )
    for (const entry of found) {
      t.match(entry.actor, { kind: 'key', id: 'admin', role: 'provider' }, call)
      t.equal(entry.address, '127.0.0.1', call)
    }
    seen[of] = found.at(-1)?.position ?? seen[of]
    // A tenant comes and goes in both.
    if (template === T) seen.provider = (await entriesAfter(service, '/v1/audit', 0)).at(-1)?.position ?? 0
  }
}

for (const store of ['lmdb', 'Redis']) {
  t.test(
    `every call that writes leaves its entry, and one that does not leaves none, on ${store}`,
    async (t) => {
      const redisUrl = store === 'Redis' ? (await startRedis(t)).url : null
      const service = await startTestService(t, { redisUrl })
      await walk(t, service)
      await service.tenant('acme')
      const { position } = (await service.call('GET', '/v1/tenants/acme/audit/verification')).body.head
      await service.call('POST', '/v1/tenants/acme/rules/lint', {})
      await service.call('PUT', '/v1/tenants/acme', (await service.call('GET', '/v1/tenants/acme')).body)
      await service.call('POST', '/notifications/graph/x/acme/x?validationToken=x')
      const { body } = await service.call('GET', '/v1/tenants/acme/audit/verification')
      t.match(body, { ok: true, break: null, head: { position } })
      t.match((await service.call('GET', '/v1/audit/verification')).body, { ok: true, break: null })
    }
  )
}
