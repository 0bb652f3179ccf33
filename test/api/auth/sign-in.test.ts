/** Operators sign in by OpenID Connect at a real issuer, on both stores, and what they then may do. */
import type { Test } from 'tap'
import t from '../../group/tap.ts'
import { startIssuer, TestBrowser, type TestIssuer } from '../../support/oidc-issuer.ts'
import { startRedis, type TestRedis } from '../../support/redis-server.ts'
import { startTestService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const publicUrl = 'https://hanvisa.test'
const redirectUri = `${publicUrl}/sign-in/callback`
const sameSite = { 'sec-fetch-site': 'same-origin' }

const redis = await startRedis(t)

async function start(
  t: Test,
  on: TestRedis | null,
  issuer: TestIssuer,
  given: object = {}
): Promise<TestService> {
  const service = await startTestService(t, {
    ...(on !== null && { redisUrl: on.url, masterKey: Buffer.alloc(32, 7) }),
    publicUrl,
    signIn: { ...issuer, rolesClaim: 'roles', providerDirectory: 'https://nobody.example' },
    ...given
  })
  return service
}

for (const on of [null, redis]) {
  const name = on === null ? 'lmdb' : 'Redis'

  t.test(`an operator signs in, works in his own tenant, and signs out (${name})`, async (t) => {
    const issuer = await startIssuer(t, redirectUri)
    issuer.accounts.set('anna', { name: 'Anna Ek', roles: ['Hanvisa.Operator'] })
    const service = await start(t, on, issuer, { dataDir: t.testdir() })
    const tenant = `own-${name}`
    await service.tenant(tenant, { directoryId: issuer.issuer })
    await service.tenant('other')
    const browser = new TestBrowser(publicUrl, service.origin)

    const { url, response } = await browser.signIn('anna', '/sign-in?return=/v1/me')
    t.equal(url.href, `${publicUrl}/v1/me`)
    t.match(await response.json(), {
      kind: 'operator',
      name: 'Anna Ek',
      role: 'operator',
      tenant,
      sensitive: true
    })
    t.match(browser.cookie('__Host-hanvisa'), /.{20}/)
    t.equal(browser.cookie('__Host-hanvisa-sign-in'), undefined, 'the sign-in itself is over')

    const statuses = `/v1/tenants/${tenant}/statuses`
    t.equal((await browser.request(statuses)).status, 200)
    t.equal((await browser.request('/v1/tenants/other/statuses')).status, 404)
    t.equal((await browser.request('/v1/tenants')).status, 403)

    await t.test('a session changes something from the service’s own pages alone', async (t) => {
      const put = (headers: Record<string, string>) =>
        browser.request(`/v1/tenants/${tenant}/users/bo`, {
          method: 'PUT',
          body: JSON.stringify({ displayName: 'Bo', extension: '1', syncEnabled: false }),
          headers: { 'content-type': 'application/json', ...headers }
        })
      const foreign: Record<string, string>[] = [
        {},
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.test' }
      ]
      for (const headers of foreign) {
        const refused = await put(headers)
        t.equal(refused.status, 403, JSON.stringify(headers))
        t.match(((await refused.json()) as { type: string }).type, /cross_site_request$/)
      }
      t.equal((await put(sameSite)).status, 201)
      t.equal((await put({ origin: publicUrl })).status, 200)
    })

    await t.test('a key in Authorization goes before the cookie', async (t) => {
      const me = await browser.request('/v1/me', { headers: { authorization: `Bearer ${service.key}` } })
      t.match(await me.json(), { kind: 'key', role: 'provider' })
      const wrong = await browser.request('/v1/me', {
        headers: { authorization: 'Bearer wrong-key-wrong-key-wrong' }
      })
      t.equal(wrong.status, 401)
    })

    const cookie = browser.cookie('__Host-hanvisa')!
    t.equal((await browser.request('/sign-out', { method: 'POST' })).status, 403, 'not from elsewhere')
    t.equal((await browser.request('/sign-out', { method: 'POST', headers: sameSite })).status, 204)
    t.equal(browser.cookie('__Host-hanvisa'), undefined)
    browser.setCookie('__Host-hanvisa', cookie)
    t.equal((await browser.request(statuses)).status, 401, 'the old cookie opens nothing')
    const { entries } = (await service.call('GET', `/v1/tenants/${tenant}/audit`)).body
    const byAnna = entries.filter(({ actor }: { actor: { name: string } }) => actor.name === 'Anna Ek')
    t.match(byAnna.at(0), {
      action: 'sign-in',
      outcome: 'done',
      actor: { kind: 'operator', role: 'operator' }
    })
    t.match(byAnna.at(-1), { action: 'sign-out', after: { everywhere: false } })
    t.ok(byAnna.every(({ actor }: { actor: { id: string } }) => actor.id === byAnna[0].actor.id))
    t.notOk(JSON.stringify(entries).includes(cookie))
    t.notOk(
      service.log().some((line) => line.includes('Anna Ek') || line.includes(cookie)),
      'the log names nobody'
    )
  })

  t.test(`who may not sign in is told why (${name})`, async (t) => {
    const issuer = await startIssuer(t, redirectUri)
    issuer.accounts.set('nobody', { name: 'No Role' })
    issuer.accounts.set('boss', { name: 'Boss', roles: ['Hanvisa.Provider'] })
    issuer.accounts.set('anna', { name: 'Anna', roles: ['Hanvisa.Operator'] })
    const given = { dataDir: t.testdir(), masterKey: Buffer.alloc(32, 7) }
    const service = await start(t, on, issuer, given)
    const browser = () => new TestBrowser(publicUrl, service.origin)

    const noRole = await browser().signIn('nobody')
    t.equal(noRole.response.status, 403)
    t.match(await noRole.response.text(), /You have no role in Hanvisa/)
    const customersBoss = await browser().signIn('boss')
    t.equal(
      customersBoss.response.status,
      403,
      'Hanvisa.Provider counts in the provider’s own directory alone'
    )
    const noTenant = await browser().signIn('anna')
    t.equal(noTenant.response.status, 403)
    t.match(await noTenant.response.text(), /Your organisation is not connected/)

    const stranger = browser()
    t.equal(
      (await stranger.request('/sign-in/callback?code=x&state=y')).status,
      400,
      'without a sign-in begun'
    )
    await stranger.open('/sign-in')
    const forged = await stranger.request('/sign-in/callback?code=x&state=y')
    t.equal(forged.status, 400, 'another state')
    t.equal(stranger.cookie('__Host-hanvisa'), undefined)
    await stranger.open('/sign-in')
    const state = await stateOf(stranger)
    const denied = await stranger.request(
      `/sign-in/callback?error=access_denied&error_description=PLANTED&state=${state}&iss=${issuer.issuer}`
    )
    t.equal(denied.status, 403)
    t.match(denied.headers.get('content-security-policy'), /default-src 'none'/)
    t.notMatch(await denied.text(), /PLANTED/)
    t.notOk(service.log().some((line) => line.includes('PLANTED')))
    for (const path of ['//evil.test', '/\\evil.test', 'https://evil.test', '/a b']) {
      const away = await browser().request(`/sign-in?return=${encodeURIComponent(path)}`)
      t.equal(away.status, 400, path)
    }

    // What was refused is counted, and written once an hour and at the end.
    await service.close()
    const again = await start(t, on, issuer, given)
    const { body, text } = await again.call('GET', '/v1/audit?action=sign-in.failed')
    const counts = body.entries.map(({ after }: { after: { reason: string; count: number } }) => [
      after.reason,
      after.count
    ])
    t.strictSame(
      new Map(counts),
      new Map([
        ['noRole', 2],
        ['noTenant', 1],
        ['invalid', 2],
        ['refused', 1]
      ])
    )
    t.notMatch(text, /PLANTED/)
  })
}

/** The state of the sign-in that the browser began. */
async function stateOf(browser: TestBrowser): Promise<string> {
  const response = await browser.request('/sign-in')
  return new URL(response.headers.get('location')!).searchParams.get('state')!
}

t.test('whose directory has several tenants chooses one', async (t) => {
  const issuer = await startIssuer(t, redirectUri)
  issuer.accounts.set('anna', { name: 'Anna', roles: ['Hanvisa.Operator'] })
  const service = await start(t, null, issuer)
  for (const tenant of ['one', 'two']) await service.tenant(tenant, { directoryId: issuer.issuer })
  await service.tenant('three', { directoryId: '72f988bf-86f1-41af-91ab-2d7cd011db47' })
  const browser = new TestBrowser(publicUrl, service.origin)
  const page = await (await browser.signIn('anna', '/sign-in?return=/v1/me')).response.text()
  const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&'))
  t.strictSame(links, ['/sign-in?tenant=one&return=%2Fv1%2Fme', '/sign-in?tenant=two&return=%2Fv1%2Fme'])
  t.equal((await browser.request('/v1/me')).status, 401)
  t.match(await (await browser.open(links[1]!)).response.json(), { tenant: 'two' })
  const other = new TestBrowser(publicUrl, service.origin)
  const { response } = await other.signIn('anna', '/sign-in?tenant=three')
  t.match(await response.text(), /Choose a customer/, 'not one of another directory')
})

t.test('signing out everywhere ends every session on every replica', async (t) => {
  const issuer = await startIssuer(t, redirectUri)
  issuer.accounts.set('anna', { name: 'Anna', roles: ['Hanvisa.Provider'] })
  const given = { signIn: { ...issuer, rolesClaim: 'roles', providerDirectory: issuer.issuer } }
  const [one, two] = [await start(t, redis, issuer, given), await start(t, redis, issuer, given)]
  const browsers = [new TestBrowser(publicUrl, one.origin), new TestBrowser(publicUrl, two.origin)]
  for (const browser of browsers) {
    t.match(await (await browser.signIn('anna', '/sign-in?return=/v1/me')).response.json(), {
      role: 'provider',
      tenant: null
    })
  }
  // The session of one replica is one of the other.
  const roaming = new TestBrowser(publicUrl, two.origin)
  roaming.setCookie('__Host-hanvisa', browsers[0]!.cookie('__Host-hanvisa')!)
  t.equal((await roaming.request('/v1/tenants')).status, 200)
  t.equal(
    (await browsers[1]!.request('/sign-out?everywhere=true', { method: 'POST', headers: sameSite })).status,
    204
  )
  for (const browser of [...browsers, roaming]) t.equal((await browser.request('/v1/tenants')).status, 401)
})

t.test('with Redis away nobody is signed in, and nobody is taken for signed out', async (t) => {
  const issuer = await startIssuer(t, redirectUri)
  issuer.accounts.set('anna', { name: 'Anna', roles: ['Hanvisa.Provider'] })
  const service = await start(t, redis, issuer, {
    signIn: { ...issuer, rolesClaim: 'roles', providerDirectory: issuer.issuer }
  })
  const browser = new TestBrowser(publicUrl, service.origin)
  await browser.signIn('anna', '/sign-in?return=/v1/me')
  redis.freeze()
  try {
    t.equal((await browser.request('/v1/me')).status, 503)
  } finally {
    redis.thaw()
  }
  await until('the session counts again', async () => (await browser.request('/v1/me')).status === 200)
})

t.test('an issuer that does not answer is said so, and is asked again', async (t) => {
  const issuer = await startIssuer(t, redirectUri)
  issuer.accounts.set('anna', { name: 'Anna', roles: ['Hanvisa.Provider'] })
  const service = await start(t, null, { ...issuer, issuer: 'http://127.0.0.1:9' })
  const browser = new TestBrowser(publicUrl, service.origin)
  const { response } = await browser.open('/sign-in', {
    headers: { 'accept-language': 'de, fi;q=0.9, sv;q=0.5' }
  })
  t.equal(response.status, 503)
  t.match(await response.text(), /<html lang="fi">[\s\S]*Kirjautumispalvelu ei vastaa/)
})

t.test('without an issuer nobody signs in', async (t) => {
  const service = await startTestService(t)
  for (const path of ['/sign-in', '/sign-in/callback?code=x']) {
    t.equal((await service.call('GET', path)).status, 404)
  }
  t.match((await service.call('POST', '/sign-out')).body, { detail: /HANVISA_OIDC_ISSUER/ })
})
