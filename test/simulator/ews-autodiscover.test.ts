/** Autodiscover leads a service account from an address to the server. */

import { fetch } from 'undici'
import t from '../group/tap.ts'
import { basic, every, openEws, outline, service, tenant, texts } from './ews-open.ts'

t.test('Autodiscover leads to the server, in SOAP for many and in POX for one, or sends on', async (t) => {
  const redirects = {
    'moved@example.se': 'new@example.net',
    'elsewhere.example': 'https://mail.elsewhere.example/autodiscover/autodiscover.xml',
    'away@example.se': '302 https://autodiscover.example.net/x'
  }
  const { put, post, simulator, agent } = await openEws(t, { redirects })
  put({ address: 'anna@example.se', displayName: 'Anna Ek' })
  const sign = { authorization: basic(service.user, service.password) }
  const space = 'http://schemas.microsoft.com/exchange/2010/Autodiscover'
  const ask = (addresses: string[], settings: string[], headers: Record<string, string> = sign) =>
    post(
      '/autodiscover/autodiscover.svc',
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="${space}"><s:Header><a:RequestedServerVersion>Exchange2010</a:RequestedServerVersion></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users>${addresses.map((each) => `<a:User><a:Mailbox>${each}</a:Mailbox></a:User>`).join('')}</a:Users><a:RequestedSettings>${settings.map((each) => `<a:Setting>${each}</a:Setting>`).join('')}</a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>`,
      headers
    )
  const response = await ask(
    ['anna@example.se', 'nobody@example.se', 'moved@example.se', 'x@elsewhere.example'],
    ['ExternalEwsUrl', 'CasVersion', 'constructor']
  )
  t.same(texts(response.body, 'ErrorCode'), [
    'NoError',
    'NoError',
    'SettingIsNotAvailable',
    'InvalidUser',
    'RedirectAddress',
    'RedirectUrl'
  ])
  t.same(texts(response.body, 'Value'), [simulator.ewsUrl, '15.2.2562.17'])
  t.same(texts(response.body, 'RedirectTarget').slice(2), [
    'new@example.net',
    'https://mail.elsewhere.example/autodiscover/autodiscover.xml'
  ])
  const answer =
    'ErrorCode,ErrorMessage,RedirectTarget,UserSettingErrors(UserSettingError(ErrorCode,ErrorMessage,SettingName)),UserSettings(UserSetting(Name,Value),UserSetting(Name,Value))'
  t.equal(outline(every(response.body, 'UserResponse')[0]!), `UserResponse(${answer})`)
  t.equal((await ask(['anna@example.se'], [], {})).status, 401)
  const away = await ask(['away@example.se'], [], {})
  t.same([away.status, away.headers.get('location')], [302, 'https://autodiscover.example.net/x'])

  const pox = (address: string, schema = '2006a') =>
    post(
      '/Autodiscover/Autodiscover.xml',
      `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>${address}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/${schema}</AcceptableResponseSchema></Request></Autodiscover>`,
      sign
    )
  const plain = await pox('anna@example.se')
  t.same(texts(plain.document, 'EwsUrl'), [simulator.ewsUrl, simulator.ewsUrl])
  t.same(texts(plain.document, 'Type').slice(0, 2), ['EXCH', 'EXPR'])
  t.same(texts((await pox('moved@example.se')).document, 'RedirectAddr'), ['new@example.net'])
  t.same(texts((await pox('x@elsewhere.example')).document, 'Action'), ['redirectUrl'])
  t.same(texts((await pox('nobody@example.se')).document, 'ErrorCode'), ['500'])
  t.same(texts((await pox('anna@example.se', '2007')).document, 'ErrorCode'), ['601'])
  const got = await fetch(`${simulator.origin}/autodiscover/autodiscover.xml`, { dispatcher: agent })
  t.same([got.status, got.headers.get('x-soap-enabled')], [401, 'True'])
  simulator.installations.put(tenant, { version: '2007_SP1', accounts: [service] })
  t.equal((await ask(['anna@example.se'], [])).status, 404, '2007 has POX only')
  t.same(
    outline(every((await pox('anna@example.se')).document, 'Protocol')[0]!),
    'Protocol(Type,Server,ASUrl)'
  )
})
