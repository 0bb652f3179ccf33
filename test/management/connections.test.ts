/** Connections: secrets go in, never come out, and are sent nowhere that they were not meant for. */
// What @peculiar/x509 needs before it is loaded.
import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { X509CertificateGenerator } from '@peculiar/x509'
import t from '../group/tap.ts'
import { startTestService, vevent } from '../support/service.ts'

const service = await startTestService(t)
const { call } = service
await service.tenant('acme')
const at = '/v1/tenants/acme/connection'
const graph = {
  kind: 'graph',
  tenantId: '6b3c9a52-7f0e-4c1b-9a3e-1d2f3a4b5c6d',
  clientId: '0f6a3d1c-1b2a-4c3d-8e9f-a0b1c2d3e4f5',
  cloud: { login: 'https://127.0.0.1:9', graph: 'https://127.0.0.1:9' }
}
const clientSecret = 'Sup3r~secret.value'

const faultsOf = async (body: unknown) => {
  const answer = await call('PUT', at, body)
  const errors: { field: string; message: string }[] = answer.body?.errors ?? []
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]))
}

t.test('none at first', async (t) => {
  const absent = await call('GET', at)
  t.equal(absent.status, 404)
  t.match(absent.body.detail, /no connection: PUT/)
  t.equal((await call('DELETE', at)).status, 404)
  const tested = await call('POST', `${at}/test`)
  t.match(tested.body, { ok: false, checks: [{ name: 'connection', ok: false, hint: /no connection yet/ }] })
})

t.test('an error names each wrong member, and the kinds that exist', async (t) => {
  t.match(await faultsOf({ kind: 'exchange' }), { kind: /"graph"/ })
  t.match(await faultsOf({ pollSeconds: 60 }), { kind: /"ics"/ })
  t.match(await faultsOf({ kind: 'ics', url: 'x' }), { url: /not a known member.*pollSeconds/ })
  for (const pollSeconds of [9, 3601, 1.5, '60']) {
    t.match(await faultsOf({ kind: 'ics', pollSeconds }), { pollSeconds: /10|3600|whole number/ })
  }
  t.match(await faultsOf(graph), { clientSecret: /is missing/ })
  t.match(await faultsOf({ ...graph, clientSecret: '' }), { clientSecret: /empty/ })
  t.match(await faultsOf({ ...graph, tenantId: 'a/b', clientSecret }), { tenantId: /GUID/ })
  t.match(await faultsOf({ ...graph, clientSecret, cloud: 'mars' }), { cloud: /global.*usgov/ })
  const cloud = (login: string) => ({
    ...graph,
    clientSecret,
    cloud: { login, graph: 'https://graph.example' }
  })
  t.match(await faultsOf(cloud('http://login.example')), { 'cloud/login': /https/ })
  t.match(await faultsOf(cloud('https://login.example/v1.0')), { 'cloud/login': /root/ })
  t.match(await faultsOf(cloud('https://u:p@login.example')), { 'cloud/login': /password/ })
  t.equal((await call('GET', at)).status, 404, 'nothing was saved')
})

t.test(
  'a secret is stored, named and preserved; it is required again when it would be sent elsewhere',
  async (t) => {
    const made = await call('PUT', at, { ...graph, clientSecret })
    t.equal(made.status, 201, made.text)
    const shown = { ...graph, pollSeconds: 120, secrets: ['clientSecret'] }
    t.strictSame(made.body, shown)
    t.strictSame((await call('GET', at)).body, shown)
    t.strictSame((await call('PUT', at, shown)).body, shown, 'what was read can be put back')
    const faster = await call('PUT', at, { ...graph, pollSeconds: 30 })
    t.strictSame([faster.status, faster.body], [200, { ...shown, pollSeconds: 30 }], 'the secret stays')

    const moved = [
      { tenantId: 'evil.example' },
      { clientId: 'another' },
      { cloud: { login: 'https://evil.example', graph: 'https://evil.example' } },
      { cloud: 'usgov' }
    ]
    for (const change of moved) {
      const [name = ''] = Object.keys(change)
      t.match(
        await faultsOf({ ...graph, ...change }),
        { clientSecret: new RegExp(`stated again.*${name}`) },
        name
      )
    }
    t.match(await faultsOf({ ...graph, secrets: ['certificate'] }), { secrets: /leave it out/ })
    t.strictSame((await call('GET', at)).body.cloud, graph.cloud, 'and nothing moved')

    t.equal((await call('PUT', at, { kind: 'ics' })).status, 200)
    t.strictSame((await call('GET', at)).body, { kind: 'ics', pollSeconds: 300, secrets: [] })
    t.match(await faultsOf(graph), { clientSecret: /is missing/ }, 'a secret is gone with its kind')
    t.equal((await call('PUT', at, { ...graph, clientSecret })).status, 200)
    t.equal((await call('DELETE', at)).status, 204)
    t.match(await faultsOf(graph), { clientSecret: /is missing/ }, 'and with its connection')
  }
)

t.test('a certificate must be one, and fit its key', async (t) => {
  const pair = async () => {
    const algorithm = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1])
    }
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const made = await X509CertificateGenerator.createSelfSigned({ name: 'CN=test', keys })
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
    const lines = der.match(/.{1,64}/g)?.join('\n')
    return {
      certificate: made.toString('pem'),
      privateKey: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`
    }
  }
  const [one, other] = [await pair(), await pair()]
  const field = 'certificate/privateKey'
  t.match(await faultsOf({ ...graph, certificate: { ...one, privateKey: other.privateKey } }), {
    [field]: /not the private key/
  })
  t.match(await faultsOf({ ...graph, certificate: one, clientSecret }), { clientSecret: /one of the two/ })
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const privateKey = curve.export({ type: 'pkcs8', format: 'pem' }).toString()
  t.match(await faultsOf({ ...graph, certificate: { ...one, privateKey } }), { [field]: /RSA/ })
  t.match(
    await faultsOf({ ...graph, certificate: { certificate: '-----BEGIN x', privateKey: '-----BEGIN x' } }),
    {
      'certificate/certificate': /PEM/,
      [field]: /PEM/
    }
  )
  const made = await call('PUT', at, { ...graph, certificate: one })
  t.strictSame([made.status, made.body.secrets], [201, ['certificate']], made.text)
  t.notMatch(made.text, 'BEGIN')
})

t.test('no secret is in any file or in the log', async (t) => {
  await call('PUT', at, { ...graph, clientSecret })
  const names = await readdir(service.folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  t.ok(files.length > 0)
  for (const file of files) {
    const bytes = await readFile(join(file.parentPath, file.name))
    t.notOk(bytes.includes(clientSecret), file.name)
  }
  t.notMatch(service.log().join(''), clientSecret)
})

t.test('a test takes the requested user, else the first that can be read', async (t) => {
  await call('PUT', at, { kind: 'ics' })
  const none = await call('POST', `${at}/test`)
  t.match(none.body, { ok: false, checks: [{ name: 'user', hint: /No user is enabled/ }] })
  const user = { displayName: 'Anna', extension: '1', syncEnabled: true }
  const now = Date.now()
  await service.calendar('acme', 'anna.ics', vevent('x', now, now + 60_000))
  await call('PUT', '/v1/tenants/acme/users/anna', { ...user, mailbox: 'anna.ics' })
  await call('PUT', '/v1/tenants/acme/users/bo', { ...user, mailbox: 'missing.ics' })
  await call('PUT', '/v1/tenants/acme/users/cia', { ...user, syncEnabled: false })
  t.match((await call('POST', `${at}/test`)).body, { ok: true, checks: [{ ok: true }] })
  const bo = await call('POST', `${at}/test?user=bo`)
  t.equal(bo.body.ok, false)
  t.match(bo.body.checks.at(-1), { ok: false, code: String, hint: /.{10,}/ })
  t.match((await call('POST', `${at}/test?user=cia`)).body.checks, [{ name: 'user', hint: /no mailbox/ }])
  t.equal((await call('POST', `${at}/test?user=nobody`)).status, 404)
})
