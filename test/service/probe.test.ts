/** The probe of a connection test: a mailbox outside the list must be refused, over Graph and over EWS impersonation. */
import t from '../group/tap.ts'
import {
  createTenantOnGraph,
  DIRECTORY,
  graphConnection,
  startServiceOnGraph
} from '../support/service-process.ts'

const test = '/v1/tenants/acme/connection/test?user=anna'
const outside = `${test}&probe=ceo@acme.example`

t.test('over Graph', async (t) => {
  const both = await startServiceOnGraph(t)
  const { simulator, service } = both
  const { clientId } = graphConnection(simulator)
  const limitTo = (mailboxes?: readonly string[]) =>
    simulator.directories.put({
      id: DIRECTORY,
      apps: [{ clientId, secret: 'right', ...(mailboxes !== undefined && { mailboxes }) }]
    })
  for (const name of ['anna', 'ceo'])
    simulator.mailboxes.put(DIRECTORY, { address: `${name}@acme.example`, events: [] })
  await createTenantOnGraph(both, 'acme', ['anna'])
  const probe = async (path: string) => (await service.call('POST', path)).json

  t.match(await probe(test), { ok: true }, 'off by default')
  const open = await probe(outside)
  t.match(open, { ok: false })
  t.match(open.checks.at(-1), { name: 'probe', ok: false, hint: /ceo@acme\.example could be read.*withdraw/ })

  limitTo(['anna@acme.example'])
  const limited = await probe(outside)
  t.equal(limited.ok, true)
  t.strictSame(limited.checks.at(-1), { name: 'probe', ok: true })

  const unknown = await probe(`${test}&probe=nobody@acme.example`)
  t.match(unknown.checks.at(-1), {
    name: 'probe',
    ok: false,
    code: 'mailbox_unknown',
    hint: /proves nothing/
  })
  t.equal((await service.call('POST', `${test}&probe=nobody`)).status, 400)
})

t.test('over EWS', async (t) => {
  const { simulator, service } = await startServiceOnGraph(t)
  const account = { user: 'svc', password: 'right', address: 'svc@acme.example' }
  const limitTo = (impersonates: 'everybody' | readonly string[]) =>
    simulator.installations.put(DIRECTORY, { schemes: ['basic'], accounts: [{ ...account, impersonates }] })
  limitTo('everybody')
  for (const name of ['anna', 'ceo']) {
    const rights = { [account.address]: 'reviewer' } as const
    simulator.mailboxes.put(DIRECTORY, { address: `${name}@acme.example`, rights, events: [] })
  }
  const put = async (path: string, body: object) => {
    const { status, text } = await service.call('PUT', `/v1/tenants/acme${path}`, body)
    t.ok(status < 300, text)
  }
  const connect = (access: string) =>
    put('/connection', {
      kind: 'ews',
      url: `${simulator.origin}/${DIRECTORY}/EWS/Exchange.asmx`,
      auth: { kind: 'basic', user: account.user, password: account.password },
      access,
      ca: simulator.ca
    })
  await put('', { name: 'acme', timeZone: 'Europe/Stockholm', language: 'sv' })
  await put('/users/anna', {
    displayName: 'Anna',
    extension: '1',
    mailbox: 'anna@acme.example',
    syncEnabled: true
  })
  await connect('impersonation')
  const probe = async () => (await service.call('POST', outside)).json
  const open = await probe()
  t.match(open.checks.at(-1), { name: 'probe', ok: false, hint: /could be read/ })

  limitTo(['anna@acme.example'])
  const limited = await probe()
  t.equal(limited.ok, true, JSON.stringify(limited))
  t.strictSame(limited.checks.at(-1), { name: 'probe', ok: true })

  await connect('delegate')
  t.match((await probe()).checks.at(-1), { name: 'probe', ok: false, hint: /this connection has none/ })
})
