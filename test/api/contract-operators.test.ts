/** Section 5 of the design as operators use it: what is put, read, listed and removed, and with which codes. */
import { connect } from 'node:net'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
const acme = '/v1/tenants/acme'
type Body = Record<string, unknown>
const good = { name: 'Acme AB', timeZone: 'Europe/Stockholm', language: 'sv' }
const anna = {
  displayName: 'Anna Ek',
  extension: '1070',
  numbers: ['+46701740605'],
  mailbox: 'anna.ics',
  syncEnabled: true,
  timeZone: 'America/St_Johns',
  triggers: [{ match: 'word', text: 'padel', diversion: 'lunch', phone: 'open' }]
}

t.test('what is put is answered whole, read as it was put, and can be put back', async (t) => {
  const things: [string, Body, string?][] = [
    [acme, good],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 10 }],
    [`${acme}/rules`, { pack: 'infracom', private: 'ignore' }],
    [`${acme}/users/anna`, anna]
  ]
  for (const [path, body] of things) {
    const made = await call('PUT', path, body)
    t.equal(made.status, 201, made.text)
    t.match(made.body, body)
    const read = await call('GET', path)
    t.strictSame(read.body, made.body, path)
    const back = await call('PUT', path, read.body)
    t.equal(back.status, 200, back.text)
    t.strictSame(back.body, read.body, 'put back it is no change')
  }
  const { version, effective } = (await call('GET', `${acme}/rules`)).body
  t.equal(version, 1)
  t.match(effective, { private: 'ignore', allDay: 'trigger-or-oof', triggers: [{ match: String }] })
  for (const [path] of [...things].reverse().filter(([path]) => !path.endsWith('rules'))) {
    const answer = await call('DELETE', path)
    t.equal(answer.status, 204)
    t.equal(answer.text, '')
    t.equal((await call('GET', path)).status, 404)
    t.equal((await call('DELETE', path)).status, 404)
  }
  t.equal((await call('PUT', acme, good)).status, 201)
  t.equal((await call('GET', `${acme}/rules`)).body.version, 0, 'and nothing of what was below it is left')
})

t.test('members: what may be, and what may not', async (t) => {
  const user = { displayName: 'Bo', extension: '1', syncEnabled: false }
  const fine: [string, Body][] = [
    [acme, { ...good, timeZone: 'Asia/Kathmandu', language: 'nb-NO' }],
    [acme, { ...good, timeZone: 'Australia/Lord_Howe', language: 'sv' }],
    [acme, good],
    [`${acme}/users/bo`, { ...user, extension: 'x'.repeat(32) }],
    [`${acme}/users/cia`, { ...user, extension: 'x'.repeat(32), mailbox: 'same.ics' }],
    [`${acme}/users/dan`, { ...user, extension: '*21#', mailbox: 'same.ics' }],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 3600 }],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 10 }]
  ]
  for (const [path, body] of fine) {
    const { status, text } = await call('PUT', path, body)
    t.ok(status === 200 || status === 201, text)
  }
  const wrong: [string, Body, string][] = [
    [acme, { ...good, timeZone: 'Stockholm' }, 'timeZone'],
    [acme, { ...good, timeZone: '+01:00' }, 'timeZone'],
    [acme, { ...good, language: 'svenska!' }, 'language'],
    [acme, { ...good, id: 'acme' }, 'id'],
    [`${acme}/users/bo`, { ...user, extension: 'x'.repeat(33) }, 'extension'],
    [`${acme}/users/bo`, { ...user, extension: 1070 }, 'extension'],
    [`${acme}/users/bo`, { ...user, syncEnabled: 'true' }, 'syncEnabled'],
    [`${acme}/users/bo`, { displayName: 'Bo', extension: '1' }, 'syncEnabled'],
    [`${acme}/users/bo`, { ...user, numbers: ['0701740605'] }, 'numbers/0'],
    [`${acme}/users/bo`, { ...user, numbers: ['+46 70'] }, 'numbers/0'],
    [`${acme}/users/bo`, { ...user, timezone: 'UTC' }, 'timezone'],
    [
      `${acme}/users/bo`,
      { ...user, triggers: [{ match: 'word', text: 'x', diversion: 'gone' }] },
      'triggers/0/diversion'
    ],
    [
      `${acme}/users/bo`,
      { ...user, triggers: [{ match: 'word', text: ' ', diversion: 'lunch' }] },
      'triggers/0/text'
    ],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 9 }, 'pollSeconds'],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 3601 }, 'pollSeconds'],
    [`${acme}/connection`, { kind: 'ics', pollSeconds: 10.5 }, 'pollSeconds'],
    [`${acme}/connection`, { kind: 'ics', url: 'https://x.example' }, 'url'],
    [`${acme}/connection`, { kind: 'imap' }, 'kind'],
    [`${acme}/rules`, { pack: 'nope' }, 'pack'],
    [`${acme}/rules`, { pack: 'infracom', privat: 'match' }, 'privat'],
    [`${acme}/rules`, { pack: 'infracom', availability: { busy: 'busy' } }, 'availability/free'],
    [`${acme}/rules`, { triggers: [] }, 'diversions']
  ]
  for (const [path, body, field] of wrong) {
    const { status, body: problem, text } = await call('PUT', path, body)
    t.equal(status, 400, `${field}: ${text}`)
    t.ok(
      problem.errors.some((fault: Body) => fault.field === field),
      text
    )
  }
  t.match((await call('GET', `${acme}/users/bo`)).body, { extension: 'x'.repeat(32) })
})

t.test('lists page by limit and after', async (t) => {
  await service.tenant('zeta')
  for (const name of ['one', 'two', 'three']) {
    const { status, text } = await call('PUT', `${acme}/rules`, {
      pack: '3kontakt',
      triggers: [{ match: 'word', text: name, diversion: 'lunch' }]
    })
    t.ok(status < 300, text)
  }
  const lists: [string, string, (item: Body) => unknown, unknown[]][] = [
    ['/v1/tenants', 'tenants', (item) => item.tenant, ['acme', 'zeta']],
    [`${acme}/users`, 'users', (item) => item.user, ['bo', 'cia', 'dan']],
    [`${acme}/sync`, 'users', (item) => item.user, ['bo', 'cia', 'dan']],
    [`${acme}/rules/versions`, 'versions', (item) => item.version, [3, 2, 1]],
    [
      '/v1/packs',
      'packs',
      (item) => item.name,
      ['3kontakt', 'bredband2-availability', 'bredband2-prefix', 'infracom', 'trio-no']
    ]
  ]
  for (const [path, member, idOf, all] of lists) {
    const whole = (await call('GET', path)).body
    t.strictSame(whole[member].map(idOf), all, path)
    t.notOk('after' in whole, 'no more')
    const found: unknown[] = []
    let after: string | undefined
    do {
      const { body, status, text } = await call('GET', `${path}?limit=1${after ? `&after=${after}` : ''}`)
      t.equal(status, 200, text)
      found.push(...body[member].map(idOf))
      after = body.after
    } while (after !== undefined && found.length <= all.length)
    t.strictSame(found, all, 'page by page')
  }
})

t.test('rules: versions, ETag, If-Match, and a pack that stays as it was', async (t) => {
  const at = `${acme}/rules`
  const newest = await call('GET', at)
  t.equal(newest.headers.get('etag'), '"3"')
  const first = await call('GET', `${at}/versions/1`)
  t.match(first.body, { version: 1, triggers: [{ text: 'one' }], effective: { triggers: [{ text: 'one' }] } })
  t.equal(first.body.effective.triggers.length, 1, 'a stated member replaces the pack’s whole')
  t.equal((await call('GET', `${at}/versions/4`)).status, 404)
  const change = { pack: '3kontakt', allDay: 'divert' }
  for (const tag of ['"2"', 'W/"3"', '3', '']) {
    t.equal((await call('PUT', at, change, { 'if-match': tag })).status, 412, tag)
  }
  const saved = await call('PUT', at, change, { 'if-match': '"2", "3"' })
  t.equal(saved.status, 200)
  t.equal(saved.headers.get('etag'), '"4"')
  t.equal(
    (await call('PUT', at, saved.body, { 'if-match': '*' })).headers.get('etag'),
    '"4"',
    'the same is no version'
  )
  const edited = { ...saved.body, private: 'ignore' }
  t.match(
    (await call('PUT', at, edited)).body,
    { version: 5, effective: { private: 'ignore' } },
    'read, edited, put'
  )
  t.equal((await call('PUT', at, edited)).status, 412, 'what was read is older now')
  const made = { pack: '3kontakt', effective: { ...saved.body.effective, private: 'availability-only' } }
  t.equal((await call('PUT', at, made)).status, 400, 'what it comes to is not edited')
})

t.test('preview: what is not stated, and what the answer has', async (t) => {
  const [start, end] = ['2031-03-05T11:00:00Z', '2031-03-05T12:00:00Z']
  const preview = async (body: Body) => (await call('POST', `${acme}/rules/preview`, body)).body
  const given = [
    { start, end },
    { start, end, id: 'own', subject: 'x', busy: 'free' },
    { start, end, visibility: 'private' }
  ]
  const answer = await preview({ events: given })
  t.strictSame(Object.keys(answer), ['decisions', 'timeline'])
  t.match(answer.decisions, [
    { event: '0', diversion: 'busy', rule: { from: 'availability' }, because: /^\S.+\.$/ },
    { event: 'own', diversion: null, rule: null, because: /^\S.+\.$/ },
    { event: '2', diversion: null, rule: null }
  ])
  t.strictSame(answer.timeline, [{ start, end, diversion: 'busy', phone: 'closed' }])
  const shifted = await preview({ events: [{ start: '2031-03-05T16:45:00+05:45', end }] })
  t.strictSame(shifted.timeline, answer.timeline, 'whatever its offset')
  await call('PUT', acme, { ...good, language: 'FI' })
  t.match((await preview({ events: given })).decisions, [{ because: /Kalenteri/ }, {}, {}])
  t.equal((await call('GET', `${acme}/users/bo/status`)).body.label, 'Tavoitettavissa', 'case says nothing')
  await call('PUT', acme, { ...good, language: 'pt-BR' })
  t.match(
    (await preview({ events: given })).decisions,
    [{ because: /calendar/ }, {}, {}],
    'English where there is none'
  )
  t.equal((await call('GET', `${acme}/users/bo/status`)).body.label, 'Available')
  await call('PUT', acme, good)
  const wrong: [Body, string][] = [
    [{ events: [{ start, end, busy: 'away' }] }, 'events/0/busy'],
    [{ events: [{ start, end, response: 'yes' }] }, 'events/0/response'],
    [{ events: [{ start, end, visibility: 'secret' }] }, 'events/0/visibility'],
    [{ events: [{ start }] }, 'events/0/end'],
    [{ events: [{ start: 0, end }] }, 'events/0/start'],
    [{ events: [], at: 'now' }, 'at'],
    [{ events: [], rules: { pack: 'infracom', private: 'no' } }, 'rules/private'],
    [{ event: [] }, 'event']
  ]
  for (const [body, field] of wrong) t.equal((await preview(body)).errors?.[0].field, field)
})

t.test('the connection is tested, and read now, for the requested users', async (t) => {
  const now = Math.floor(Date.now() / 1000) * 1000
  await service.calendar('acme', 'same.ics', vevent('x', now, now + 60_000))
  const test = async (query = '') => (await call('POST', `${acme}/connection/test${query}`)).body
  t.match(await test(), { ok: false, checks: [{ name: 'user', ok: false, hint: /syncEnabled/ }] })
  for (const id of ['cia', 'dan']) {
    const { body } = await call('GET', `${acme}/users/${id}`)
    await call('PUT', `${acme}/users/${id}`, {
      ...body,
      syncEnabled: true,
      mailbox: id === 'cia' ? 'none.ics' : 'same.ics'
    })
  }
  await until('both are tried', async () => {
    const { users } = (await call('GET', `${acme}/sync`)).body
    return users[1].state === 'failed' && users[2].state === 'fresh'
  })
  t.match(await test(), { ok: true, checks: [{ name: String, ok: true }] }, 'who was read comes first')
  const failed = await test('?user=cia')
  t.equal(failed.ok, false)
  t.match(failed.checks.at(-1), { ok: false, code: 'mailbox_unknown', hint: /.{10,}/ })
  t.equal((await call('POST', `${acme}/connection/test?user=nobody`)).status, 404)

  const asLines = { accept: 'application/x-ndjson' }
  const { text } = await call('POST', `${acme}/connection/test?user=dan`, undefined, asLines)
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(lines.at(-1), { ok: true }, 'as lines, the result is the last')
  const passed = lines.slice(0, -1).map((line) => line.passed)
  t.strictSame(
    passed,
    lines.at(-1).checks.map(({ name }: { name: string }) => name),
    'each step stands before it'
  )
  const unknown = await call('POST', `${acme}/connection/test?user=nobody`, undefined, asLines)
  t.equal(unknown.status, 404, 'what is wrong before the first step is a problem')
  const read = await call('POST', `${acme}/sync`)
  t.equal(read.status, 202)
  t.strictSame(read.body, { queued: 2 })
  t.strictSame((await call('POST', `${acme}/sync?user=dan`)).body, { queued: 1 })
  t.equal((await call('POST', `${acme}/sync?user=nobody`)).status, 404)
})

t.test('open without a key, and nothing else', async (t) => {
  const { paths } = (await call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, { security?: [] }>>
  }
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const at = `${service.origin}${path.replace(/\{\w+\}/g, 'acme')}`
      const { status } = await checkedFetch(at, { method: method.toUpperCase() })
      // Notifications have a secret of their own; the answer does not say that it is missing.
      const isNotice = path.startsWith('/notifications/')
      // Without an issuer nobody signs in, without an application nobody consents.
      const isSetUpLater = /^\/(sign-in|consent)/.test(path)
      const isOpen = isNotice || isSetUpLater || ['/healthz', '/readyz', '/openapi.json'].includes(path)
      t.equal(status, isNotice ? 202 : isSetUpLater ? 404 : isOpen ? 200 : 401, `${method} ${path}`)
      t.equal(security?.length === 0, isOpen, 'and the document says so')
    }
  }
  const page = await fetch(`${service.origin}/docs`)
  t.match(page.headers.get('content-type'), /html/)
})

t.test('a body that never arrives delays nobody else', async (t) => {
  const { port } = new URL(service.origin)
  const sockets = Array.from({ length: 50 }, () => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `PUT ${acme} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${service.key}\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{`
    )
    return socket
  })
  t.equal((await call('GET', acme)).status, 200)
  for (const socket of sockets) socket.destroy()
  t.match((await call('GET', acme)).body, good)
  t.strictSame(
    service.log().filter((line) => /"level":(50|60)/.test(line)),
    [],
    'no fault of ours in all of it'
  )
})
