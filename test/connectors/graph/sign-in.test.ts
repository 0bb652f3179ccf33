/** Signing in to Entra: how often, how long a token is cached, and what each refusal says to the operator. */

import { createClientCertificate } from '../../../simulator/authority.ts'
import { signInError } from '../../../src/connectors/entra/sign-in-error.ts'
import t from '../../group/tap.ts'
import { graphMeeting, graphWeek, openMicrosoft365, outcomes } from './microsoft365.ts'

const target = { mailbox: 'anna@example.se', timeZone: 'Europe/Stockholm' }

t.test('one token request, however many reads start cold', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  const readings = await Promise.all(Array.from({ length: 30 }, () => cloud.read(['anna@example.se'])))
  t.same(readings.map(outcomes), Array(30).fill([['x']]))
  t.equal(cloud.simulator.requests.count({ route: 'token' }), 1)
})

t.test('a token is cached until shortly before its end, by the clock of this service', async (t) => {
  let now = Date.now()
  const cloud = await openMicrosoft365(t, () => now)
  cloud.put('anna@example.se', graphMeeting('x'))
  const asked = async (passed: number) => {
    now += passed
    t.same(outcomes(await cloud.read(['anna@example.se'])), [['x']])
    return cloud.simulator.requests.count({ route: 'token' })
  }
  t.equal(await asked(0), 1)
  t.equal(await asked(54 * 60_000), 1, 'five minutes before its end it is still used')
  t.equal(await asked(60_000), 2, 'then it is renewed in time')
  cloud.register({}, 60)
  t.equal(await asked(3_600_000), 3)
  t.equal(await asked(47_000), 3, 'a short-lived one for four fifths of its life')
  t.equal(await asked(2_000), 4)
})

t.test('a token that Graph refuses is renewed once', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  await cloud.read(['anna@example.se'])
  for (const route of ['batch', 'calendarView'] as const) {
    cloud.simulator.requests.clear()
    const code = 'InvalidAuthenticationToken'
    cloud.simulator.faults.add({ kind: 'status', status: 401, code, route, count: 1 })
    t.same(outcomes(await cloud.read(['anna@example.se'])), [['x']], route)
    t.equal(cloud.simulator.requests.count({ route: 'token' }), 1)
    t.equal(cloud.simulator.requests.count({ route: 'batch' }), 2)
  }
  cloud.simulator.requests.clear()
  cloud.simulator.faults.add({ kind: 'status', status: 401, route: 'batch' })
  const [reading] = await cloud.read(['anna@example.se'])
  t.match(reading, { outcome: 'failed', error: { code: 'access_denied', scope: 'connection' } })
  t.equal(cloud.simulator.requests.count({ route: 'batch' }), 2, 'and no more')
})

t.test('by certificate', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  const [registered, stranger] = await Promise.all([
    createClientCertificate('app'),
    createClientCertificate('other')
  ])
  cloud.register({ certificates: [registered.certificate] })
  const { clientSecret: _, ...connection } = cloud.connection
  const readBy = async (certificate: { certificate: string; privateKey: string }) => {
    const { GraphConnector } = await import('../../../src/connectors/graph/connector.ts')
    const connector = new GraphConnector({ connection: { ...connection, certificate }, http: cloud.http })
    return connector.read({
      targets: [target],
      window: graphWeek,
      subjects: true,
      signal: AbortSignal.timeout(9000)
    })
  }
  t.same(outcomes(await readBy(registered)), [['x']])
  for (const [certificate, hint] of [
    [stranger, /does not know this certificate.*AADSTS700027/],
    [{ ...registered, privateKey: stranger.privateKey }, /privateKey does not belong to/],
    [{ ...registered, privateKey: 'nonsense' }, /privateKey is no unencrypted PEM private key/],
    [{ ...registered, certificate: 'nonsense' }, /certificate.certificate is no PEM certificate/]
  ] as const) {
    t.match(await readBy(certificate), [{ error: { code: 'secret_invalid', scope: 'connection', hint } }])
  }
})

t.test('a sign-in error is reported for every mailbox, and "test connection" stops there', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  const rows = [
    ['secret_invalid', 'sign-in', /paste its Value.*AADSTS7000215/, { clientSecret: 'wrong' }, {}],
    [
      'secret_expired',
      'sign-in',
      /has expired.*AADSTS7000222/,
      {},
      { secretExpires: '2020-01-01T00:00:00Z' }
    ],
    [
      'consent_missing',
      'sign-in',
      /admin consent.*AADSTS700016/,
      { clientId: '11111111-0000-4000-8000-000000000000' },
      {}
    ],
    [
      'unreachable',
      'address',
      /no such directory.*AADSTS90002/,
      { tenantId: '22222222-0000-4000-8000-000000000000' },
      {}
    ],
    ['access_denied', 'sign-in', /disabled.*AADSTS7000112/, {}, { disabled: true }],
    ['consent_missing', 'consent', /Calendars\.Read.*NoPermissionsInAccessToken/, {}, { roles: [] }]
  ] as const
  for (const [code, step, hint, connection, app] of rows) {
    cloud.register(app)
    const connector = cloud.connector({ ...connection })
    const signal = AbortSignal.timeout(9000)
    const targets = [target, { ...target, mailbox: 'bertil@example.se' }]
    const error = { code, hint, scope: 'connection' }
    t.match(
      await connector.read({ targets, window: graphWeek, subjects: true, signal }),
      [{ error }, { error }],
      code
    )
    t.match((await connector.check(target, signal)).at(-1), { name: step, ok: false, code, hint })
  }
})

/** reference-error-codes, and Azure Government users' reports (PnP-PowerShell issue 3042): what a wrong cloud answers. */
t.test('a directory of another cloud: the operator is told to change cloud, not the secret', async (t) => {
  const cloud = await openMicrosoft365(t)
  for (const code of ['900382', '900432', '90038']) {
    const id = cloud.simulator.faults.add({ kind: 'status', status: 400, code, route: 'token' })
    const hint = new RegExp(`another of Microsoft's clouds: change cloud\\. \\(AADSTS${code}\\)`)
    const error = { code: 'unreachable', hint }
    t.match(await cloud.read(['anna@example.se']), [{ error: { ...error, scope: 'connection' } }])
    const checks = await cloud.connector({}).check(target, AbortSignal.timeout(60_000))
    t.match(checks, [{ name: 'address', ok: false, ...error }])
    cloud.simulator.faults.remove(id)
  }
})

t.test('a failure of Entra is no refusal', async (t) => {
  let now = Date.now()
  const cloud = await openMicrosoft365(t, () => now)
  cloud.put('anna@example.se', graphMeeting('x'))
  const { faults, requests } = cloud.simulator
  const failsWith = async (code: string, fault: Parameters<typeof faults.add>[0], signal?: AbortSignal) => {
    const id = faults.add({ ...fault, route: 'token' })
    const [reading] = await cloud.read(['anna@example.se'], signal === undefined ? {} : { signal })
    faults.remove(id)
    t.match(reading, { error: { code, scope: 'connection' } }, JSON.stringify(fault))
  }
  await failsWith('unreachable', { kind: 'status', status: 503 })
  await failsWith('unreachable', { kind: 'reset' })
  await failsWith('protocol_error', { kind: 'garbage', garbage: 'html' })
  await failsWith('protocol_error', { kind: 'garbage', garbage: 'empty' })
  await failsWith('protocol_error', { kind: 'garbage', garbage: 'huge', bytes: 1_000_000 })
  await failsWith('throttled', { kind: 'status', status: 429, retryAfter: '30' })
  requests.clear()
  t.match(await cloud.read(['anna@example.se']), [{ error: { code: 'throttled', retryAfter: 30_000 } }])
  t.equal(requests.count({ route: 'token' }), 0, 'and Entra is left alone for so long')
  now += 30_001
  await failsWith('unreachable', { kind: 'hang' }, AbortSignal.timeout(300))
  t.same(outcomes(await cloud.read(['anna@example.se'])), [['x']])
})

t.test('a caller that stops waiting for a token does not abort it for others', async (t) => {
  const cloud = await openMicrosoft365(t)
  cloud.put('anna@example.se', graphMeeting('x'))
  const slow = cloud.simulator.faults.add({ kind: 'slow', milliseconds: 400, route: 'token' })
  const impatient = cloud.read(['anna@example.se'], { signal: AbortSignal.timeout(20) })
  const patient = cloud.read(['anna@example.se'])
  t.same(outcomes(await impatient), ['unreachable'])
  t.same(outcomes(await patient), [['x']])
  cloud.simulator.faults.remove(slow)
  t.equal(cloud.simulator.requests.count({ route: 'token' }), 1)
})

t.test('the table of sign-in errors, row by row', async (t) => {
  const rows = [
    [400, 'invalid_request', 90002, 'unreachable'],
    [400, 'invalid_request', 900023, 'unreachable'],
    [400, 'invalid_request', 90038, 'unreachable'],
    [400, 'invalid_request', 900382, 'unreachable'],
    [400, 'invalid_request', 900432, 'unreachable'],
    [401, 'invalid_client', 900382, 'unreachable'],
    [401, 'invalid_client', 7000215, 'secret_invalid'],
    [401, 'invalid_client', 7000222, 'secret_expired'],
    [401, 'invalid_client', 700027, 'secret_invalid'],
    [401, 'invalid_client', 1000502, 'secret_expired'],
    [401, 'invalid_client', 700024, 'clock_wrong'],
    [401, 'invalid_client', 7000218, 'secret_invalid'],
    [401, 'invalid_client', undefined, 'secret_invalid'],
    [400, 'unauthorized_client', 700016, 'consent_missing'],
    [400, 'unauthorized_client', 7000229, 'consent_missing'],
    [400, 'unauthorized_client', 7000112, 'access_denied'],
    [400, 'invalid_grant', 65001, 'consent_missing'],
    [400, 'invalid_resource', 500011, 'unreachable'],
    [400, 'access_denied', 53003, 'access_denied'],
    [400, 'temporarily_unavailable', 90055, 'throttled'],
    [400, 'temporarily_unavailable', undefined, 'unreachable'],
    [429, undefined, undefined, 'throttled'],
    [502, undefined, undefined, 'unreachable'],
    [400, 'something_new', 123456, 'protocol_error'],
    [400, '__proto__', undefined, 'protocol_error']
  ] as const
  for (const [status, error, number, code] of rows) {
    const description = `AADSTS${number}: the secret s3cr3t is wrong. Trace ID: 0`
    for (const body of [
      { error, error_codes: number === undefined ? [] : [number], error_description: 'x' },
      { error, error_description: number === undefined ? 's3cr3t' : description }
    ]) {
      const found = signInError(status, body, undefined)
      t.match(found, { code, scope: 'connection' }, `${error} ${number}`)
      t.notMatch(found.message, /s3cr3t/)
      if (number !== undefined) t.match(found.hint, `AADSTS${number}`)
    }
  }
  for (const body of [
    null,
    undefined,
    'text',
    [],
    { error: {} },
    { error_codes: 'x' },
    { error_codes: [1e300] }
  ]) {
    t.match(signInError(400, body, undefined), { code: 'protocol_error' })
  }
})
