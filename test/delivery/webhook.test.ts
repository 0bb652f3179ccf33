/** A webhook of a running service: what its receiver gets, in which order, and what its answers lead to. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

const root = '/v1/tenants/acme'

interface Shown {
  readonly status: { readonly state: string; readonly error: object | null }
}

async function start(t: Test, body: object = {}) {
  const service = await startTestService(t)
  const receiver = await startWebhookReceiver(t)
  await service.tenant('acme')
  await service.call('PUT', `${root}/rules`, { pack: 'infracom' })
  for (const [index, user] of ['anna', 'bo', 'cecilia'].entries()) {
    await service.call('PUT', `${root}/users/${user}`, {
      displayName: user,
      extension: `107${index}`,
      syncEnabled: false
    })
  }
  const put = (more: object = {}) =>
    service.call('PUT', `${root}/consumers/pbx`, { kind: 'webhook', url: receiver.url, ...body, ...more })
  const divert = (user: string, diversion: string, more: object = {}) =>
    service.call('PUT', `${root}/users/${user}/override`, { diversion, ...more })
  const read = async () => (await service.call('GET', `${root}/consumers/pbx`)).body
  return { service, receiver, put, divert, read }
}

const everybody = (receiver: WebhookReceiver) => until('everybody', () => receiver.state.size === 3)

async function isState({ read }: { read: () => Promise<Shown> }, state: string) {
  return until(state, async () => {
    const body = await read()
    return body.status.state === state && body
  })
}

t.test('everybody at first, then each change, signed', { timeout: hangMs }, async (t) => {
  const { service, receiver, put, divert, read } = await start(t)
  const made = await put()
  t.equal(made.status, 201, made.text)
  t.match(made.body, { consumer: 'pbx', kind: 'webhook', secret: /^whsec_/, secrets: ['secret'] })
  receiver.secret = made.body.secret
  t.notOk('secret' in (await read()), 'shown that once')
  await everybody(receiver)
  await divert('anna', 'lunch')
  await until('the change', () => receiver.state.get('anna') === 'lunch')
  const last = receiver.changes.at(-1)!
  t.match(last.headers, {
    'webhook-id': /^msg_[\w-]+$/,
    'webhook-timestamp': /^\d{10}$/,
    'content-type': 'application/json'
  })
  t.match(last.body, { type: 'statuses.changed', timestamp: /^\d{4}-.*:\d\dZ$/, data: { tenant: 'acme' } })
  t.equal(receiver.posts[0]?.body.type, 'ping', 'at first it is asked whether it is there')
  const { body: status } = await service.call('GET', `${root}/users/anna/status`)
  t.same(last.body.data.statuses, [status], 'the very Status')
  const missed = await service.call('GET', `${root}/changes?cursor=${last.body.data.cursor}`)
  t.same(missed.body.changes, [], 'the cursor is that of `changes`')

  await divert('bo', 'meeting', { until: new Date(Date.now() + 1500).toISOString() })
  await until('a transition', () => receiver.state.get('bo') === 'available')
  await service.call('DELETE', `${root}/users/cecilia`)
  await until('who is gone', () => receiver.state.size === 2)
  t.same(receiver.changes.at(-1)!.body.data.statuses, [{ user: 'cecilia', extension: '1072', removed: true }])
  t.equal(receiver.maxOpen, 1, 'one post at a time')
  const { status: progress } = await isState({ read }, 'active')
  t.match(progress, { lagSeconds: 0, error: null, lastAcknowledgedAt: /Z$/ })
  t.equal((await service.call('DELETE', `${root}/consumers/pbx`)).status, 204)
  t.equal((await service.call('GET', `${root}/consumers/pbx`)).status, 404)
})

t.test('while it fails changes are collected, and what is true is sent', { timeout: hangMs }, async (t) => {
  const { receiver, put, divert, read } = await start(t)
  await put()
  await everybody(receiver)
  receiver.answerWith(500)
  await divert('anna', 'lunch')
  const failing = await isState({ read }, 'failing')
  t.match(failing.status, { error: { code: 'refused', hint: /500/ } })
  await divert('anna', 'meeting')
  await divert('bo', 'lunch')
  await divert('bo', 'sick')
  await divert('bo', 'meeting')
  const before = receiver.changes.length
  receiver.takeAll()
  await until(
    'both',
    () => receiver.state.get('anna') === 'meeting' && receiver.state.get('bo') === 'meeting'
  )
  const sent = receiver.changes.slice(before).flatMap(({ body }) => body.data.statuses)
  t.same(sent.map(({ user, diversion }) => [user, diversion]).sort(), [
    ['anna', 'meeting'],
    ['bo', 'meeting']
  ])
  await isState({ read }, 'active')
})

t.test('what its answers lead to', { timeout: hangMs }, async (t) => {
  const { service, receiver, put, divert, read } = await start(t)
  await put()
  await everybody(receiver)
  const cases: [string, () => void, object][] = [
    [
      'a redirect',
      () => receiver.answerWith(302, { location: 'http://127.0.0.1/elsewhere' }),
      { code: 'protocol_error', hint: /302.*not followed/ }
    ],
    ['401', () => receiver.answerWith(401), { code: 'access_denied', hint: /signature/ }],
    ['429', () => receiver.answerWith(429, { 'retry-after': '1' }), { code: 'throttled' }],
    [
      'garbage',
      () => {
        receiver.answer = (response) => response.socket!.end('\x00\xff no HTTP at all\r\n\r\n')
      },
      { code: 'unreachable' }
    ],
    [
      'a cut',
      () => {
        receiver.answer = (response) => response.socket!.destroy()
      },
      { code: 'unreachable' }
    ],
    [
      '500 and a body without end',
      () => {
        receiver.answer = (response) => {
          response.writeHead(500)
          const timer = setInterval(() => response.write('x'.repeat(65_536)), 1)
          response.once('close', () => clearInterval(timer))
        }
      },
      { code: 'refused' }
    ]
  ]
  for (const [what, prepare, error] of cases) {
    prepare()
    await divert('anna', what.length % 2 === 0 ? 'lunch' : 'meeting', { minutes: 5 })
    await until(what, async () => {
      const { status } = await read()
      return status.error !== null && t.match !== undefined && matches(status.error, error)
    })
    receiver.takeAll()
    const { body } = await service.call('POST', `${root}/consumers/pbx/resume`)
    t.match(body.status, { state: 'unverified', error: null }, `${what}: resumed at once`)
    await isState({ read }, 'active')
  }
  receiver.answerWith(410)
  await divert('anna', 'sick')
  const gone = await isState({ read }, 'disabled')
  t.match(gone.status.error, { code: 'gone', hint: /410/ })
  receiver.takeAll()
  const before = receiver.posts.length
  await divert('bo', 'sick')
  await pause(1500)
  t.equal(receiver.posts.length, before, 'nothing more is sent')
  await service.call('POST', `${root}/consumers/pbx/resume`)
  await until(
    'what it missed',
    () => receiver.state.get('anna') === 'out-of-office' && receiver.state.get('bo') === 'out-of-office'
  )
})

function matches(value: Record<string, unknown>, pattern: object): boolean {
  return Object.entries(pattern).every(([name, wanted]) =>
    wanted instanceof RegExp ? wanted.test(String(value[name])) : value[name] === wanted
  )
}

t.test('masking, privacy, filters, thin', { timeout: hangMs }, async (t) => {
  const { receiver, put, divert } = await start(t)
  await put()
  await everybody(receiver)
  await divert('anna', 'sick')
  await until('masked', () => receiver.state.get('anna') === 'out-of-office')
  t.notMatch(JSON.stringify(receiver.posts.map(({ text }) => text)), /"sick"|Sjuk/i)
  await put({ sensitive: true })
  await until('as it is', () => receiver.state.get('anna') === 'sick')
  await put({ privacy: 'generic' })
  await until('no reason', () => receiver.state.get('anna') === 'unavailable')
  t.match(receiver.changes.at(-1)!.body.data.statuses[0], {
    label: 'Ej anträffbar',
    phone: 'closed',
    next: null
  })
  await put({ privacy: 'open-closed', users: { extension: ['1070'] } })
  await until('the phone alone', () => receiver.changes.at(-1)!.body.data.statuses[0].label === '')
  await divert('bo', 'lunch')
  await divert('anna', 'lunch')
  await pause(1000)
  t.notOk(
    receiver.changes.slice(-1).some(({ text }) => text.includes('"bo"')),
    'bo is not among its users'
  )
  await put({ detail: 'thin' })
  await until(
    'ids alone',
    () =>
      JSON.stringify(receiver.changes.at(-1)!.body.data.statuses[0]) === '{"user":"anna","extension":"1070"}'
  )
})

t.test('two secrets while one follows the other', { timeout: hangMs }, async (t) => {
  const { receiver, put, divert } = await start(t)
  const old = (await put()).body.secret as string
  await everybody(receiver)
  const next = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  t.same((await put({ secret: next, previousSecret: old })).body.secrets, ['previousSecret', 'secret'])
  for (const secret of [old, next]) {
    receiver.secret = secret
    await divert('anna', secret === old ? 'lunch' : 'meeting')
    await until('verified', () => receiver.state.get('anna') === (secret === old ? 'lunch' : 'meeting'))
  }
  t.same((await put({ secret: next })).body.secrets, ['secret'], 'left out, it ends')
  t.match(receiver.posts.at(-1)!.headers['webhook-signature'], /^v1,\S+ v1,\S+$/)
})

t.test('pause, resume, replay, test', { timeout: hangMs }, async (t) => {
  const { service, receiver, put, divert, read } = await start(t)
  await put()
  await everybody(receiver)
  await isState({ read }, 'active')
  const post = (action: string) => service.call('POST', `${root}/consumers/pbx/${action}`)
  t.equal((await post('pause')).body.status.state, 'paused')
  await until('it is closed', async () => {
    await divert('anna', 'lunch')
    const before = receiver.posts.length
    await pause(300)
    return receiver.posts.length === before
  })
  await divert('anna', 'meeting')
  await post('resume')
  await until('as it is now', () => receiver.state.get('anna') === 'meeting')
  const before = receiver.changes.length
  await post('replay')
  await until(
    'everybody again',
    () => receiver.changes.slice(before).flatMap(({ body }) => body.data.statuses).length === 3
  )
  t.equal((await post('replay?cursor=x')).status, 400)
  t.same((await post('test')).body, { ok: true, checks: [{ name: 'post', ok: true }] })
  receiver.answerWith(404)
  t.match((await post('test?user=bo')).body, {
    ok: false,
    checks: [{ name: 'post', ok: false, code: 'refused', hint: /404/ }]
  })
  receiver.takeAll()
  t.equal((await post('test?user=nobody')).status, 404)
  const { body: users } = await service.call('GET', `${root}/consumers/pbx/users?limit=2`)
  t.match(users, {
    after: 'bo',
    users: [
      { user: 'anna', wanted: 'meeting' },
      { user: 'bo', wanted: 'available' }
    ]
  })
  const { body: list } = await service.call('GET', `${root}/consumers`)
  t.same(
    list.consumers.map(({ consumer }: { consumer: string }) => consumer),
    ['pbx']
  )
})

t.test('a restart goes on from what was acknowledged', { timeout: hangMs }, async (t) => {
  const { service, receiver, put, divert } = await start(t)
  const { secret } = (await put()).body
  receiver.secret = secret
  await everybody(receiver)
  receiver.answerWith(500)
  await divert('anna', 'lunch')
  await service.close()
  receiver.takeAll()
  const before = receiver.changes.length
  // The same folder, and the same keys.
  const again = await startTestService(t, { dataDir: service.folder, masterKey: service.masterKey })
  await until('what it missed', () => receiver.state.get('anna') === 'lunch')
  t.same(
    receiver.changes
      .slice(before)
      .flatMap(({ body }) => body.data.statuses.map(({ user }: { user: string }) => user)),
    ['anna'],
    'and nobody else'
  )
  await again.close()
})

t.test('what is refused at once', async (t) => {
  const service = await startTestService(t, { allowPrivateTargets: false })
  await service.tenant('acme')
  const put = (body: object) => service.call('PUT', `${root}/consumers/pbx`, { kind: 'webhook', ...body })
  for (const [url, message] of [
    ['https://127.0.0.1/', /this machine itself/],
    ['https://10.0.0.5/', /HANVISA_ALLOWED_NETWORKS/],
    ['https://[::1]/', /this machine itself/],
    ['https://169.254.169.254/latest', /cloud/],
    ['http://pbx.example.se/', /https/],
    ['ftp://pbx.example.se/', /https/],
    ['https://user:pw@pbx.example.se/', /user name/]
  ] as const) {
    t.match(await put({ url }), { status: 400, body: { errors: [{ field: 'url', message }] } }, url)
  }
  t.match(await put({ url: 'https://pbx.example.se/', secret: 'whsec_short' }), { status: 400 })
  t.match(await put({ url: 'https://pbx.example.se/', headers: {} }), { status: 400 })
  t.equal((await put({ kind: 'pigeon', url: 'https://pbx.example.se/' })).status, 400)
  for (let index = 0; index < 20; index++) {
    await service.call('PUT', `${root}/consumers/c${index}`, {
      kind: 'webhook',
      url: 'https://pbx.example.se/',
      enabled: false
    })
  }
  t.match(await put({ url: 'https://pbx.example.se/' }), { status: 409, body: { type: /limit_reached/ } })
})
