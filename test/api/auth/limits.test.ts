/** How often one caller may call, and what others notice of it. */
import t from '../../group/tap.ts'
import { startTestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const wrong = { authorization: 'Bearer a-key-that-opens-nothing' }

t.test('wrong keys are braked by the address they come from, and never a right one', async (t) => {
  const { call } = await startTestService(t)
  const from = (address: string, headers: Record<string, string> = wrong) =>
    call('GET', '/v1/tenants', undefined, { 'x-forwarded-for': address, ...headers })
  for (let count = 0; count < 20; count++) t.equal((await from('192.0.2.1')).status, 401)
  const braked = await from('192.0.2.1')
  t.equal(braked.status, 429)
  t.match(braked.headers.get('content-type'), /^application\/problem\+json/)
  t.match(braked.body, { type: 'urn:hanvisa:problem:rate_limited', detail: /wrong keys.*correct the key/ })
  const seconds = Number(braked.headers.get('retry-after'))
  t.ok(seconds >= 1 && seconds <= 60, `to be tried again in ${seconds} s`)
  t.equal((await from('192.0.2.1', {})).status, 200, 'the right key from the same address')
  t.equal((await from('192.0.2.2')).status, 401, 'another address')

  // A subscriber has a /64 at least (RFC 6177).
  for (let count = 0; count < 20; count++) t.equal((await from(`2001:db8:1:1::${count}`)).status, 401)
  t.equal((await from('2001:db8:1:1:ffff::1')).status, 429, 'IPv6 counts by /64')
  t.equal((await from('2001:db8:1:2::1')).status, 401)
})

t.test(
  'who asks without a key, as switches do before they send it, is not taken for a guesser',
  async (t) => {
    const { origin } = await startTestService(t)
    for (let count = 0; count < 50; count++) t.equal((await fetch(`${origin}/v1/tenants`)).status, 401)
  }
)

t.test('what is open without a key is limited by address, but for probes', async (t) => {
  const { origin } = await startTestService(t, { maxCallsPerMinute: 5, trustedProxies: ['127.0.0.1'] })
  const ask = (path: string, address: string) =>
    fetch(`${origin}${path}`, { headers: { 'x-forwarded-for': address } })
  for (let count = 0; count < 5; count++) t.equal((await ask('/openapi.json', '192.0.2.1')).status, 200)
  const limited = await ask('/openapi.json', '192.0.2.1')
  t.strictSame([limited.status, limited.headers.has('retry-after')], [429, true])
  t.match(await limited.json(), { type: 'urn:hanvisa:problem:rate_limited', status: 429 })
  t.equal((await ask('/docs/', '192.0.2.1')).status, 429)
  t.equal((await ask('/openapi.json', '192.0.2.2')).status, 200)
  for (let count = 0; count < 20; count++) t.equal((await ask('/healthz', '192.0.2.1')).status, 200)
  t.equal((await ask('/v1/tenants', '192.0.2.3')).status, 401)
  for (let count = 0; count < 4; count++) await ask('/v1/tenants', '192.0.2.3')
  t.equal((await ask('/v1/tenants', '192.0.2.3')).status, 429, 'calls without any key')
})

t.test('an address that a client states of itself counts only where its proxy is trusted', async (t) => {
  for (const [trustedProxies, status] of [
    [[], 429],
    [['192.0.2.0/24'], 429],
    [['127.0.0.0/8'], 401]
  ] as const) {
    const { call } = await startTestService(t, { trustedProxies })
    let last = 0
    for (let count = 0; count < 21; count++) {
      const headers = { ...wrong, 'x-forwarded-for': `192.0.2.${count}` }
      last = (await call('GET', '/v1/tenants', undefined, headers)).status
    }
    t.equal(last, status, trustedProxies.join())
  }
})

t.test(
  'each key has its own count, reads of statuses have ten times as many, the provider has none',
  async (t) => {
    const { call, tenant } = await startTestService(t, { maxCallsPerMinute: 5 })
    await tenant('acme')
    const makeKey = async (body: object) =>
      (await call('POST', '/v1/tenants/acme/keys', { name: 'x', ...body })).body.key as string
    const [operator, other] = [await makeKey({ role: 'operator' }), await makeKey({ role: 'operator' })]
    const as = (key: string, path: string) =>
      call('GET', `/v1/tenants/acme/${path}`, undefined, { authorization: `Bearer ${key}` })
    for (let count = 0; count < 5; count++) t.equal((await as(operator, 'users')).status, 200)
    const limited = await as(operator, 'rules')
    t.strictSame([limited.status, limited.headers.has('retry-after')], [429, true], 'over all calls together')
    t.match(limited.body, { type: 'urn:hanvisa:problem:rate_limited', detail: /More than 5 calls/ })
    t.equal((await as(other, 'users')).status, 200, 'another key')
    for (let count = 0; count < 50; count++) t.equal((await as(operator, 'statuses')).status, 200)
    t.equal((await as(operator, 'diversions')).status, 429)
    t.equal((await as(operator, 'statuses')).status, 429)
    for (let count = 0; count < 20; count++) t.equal((await call('GET', '/v1/tenants')).status, 200)
  }
)

t.test('so many calls of one key wait at the same time, and an ended one makes room', async (t) => {
  const { call, tenant, origin } = await startTestService(t, { maxLongPollsPerKey: 2 })
  await tenant('acme')
  const { cursor } = (await call('GET', '/v1/tenants/acme/statuses')).body
  const { key } = (await call('POST', '/v1/tenants/acme/keys', { name: 'x', role: 'switch' })).body
  const poll = (wait: number, signal: AbortSignal | null = null, bearer = key) =>
    fetch(`${origin}/v1/tenants/acme/changes?cursor=${cursor}&wait=${wait}`, {
      headers: { authorization: `Bearer ${bearer}` },
      signal
    })
  const leaving = new AbortController()
  const left = poll(55, leaving.signal).catch(() => null)
  const waiting = poll(55)
  const refused = await until('the third waits in vain', async () => {
    const answer = await poll(1)
    return answer.status === 429 && answer
  })
  t.ok(refused.headers.has('retry-after'))
  t.match(await refused.json(), {
    type: 'urn:hanvisa:problem:rate_limited',
    detail: /2 calls with this key wait/
  })
  t.equal((await poll(0)).status, 200, 'who does not wait needs no room')
  t.equal((await poll(1, null, 'a-key-for-tests-only')).status, 200, 'nor does the provider')
  leaving.abort()
  await left
  await until('room again', async () => (await poll(1)).status === 200)
  await call('PUT', '/v1/tenants/acme/users/anna', { displayName: 'A', extension: '1', syncEnabled: false })
  t.equal((await waiting).status, 200)
})
