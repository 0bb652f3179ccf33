/** The answer to a request that cannot be accepted: always a problem with field and remedy. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Test } from 'tap'
import t from '../group/tap.ts'
import { checkedFetch } from '../support/openapi.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')

const good = { name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }
const json = { 'content-type': 'application/json' }

/** All that is answered to the bytes. */
async function said(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(service.origin).port), '127.0.0.1')
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

async function refused(t: Test, answer: Awaited<ReturnType<typeof call>>, status: number, code: string) {
  t.equal(answer.status, status, answer.text)
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  t.match(answer.body, { type: `urn:hanvisa:problem:${code}`, title: String, status, detail: /.{10,}/ })
}

t.test('members and parameters that are not known are named, with those that are', async (t) => {
  const body = await call('PUT', '/v1/tenants/acme', { ...good, timezone: 'x' })
  await refused(t, body, 400, 'invalid_request')
  t.match(body.body.errors, [{ field: 'timezone', message: /not a known member.*name, timeZone, language/ }])

  const nested = await call('POST', '/v1/tenants/acme/rules/preview', {
    events: [{ start: '2026-11-23T11:00:00Z', end: '2026-11-23T12:00:00Z', title: 'x' }]
  })
  t.match(nested.body.errors, [{ field: 'events/0/title', message: /not a known member/ }])

  const query = await call('GET', '/v1/tenants?limt=5')
  await refused(t, query, 400, 'invalid_request')
  t.match(query.body.errors, [{ field: 'limt', message: /not a known parameter.*limit, after/ }])
  const none = await call('GET', '/healthz?x=1')
  t.match(none.body.errors, [{ field: 'x', message: /none here/ }], 'also where a call takes no parameter')
})

t.test('one problem names every wrong member, in plain words', async (t) => {
  const answer = await call('PUT', '/v1/tenants/acme', { name: 7, language: 'x' })
  await refused(t, answer, 400, 'invalid_request')
  t.strictSame(answer.body.errors.map(({ field }: { field: string }) => field).sort(), [
    'language',
    'name',
    'timeZone'
  ])
  t.match(
    answer.body.errors.find(({ field }: { field: string }) => field === 'timeZone').message,
    /is missing: IANA/
  )
  t.match(answer.body.detail, /name: must be a string/)
  const many = await call('PUT', '/v1/tenants/acme/users/anna', {
    numbers: Array.from({ length: 5000 }, () => 5)
  })
  t.ok(many.body.errors.length <= 51, 'and of thousands the first, with how many more there are')
  t.match(many.body.errors.at(-1).message, /more faults/)
})

t.test('bodies that cannot be read', async (t) => {
  for (const body of [
    '{"name":',
    'name=1',
    '[1,',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}'
  ]) {
    const answer = await call('PUT', '/v1/tenants/acme', body, json)
    await refused(t, answer, 400, 'invalid_request')
    t.notMatch(answer.text, /prototype.*x/)
  }
  const latin = await call('PUT', '/v1/tenants/acme', Buffer.from('{"name":"\xe5"}', 'latin1'), json)
  t.match(latin.body.detail, /UTF-8/)
  for (const body of ['[]', 'null', '"x"', '']) {
    const answer = await call('PUT', '/v1/tenants/acme', body, json)
    await refused(t, answer, 400, 'invalid_request')
    t.match(answer.body.errors[0].field, /the body/)
  }
  await refused(t, await call('PUT', '/v1/tenants/acme'), 400, 'invalid_request')
  await refused(
    t,
    await call('PUT', '/v1/tenants/acme', JSON.stringify(good), { 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type'
  )
  await refused(
    t,
    await call('PUT', '/v1/tenants/acme', { ...good, name: 'x'.repeat(2 << 20) }),
    413,
    'too_large'
  )
  const unasked = await call('POST', '/v1/tenants/acme/connection/test', { user: 'anna' })
  await refused(t, unasked, 400, 'invalid_request')
  t.match(unasked.body.detail, /takes no body/)
  t.match(
    (await call('GET', '/v1/tenants/acme')).body,
    { name: 'acme' },
    'and nothing was changed by any of them'
  )
})

t.test('addresses that cannot be read', async (t) => {
  await refused(t, await call('GET', '/v1/tenants/%zz'), 400, 'invalid_request')
  await refused(t, await call('GET', '/v1/tenants/%ff'), 400, 'invalid_request')
  const encoding = await call('GET', '/v1/tenants?after=%e5')
  await refused(t, encoding, 400, 'invalid_request')
  t.match(encoding.body.errors[0].message, /cannot be decoded.*%25/)
  const twice = await call('GET', '/v1/tenants?limit=5&limit=6')
  t.match(twice.body.errors, [{ field: 'limit', message: /more than once/ }])
  for (const limit of ['0', '1001', 'x', '', '1.5', '-1', '1e9']) {
    const answer = await call('GET', `/v1/tenants?limit=${limit}`)
    await refused(t, answer, 400, 'invalid_request')
    t.equal(answer.body.errors[0].field, 'limit', limit)
  }
  await refused(t, await call('GET', '/v1/tenants?__proto__=1'), 400, 'invalid_request')
  for (const id of ['.hidden', 'a%2Fb', 'x'.repeat(65), 'å', '-a', '%00']) {
    const answer = await call('PUT', `/v1/tenants/${id}`, good)
    await refused(t, answer, 400, 'invalid_request')
    t.match(answer.body.errors, [{ field: 'tenant', message: /letters, digits/ }], id)
  }
  await refused(t, await call('PUT', `/v1/tenants/${'x'.repeat(3000)}`, good), 400, 'invalid_request')
})

t.test('unknown paths, and methods that a path does not allow', async (t) => {
  await refused(t, await call('GET', '/v1/nothing'), 404, 'not_found')
  await refused(t, await call('GET', '/v1/tenants/nobody'), 404, 'not_found')
  await refused(t, await call('GET', '/v1/tenants/nobody/users'), 404, 'not_found')
  const post = await call('POST', '/v1/tenants/acme', good)
  await refused(t, post, 405, 'method_not_allowed')
  t.equal(post.headers.get('allow'), 'DELETE, GET, HEAD, PUT')
  await refused(t, await call('PATCH', '/v1/tenants'), 405, 'method_not_allowed')
  t.equal((await call('HEAD', '/v1/tenants/acme')).status, 200)
})

t.test('no cache on the way keeps what names people', async (t) => {
  await call('PUT', '/v1/tenants/acme/users/anna', {
    displayName: 'Anna',
    extension: '1',
    syncEnabled: false
  })
  const cached = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await call('GET', path, undefined, headers)
    return [answer.status, answer.headers.get('cache-control')]
  }
  for (const path of [
    'users',
    'users/anna',
    'users/export',
    'users/anna/status',
    'users/anna/timeline',
    'sync'
  ]) {
    t.strictSame(await cached(`/v1/tenants/acme/${path}`), [200, 'no-store'], path)
  }
  t.strictSame(await cached('/v1/tenants/acme/statuses?phone=open'), [200, 'no-store'])
  t.strictSame(await cached('/v1/tenants/acme/users/nobody'), [404, 'no-store'])
  const statuses = await call('GET', '/v1/tenants/acme/statuses')
  t.equal(statuses.headers.get('cache-control'), 'private, no-cache')
  const tag = statuses.headers.get('etag')!
  t.strictSame(await cached('/v1/tenants/acme/statuses', { 'if-none-match': tag }), [
    304,
    'private, no-cache'
  ])
  t.strictSame(await cached('/v1/tenants/acme/rules'), [200, 'private, no-cache'])
  t.strictSame(await cached('/healthz'), [200, null], 'which names nobody')
})

t.test('the key', async (t) => {
  const bearer = 'Bearer realm="hanvisa", error="invalid_token"'
  const basic = 'Basic realm="hanvisa", charset="UTF-8"'
  let senders = 0
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Basic ',
    `Basic ${Buffer.from(service.key).toString('base64')}`,
    `Basic ${Buffer.from(`${service.key}:`).toString('base64')}`,
    `Digest username="x", response="${service.key}"`,
    service.key,
    `Bearer ${service.key}x`,
    `Bearer ${service.key}, Bearer ${service.key}`,
    'Bearer a-key',
    `Bearer ${service.key}\0`.replace('\0', '%00')
  ]) {
    for (const path of ['/v1/tenants', '/metrics', '/v1/nothing']) {
      // Each from an address of its own: many wrong keys from one are another matter (limits.test.ts).
      const headers = { authorization, 'x-forwarded-for': `192.0.2.${++senders}` }
      const answer = await call('GET', path, undefined, headers)
      await refused(t, answer, 401, 'unauthorized')
      // RFC 6750, section 3.1: an error code only where credentials were sent.
      const isBearer = authorization.startsWith('Bearer')
      t.equal(answer.headers.get('www-authenticate'), isBearer ? bearer : `${bearer}, ${basic}`)
    }
  }
  const bare = await fetch(`${service.origin}/v1/tenants`)
  t.strictSame(
    [bare.status, bare.headers.get('www-authenticate')],
    [401, `Bearer realm="hanvisa", ${basic}`],
    'a switch that sends Basic credentials once it is asked for them learns that it may'
  )
  const browser = await fetch(`${service.origin}/v1/tenants`, {
    headers: { 'sec-fetch-site': 'same-origin' }
  })
  t.equal(browser.headers.get('www-authenticate'), 'Bearer realm="hanvisa"', 'and no browser asks its user')
  const url = `/v1/tenants?key=${service.key}&access_token=${service.key}`
  t.equal((await checkedFetch(`${service.origin}${url}`)).status, 401, 'a key in a query is no key')
  t.equal(
    (await call('GET', '/v1/tenants', undefined, { authorization: `bearer ${service.key}` })).status,
    200
  )
  for (const user of ['', 'switch', 'åäö']) {
    const authorization = `Basic ${Buffer.from(`${user}:${service.key}`).toString('base64')}`
    t.equal((await call('GET', '/v1/tenants', undefined, { authorization })).status, 200, 'as a password')
  }
  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    t.equal((await checkedFetch(`${service.origin}${path}`)).status, 200, `${path} is open`)
  }
  for (const path of ['/docs/', '/docs/static/swagger-ui.css']) {
    t.equal((await fetch(`${service.origin}${path}`)).status, 200, `${path} is open`)
  }
  const put = await checkedFetch(`${service.origin}/v1/tenants/acme`, { method: 'PUT', body: '{' })
  t.equal(put.status, 401, 'who has no key learns nothing of what else is wrong')
})

t.test('the key twice: another on the way may have looked at the other', async (t) => {
  const key = `Authorization: Bearer ${service.key}`
  const password = `Authorization: Basic ${Buffer.from(`:${service.key}`).toString('base64')}`
  for (const headers of [
    [key, key],
    [key, password],
    [password, key],
    [key, 'AUTHORIZATION: Bearer x']
  ]) {
    const request = ['GET /v1/tenants HTTP/1.1', 'Host: x', 'Connection: close', ...headers, '', ''].join(
      '\r\n'
    )
    t.match(await said(request), /^HTTP\/1.1 400[\s\S]*invalid_request[\s\S]*Authorization/, headers.join())
  }
})

t.test('what is no HTTP, or too much of it', async (t) => {
  t.match(await said('HELLO\r\n\r\n'), /^HTTP\/1.1 400[\s\S]*problem\+json[\s\S]*invalid_request/)
  const large = `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`
  t.match(await said(large), /^HTTP\/1.1 431[\s\S]*too_large/)
})

t.test('the pages load nothing from elsewhere, and stand in no frame', async (t) => {
  const { origin } = service
  for (const path of ['/docs/', '/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-initializer.js']) {
    const { status, headers } = await fetch(`${origin}${path}`)
    t.equal(status, 200, path)
    const policy = headers.get('content-security-policy') ?? ''
    t.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/, path)
    t.notMatch(policy, /unsafe|https:|\*/, path)
    t.match(Object.fromEntries(headers), {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin'
    })
  }
  const page = await (await fetch(`${origin}/docs/`)).text()
  t.notMatch(
    page,
    /<script(?![^>]* src=)[^>]*>|\son\w+=|<style|\sstyle=/i,
    'nothing in the page itself needs more'
  )
  const initializer = await (await fetch(`${origin}/docs/static/swagger-initializer.js`)).text()
  t.notMatch(initializer, /persistAuthorization/, 'no key is left in the browser')
  t.equal(
    (await call('GET', '/v1/tenants')).headers.get('content-security-policy'),
    null,
    'answers are no pages'
  )
})

t.test('the log has neither bodies nor keys nor lines of requests that went well', async (t) => {
  const log = service.log().join('')
  t.notMatch(log, service.key)
  t.notMatch(log, '__proto__')
  t.notOk(
    service.log().some((line) => /"level":30/.test(line) && /tenants/.test(line)),
    'nothing at info'
  )
  t.match(log, /"level":20[^\n]*\/v1\/tenants\/:tenant/, 'refusals at debug, by the pattern of their route')
})
