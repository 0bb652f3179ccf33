/** Connections to EWS: what is refused and why, and where its password stays. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openExchange } from '../connectors/ews/exchange.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'

const service = await startTestService(t, { allowPrivateTargets: true })
const { call } = service
await service.tenant('acme')
const at = '/v1/tenants/acme/connection'
const password = 'Sup3r~secret välue'
const ntlm = { kind: 'ntlm', user: 'ACME\\svc', password }
const ews = { kind: 'ews', url: 'https://mail.example.se/EWS/Exchange.asmx', auth: ntlm }

const faultsOf = async (body: unknown) => {
  const answer = await call('PUT', at, body)
  t.equal(answer.status, 400)
  const errors: { field: string; message: string }[] = answer.body?.errors ?? []
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]))
}

t.test('an error names each wrong member', async (t) => {
  const url = (written: string) => faultsOf({ ...ews, url: written })
  t.match(await url('https://mail.example.se/owa/'), { url: /must end in \.asmx.*Outlook on the web/ })
  t.match(await url('https://mail.example.se/EWS/Exchange.asmx?x=1'), { url: /\?/ })
  t.match(await url('https://u:p@mail.example.se/EWS/Exchange.asmx'), { url: /password/ })
  t.match(await url('mail.example.se'), { url: /Exchange\.asmx/ })
  t.match(await url('ftp://mail.example.se/EWS/Exchange.asmx'), { url: /https/ })
  for (const host of [
    'outlook.office365.com',
    'OUTLOOK.office365.com.',
    'eur.outlook.com',
    'outlook.office365.us',
    'outlook.office.com',
    'partner.outlook.cn'
  ]) {
    t.match(
      await url(`https://${host}/EWS/Exchange.asmx`),
      { url: /blocked.*1 October 2026.*1 April 2027.*graph/ },
      host
    )
  }
  const { url: _, ...bare } = ews
  t.match(await faultsOf(bare), { url: /is missing/ })
  t.match(await faultsOf({ ...ews, autodiscover: 'a@example.se' }), { autodiscover: /beside "url"/ })
  t.match(await faultsOf({ ...bare, autodiscover: 'example.se' }), { autodiscover: /mail address/ })
  t.match(await faultsOf({ ...bare, autodiscover: 'a@acme.onmicrosoft.com' }), {
    autodiscover: /Microsoft Graph/
  })
  t.match(await faultsOf({ ...ews, ca: '-----BEGIN CERTIFICATE-----\nx' }), { ca: /X\.509/ })
  t.match(await faultsOf({ ...ews, access: 'owner' }), { access: /delegate/ })
  t.match(await faultsOf({ ...ews, version: '2010' }), { version: /Exchange2010_SP2/ })
  t.match(await faultsOf({ ...ews, auth: { kind: 'kerberos' } }), { 'auth/kind': /ntlm/ })
  t.match(await faultsOf({ ...ews, auth: { kind: 'ntlm', user: 'x', secret: 'y' } }), {
    'auth/secret': /not a known member/
  })
  t.match(await faultsOf({ ...ews, auth: { kind: 'basic', user: 'x' } }), { 'auth/password': /is missing/ })
  const oauth = { kind: 'oauth', tenantId: 'acme.example', clientId: 'a-b', clientSecret: 's' }
  t.match(await faultsOf({ ...ews, auth: oauth }), { access: /impersonation/ })
  t.match(await faultsOf({ ...bare, autodiscover: 'a@example.se', access: 'impersonation', auth: oauth }), {
    'auth/resource': /token/
  })
  t.equal((await call('GET', at)).status, 404, 'nothing was saved')
})

t.test(
  'the password is stored, named and preserved; it is required again when it would be sent elsewhere',
  async (t) => {
    const made = await call('PUT', at, ews)
    t.equal(made.status, 201)
    const shown = {
      kind: 'ews',
      url: ews.url,
      auth: { kind: 'ntlm', user: 'ACME\\svc' },
      access: 'delegate',
      version: 'auto',
      pollSeconds: 60,
      secrets: ['auth/password']
    }
    t.same(made.body, shown)
    t.same((await call('GET', at)).body, shown)
    t.same((await call('PUT', at, shown)).status, 200, 'as it was read')
    const other = { ...shown, access: 'impersonation', version: 'Exchange2010_SP2', pollSeconds: 30 }
    t.same((await call('PUT', at, other)).body, other, 'how it is used there is another matter')
    for (const [changes, names] of [
      [{ url: 'https://evil.example/EWS/Exchange.asmx' }, /url changed/],
      [{ auth: { kind: 'basic', user: 'ACME\\svc' } }, /auth changed/],
      [{ auth: { kind: 'ntlm', user: 'EVIL\\svc' } }, /auth changed/]
    ] as const) {
      t.match(await faultsOf({ ...shown, ...changes }), { 'auth/password': names })
    }
    const online = { ...ews, url: 'https://outlook.office365.com/EWS/Exchange.asmx', allowRetiringEws: true }
    t.equal((await call('PUT', at, online)).status, 200, 'a tenant that is still let in')
    for (const file of await readdir(service.folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const bytes = await readFile(join(file.parentPath, file.name))
      t.notOk(bytes.includes('Sup3r~secret'), file.name)
    }
    t.notMatch(service.log().join('\n'), /Sup3r/)
  }
)

t.test('a tenant whose calendars are read over NTLM', async (t) => {
  const exchange = await openExchange(t, 'delegate')
  const now = Date.now()
  const hour = (hours: number) => new Date(now + hours * 3_600_000).toISOString()
  exchange.put('anna@example.se', {}, { subject: 'MOT: budget', start: hour(-1), end: hour(1) })
  await service.tenant('premises')
  await call('PUT', '/v1/tenants/premises/rules', { pack: 'bredband2-prefix' })
  const { status } = await call('PUT', '/v1/tenants/premises/connection', exchange.connection)
  t.equal(status, 201)
  await call('PUT', '/v1/tenants/premises/users/anna', {
    displayName: 'Anna Ek',
    extension: '1070',
    mailbox: 'anna@example.se',
    syncEnabled: true
  })
  const first = await call('GET', '/v1/tenants/premises/statuses')
  let { cursor, statuses } = first.body
  let anna = statuses[0]
  for (let tries = 0; anna.diversion !== 'meeting' && tries < 10; tries += 1) {
    const { body } = await call(
      'GET',
      `/v1/tenants/premises/changes?cursor=${encodeURIComponent(cursor)}&wait=10`
    )
    cursor = body.cursor
    anna = body.changes.at(-1) ?? anna
  }
  t.match(anna, { diversion: 'meeting', phone: 'closed', sync: { state: 'fresh' } })
  const tested = await call('POST', '/v1/tenants/premises/connection/test')
  t.match(tested.body, { ok: true })
})
