/** A customer's consent to the provider's application, against the simulator's Entra, on both stores, with every refusal. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import type { AppInput } from '../../simulator/directories.ts'
import { startSimulator } from '../../simulator/simulator.ts'
import t from '../group/tap.ts'
import { putTenant } from '../support/put-tenant.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const OWN = '3f1b2a3c-0000-4000-8000-00000000000a'
const OTHER = '3f1b2a3c-0000-4000-8000-00000000000b'
const CLIENT = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const SECRET = 'the-provider-secret-canary'
const PUBLIC_URL = 'https://hanvisa.test'
const root = '/v1/tenants/acme'
const redis = await startRedis(t)

async function open(t: Test, on: TestRedis | null) {
  const folder = t.testdir({ data: {}, simulator: {} })
  const simulator = await startSimulator({ folder: join(folder, 'simulator') })
  t.teardown(() => simulator.close())
  const agent = new Agent({ connect: { ca: simulator.ca } })
  t.teardown(() => agent.destroy())
  const put = (id: string, app: Partial<AppInput>) =>
    simulator.directories.put({ id, apps: [{ clientId: CLIENT, secret: SECRET, ...app }] })
  simulator.mailboxes.put(OWN, { address: 'anna@acme.example', events: [] })
  const environment = {
    NODE_EXTRA_CA_CERTS: simulator.caFile!,
    HANVISA_PUBLIC_URL: PUBLIC_URL,
    HANVISA_ENTRA_CLIENT_ID: CLIENT,
    HANVISA_ENTRA_CLIENT_SECRET: SECRET,
    HANVISA_ENTRA_CLOUD: `${simulator.loginRoot} ${simulator.graphRoot}`,
    ...(on !== null && {
      HANVISA_REDIS_URL: on.url,
      HANVISA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64')
    })
  }
  const service = await startServiceProcess(t, environment, join(folder, 'data'))
  for (const tenant of ['acme', 'other']) {
    await service.call('DELETE', `/v1/tenants/${tenant}`)
    await putTenant(service.call, tenant)
  }
  const link = async (tenant = 'acme'): Promise<URL> => {
    const { status, json } = await service.call('POST', `/v1/tenants/${tenant}/connection/consent`)
    t.equal(status, 200, JSON.stringify(json))
    return new URL(json.url)
  }
  /** What the browser is sent back to. */
  const consent = async (url: URL): Promise<URL> => {
    const response = await undiciFetch(url, { redirect: 'manual', dispatcher: agent })
    return new URL(response.headers.get('location') ?? '')
  }
  const land = async (back: URL, language = 'en') => {
    const response = await fetch(`${service.origin}${back.pathname}${back.search}`, {
      headers: { 'accept-language': language }
    })
    const html = await response.text()
    return { status: response.status, html, title: /<h1>(.*)<\/h1>/.exec(html)?.[1] }
  }
  const connection = async (tenant = 'acme') =>
    service.call('GET', `/v1/tenants/${tenant}/connection`).then(({ json }) => json)
  return { simulator, service, put, link, consent, land, connection, folder, environment }
}

async function addAnna(service: ServiceProcess): Promise<void> {
  await service.call('PUT', `${root}/users/anna`, {
    displayName: 'Anna',
    extension: '1',
    mailbox: 'anna@acme.example',
    syncEnabled: true
  })
}

for (const on of [null, redis]) {
  t.test(`consent, reading, and its withdrawal (${on === null ? 'lmdb' : 'Redis'})`, async (t) => {
    const all = await open(t, on)
    const { service, put, link, consent, land, connection, folder } = all
    put(OWN, { roles: [], adminConsent: { answer: 'accept' } })
    await addAnna(service)
    const url = await link()
    t.equal(url.pathname, '/organizations/v2.0/adminconsent')
    t.equal(url.searchParams.get('redirect_uri'), `${PUBLIC_URL}/consent/callback`)
    const back = await consent(url)
    t.equal(back.searchParams.get('admin_consent'), 'True')
    const landed = await land(back)
    t.match(landed, { status: 200, title: 'The calendars are connected' })
    t.strictSame(await connection(), {
      kind: 'graph',
      tenantId: OWN,
      application: 'provider',
      pollSeconds: 120,
      secrets: []
    })
    t.equal((await service.call('GET', root)).json.directoryId, OWN)
    await until('the first read', async () => {
      const { json } = await service.call('GET', `${root}/users/anna/status`)
      return json.sync.state === 'fresh'
    })
    t.match(await land(back), { status: 400, title: 'The link is no longer valid' }, 'replayed')
    const { entries } = (await service.call('GET', `${root}/audit`)).json
    const ofConsent = entries.filter(({ action }: { action: string }) => action.startsWith('consent.'))
    t.match(ofConsent, [
      { action: 'consent.begin', actor: { kind: 'key', id: 'admin' } },
      {
        action: 'consent.complete',
        actor: { kind: 'anonymous', id: null },
        target: { linkAskedBy: 'admin' },
        after: { directoryId: OWN }
      },
      { action: 'consent.complete', outcome: 'done', after: { tenantId: OWN, application: 'provider' } }
    ])

    await t.test('only a consent names the directory that the provider’s application reads', async (t) => {
      const faster = { ...(await connection()), pollSeconds: 60 }
      t.equal((await service.call('PUT', `${root}/connection`, faster)).status, 200)
      const foreign = await service.call('PUT', `${root}/connection`, { ...faster, tenantId: OTHER })
      t.match(foreign.json, { errors: [{ field: 'application', message: /consent alone/ }] })
      const elsewhere = { login: 'https://evil.example', graph: 'https://evil.example' }
      const moved = await service.call('PUT', `${root}/connection`, { ...faster, cloud: elsewhere })
      t.match(moved.json, { errors: [{ field: 'cloud' }] })
      const other = await service.call('PUT', '/v1/tenants/other/connection', faster)
      t.match(other.json, { errors: [{ field: 'application' }] })
    })

    await t.test('a directory that another tenant has', async (t) => {
      t.match(await land(await consent(await link('other'))), {
        status: 409,
        title: 'The directory is connected already'
      })
      t.equal((await service.call('GET', '/v1/tenants/other/connection')).status, 404)
    })

    await t.test('consent withdrawn', async (t) => {
      put(OWN, { roles: [] })
      all.simulator.tokens.revoke()
      const { json } = await service.call('POST', `${root}/connection/test`)
      const last = json.checks.at(-1)
      t.match(last, {
        ok: false,
        code: 'consent_missing',
        hint: /POST \/v1\/tenants\/acme\/connection\/consent/
      })
    })
    if (on === null) {
      await service.kill('SIGTERM')
      const kept = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
      t.notOk(
        kept.some((bytes) => bytes.includes(SECRET)),
        'the secret is in no file'
      )
    }
    t.notMatch(service.output.join('\n'), new RegExp(SECRET))
    t.notMatch(service.output.join('\n'), /state=v2\./, 'no state is logged')
  })

  t.test(`refusals (${on === null ? 'lmdb' : 'Redis'})`, async (t) => {
    const { service, put, link, consent, land } = await open(t, on)
    const nothing = async () => (await service.call('GET', `${root}/connection`)).status === 404

    put(OWN, { roles: [], adminConsent: { answer: 'decline' } })
    const declined = await consent(await link())
    t.match(Object.fromEntries(declined.searchParams), { admin_consent: 'True', error: 'consent_required' })
    t.match(await land(declined), { status: 403, title: 'The consent was not given' })
    declined.searchParams.delete('error')
    t.match(await land(declined), { status: 400 }, 'the state is used up')
    const { entries } = (await service.call('GET', `${root}/audit?action=consent.complete`)).json
    t.match(entries, [{ outcome: 'failed', after: { outcome: 'refused' }, target: { linkAskedBy: 'admin' } }])

    put(OWN, { roles: [], adminConsent: { answer: 'accept' } })
    const forged = await consent(await link())
    const real = forged.searchParams.get('state')!
    const states = [
      '',
      'x',
      `${real.slice(0, -2)}AA`,
      real.replace(/^v2\.[^.]+/, 'v2.00000000'),
      randomBytes(64).toString('base64url'),
      'x'.repeat(9000)
    ]
    for (const state of states) {
      forged.searchParams.set('state', state)
      t.match(await land(forged), { status: 400 }, `a foreign state: ${state.slice(0, 20)}`)
    }
    forged.searchParams.set('state', real)
    forged.searchParams.delete('admin_consent')
    t.match(await land(forged), { status: 400 }, 'without admin_consent')

    const noGuid = await consent(await link())
    noGuid.searchParams.set('tenant', '../common')
    t.match(await land(noGuid), { status: 400 })

    put(OTHER, { roles: [] })
    const notConsented = await consent(await link())
    notConsented.searchParams.set('tenant', OTHER)
    t.match(await land(notConsented), { status: 403, title: 'The permission cannot be seen yet' })
    const unknown = await consent(await link())
    unknown.searchParams.set('tenant', '00000000-1111-4000-8000-000000000000')
    t.match(await land(unknown), { status: 503 })
    t.ok(await nothing(), 'nothing is connected')

    // Set by the provider: the administrator's own directory and no other.
    await putTenant(service.call, 'acme', { directoryId: OWN })
    const named = await link()
    t.equal(named.pathname, `/${OWN}/v2.0/adminconsent`)
    const elsewhere = await consent(named)
    put(OTHER, {})
    elsewhere.searchParams.set('tenant', OTHER)
    t.match(await land(elsewhere), { status: 403, title: 'The consent is for another directory' })

    put(OWN, { roles: [], adminConsent: { answer: 'accept', roles: ['User.Read.All'] } })
    const late = await consent(await link())
    const waiting = await land(late, 'sv')
    t.match(waiting, { status: 403, title: 'Behörigheten syns inte än' })
    t.match(waiting.html, /href="\?[^"]*state=/)
    t.ok(await nothing())
    put(OWN, {})
    t.match(await land(late, 'fi'), { status: 200, title: 'Kalenterit on liitetty' }, 'once it is granted')
    t.match(await land(late, 'nb'), { status: 400, title: 'Lenken gjelder ikke lenger' })
  })
}

t.test('an operator gets a link only for a directory that the provider has set', async (t) => {
  const { service } = await open(t, null)
  const made = await service.call('POST', `${root}/keys`, { name: 'it', role: 'operator' })
  const ask = () =>
    fetch(`${service.origin}${root}/connection/consent`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.json.key}` }
    })
  const refused = await ask()
  t.equal(refused.status, 400)
  t.match(await refused.json(), { detail: /directoryId/ })
  await putTenant(service.call, 'acme', { directoryId: OWN })
  const given = await ask()
  t.equal(given.status, 200)
  t.match(await given.json(), { url: new RegExp(`/${OWN}/v2.0/adminconsent`) })
})

t.test('without an application there is nothing to consent to', async (t) => {
  const service = await startServiceProcess(t)
  await putTenant(service.call, 'acme')
  t.match(await service.call('POST', `${root}/connection/consent`), {
    status: 404,
    json: { detail: /HANVISA_ENTRA_CLIENT_ID/ }
  })
  t.equal((await fetch(`${service.origin}/consent/callback?state=x`)).status, 404)
})
