/** The way in: every kind of sign-in, impersonation within its scope, and versions. */
import { Agent as KeepAlive, type RequestOptions, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Simulator } from '../../simulator/simulator.ts'
import { channelBinding } from '../../src/connectors/ews/auth/ntlm/channel-binding.ts'
import { ntlmHandshake } from '../../src/connectors/ews/auth/ntlm/ntlm.ts'
import t from '../group/tap.ts'
import {
  availabilityBody,
  basic,
  calendarOf,
  every,
  openEws,
  outline,
  service,
  soapCall,
  tenant,
  texts,
  view
} from './ews-open.ts'

const body = soapCall(availabilityBody(['anna@example.se']))

t.test(
  'Basic: the right password in UTF-8 or Latin-1, by any of the account’s names; anything else is asked again',
  async (t) => {
    const { ask, put, simulator } = await openEws(t)
    put('anna@example.se')
    const { user, password } = service
    const status = async (authorization: string | null) =>
      (await ask(availabilityBody(['anna@example.se']), { authorization })).status
    for (const name of [user, `HANVISA\\${user}`, 'hanvisa\\SVC-HANVISA', 'svc@example.se']) {
      t.equal(await status(basic(name, password)), 200, name)
    }
    for (const [name, word] of [
      [user, 'wrong'],
      ['nobody', password],
      [`ELSEWHERE\\${user}`, password],
      ['', '']
    ] as const) {
      t.equal(await status(basic(name, word)), 401)
    }
    simulator.installations.put(tenant, { accounts: [{ ...service, password: 'åäö' }] })
    t.equal(await status(`Basic ${Buffer.from(`${user}:åäö`, 'latin1').toString('base64')}`), 200)
    const asked = await ask(availabilityBody(['anna@example.se']), { authorization: null })
    t.equal(asked.status, 401)
    t.equal(asked.headers.get('www-authenticate'), 'Negotiate, NTLM, Basic realm="localhost"')
    t.match(asked.text, /401 - Unauthorized/)

    simulator.installations.put(tenant, { schemes: ['ntlm'], accounts: [service] })
    t.equal(await status(basic(user, password)), 401, 'not offered')
    simulator.installations.put(tenant, { accounts: [{ ...service, disabled: true }] })
    t.equal(await status(basic(user, password)), 401, 'disabled')
    simulator.installations.put(tenant, { accounts: [{ ...service, lockedAfter: 2 }] })
    t.same(
      [await status(basic(user, 'x')), await status(basic(user, password))],
      [401, 200],
      'one wrong password'
    )
    await status(basic(user, 'x'))
    await status(basic(user, 'x'))
    t.equal(await status(basic(user, password)), 401, 'two in a row lock the account')
    const refused = simulator.requests.list({ route: 'signIn', clientId: 'svc@example.se' })
    t.ok(refused.length >= 4 && refused.every((each) => each.status === 401))
  }
)

t.test(
  'NTLM signs a connection in, not a call, and is bound to the server’s certificate where that is required',
  async (t) => {
    const { put, simulator } = await openEws(t)
    put('anna@example.se')
    const statuses = async (bound: boolean, password = service.password) => {
      const line = openLine(t, simulator)
      const first = await line.send(null)
      const asked = [first.headers['www-authenticate']].flat()
      t.ok(String(asked).includes('NTLM'))
      const binding = bound ? channelBinding(line.certificate()) : null
      const handshake = ntlmHandshake({
        user: `HANVISA\\${service.user}`,
        password,
        channelBinding: binding,
        targetName: null,
        clock: Date.now
      })
      const challenge = await line.send(`NTLM ${handshake.negotiate.toString('base64')}`)
      const token = String(challenge.headers['www-authenticate']).replace(/^NTLM /, '')
      const { message } = handshake.authenticate(Buffer.from(token, 'base64'))
      const third = await line.send(`NTLM ${message.toString('base64')}`)
      const fourth = await line.send(null)
      return [first.status, challenge.status, third.status, fourth.status]
    }
    t.same(await statuses(true), [401, 401, 200, 200])
    t.same(await statuses(false), [401, 401, 401, 401], 'required since 2019 CU14')
    t.same(await statuses(true, 'wrong'), [401, 401, 401, 401])
    simulator.installations.put(tenant, { extendedProtection: 'allow', accounts: [service] })
    t.same(await statuses(false), [401, 401, 200, 200])
    simulator.installations.put(tenant, { version: '2007_SP1', accounts: [service] })
    t.same(await statuses(false), [401, 401, 200, 200], 'no time, no MIC')
    const stranger = openLine(t, simulator)
    t.equal((await stranger.send(null)).status, 401, 'another connection is not signed in')
  }
)

t.test(
  'a bearer needs full_access_as_app, somebody to impersonate within the app’s scope, and an anchor',
  async (t) => {
    const { put, ask, simulator } = await openEws(t, { schemes: ['oauth'] })
    put('anna@example.se', { subject: 'x', start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' })
    put('bo@example.se')
    const tokenFor = async (roles: string[], mailboxes?: string[]) => {
      simulator.directories.put({
        id: tenant,
        domain: 'example.se',
        apps: [{ clientId: 'app', secret: 'right', roles, ...(mailboxes ? { mailboxes } : {}) }]
      })
      const directory = simulator.directories.find(tenant)!
      return `Bearer ${simulator.tokens.issue(directory, directory.apps.get('app')!, simulator.origin, simulator.loginRoot)}`
    }
    const right = await tokenFor(['full_access_as_app'], ['anna@example.se'])
    const headers = { 'x-anchormailbox': 'anna@example.se' }
    const impersonate = { name: 'anna@example.se' }
    t.equal((await ask(view(calendarOf()), { authorization: right, impersonate, headers })).code, 'NoError')
    t.equal((await ask(view(calendarOf()), { authorization: right, impersonate })).status, 503)
    t.equal(
      (await ask(view(calendarOf()), { authorization: right, headers })).code,
      'ErrorInvalidExchangeImpersonationHeaderData'
    )
    t.equal(
      (
        await ask(view(calendarOf()), {
          authorization: right,
          headers,
          impersonate: { name: 'bo@example.se' }
        })
      ).code,
      'ErrorImpersonateUserDenied'
    )
    const less = await tokenFor(['Calendars.Read'])
    t.equal((await ask(view(calendarOf()), { authorization: less, impersonate, headers })).status, 403)
    simulator.tokens.revoke()
    const gone = await ask(view(calendarOf()), { authorization: right, impersonate, headers })
    t.match([gone.status, gone.headers.get('www-authenticate')], [401, /^Bearer client_id=/])
    t.equal((await ask(view(calendarOf()), { impersonate })).status, 401, 'Basic is not offered')
  }
)

t.test(
  'impersonation takes one name of a kind that the version knows, and of somebody in scope',
  async (t) => {
    const accounts = [{ ...service, impersonates: ['anna@example.se'] }]
    const { put, ask, simulator } = await openEws(t, { accounts })
    put({
      address: 'anna@example.se',
      aliases: ['a@example.se'],
      userPrincipalName: 'anna.ek@corp.example.se'
    })
    put('bo@example.se')
    put({ address: 'gone@example.se', hosting: 'absent' })
    const code = async (name: string, kind = 'PrimarySmtpAddress', version = 'Exchange2016') => {
      const response = await ask(view(calendarOf()), { impersonate: { name, kind }, version })
      return `${response.status} ${response.code}`
    }
    t.equal(await code('anna@example.se'), '200 NoError')
    t.equal(await code('a@example.se', 'SmtpAddress'), '200 NoError')
    t.equal(await code('anna.ek@corp.example.se', 'PrincipalName'), '200 NoError')
    t.equal(await code('a@example.se'), '500 ErrorNonPrimarySmtpAddress')
    t.equal(await code('bo@example.se'), '500 ErrorImpersonateUserDenied')
    for (const name of ['nobody@example.se', 'gone@example.se'])
      t.equal(await code(name), '500 ErrorNonExistentMailbox')
    t.equal(await code(''), '500 ErrorInvalidExchangeImpersonationHeaderData')
    t.equal(await code('anna@example.se', 'Address'), '500 ErrorSchemaValidation')
    const denied = await ask(view(calendarOf()), { impersonate: { name: 'bo@example.se' } })
    t.equal(
      outline(denied.document!),
      'Envelope(Body(Fault(faultcode,faultstring,detail(ResponseCode,Message))))'
    )
    t.equal(texts(denied.body, 'faultcode')[0], 'a:ErrorImpersonateUserDenied')

    simulator.installations.put(tenant, { version: '2007_SP1', accounts })
    t.equal(await code('anna@example.se', 'SmtpAddress', 'Exchange2007_SP1'), '500 ErrorSchemaValidation')
    t.equal(await code('anna@example.se', 'PrimarySmtpAddress', 'Exchange2007_SP1'), '200 NoError')
    simulator.installations.put(tenant, { version: '2007_SP1', accounts: [{ ...service, impersonates: [] }] })
    t.equal(
      await code('anna@example.se', 'PrimarySmtpAddress', 'Exchange2007_SP1'),
      '500 ErrorImpersonationDenied'
    )
    simulator.installations.put(tenant, { anchored: true, accounts: [service] })
    t.equal((await ask(view(calendarOf()), { impersonate: { name: 'anna@example.se' } })).status, 503)
  }
)

t.test('each version names itself, accepts its schemas, and lacks what it lacked', async (t) => {
  const { put, ask, post, simulator } = await openEws(t)
  put({ address: 'anna@example.se', rights: { default: 'reviewer' } })
  const find = view(calendarOf('anna@example.se'))
  const codeAndSchema = async (server: string, version: string | null, operation = find) => {
    simulator.installations.put(tenant, { version: server as 'SE', accounts: [service] })
    const answer = await ask(operation, { version })
    const info = every(answer.document, 'ServerVersionInfo')[0]?.attributes
    return [answer.code, info && `${info.MajorVersion}.${info.MinorVersion} ${info.Version ?? '-'}`]
  }
  t.same(await codeAndSchema('2007_SP1', 'Exchange2007_SP1'), ['NoError', '8.1 -'])
  t.same(await codeAndSchema('2010_SP3', 'Exchange2010_SP2'), ['NoError', '14.3 Exchange2010_SP2'])
  t.same(await codeAndSchema('2013_SP1', 'Exchange2013_SP1'), ['NoError', '15.0 V2_8'])
  t.same(await codeAndSchema('2016', 'Exchange2016'), ['NoError', '15.1 V2017_07_11'])
  t.same(await codeAndSchema('SE', 'Exchange2016'), ['NoError', '15.2 V2017_07_11'])
  t.same(await codeAndSchema('SE', null), ['NoError', '15.2 V2017_07_11'])
  t.same(await codeAndSchema('2019', 'Exchange2019'), ['ErrorInvalidRequest', undefined])
  t.same(await codeAndSchema('2010_SP2', 'Exchange2013'), ['ErrorInvalidServerVersion', undefined])
  t.same(await codeAndSchema('2007_SP1', 'Exchange2010'), ['ErrorInvalidServerVersion', '8.1 -'])
  t.same(await codeAndSchema('2010', 'Exchange2007_SP3'), ['ErrorInvalidServerVersion', undefined])
  const stream =
    '<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>x</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>'
  t.equal((await codeAndSchema('2010', 'Exchange2010', stream))[0], 'ErrorSchemaValidation')
  t.equal((await codeAndSchema('2010_SP1', 'Exchange2010', stream))[0], 'ErrorIncorrectSchemaVersion')
  t.equal((await codeAndSchema('2010_SP1', 'Exchange2010_SP1', stream))[0], 'ErrorInvalidSubscription')
  const newer = view(calendarOf('anna@example.se'), {
    shape:
      '<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="calendar:IsOrganizer"/></t:AdditionalProperties></m:ItemShape>'
  })
  t.equal((await codeAndSchema('2010', 'Exchange2010', newer))[0], 'ErrorSchemaValidation')
  t.equal((await codeAndSchema('SE', 'Exchange2010', newer))[0], 'ErrorInvalidPropertyRequest')
  t.equal((await codeAndSchema('SE', 'Exchange2013', newer))[0], 'NoError')
  for (const name of ['GetNothing', 'constructor', '__proto__']) {
    t.equal((await codeAndSchema('SE', 'Exchange2016', `<m:${name}/>`))[0], 'ErrorSchemaValidation')
  }

  const sign = { authorization: basic(service.user, service.password) }
  const path = '/EWS/Exchange.asmx'
  t.equal((await post(path, 'no xml', sign)).status, 400)
  t.equal((await post(path, `<!DOCTYPE x [<!ENTITY a "b">]>${body.slice(38)}`, sign)).status, 400)
  t.equal((await post(path, body, { ...sign, 'content-type': 'application/json' })).status, 415)
  t.equal(
    (await post(`/${tenant}/EWS/exchange.asmx`, body, sign)).status,
    200,
    'any tenant’s server, by its name'
  )
  t.equal((await post('/other/EWS/Exchange.asmx', body, sign)).status, 404)
})

/** One connection, kept open. */
function openLine(t: { teardown(end: () => void): void }, simulator: Simulator) {
  const agent = new KeepAlive({ keepAlive: true, maxSockets: 1, ca: simulator.ca })
  t.teardown(() => agent.destroy())
  let socket: TLSSocket | undefined
  const send = (authorization: string | null) =>
    new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
      const options: RequestOptions = {
        method: 'POST',
        agent,
        headers: { 'content-type': 'text/xml', ...(authorization === null ? {} : { authorization }) }
      }
      const asking = request(simulator.ewsUrl, options, (response) => {
        response
          .resume()
          .once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
      })
      asking.once('socket', (each) => {
        socket = each as TLSSocket
      })
      asking.once('error', reject).end(body)
    })
  return { send, certificate: () => socket?.getPeerCertificate().raw ?? Buffer.alloc(0) }
}
