/** The credential horizon from end to end: over Graph and EWS, in `GET …/sync`, the connection test and the metrics. */
import t from '../group/tap.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  graphConnection,
  startServiceOnGraph
} from '../support/service-process.ts'
import { until } from '../support/until.ts'

const dayFrom = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
const root = '/v1/tenants/acme'
const SECRET_CANARY = 'kanarief4gel'

t.test('a client secret that ends, and one that has ended', async (t) => {
  const both = await startServiceOnGraph(t)
  const { simulator, service } = both
  simulator.mailboxes.put(DIRECTORY, { address: 'anna@acme.example', events: [] })
  await createTenantOnGraph(both, 'acme', ['anna'])
  const connectionSync = async () => (await service.call('GET', `${root}/sync`)).json.connection
  const put = async (body: object) => {
    const { status, text } = await service.call('PUT', `${root}/connection`, body)
    t.equal(status, 200, text)
  }
  const metric = async () =>
    /^hanvisa_credential_expires_timestamp_seconds\{tenant="acme",connector="graph"\} (\S+)$/m.exec(
      (await service.call('GET', '/metrics')).text
    )?.[1]
  t.match((await connectionSync()).credential, {
    member: 'clientSecret',
    state: 'unknown',
    hint: /secretExpires/
  })
  t.equal(await metric(), undefined)

  const soon = dayFrom(10)
  await put({ ...graphConnection(simulator), secretExpires: soon })
  t.match((await service.call('GET', `${root}/connection`)).json, {
    secretExpires: soon,
    secrets: ['clientSecret']
  })
  t.match((await connectionSync()).credential, {
    state: 'expiring',
    endsAt: `${soon}T00:00:00Z`,
    daysLeft: 9
  })
  await until('the metric', async () => Number(await metric()) * 1000 === Date.parse(soon))
  await until('the first read', async () => (await connectionSync()).state === 'working')
  const tested = (await service.call('POST', `${root}/connection/test`)).json
  t.equal(tested.ok, true)
  t.match(tested.checks.at(-1), { name: 'credential', ok: true, hint: /in 9 days/ })
  const kept = { ...graphConnection(simulator), secretExpires: dayFrom(400) } as Record<string, unknown>
  delete kept.clientSecret
  await put(kept)
  t.match((await connectionSync()).credential, { state: 'valid', hint: null }, 'the secret is kept')

  // Entra says 7000215 of a secret that was removed after its end.
  await put({ ...graphConnection(simulator, SECRET_CANARY), secretExpires: dayFrom(-3) })
  const failing = await until('the refusal', async () => {
    const connection = await connectionSync()
    return connection.state === 'failing' && connection
  })
  t.match(failing, { code: 'secret_expired', hint: /^The client secret ended on .*Entra admin center/ })
  t.match(failing.credential, { state: 'expired', daysLeft: 0, hint: failing.hint })
  const refused = (await service.call('POST', `${root}/connection/test`)).json
  t.match(refused.checks.at(-1), { name: 'sign-in', ok: false, code: 'secret_expired', hint: failing.hint })

  await put(graphConnection(simulator, SECRET_CANARY))
  const invalid = await until('the refusal', async () => {
    const connection = await connectionSync()
    return connection.code === 'secret_invalid' && connection
  })
  t.match(invalid, { hint: /7000215/, credential: { state: 'refused' } })

  simulator.directories.put({
    id: DIRECTORY,
    apps: [
      {
        clientId: graphConnection(simulator).clientId,
        secret: 'right',
        secretExpires: '2020-01-01T00:00:00Z'
      }
    ]
  })
  await put(graphConnection(simulator))
  const expired = await until('the refusal', async () => {
    const connection = await connectionSync()
    return connection.code === 'secret_expired' && connection
  })
  t.match(expired, { hint: /7000222/, credential: { state: 'expired', endsAt: null } })
  const wrong = await service.call('PUT', `${root}/connection`, {
    ...graphConnection(simulator),
    secretExpires: '2026-02-30'
  })
  t.match(wrong.json, { status: 400, errors: [{ field: 'secretExpires' }] })

  // The password of an account that Exchange refuses.
  simulator.installations.put(DIRECTORY, {
    schemes: ['basic'],
    accounts: [{ user: 'svc', password: 'right', address: 'svc@acme.example' }]
  })
  const ews = {
    kind: 'ews',
    url: `${simulator.origin}/${DIRECTORY}/EWS/Exchange.asmx`,
    auth: { kind: 'basic', user: 'svc', password: SECRET_CANARY },
    ca: simulator.ca
  }
  await put({ ...ews, secretExpires: dayFrom(-1) })
  const password = await until('the refusal', async () => {
    const connection = await connectionSync()
    return connection.state === 'failing' && connection
  })
  t.match(password, {
    code: 'secret_expired',
    hint: /^The password ended on .*Set-ADAccountPassword -Identity 'svc'/,
    credential: { member: 'auth/password', state: 'expired' }
  })
  const { text } = await service.call('GET', `${root}/sync`)
  await service.kill('SIGTERM')
  t.notOk(
    `${text}${service.output.join('\n')}`.includes(SECRET_CANARY),
    'no secret is in an answer or in the log'
  )
})
