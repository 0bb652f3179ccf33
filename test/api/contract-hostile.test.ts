/** Input that means harm, or is merely odd: nothing is a 500, nothing hangs, nothing crosses from tenant to tenant. */
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
const acme = '/v1/tenants/acme'
const json = { 'content-type': 'application/json' }
const user = (changes = {}) => ({ displayName: 'Anna Ek', extension: '1070', syncEnabled: false, ...changes })

/** Sends a request line as it is written here, past every client that would tidy it up. */
async function raw(line: string, ...headers: string[]) {
  const socket = connect(Number(new URL(service.origin).port), '127.0.0.1')
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  const all = [
    line,
    'Host: x',
    `Authorization: Bearer ${service.key}`,
    'Connection: close',
    ...headers,
    '',
    ''
  ]
  socket.write(all.join('\r\n'))
  await once(socket, 'close')
  return { status: Number(text.split(' ')[1]), text }
}

t.test('large bodies full of faults are refused at once, and others are served meanwhile', async (t) => {
  const list = `[${'5,'.repeat(400_000)}5]`
  const bodies = [
    [`${acme}/users/anna`, `{"displayName":"x","extension":"1","syncEnabled":true,"numbers":${list}}`],
    [`${acme}/users/anna`, `{"displayName":"x","extension":"1","syncEnabled":true,"triggers":${list}}`],
    [`${acme}/rules`, `{"diversions":${list}}`],
    [`${acme}/rules`, `{"triggers":[${'{},'.repeat(200_000)}{}]}`],
    [acme, `{${Array.from({ length: 60_000 }, (_, index) => `"m${index}":1`).join(',')}}`],
    [acme, '['.repeat(500_000)],
    [acme, `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
    [acme, `{"name":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}`],
    [`${acme}/connection`, `{"kind":"graph","certificate":${list}}`]
  ] as const
  for (const [path, body] of bodies) {
    const began = performance.now()
    const [answer, other] = await Promise.all([call('PUT', path, body, json), call('GET', '/healthz')])
    t.equal(answer.status, 400, `${path} ${body.slice(0, 30)}: ${answer.text.slice(0, 100)}`)
    t.ok(answer.text.length < 100_000, 'in few words')
    t.equal(other.status, 200)
    t.ok(performance.now() - began < hangMs / 2, 'without a hang')
  }
  t.equal((await call('GET', acme)).body.name, 'acme', 'nothing changed')
})

t.test('a sheet full of faults gets a bounded report, and others are served meanwhile', async (t) => {
  const header = 'user,displayName,extension,syncEnabled,numbers'
  const sheets = [
    Array.from({ length: 60 }, (_, index) => `u${index},U,1,ja,${'x '.repeat(20_000)}`),
    Array.from({ length: 30_000 }, (_, index) => `u${index},,,perhaps,0701`),
    Array.from({ length: 60_000 }, () => '=cmd,@SUM(1),-1,1,+')
  ]
  for (const rows of sheets) {
    const sending = call('POST', `${acme}/users/import`, [header, ...rows].join('\n'), {
      'content-type': 'text/csv'
    })
    t.equal((await call('GET', '/healthz')).status, 200)
    const { status, text } = await sending
    t.equal(status, rows.length > 50_000 ? 413 : 400)
    t.ok(text.length < 2_000_000)
  }
  const odd = await call('POST', `${acme}/users/import`, 'x,'.repeat(20_000), { 'content-type': 'text/csv' })
  t.equal(odd.status, 400)
  t.ok(odd.text.length < 20_000)
  t.strictSame((await call('GET', `${acme}/users`)).body, { users: [] }, 'nothing changed')
})

t.test('texts that no store or document can hold', async (t) => {
  const broken = '{"displayName":"a\\ud800b","extension":"1","syncEnabled":false}'
  const answer = await call('PUT', `${acme}/users/anna`, broken, json)
  t.equal(answer.status, 400, answer.text)
  t.match(answer.body.errors, [{ field: 'displayName' }])
  const mailbox = await call(
    'PUT',
    `${acme}/users/anna`,
    broken.replace('1"', '1","mailbox":"\\udc00@x"').replace('\\ud800', ''),
    json
  )
  t.match(mailbox.body.errors, [{ field: 'mailbox' }])
  const tenant = await call('PUT', acme, '{"name":"\\ud83d","timeZone":"UTC","language":"sv"}', json)
  t.match(tenant.body.errors, [{ field: 'name' }])
  for (const extension of ['', ' ', '1 2', 'x'.repeat(33), '\u0000', '\u200b', '\ud800']) {
    t.equal((await call('PUT', `${acme}/users/anna`, JSON.stringify(user({ extension })), json)).status, 400)
  }
  const odd = user({
    displayName: '😀 Åsa "O’Hara" <b>\\',
    extension: '😀'.repeat(32),
    mailbox: 'å@x.example'
  })
  const put = await call('PUT', `${acme}/users/odd`, odd)
  t.equal(put.status, 201, put.text)
  t.strictSame((await call('GET', `${acme}/users/odd`)).body, { user: 'odd', ...odd })
  t.match((await call('GET', `${acme}/users/odd/status`)).body, { displayName: odd.displayName })
})

t.test('ids as odd as the contract allows', async (t) => {
  const plain = 'a A 0 a+b a@b.se a..b a. a- a_ constructor toString null import users'
  const ids = [...plain.split(' '), 'x'.repeat(64)]
  for (const id of ids) {
    const at = `/v1/tenants/odd/users/${id}`
    if (id === 'a') await service.tenant('odd')
    t.equal((await call('PUT', at, user())).status, 201, id)
    t.match((await call('GET', at)).body, { user: id })
    t.equal((await call('PUT', at, user())).status, 200)
  }
  t.equal((await call('PUT', `/v1/tenants/odd/users/${encodeURIComponent('a+c')}`, user())).status, 201)
  t.equal((await call('GET', '/v1/tenants/odd/users/a+c')).body.user, 'a+c', 'encoded or not')
  const users = (await call('GET', '/v1/tenants/odd/statuses')).body.statuses.map(
    (one: { user: string }) => one.user
  )
  t.strictSame(users, [...ids, 'a+c'].sort())
  const paged: string[] = []
  for (let after = ''; ; ) {
    const { body } = await call('GET', `/v1/tenants/odd/users?limit=1${after && `&after=${after}`}`)
    paged.push(...body.users.map((one: { user: string }) => one.user))
    if (body.after === undefined) break
    t.ok(paged.length < 30, 'pages come to an end, also for who does not encode a +')
    if (paged.length > 30) break
    after = body.after
  }
  t.strictSame(paged, users)
  t.equal((await call('DELETE', '/v1/tenants/odd/users/A')).status, 204)
  t.equal(
    (await call('GET', '/v1/tenants/odd/users/a')).status,
    200,
    'ids that differ in case are different users'
  )
})

t.test('addresses and queries that mean harm', async (t) => {
  const before = (await call('GET', '/v1/tenants')).text
  for (const path of [
    '/v1/tenants/../../etc/passwd',
    '/v1/tenants/%2e%2e/users',
    '/v1/tenants/acme%2fusers',
    '/v1/tenants/acme/users/%2E%2E%2Fbo',
    '/v1/tenants/acme/users/..',
    '/v1/tenants/acme/users/%00',
    '/v1/tenants/acme//users',
    '/v1/tenants/acme/',
    '/v1/tenants/acme;x=1',
    '//v1/tenants',
    '/docs/..%2f..%2f..%2fpackage.json',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/../../../../etc/passwd'
  ]) {
    const { status, text } = await raw(`GET ${path} HTTP/1.1`)
    t.ok(
      status === 400 || status === 404 || (path === '/v1/tenants/acme/' && status === 404),
      `${path}: ${status}`
    )
    t.notMatch(text, /root:|"scripts"/)
  }
  const tries: [string, number][] = [
    ['?after=%00', 200],
    ['?after=', 200],
    ['?after=%ff%fe', 400],
    ['?after=zzzz', 200],
    ['?after=%F0%9F%98%80', 200],
    ['?limit=99999999999999999999999', 400],
    ['?limit=NaN', 400],
    ['?limit=Infinity', 400],
    ['?limit[]=1', 400],
    ['?constructor=1', 400],
    [`?${'a=1&'.repeat(1500)}`, 400]
  ]
  for (const [query, status] of tries) {
    for (const path of [`${acme}/users`, '/v1/tenants', `${acme}/sync`]) {
      const answer = await call('GET', `${path}${query}`)
      t.equal(answer.status, status, `${path}${query.slice(0, 40)}: ${answer.text.slice(0, 200)}`)
    }
  }
  for (const version of ['99999999999999999999', '1e300', '9007199254740993', '-1', '0x1', '']) {
    const { status } = await call('GET', `${acme}/rules/versions/${version}`)
    t.ok(status === 404 || status === 400, `${version}: ${status}`)
  }
  t.equal((await call('GET', '/v1/tenants')).text, before)
})

t.test('forged cursors and instants', async (t) => {
  const { cursor } = (await call('GET', `${acme}/statuses`)).body
  const [, epoch, position, at] = Buffer.from(cursor, 'base64url').toString().split('.')
  const [place, logged] = position!.split('-')
  const made = (...parts: unknown[]) => Buffer.from(parts.join('.')).toString('base64url')
  const tries: [string, number][] = [
    [made('1', epoch, position, '9999999999999999'), 400],
    [made('1', epoch, position, '8640000000000001'), 400],
    [made('1', epoch, position, Date.now() + 86_400_000), 200],
    [made('1', epoch, position, Number(at) - 86_400_000 - 60_000), 410],
    [made('1', epoch, `${Number(place) + 1}-${logged}`, at), 410],
    [made('1', epoch, '999999999999999', at), 410],
    [made('1', 'other', position, at), 410],
    [made('2', epoch, position, at), 400],
    [made('1', epoch, `0${position}`, at), 400],
    [`${cursor}=`, 400],
    [`${cursor}A`, 400],
    ['', 400],
    ['x'.repeat(300), 400],
    ['%F0%9F%98%80', 400]
  ]
  for (const [text, status] of tries) {
    const answer = await call('GET', `${acme}/changes?cursor=${text}`)
    t.equal(answer.status, status, `${text}: ${answer.text}`)
    if (status === 410) t.match(answer.body.type, /cursor_expired$/)
  }
  for (const wait of ['-1', '56', '1.5', 'x', '', '1e1000', 'Infinity', '-Infinity']) {
    t.equal((await call('GET', `${acme}/changes?cursor=${cursor}&wait=${wait}`)).status, 400, wait)
  }
  for (const until of [
    '9999-12-31T23:59:59-01:00',
    '2026-11-31T00:00:00Z',
    '+275760-09-13T00:00:00Z',
    'now',
    1e15
  ]) {
    const { status } = await call('PUT', `${acme}/users/odd/override`, { diversion: 'lunch', until })
    t.equal(status, 400, String(until))
  }
  t.equal(
    (await call('PUT', `${acme}/users/odd/override`, { diversion: 'lunch', until: '9999-12-31T23:59:59Z' }))
      .status,
    200
  )
  t.equal((await call('DELETE', `${acme}/users/odd/override`)).status, 204)
})

t.test('no tenant sees another’s calendars, by whatever file name', async (t) => {
  const now = Math.floor(Date.now() / 1000) * 1000
  await service.tenant('rival')
  await service.calendar('rival', 'boss.ics', vevent('Hemligt', now, now + 3_600_000))
  const folder = join(service.folder, 'calendars', 'acme')
  await mkdir(folder, { recursive: true })
  await symlink(join(service.folder, 'calendars', 'rival', 'boss.ics'), join(folder, 'link.ics'))
  await symlink(join(service.folder, 'calendars', 'rival'), join(folder, 'sub'))
  await writeFile(join(folder, 'empty.ics'), '')
  const names = [
    '../rival/boss.ics',
    '..\\rival\\boss.ics',
    './../rival/boss.ics',
    join(service.folder, 'calendars', 'rival', 'boss.ics'),
    'link.ics',
    'sub/boss.ics',
    `file://${join(service.folder, 'calendars', 'rival', 'boss.ics')}`,
    '/dev/zero',
    '/etc/passwd',
    '.',
    'x'.repeat(2000),
    'empty.ics'
  ]
  await call('PUT', `${acme}/connection`, { kind: 'ics' })
  const made: string[] = []
  for (const [index, mailbox] of names.entries()) {
    const put = await call('PUT', `${acme}/users/spy${index}`, user({ mailbox, syncEnabled: true }))
    t.ok(put.status === 201 || put.status === 400, `${mailbox.slice(0, 40)}: ${put.status}`)
    if (put.status === 201) made.push(`spy${index}`)
  }
  const report = await until('all have failed', async () => {
    const { body } = await call('GET', `${acme}/sync`)
    const spies = body.users.filter((one: { user: string }) => made.includes(one.user))
    return spies.every(({ state }: { state: string }) => state === 'failed') && spies
  })
  for (const { user: spy, code, hint } of report) {
    t.match(hint, /.{10,}/, `${spy} ${code}`)
    t.notMatch(hint, /Hemligt|root:/)
    t.match((await call('GET', `${acme}/users/${spy}/status`)).body, {
      diversion: 'available',
      sync: { state: 'failed' }
    })
  }
  t.equal((await call('GET', `/v1/tenants/rival/users/${made[0]}`)).status, 404)
  t.equal((await call('POST', `/v1/tenants/rival/sync?user=${made[0]}`)).status, 404)
  t.equal((await call('POST', '/v1/tenants/rival/rules/preview', { events: [], user: made[0] })).status, 404)
  const { cursor } = (await call('GET', `${acme}/statuses`)).body
  t.equal((await call('GET', `/v1/tenants/rival/changes?cursor=${cursor}`)).status, 410, 'nor by its cursors')
})

t.test('nothing of all that was a fault of ours', (t) => {
  t.strictSame(
    service.log().filter((line) => /"level":(50|60)/.test(line)),
    []
  )
  t.end()
})
