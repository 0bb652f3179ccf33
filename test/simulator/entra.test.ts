/** Signing in: what msal-node gets for a secret or a certificate, and how it is refused. */
import { createSign, X509Certificate } from 'node:crypto'
import { ConfidentialClientApplication, ServerError } from '@azure/msal-node'
import { createClientCertificate } from '../../simulator/authority.ts'
import t from '../group/tap.ts'
import { openSimulator, simulatedClientId, simulatedTenant } from '../support/open-simulator.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

t.test('a secret gives a token that Graph takes, by tenant id and by domain', async (t) => {
  const { simulator, token, send, put } = await openSimulator(t)
  put('anna@example.se')
  const path = '/v1.0/users/anna@example.se/calendarView?startDateTime=2026-11-23&endDateTime=2026-11-24'
  for (const name of [simulatedTenant, 'example.se']) {
    const accessToken = await token({ tenant: name })
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
    t.match(claims, {
      aud: simulator.graphRoot,
      tid: simulatedTenant,
      appid: simulatedClientId,
      roles: ['Calendars.Read']
    })
    t.equal(claims.exp - claims.iat, 3599)
    const { status } = await send('GET', path, { headers: { authorization: `Bearer ${accessToken}` } })
    t.equal(status, 200)
  }
  t.equal(simulator.requests.count({ route: 'token', tenant: simulatedTenant }), 2)
})

t.test('a certificate does as well, and its signature is really verified', async (t) => {
  const registered = await createClientCertificate('Hanvisa')
  const stranger = await createClientCertificate('Stranger')
  const { simulator, network } = await openSimulator(t, { certificates: [registered.certificate] })
  const sign = (certificate: string, privateKey: string) =>
    new ConfidentialClientApplication({
      auth: {
        clientId: simulatedClientId,
        clientCertificate: {
          thumbprintSha256: new X509Certificate(certificate).fingerprint256.replaceAll(':', ''),
          privateKey
        },
        authority: `${simulator.loginRoot}/${simulatedTenant}`,
        knownAuthorities: [new URL(simulator.loginRoot).host]
      },
      system: { networkClient: network }
    }).acquireTokenByClientCredential({ scopes: [`${simulator.graphRoot}/.default`] })
  t.ok((await sign(registered.certificate, registered.privateKey))?.accessToken)
  const wrongKey = sign(registered.certificate, stranger.privateKey)
  await t.rejects(wrongKey, { errorCode: 'invalid_client', message: /AADSTS700027.*signature/ })
  const unknown = sign(stranger.certificate, stranger.privateKey)
  await t.rejects(unknown, { errorCode: 'invalid_client', message: /AADSTS700027.*not registered/ })
})

t.test('assertions that are signed but not meant for here are refused', async (t) => {
  const now = Date.parse('2026-11-23T09:00:00Z')
  const { certificate, privateKey } = await createClientCertificate('Hanvisa')
  const { simulator, send } = await openSimulator(t, { certificates: [certificate] }, { clock: () => now })
  const thumbprint = Buffer.from(new X509Certificate(certificate).fingerprint256.replaceAll(':', ''), 'hex')
  const ask = async (changed: object) => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const aud = `${simulator.loginRoot}/${simulatedTenant}/oauth2/v2.0/token`
    const claims = {
      aud,
      iss: simulatedClientId,
      sub: simulatedClientId,
      exp: now / 1000 + 600,
      nbf: now / 1000,
      ...changed
    }
    const input = `${encode({ alg: 'RS256', 'x5t#S256': thumbprint.toString('base64url') })}.${encode(claims)}`
    const signature = createSign('sha256').update(input).sign(privateKey).toString('base64url')
    return askToken(send, {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${input}.${signature}`,
      scope: `${simulator.graphRoot}/.default`
    })
  }
  t.equal((await ask({})).status, 200)
  t.same((await ask({ exp: now / 1000 - 3600 })).body.error_codes, [700024])
  t.same((await ask({ nbf: now / 1000 + 3600 })).body.error_codes, [700024])
  t.same((await ask({ aud: 'https://login.example/x/oauth2/v2.0/token' })).body.error_codes, [700023])
  t.same((await ask({ sub: 'somebody' })).body.error_codes, [700021])
})

t.test('every refusal carries its AADSTS number, in the shape that operators know', async (t) => {
  const { simulator, send, token } = await openSimulator(t)
  simulator.directories.put({
    id: simulatedTenant,
    domain: 'example.se',
    apps: [
      { clientId: simulatedClientId, secret: 'right' },
      { clientId: 'old', secret: 'right', secretExpires: '2026-01-01T00:00:00Z' },
      { clientId: 'off', secret: 'right', disabled: true }
    ]
  })
  const scope = `${simulator.graphRoot}/.default`
  const cases: [number, string, number, Record<string, string>, string?][] = [
    [7000215, 'invalid_client', 401, { client_secret: 'wrong', scope }],
    [7000222, 'invalid_client', 401, { client_id: 'old', client_secret: 'right', scope }],
    [7000112, 'unauthorized_client', 400, { client_id: 'off', client_secret: 'right', scope }],
    [700016, 'unauthorized_client', 400, { client_id: 'nobody', client_secret: 'right', scope }],
    [7000218, 'invalid_client', 401, { scope }],
    [90002, 'invalid_request', 400, { client_secret: 'right', scope }, 'elsewhere.se'],
    [9001023, 'invalid_request', 400, { client_secret: 'right', scope }, 'common'],
    [70003, 'unsupported_grant_type', 400, { grant_type: 'password', scope }],
    [1002012, 'invalid_scope', 400, { client_secret: 'right', scope: 'Calendars.Read' }],
    [500011, 'invalid_resource', 400, { client_secret: 'right', scope: 'https://elsewhere.se/.default' }]
  ]
  for (const [code, error, status, parameters, at] of cases) {
    const reply = await askToken(send, parameters, at)
    t.equal(reply.status, status, `AADSTS${code}`)
    t.same(reply.body.error_codes, [code])
    t.equal(reply.body.error, error)
    t.match(reply.body.error_description, new RegExp(`^AADSTS${code}: .* Trace ID: `))
    t.same(Object.keys(reply.body).sort(), [
      'correlation_id',
      'error',
      'error_codes',
      'error_description',
      'error_uri',
      'timestamp',
      'trace_id'
    ])
  }
  const refusal = await token({ clientSecret: 'wrong' }).catch((error: unknown) => error)
  t.ok(refusal instanceof ServerError)
  t.match(refusal, { errorCode: 'invalid_client', errorNo: '7000215' })
  await t.rejects(token({ tenant: 'elsewhere.se' }))
})

t.test('the discovery documents name what a client needs', async (t) => {
  const { simulator, send } = await openSimulator(t)
  const { body } = await send('GET', `/${simulatedTenant}/v2.0/.well-known/openid-configuration`)
  t.equal(body.issuer, `${simulator.loginRoot}/${simulatedTenant}/v2.0`)
  t.equal(body.token_endpoint, `${simulator.loginRoot}/${simulatedTenant}/oauth2/v2.0/token`)
  const keys = await send('GET', new URL(body.jwks_uri).pathname)
  t.match(keys.body, { keys: [{ kty: 'RSA', use: 'sig', kid: String }] })
  const instance = await send('GET', '/common/discovery/instance?api-version=1.1')
  t.same(instance.body.metadata[0].aliases, [new URL(simulator.loginRoot).host])
  const unknown = await send('GET', '/elsewhere.se/v2.0/.well-known/openid-configuration')
  t.match(unknown, { status: 400, body: { error: 'invalid_tenant', error_codes: [90002] } })
})

t.test('Graph refuses a token that is missing, made up, expired, revoked or without consent', async (t) => {
  let now = Date.parse('2026-11-23T09:00:00Z')
  const { simulator, token, send, put } = await openSimulator(t, {}, { clock: () => now, tokenSeconds: 60 })
  put('anna@example.se')
  const ask = async (accessToken: string | null, below = view) => {
    const headers: Record<string, string> =
      accessToken === null ? {} : { authorization: `Bearer ${accessToken}` }
    const { status, body } = await send('GET', `/v1.0/users/anna@example.se${below}`, { headers })
    return [status, body.error?.code]
  }
  const view = '/calendarView?startDateTime=2026-11-23&endDateTime=2026-11-24'
  const refused = [401, 'InvalidAuthenticationToken']
  t.same(await ask(null), refused, 'none')
  t.same(await ask('x.y.z'), refused, 'made up')
  const first = await token()
  t.same(await ask(first), [200, undefined])
  t.same(await ask(first, ''), [403, 'Authorization_RequestDenied'], 'calendars are not the directory')
  now += 61_000
  t.same(await ask(first), refused, 'expired')
  const second = await token()
  simulator.tokens.revoke(simulatedTenant)
  t.same(await ask(second), refused, 'revoked')

  const app = { clientId: simulatedClientId, secret: 'right' }
  simulator.directories.put({ id: simulatedTenant, apps: [{ ...app, roles: [] }] })
  t.same(await ask(await token()), [401, 'NoPermissionsInAccessToken'], 'nothing was consented to')
  simulator.directories.put({ id: simulatedTenant, apps: [{ ...app, roles: ['Mail.Read'] }] })
  t.same(await ask(await token()), [403, 'ErrorAccessDenied'], 'something else was')
})

function askToken(
  send: Awaited<ReturnType<typeof openSimulator>>['send'],
  parameters: object,
  at: string = simulatedTenant
) {
  const all = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: simulatedClientId,
    ...parameters
  })
  return send('POST', `/${at}/oauth2/v2.0/token`, { headers: form, form: all.toString() })
}
