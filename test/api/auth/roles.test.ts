/**
 * What every role gets on every route, at the running service, on both stores: with its tenant, another's and one that does not
 * exist, of its own user, another and none, and with a key in every condition that a key can be in.
 */
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { Pool } from 'undici'
import { ROLES, type Role } from '../../../src/management/principal.ts'
import { accessTable, securityText } from '../../../tools/write-access-table.ts'
import t from '../../group/tap.ts'
import { EventClient } from '../../support/event-client.ts'
import { longTests } from '../../support/long-tests.ts'
import { checkAnswer } from '../../support/openapi.ts'
import { startRedis, type TestRedis } from '../../support/redis-server.ts'
import { startTestService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { publicCalls, type RoleRow, roleTable } from './role-table.ts'

const conditions = ['valid', 'rotated', 'expired', 'revoked', 'malformed', 'absent'] as const
type Condition = (typeof conditions)[number]

/** One key for each condition; null: none is sent. */
type Keys = Readonly<Record<Condition, string | null>>

interface Caller {
  readonly name: string
  readonly role: Role
  readonly colleagues: boolean
  readonly keys: Keys
}

interface Target {
  readonly tenant: 'acme' | 'other' | 'nowhere'
  readonly user: 'anna' | 'bo' | 'nobody'
}

const tenants = ['acme', 'other', 'nowhere'] as const
const users = ['anna', 'bo', 'nobody'] as const
/** The tenant and the user of every key that has one. */
const own: Target = { tenant: 'acme', user: 'anna' }

function targetsOf({ path }: RoleRow): Target[] {
  if (path.includes('{user}')) return tenants.flatMap((tenant) => users.map((user) => ({ tenant, user })))
  return path.includes('{tenant}') ? tenants.map((tenant) => ({ ...own, tenant })) : [own]
}

/**
 * The status that the row asks for. What passes is asked with a parameter that no call takes, and so gets 400 and changes nothing:
 * who may call is decided before what was sent is looked at.
 */
function expectedStatus(row: RoleRow, caller: Caller, condition: Condition, target: Target): number {
  if (condition !== 'valid' && condition !== 'rotated') return 401
  const allowance = row.roles[caller.role]
  if (allowance === '-') return 403
  if (caller.role === 'provider' || caller.role === 'monitor') return 400
  if (row.path.includes('{tenant}') && target.tenant !== own.tenant) return 404
  if (allowance === 'colleagues') return caller.colleagues ? 400 : 403
  if (allowance === 'own') return target.user === own.user ? 400 : 404
  if (allowance === 'shared') return target.user === own.user || caller.colleagues ? 400 : 404
  return 400
}

function addressOf({ path }: RoleRow, { tenant, user }: Target): string {
  const values: Record<string, string> = {
    tenant,
    user,
    version: '1',
    other: '1',
    match: 'word',
    text: 'x',
    id: 'x',
    connection: 'default'
  }
  return path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '1070')
}

async function start(t: Test, redis: TestRedis | null) {
  const service = await startTestService(t, {
    ...(redis !== null && { redisUrl: redis.url }),
    maxCallsPerMinute: 1_000_000
  })
  const user = { displayName: 'x', extension: '1070', syncEnabled: false }
  const recipient = { channel: 'email', to: 'it@acme.example' }
  await service.call('PUT', '/v1/alarms/recipients/1070', recipient)
  for (const [tenant, ids] of [
    ['acme', ['anna', 'bo']],
    ['other', ['anna', 'bo']]
  ] as const) {
    await service.tenant(tenant, { country: 'SE' })
    for (const id of ids) await service.call('PUT', `/v1/tenants/${tenant}/users/${id}`, user)
    await service.call('PUT', `/v1/tenants/${tenant}/alarms/recipients/1070`, recipient)
  }
  return { service, callers: await makeCallers(service) }
}

async function makeCallers({ call }: TestService): Promise<Caller[]> {
  const callers: Omit<Caller, 'keys'>[] = [
    ...ROLES.map((role) => ({ name: role, role, colleagues: false })),
    { name: 'softphone with colleagues', role: 'softphone', colleagues: true }
  ]
  return Promise.all(
    callers.map(async (caller) => {
      const isProviders = caller.role === 'provider' || caller.role === 'monitor'
      const url = isProviders ? '/v1/keys' : '/v1/tenants/acme/keys'
      const make = async (more: object = {}) => {
        const user = caller.role === 'softphone' ? { user: 'anna', colleagues: caller.colleagues } : {}
        const { body, text } = await call('POST', url, { name: 'x', role: caller.role, ...user, ...more })
        if (body.key === undefined) throw new Error(text)
        return body as { id: string; key: string }
      }
      const revoked = await make()
      await call('DELETE', `${url}/${revoked.id}`)
      // On a busy machine its end may be over before it is made.
      const expired = await until('a key that ends soon', () =>
        make({ expiresAt: new Date(Date.now() + 2000).toISOString() }).catch(() => null)
      )
      const rotated = await make()
      const valid = (await call('POST', `${url}/${rotated.id}/rotate`, { overlapHours: 1 })).body
      await until('its end', async () => {
        const authorization = `Bearer ${expired.key}`
        return (await call('GET', '/v1/me', undefined, { authorization })).status === 401
      })
      const keys: Keys = {
        valid: valid.key,
        rotated: rotated.key,
        expired: expired.key,
        revoked: revoked.key,
        malformed: valid.key.slice(0, -1) + (valid.key.endsWith('x') ? 'y' : 'x'),
        absent: null
      }
      return { ...caller, keys }
    })
  )
}

let senders = 0

interface RawAnswer {
  readonly status: number
  readonly text: string
  /** Without those that differ from one moment to the next. */
  readonly headers: string
}

async function ask(pool: Pool, method: string, path: string, key: string | null): Promise<RawAnswer> {
  const sender = ++senders
  const { statusCode, headers, body } = await pool.request({
    method: method as 'GET',
    path: `${path}?unasked=1`,
    headers: {
      // Each from an address of its own, so that wrong keys are not braked.
      'x-forwarded-for': `10.${(sender >> 16) & 255}.${(sender >> 8) & 255}.${sender & 255}`,
      ...(key !== null && { authorization: `Bearer ${key}` })
    }
  })
  const text = await body.text()
  const contentType = String(headers['content-type'] ?? '')
  checkAnswer({ method, path, status: statusCode, contentType, text })
  const { date: _date, ...rest } = headers
  return { status: statusCode, text, headers: JSON.stringify(rest) }
}

for (const store of ['lmdb', 'Redis']) {
  t.test(`every route × every role × every target × every condition of a key, on ${store}`, async (t) => {
    const redis = store === 'Redis' ? await startRedis(t) : null
    const { service, callers } = await start(t, redis)
    const pool = new Pool(service.origin, { connections: 8 })
    t.teardown(() => pool.close())
    let calls = 0
    const wrong: string[] = []
    const check = async (row: RoleRow, caller: Caller, condition: Condition, method: string) => {
      const answers = new Map<string, RawAnswer>()
      // A key that is refused is refused before its target is looked at.
      const isAuthentic = condition === 'valid' || condition === 'rotated'
      for (const target of isAuthentic || longTests ? targetsOf(row) : [own]) {
        const answer = await ask(pool, method, addressOf(row, target), caller.keys[condition])
        calls++
        const status = expectedStatus(row, caller, condition, target)
        const what = `${method} ${addressOf(row, target)} as ${caller.name}, ${condition}`
        if (answer.status !== status) wrong.push(`${what}: ${answer.status} in place of ${status}`)
        answers.set(`${target.tenant} ${target.user}`, answer)
      }
      if (method === 'GET' || method === 'HEAD' || condition === 'valid')
        compareAbsent(row, caller, answers, wrong)
    }
    await Promise.all(
      callers.map(async (caller) => {
        for (const row of roleTable) {
          for (const condition of conditions) await check(row, caller, condition, row.method)
          if (row.method === 'GET') await check(row, caller, 'valid', 'HEAD')
        }
      })
    )
    t.same(wrong, [], `${calls} calls`)
    if (redis !== null) await checkWithoutStore(t, redis, pool, callers)
  })
}

/** Another tenant, and another user that the caller may not know of, answer to the byte as those that do not exist. */
function compareAbsent(
  row: RoleRow,
  { name, role }: Caller,
  answers: ReadonlyMap<string, RawAnswer>,
  wrong: string[]
): void {
  if (role === 'provider' || role === 'monitor' || answers.size === 1) return
  const same = (one: string, other: string) => {
    const [first, second] = [answers.get(one)!, answers.get(other)!]
    const [ids, others] = [one.split(' '), other.split(' ')]
    const renamed = (answer: RawAnswer, [tenant = '', user = '']: string[]) => {
      const text = answer.text
        .replaceAll(`"${tenant}`, '"T')
        .replaceAll(`\\"${user}`, '\\"U')
        .replaceAll(tenant, 'T')
        .replaceAll(user, 'U')
      return `${answer.status} ${answer.headers.replace(/"content-length":"\d+",?/, '')} ${text}`
    }
    if (renamed(first, ids) !== renamed(second, others)) {
      wrong.push(`${row.method} ${row.path} as ${name}: ${one} differs from ${other}`)
    }
  }
  const user = row.path.includes('{user}') ? 'bo' : 'anna'
  same(`other ${user}`, `nowhere ${user}`)
  if (row.path.includes('{user}') && row.roles[role] === 'own') same('acme bo', 'acme nobody')
}

/** The same work: where nothing is looked up, an absent store is not missed. */
async function checkWithoutStore(t: Test, redis: TestRedis, pool: Pool, callers: readonly Caller[]) {
  await redis.kill()
  const operator = callers.find(({ role }) => role === 'operator')!
  for (const tenant of ['other', 'nowhere']) {
    const { status } = await ask(pool, 'GET', `/v1/tenants/${tenant}/users`, operator.keys.valid)
    t.equal(status, 404, `${tenant} is refused without the store`)
  }
  await redis.restart({ emptied: true })
}

t.test('what a role may read it reads', async (t) => {
  const { service, callers } = await start(t, null)
  const cursor = (await service.call('GET', '/v1/tenants/acme/statuses')).body.cursor
  await service.call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
  await service.call('PUT', '/v1/tenants/acme/connection', { kind: 'ics', pollSeconds: 300 })
  await service.call('PUT', '/v1/tenants/acme/users/anna/absences/1070', {
    diversion: 'vacation',
    from: new Date().toISOString(),
    until: new Date(Date.now() + 86_400_000).toISOString()
  })
  await service.call('PUT', '/v1/tenants/acme/consumers/1070', {
    kind: 'webhook',
    url: 'https://pbx.example.se/',
    enabled: false
  })
  await service.call('PUT', '/v1/tenants/acme/caller-names', {})
  const queries: Readonly<Record<string, string>> = {
    '/v1/tenants/{tenant}/changes': `?cursor=${cursor}`,
    '/v1/tenants/{tenant}/names': '?number=1070',
    '/v1/tenants/{tenant}/names.txt': '?number=1070'
  }
  for (const row of roleTable) {
    if (row.method !== 'GET' || row.path.includes('{id}') || row.path.endsWith('/import')) continue
    const path = addressOf(row, own) + (queries[row.path] ?? '')
    for (const caller of callers) {
      const isAllowed = expectedStatus(row, caller, 'valid', own) === 400
      const status = await statusOf(service, path, `${caller.keys.valid}`)
      t.equal(status, isAllowed ? 200 : 403, `${path} as ${caller.name}`)
    }
  }
})

async function statusOf({ call, origin }: TestService, path: string, key: string): Promise<number> {
  if (!path.endsWith('/events')) {
    return (await call('GET', path, undefined, { authorization: `Bearer ${key}` })).status
  }
  const client = await EventClient.open(`${origin}${path}`, key)
  await client.close()
  return client.response.status
}

t.test('a softphone with colleagues sees how they are, and only of its own user why', async (t) => {
  const { service, callers } = await start(t, null)
  const { keys } = callers.find(({ colleagues }) => colleagues)!
  const ask = async (path: string) =>
    (
      await service.call('GET', `/v1/tenants/acme/users/${path}`, undefined, {
        authorization: `Bearer ${keys.valid}`
      })
    ).status
  t.equal(await ask('bo/status'), 200)
  t.equal(await ask('bo/status?explain=true'), 403)
  t.equal(await ask('bo/timeline'), 404)
  t.equal(await ask('anna/status?explain=true'), 200)
  t.equal(await ask('anna/timeline?explain=true'), 200)
})

t.test('the table has every call of the service, and no other', async (t) => {
  const { paths } = JSON.parse(await readFile('openapi/openapi.json', 'utf8'))
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`)
  )
  const known = [...roleTable.map(({ method, path }) => `${method} ${path}`), ...publicCalls]
  t.same(calls.toSorted(), known.toSorted())
})

t.test(
  'docs/security.md has the table as the routes declare it: else run `npm run access-table`',
  async (t) => {
    t.ok((await readFile('docs/security.md', 'utf8')) === (await securityText()))
    const table = await accessTable()
    for (const { method, path } of roleTable) t.match(table, `| \`${method} ${path}\` `)
  }
)

t.test('what is open without a key asks for none', async (t) => {
  const { origin } = await startTestService(t)
  for (const call of publicCalls) {
    const [method = '', path = ''] = call.split(' ')
    const { status } = await fetch(`${origin}${path.replace(/[{}]/g, '')}`, { method })
    // Without an issuer nobody signs in, and without an application nobody consents.
    const expected = /^\/(sign-in|consent)/.test(path) ? 404 : method === 'POST' ? 202 : 200
    t.equal(status, expected, call)
  }
})
