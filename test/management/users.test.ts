/** Tenants and users as operators keep them. */
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'
import { until } from '../support/until.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
const anna = { displayName: 'Anna Ek', extension: '1070', syncEnabled: true }
const annaAt = '/v1/tenants/acme/users/anna'

const faultsOf = async (method: string, path: string, body: unknown) => {
  const answer = await call(method, path, body)
  const errors: { field: string; message: string }[] = answer.body?.errors ?? []
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]))
}

t.test('a tenant is created, read, put back as it was read, changed and removed', async (t) => {
  const body = { name: 'Bolaget', timeZone: 'Europe/Helsinki', language: 'fi' }
  const made = await call('PUT', '/v1/tenants/bolaget', body)
  t.equal(made.status, 201)
  t.strictSame(made.body, { tenant: 'bolaget', ...body })
  const read = await call('GET', '/v1/tenants/bolaget')
  t.strictSame(read.body, made.body)
  const again = await call('PUT', '/v1/tenants/bolaget', read.body)
  t.equal(again.status, 200)
  t.strictSame(again.body, made.body)

  t.match(await faultsOf('PUT', '/v1/tenants/bolaget', { ...body, tenant: 'other' }), {
    tenant: /as in the address/
  })
  for (const timeZone of ['Stockholm', 'W. Europe Standard Time', 'Europe/Nowhere', '+02:00x']) {
    const faults = await faultsOf('PUT', '/v1/tenants/bolaget', { ...body, timeZone })
    t.match(faults, { timeZone: /no IANA time zone.*Europe\/Stockholm/ }, timeZone)
  }
  t.match(await faultsOf('PUT', '/v1/tenants/bolaget', { ...body, language: 'svenska' }), {
    language: /BCP 47/
  })
  t.strictSame((await call('GET', '/v1/tenants/bolaget')).body, made.body, 'what was refused changed nothing')

  t.equal((await call('DELETE', '/v1/tenants/bolaget')).status, 204)
  t.equal((await call('DELETE', '/v1/tenants/bolaget')).status, 404)
  t.equal((await call('GET', '/v1/tenants/bolaget')).status, 404)
})

t.test('lists page by limit and after', async (t) => {
  for (const id of ['t1', 't2', 't3']) await service.tenant(id)
  const ids = (answer: { body: { tenants: { tenant: string }[] } }) =>
    answer.body.tenants.map(({ tenant }) => tenant)
  const first = await call('GET', '/v1/tenants?limit=2')
  t.strictSame([ids(first), first.body.after], [['acme', 't1'], 't1'])
  const second = await call('GET', `/v1/tenants?limit=2&after=${first.body.after}`)
  t.strictSame(
    [ids(second), second.body.after],
    [['t2', 't3'], undefined],
    'without `after` where there is no more'
  )
  const all = await call('GET', '/v1/tenants')
  t.strictSame([ids(all).length, all.body.after], [4, undefined])
})

t.test('a user is created, read, put back as they were read, changed and removed', async (t) => {
  const whole = {
    ...anna,
    numbers: ['+46701234567', '+4687000000'],
    mailbox: 'anna@acme.example',
    timeZone: 'Europe/Helsinki',
    triggers: [{ match: 'word', text: 'padel', diversion: 'out-of-office', phone: 'open' }]
  }
  const made = await call('PUT', annaAt, whole)
  t.equal(made.status, 201, made.text)
  t.strictSame(made.body, { user: 'anna', ...whole })
  const again = await call('PUT', annaAt, (await call('GET', annaAt)).body)
  t.strictSame([again.status, again.body], [200, made.body])
  const less = await call('PUT', annaAt, anna)
  t.strictSame([less.status, less.body], [200, { user: 'anna', ...anna }], 'what is left out is taken away')
  t.strictSame((await call('GET', '/v1/tenants/acme/users')).body, { users: [less.body] })
  t.strictSame((await call('PUT', annaAt, { ...anna, mailbox: null, timeZone: null })).body, less.body)
  t.equal((await call('DELETE', annaAt)).status, 204)
  t.equal((await call('DELETE', annaAt)).status, 404)
  t.equal((await call('GET', annaAt)).status, 404)
  t.equal((await call('PUT', '/v1/tenants/nobody/users/anna', anna)).status, 404)
})

t.test('an error names each wrong member of a user', async (t) => {
  const wrong: [Record<string, unknown>, Record<string, RegExp>][] = [
    [{ user: 'bo' }, { user: /as in the address/ }],
    [{ displayName: '' }, { displayName: /empty/ }],
    [{ displayName: '   ' }, { displayName: /1 to 100/ }],
    [{ extension: '10 70' }, { extension: /visible/ }],
    [{ extension: 'x'.repeat(33) }, { extension: /1 to 32/ }],
    [{ syncEnabled: 'true' }, { syncEnabled: /true or false/ }],
    [{ numbers: ['0701234567'] }, { 'numbers/0': /E\.164/ }],
    [{ timeZone: 'Stockholm' }, { timeZone: /IANA/ }],
    [{ mailbox: ' anna@acme.example' }, { mailbox: /white space/ }],
    [{ mailbox: 'ftp://x/y' }, { mailbox: /https/ }],
    [{ mailbox: 'https://cal.example/…' }, { mailbox: /whole URL/ }],
    [
      { triggers: [{ match: 'regex', text: 'x', diversion: 'lunch' }] },
      { 'triggers/0/match': /"prefix", "word"/ }
    ],
    [{ triggers: [{ match: 'word', text: ' ', diversion: 'lunch' }] }, { 'triggers/0/text': /empty/ }],
    [
      { triggers: [{ match: 'word', text: 'x', diversion: 'nope' }] },
      { 'triggers/0/diversion': /catalogue lacks/ }
    ]
  ]
  for (const [change, faults] of wrong) {
    t.match(await faultsOf('PUT', annaAt, { ...anna, ...change }), faults, JSON.stringify(change))
  }
  t.equal((await call('GET', annaAt)).status, 404, 'and nobody was made')
})

t.test(
  'a URL without its scheme is refused, whoever writes it: it would be kept in clear as the name of a file',
  async (t) => {
    const secret = 'calendar.example.se/private-s3cret/basic.ics'
    const written = [
      ...[
        secret,
        `//${secret}`,
        `\\\\${secret}`,
        'calendar.example.se:8443/x.ics',
        'calendar.example.se?k=s3cret',
        'localhost/x.ics'
      ],
      ...[
        '192.0.2.7/x.ics',
        '[2001:db8::7]/x.ics',
        `https:/${secret}`,
        `https:${secret}`,
        `webcal:${secret}`,
        `HTTPS:\\${secret}`
      ]
    ]
    for (const mailbox of written) {
      const expected = { mailbox: /write it whole, from https:\/\/ on/ }
      const at = '/v1/tenants/acme/users/url'
      t.match(await faultsOf('PUT', at, { ...anna, extension: '1099', mailbox }), expected, mailbox)
    }
    await call('PUT', '/v1/tenants/acme/users/url', { ...anna, extension: '1099', mailbox: 'team/anna.ics' })
    t.match(await faultsOf('PATCH', '/v1/tenants/acme/users/url', { mailbox: secret }), {
      mailbox: /write it whole/
    })
    const csv = `user,displayName,extension,mailbox,syncEnabled\nurl,Url,1099,${secret},false\n`
    const { text } = await call('POST', '/v1/tenants/acme/users/import', csv, { 'content-type': 'text/csv' })
    t.match(text, /write it whole/)
    t.notMatch(text, 's3cret')
    t.equal((await call('GET', '/v1/tenants/acme/users/url')).body.mailbox, 'team/anna.ics')
    await call('DELETE', '/v1/tenants/acme/users/url')
  }
)

t.test('a published calendar’s URL is a secret', async (t) => {
  const url = 'https://outlook.example/owa/calendar/s3cret/calendar.ics'
  const shown = 'https://outlook.example/…'
  const made = await call('PUT', annaAt, { ...anna, syncEnabled: false, mailbox: url })
  t.equal(made.body.mailbox, shown)
  const back = await call('PUT', annaAt, made.body)
  t.strictSame([back.status, back.body], [200, made.body], 'the shown form put back changes nothing')
  t.match(await faultsOf('PUT', annaAt, { ...made.body, mailbox: 'https://other.example/…' }), {
    mailbox: /whole URL/
  })
  for (const path of [annaAt, '/v1/tenants/acme/users', '/v1/tenants/acme/sync']) {
    t.notMatch((await call('GET', path)).text, 's3cret', path)
  }
  t.notMatch(service.log().join(''), 's3cret', 'nor in the log')
})

t.test(
  'another mailbox drops what was read at once; other triggers read again and keep it till then',
  async (t) => {
    const now = Date.now()
    await service.calendar('acme', 'anna.ics', vevent('LUN: pizza', now - 60_000, now + 3_600_000))
    await call('PUT', '/v1/tenants/acme/rules', { pack: 'infracom' })
    await call('PUT', '/v1/tenants/acme/connection', { kind: 'ics' })
    const user = { ...anna, mailbox: 'anna.ics' }
    await call('PUT', annaAt, user)
    const status = async () => (await call('GET', `${annaAt}/status`)).body
    await until('anna is at lunch', async () => (await status()).diversion === 'lunch')

    const triggers = [{ match: 'word', text: 'pizza', diversion: 'meeting' }]
    await call('PUT', annaAt, { ...user, triggers })
    t.not((await status()).sync.state, 'never', 'the timeline is preserved')
    await until('anna’s own trigger wins', async () => (await status()).diversion === 'meeting')

    await call('PUT', annaAt, { ...user, triggers, mailbox: 'nobody.ics' })
    const after = await status()
    t.strictSame([after.diversion, after.phone], ['available', 'open'])
    t.match(after.sync.state, /never|failed/)

    await call('PUT', annaAt, { ...user, syncEnabled: false })
    t.equal((await status()).sync.state, 'off')
  }
)

t.test('a patch changes its members, and null removes', async (t) => {
  await service.tenant('patch')
  const at = '/v1/tenants/patch/users/eva'
  const eva = { displayName: 'Eva Ek', extension: '1080', syncEnabled: true, numbers: ['+46701234567'] }
  t.equal((await call('PATCH', at, { extension: '1081' })).status, 404)
  await call('PUT', at, { ...eva, mailbox: 'https://h.example/s3cret', owner: 'eva@acme.example' })
  const patched = await call('PATCH', at, { extension: '1081', numbers: null, timeZone: 'Europe/Oslo' })
  t.equal(patched.status, 200)
  t.strictSame(patched.body, {
    user: 'eva',
    displayName: 'Eva Ek',
    extension: '1081',
    mailbox: 'https://h.example/…',
    owner: 'eva@acme.example',
    syncEnabled: true,
    timeZone: 'Europe/Oslo'
  })
  t.strictSame((await call('GET', at)).body, patched.body)
  t.strictSame((await call('PATCH', at, {})).body, patched.body, 'nothing stated, nothing changed')
  const { mailbox: _, ...without } = patched.body
  t.strictSame((await call('PATCH', at, { mailbox: null })).body, without)
  t.match(await faultsOf('PATCH', at, { displayName: null, owner: 'eva', pager: '1' }), {
    displayName: /a string/,
    pager: /not a known member/
  })
  t.match(await faultsOf('PATCH', at, { owner: 'eva' }), { owner: /e-mail address/ })
  t.match(await faultsOf('PATCH', at, { user: 'bo' }), { user: /as in the address/ })
  t.strictSame((await call('GET', at)).body, without, 'what was refused changed nothing')
})

t.test('users are found by part of name, extension, number or mailbox', async (t) => {
  await service.tenant('find')
  const people: [string, object][] = [
    ['a', { displayName: 'Åsa Öberg', extension: '2001', mailbox: 'asa.oberg@acme.example' }],
    ['b', { displayName: 'Bo Ek', extension: '2002', numbers: ['+46701740605'] }],
    ['c', { displayName: 'Cia Ekman', extension: '1705', mailbox: 'https://ek.example/s3cret.ics' }]
  ]
  for (const [id, body] of people)
    await call('PUT', `/v1/tenants/find/users/${id}`, { syncEnabled: false, ...body })
  const found = async (query: string) => {
    const { body } = await call('GET', `/v1/tenants/find/users?${query}`)
    return [body.users.map(({ user }: { user: string }) => user).join(''), body.after]
  }
  t.strictSame(await found(`q=${encodeURIComponent('åsa ö')}`), ['a', undefined])
  t.strictSame(await found('q=EK'), ['bc', undefined])
  t.strictSame(await found('q=200'), ['ab', undefined])
  t.strictSame(await found('q=%2B46701740605'), ['b', undefined])
  t.strictSame(await found('q=oberg@acme'), ['a', undefined])
  t.strictSame(await found('q=170'), ['c', undefined])
  t.strictSame(await found('q=s3cret'), ['', undefined], 'a secret is not found by its parts')
  t.strictSame(await found('q=ek&limit=1'), ['b', 'b'])
  t.strictSame(await found('q=ek&limit=1&after=b'), ['c', undefined])
  t.equal((await call('GET', '/v1/tenants/find/users?q=')).status, 400)
})
