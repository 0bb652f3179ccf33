/** Consumers by recipe, each at a fake of its switch's API: what is set there, what somebody else set, and what it refuses. */

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { recipeFolder } from '../../src/composition.ts'
import type { ConsumerStatus, WantedState } from '../../src/delivery/consumer.ts'
import type { DeliveryError } from '../../src/delivery/delivery-error.ts'
import { HttpPeer } from '../../src/delivery/http/http-peer.ts'
import { httpKind } from '../../src/delivery/http/kind.ts'
import { machineTimers } from '../../src/lib/timers.ts'
import { loadRecipes } from '../../src/management/load-recipes.ts'
import t from '../group/tap.ts'
import { type FakeApi, openRecipeApi } from '../support/recipe-apis.ts'
import { startTestService } from '../support/service.ts'
import { hangMs, until } from '../support/until.ts'

const recipes = await loadRecipes(recipeFolder)
const start = Date.UTC(2026, 10, 30, 12)
const statusOf = (more: Partial<ConsumerStatus> = {}) =>
  ({
    diversion: 'meeting',
    label: 'Möte',
    phone: 'closed',
    reachableAt: '2026-11-30T13:30:00Z',
    ...more
  }) as ConsumerStatus
const open = statusOf({ diversion: 'available', phone: 'open', reachableAt: null })

const auth = { kind: 'oauth', clientId: 'hanvisa', clientSecret: 'secret' } as const
const bodies = {
  webex: { auth: { ...auth, refreshToken: 'refresh' }, vars: { transferNumber: '+4681234567' } },
  '3cx': { url: 'https://pbx.example.se', auth },
  yeastar: { url: 'https://yeastar.example.se:8088', auth }
}
type Name = keyof typeof bodies

function openPeer(name: Name, api: FakeApi, more: object = {}) {
  let now = start
  let lost = 0
  const settings = httpKind.complete({ recipe: name, ...bodies[name], ...more })
  const deps = {
    recipes,
    http: api.http,
    addresses: { lookup: undefined as never, refusalOf: () => null },
    clock: () => now,
    timers: machineTimers,
    log: { info() {}, warn() {}, error() {} }
  }
  const options = { tenant: 'acme', consumer: 'pbx', timeZone: 'UTC', language: 'sv', settings }
  const peer = new HttpPeer({ ...options, onStateLost: () => lost++ }, recipes.get(name)!, deps)
  let acknowledged: WantedState['acknowledged'] = null
  const send = async (status: ConsumerStatus | null, extension = '1070') => {
    const signal = AbortSignal.timeout(hangMs)
    const state = { user: 'anna', extension, status, acknowledged }
    const [one] = await peer.send([state], { cursor: '', previousCursor: null, signal })
    if (one!.outcome !== 'failed') acknowledged = { extension, tag: one!.tag ?? null }
    return one!
  }
  return {
    peer,
    send,
    deps,
    settings,
    lost: () => lost,
    forget: () => {
      acknowledged = null
    },
    pass: (ms: number) => {
      now += ms
    }
  }
}

const failure = (call: Promise<unknown>): Promise<DeliveryError> =>
  call.then(
    () => Promise.reject(new Error('it was taken')),
    (error) => error
  )
const writes = ({ requests }: FakeApi) => requests.filter((one) => /^(PUT|PATCH)|extension\/update/.test(one))

const cases = [
  { name: 'webex', meeting: 'MEETING', vacation: 'VACATION', open: 'NONE', byHand: 'TRAINING' },
  { name: '3cx', meeting: 'Away', vacation: 'Out of office', open: 'Available', byHand: 'Custom 1' },
  { name: 'yeastar', meeting: 'away', vacation: 'off_work', open: 'available', byHand: 'do_not_disturb' }
] as const

for (const { name, meeting, vacation, open: free, byHand } of cases) {
  t.test(`${name}: what is set, what was set by hand, and what is undone`, async (t) => {
    const api = openRecipeApi(name)
    const { send, forget, peer, pass } = openPeer(name, api)
    const anna = api.people.get('1070')!
    t.match(await send(open), { outcome: 'ok' })
    t.equal(writes(api).length, 0, 'what is as it should be is not written')
    t.match(await send(statusOf()), { outcome: 'ok' })
    t.equal(anna.value, meeting)
    t.equal(api.people.get('10701')!.value, free, 'nobody else')
    await send(statusOf({ diversion: 'vacation' }))
    t.equal(anna.value, vacation)
    t.equal(api.tokens, 1, 'one token serves all')
    const before = writes(api).length
    await send(statusOf({ diversion: 'vacation', label: 'Semester' }))
    t.equal(writes(api).length, before, 'a difference that it cannot show is none')

    anna.value = byHand
    t.match(await send(open), { outcome: 'takenOver' })
    t.match(await send(statusOf()), { outcome: 'takenOver' }, 'over further changes')
    await send(null)
    t.equal(anna.value, byHand, 'and is not undone')
    forget()
    t.match(await send(statusOf()), { outcome: 'takenOver' }, 'at first contact too')
    anna.value = free
    t.match(await send(statusOf()), { outcome: 'ok' }, 'until it is taken back')
    t.equal(anna.value, meeting)
    await send(null)
    t.equal(anna.value, free, 'who is none of the consumer’s any more leaves nothing')

    api.withdrawTokens()
    t.match(await send(statusOf()), { outcome: 'ok' }, 'a token that was withdrawn is got anew')
    t.equal(api.tokens, 2)
    pass(30 * 24 * 3_600_000)
    await send(open)
    t.equal(api.tokens, 3, 'and one that is over')
    t.match(await send(statusOf(), '1099'), { outcome: 'failed', error: { code: 'user_unknown' } })
    t.equal(anna.value, free, 'what was set at the old extension is undone')
    t.match(await send(statusOf(), "10' or '1"), { outcome: 'failed', error: { code: 'user_unknown' } })
    t.same(
      await peer.check({ user: 'anna', extension: '1070' } as WantedState, AbortSignal.timeout(hangMs)),
      [
        { name: 'sign-in', ok: true },
        { name: 'find', ok: true },
        { name: 'read', ok: true }
      ]
    )
  })
}

t.test('Webex is told when it ends, and whom to transfer to', async (t) => {
  const api = openRecipeApi('webex')
  const { send } = openPeer('webex', api)
  await send(statusOf())
  t.same(api.bodies.at(-1), {
    enabled: true,
    presence: 'MEETING',
    untilDateTime: '2026-11-30T13:30:00Z',
    transferEnabled: true,
    transferNumber: '+4681234567'
  })
  await send(statusOf({ reachableAt: '2026-11-30T14:00:00Z' }))
  t.equal(api.people.get('1070')!.until, '2026-11-30T14:00:00Z', 'another end is a difference')
  await send(statusOf({ reachableAt: null }))
  t.notOk('untilDateTime' in (api.bodies.at(-1) as object), 'an end that nobody knows is none')
  const plain = openPeer('webex', api, { vars: {}, map: { meeting: 'LUNCH' } })
  await plain.send(statusOf({ reachableAt: null }))
  t.equal(api.people.get('1070')!.value, 'MEETING', 'of another consumer')
  api.people.get('1070')!.value = 'NONE'
  await plain.send(statusOf())
  t.match(api.bodies.at(-1), { presence: 'LUNCH', transferEnabled: false }, 'by the map')
})

t.test('what an API answers, and what follows', async (t) => {
  const table = [
    [
      { status: 429, retryAfterMs: 17_000 },
      { code: 'throttled', retryAfterMs: 17_000 }
    ],
    [
      { status: 423, retryAfterMs: 5_000 },
      { code: 'throttled', retryAfterMs: 5_000 }
    ],
    [
      { status: 503, retryAfterMs: 9_000 },
      { code: 'throttled', retryAfterMs: 9_000 }
    ],
    [{ status: 500 }, { code: 'refused', consequence: 'retry' }],
    [{ status: 403 }, { code: 'access_denied', consequence: 'refused' }],
    [{ status: 302 }, { code: 'protocol_error', hint: /not followed/ }],
    [
      { status: 200, text: '<html>' },
      { code: 'protocol_error', hint: /no JSON/ }
    ],
    [{ status: 404 }, { outcome: 'failed', error: { code: 'user_unknown' } }],
    [{ status: 400 }, { outcome: 'failed', error: { code: 'peer_cannot' } }]
  ] as const
  for (const [answer, expected] of table) {
    const api = openRecipeApi('webex')
    const { send } = openPeer('webex', api)
    api.answers.push(answer)
    const sent = send(statusOf())
    t.match('outcome' in expected ? await sent : await failure(sent), expected, JSON.stringify(answer))
  }
  for (const [name, { auth }] of Object.entries(bodies) as [Name, (typeof bodies)[Name]][]) {
    const { send } = openPeer(name, openRecipeApi(name), { auth: { ...auth, clientSecret: 'wrong' } })
    t.match(
      await failure(send(statusOf())),
      { code: 'access_denied', consequence: 'refused', hint: /"auth"/ },
      name
    )
  }
  const api = openRecipeApi('3cx')
  const { peer, lost } = openPeer('3cx', api)
  await peer.ping(AbortSignal.timeout(hangMs))
  t.equal(lost(), 1, 'after silence everybody is read again')
})

t.test('who gives up while a token is asked for fails nobody else', async (t) => {
  const api = openRecipeApi('3cx')
  const { deps, settings } = openPeer('3cx', api)
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  const http: typeof api.http = async (request) => {
    if (request.url.endsWith('/connect/token')) await asked
    return api.http(request)
  }
  const options = {
    tenant: 'acme',
    consumer: 'pbx',
    timeZone: 'UTC',
    language: 'sv',
    settings,
    onStateLost() {}
  }
  const peer = new HttpPeer(options, recipes.get('3cx')!, { ...deps, http })
  const giveUp = new AbortController()
  const state = { user: 'anna', extension: '1070', status: statusOf(), acknowledged: null }
  const context = { cursor: '', previousCursor: null }
  const first = failure(peer.send([state], { ...context, signal: giveUp.signal }))
  const second = peer.send([{ ...state, user: 'bo', extension: '10701' }], {
    ...context,
    signal: AbortSignal.timeout(hangMs)
  })
  giveUp.abort(new Error('gave up'))
  t.match(await first, { message: 'gave up' })
  answer()
  t.match(await second, [{ user: 'bo', outcome: 'ok' }])
})

t.test('a recipe of the provider, and the faults of one', async (t) => {
  const folder = t.testdir()
  await writeFile(
    join(folder, 'own.yaml'),
    'title: Own\nends: true\nvalues: [a]\nopen: b\nmap: { lunch: c }\nfind:\n  request: { method: GET, path: "/{secret}" }\n  list: x\n  extension: y\n  id: z\nwrite: { request: { method: PUT, path: / } }\n'
  )
  const fault = await loadRecipes(folder).catch((error) => error.message)
  for (const line of [
    /own\.yaml:4: open must be one of values/,
    /:5: map\/lunch must/,
    /lacks "\*"/,
    /lacks "value"/,
    /\{secret\}, which is not known/
  ])
    t.match(fault, line)
  await mkdir(join(folder, 'right'))
  await writeFile(
    join(folder, 'right', 'own.yaml'),
    'title: Own\nends: true\nvalues: [free, gone]\nopen: free\nmap: { "*": gone }\nfind:\n  request: { method: GET, path: /people }\n  list: people\n  extension: number\n  id: id\n  value: state\nwrite: { request: { method: PUT, path: "/people/{id}", body: { state: "{value}" } } }\n'
  )
  t.match((await loadRecipes(join(folder, 'right'))).get('own'), { title: 'Own' })
})

t.test('a running service sets, says what stays, and shows no secret', { timeout: hangMs }, async (t) => {
  const api = openRecipeApi('3cx')
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = chunks.length === 0 ? null : Buffer.concat(chunks).toString()
    const url = `http://pbx.example.se${request.url}`
    const headers = request.headers as Record<string, string>
    const answer = await api.http({
      url,
      method: request.method!,
      headers,
      body,
      signal: AbortSignal.timeout(hangMs)
    })
    response.writeHead(answer.status).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const service = await startTestService(t)
  const root = '/v1/tenants/acme'
  await service.tenant('acme')
  await service.call('PUT', `${root}/users/anna`, {
    displayName: 'Anna',
    extension: '1070',
    syncEnabled: false
  })
  await service.call('PUT', `${root}/users/anna/override`, { diversion: 'meeting' })
  const put = (more: object) =>
    service.call('PUT', `${root}/consumers/pbx`, {
      kind: 'http',
      recipe: '3cx',
      url: `http://127.0.0.1:${port}`,
      auth,
      ...more
    })
  for (const [more, field] of [
    [{ recipe: '4cx' }, 'recipe'],
    [{ map: { meeting: 'Asleep' } }, 'map/meeting'],
    [{ vars: { color: 'red' } }, 'vars/color'],
    [{ auth: { kind: 'oauth', clientId: 'hanvisa' } }, 'auth/clientSecret'],
    [{ url: 'https://pbx.example.se/?x' }, 'url'],
    [{ recipe: 'yeastar', url: undefined }, 'url']
  ] as const) {
    t.match(await put(more), { status: 400, body: { errors: [{ field }] } }, field)
  }
  const made = await put({})
  t.equal(made.status, 201, made.text)
  t.same([made.body.auth, made.body.secrets], [{ kind: 'oauth', clientId: 'hanvisa' }, ['auth/clientSecret']])
  await until('it is set', () => api.people.get('1070')!.value === 'Away')
  const shown = await until('acknowledged', async () => {
    const { status } = (await service.call('GET', `${root}/consumers/pbx`)).body
    return status.users.ok === 1 && status
  })
  t.match(shown, { state: 'active', risk: /stays until/ })
  t.match(await service.call('POST', `${root}/consumers/pbx/test?user=anna`), { body: { ok: true } })
  const moved = await put({ url: 'http://127.0.0.2', auth: { kind: 'oauth', clientId: 'hanvisa' } })
  t.equal(moved.status, 400, 'a secret does not follow to another address')
})
