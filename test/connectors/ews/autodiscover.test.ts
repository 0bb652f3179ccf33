/** Autodiscover: from a mail address to the EWS URL, without a password going where it does not belong. */
import { createServer as createPlain, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { discoverEws } from '../../../src/connectors/ews/client/autodiscover.ts'
import {
  readGetUserSettings,
  readPoxResponse
} from '../../../src/connectors/ews/client/autodiscover-responses.ts'
import { openEwsTransport } from '../../../src/connectors/ews/client/transport.ts'
import { AddressPolicy, anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import t from '../../group/tap.ts'
import { hangSignal } from '../../support/until.ts'
import { certificateOf } from './certificates.ts'
import { openExchange } from './exchange.ts'

const httpsOnly = Object.assign(new AddressPolicy({ allowPrivateTargets: true, allowedNetworks: [] }), {
  allowsHttp: false
})
const publicOnly = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })

const soap = (user: string) =>
  Buffer.from(
    `<s:Envelope xmlns:s="s"><s:Body><GetUserSettingsResponseMessage xmlns="a"><Response><ErrorCode>NoError</ErrorCode><UserResponses><UserResponse>${user}</UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>`
  )
const setting = (name: string, value: string) =>
  `<UserSetting><Name>${name}</Name><Value>${value}</Value></UserSetting>`
const url = 'https://mail.example.se/EWS/Exchange.asmx'

t.test('what SOAP answers', async (t) => {
  const read = (user: string) => readGetUserSettings([soap(user)], undefined)
  const inside = setting('InternalEwsUrl', 'https://ex01.lan/EWS/Exchange.asmx')
  t.same(await read(`<ErrorCode>NoError</ErrorCode>${inside}${setting('ExternalEwsUrl', url)}`), {
    kind: 'url',
    url
  })
  t.match(await read(`<ErrorCode>NoError</ErrorCode>${inside}`), { kind: 'url', url: /ex01/ })
  t.equal(await read('<ErrorCode>NoError</ErrorCode><UserSettings/>'), null)
  t.same(await read('<ErrorCode>InvalidUser</ErrorCode>'), { kind: 'unknown', code: 'InvalidUser' })
  const to = (code: string, target: string) =>
    read(`<ErrorCode>${code}</ErrorCode><RedirectTarget>${target}</RedirectTarget>`)
  t.same(await to('RedirectAddress', 'a@b.example'), { kind: 'address', address: 'a@b.example' })
  t.same(await to('RedirectUrl', url), { kind: 'redirect', url })
  t.equal(await to('RedirectAddress', 'nobody'), null)
})

t.test('what POX answers: for those outside first, and 2007 by its own name', async (t) => {
  const read = (account: string) =>
    readPoxResponse(
      [Buffer.from(`<Autodiscover><Response><Account>${account}</Account></Response></Autodiscover>`)],
      undefined
    )
  const protocol = (type: string, element: string, at: string) =>
    `<Protocol><Type>${type}</Type><${element}>${at}</${element}></Protocol>`
  const settings = '<Action>settings</Action>'
  const inner = protocol('EXCH', 'EwsUrl', 'https://ex01.lan/EWS/Exchange.asmx')
  t.same(await read(settings + inner + protocol('EXPR', 'EwsUrl', url)), { kind: 'url', url })
  t.match(await read(settings + inner), { url: /ex01/ })
  t.same(await read(settings + protocol('EXPR', 'ASUrl', url)), { kind: 'url', url })
  t.same(await read('<Action>redirectAddr</Action><RedirectAddr>a@b.example</RedirectAddr>'), {
    kind: 'address',
    address: 'a@b.example'
  })
  t.same(await read(`<Action>redirectUrl</Action><RedirectUrl>${url}</RedirectUrl>`), {
    kind: 'redirect',
    url
  })
  t.equal(await read(settings), null)
})

t.test('from an address to the server, by SOAP and with 2007 by POX', async (t) => {
  const { simulator, connection, directory, put, install } = await openExchange(t, 'delegate')
  put('a@example.se', {})
  for (const version of ['SE', '2010', '2007_SP1'] as const) {
    install({ version })
    const found = await discover(
      t,
      'a@example.se',
      [`${simulator.origin}/${directory}/autodiscover/autodiscover.xml`],
      {
        ca: simulator.ca,
        auth: connection.auth as never
      }
    )
    t.equal(found, simulator.ewsUrl, version)
  }
})

t.test('without TLS only the redirect is requested, and it must lead to https', async (t) => {
  const { simulator, connection, directory, put } = await openExchange(t, 'delegate')
  put('a@example.se', {})
  let location = `${simulator.origin}/${directory}/autodiscover/autodiscover.xml`
  const requests: (string | undefined)[] = []
  const server = createPlain((request, response) => {
    requests.push(request.headers.authorization)
    response.writeHead(302, { location }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const plain = `http://localhost:${(server.address() as AddressInfo).port}/autodiscover/autodiscover.xml`
  const options = { ca: simulator.ca, auth: connection.auth as never }
  t.equal(await discover(t, 'a@example.se', [plain], options), simulator.ewsUrl)
  location = `${plain}?again`
  await t.rejects(discover(t, 'a@example.se', [plain], options), { message: /finds no EWS/ })
  t.same(requests, [undefined, undefined])
  await t.rejects(discover(t, 'a@example.se', [plain], { ...options, addressPolicy: publicOnly }), {
    message: /finds no EWS.*no public address/
  })
})

t.test(
  'a web site that requires no password gets none; redirects go to https alone, and never in a loop',
  async (t) => {
    const shown = await certificateOf({ signed: true })
    const requests: string[] = []
    const listen = async (listener: RequestListener) => {
      const server = createServer({ cert: shown.certificate, key: shown.key }, (request, response) => {
        requests.push(
          `${request.method} ${request.url} ${request.headers.authorization === undefined ? '' : 'secret'}`
        )
        listener(request, response)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      t.teardown(() => {
        server.closeAllConnections()
        server.close()
      })
      return `https://localhost:${(server.address() as AddressInfo).port}`
    }
    const site = await listen((_, response) => response.writeHead(404).end('<html>Our company</html>'))
    const circle: string = await listen((_, response) =>
      response.writeHead(302, { location: `${circle}/x.xml` }).end()
    )
    const plain = await listen((_, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:9/x.xml' }).end()
    )
    const cloud = await listen((_, response) =>
      response
        .writeHead(302, { location: 'https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml' })
        .end()
    )
    const options = { ca: shown.signer, auth: { kind: 'basic', user: 'svc', password: 'geheim' } as const }
    const places = [site, circle].map((origin) => `${origin}/autodiscover/autodiscover.xml`)
    await t.rejects(discover(t, 'a@example.se', places, options), {
      code: 'unreachable',
      message: /finds no EWS for example.se/
    })
    t.ok(requests.length > 0 && requests.length < 10, `${requests.length} questions`)
    t.notOk(requests.some((line) => line.endsWith('secret')))
    await t.rejects(
      discover(t, 'a@example.se', [`${plain}/a.xml`], { ...options, addressPolicy: httpsOnly }),
      {
        message: /finds no EWS/
      }
    )
    await t.rejects(discover(t, 'a@example.se', [`${cloud}/a.xml`], options), {
      message: /Exchange Online.*Graph/
    })

    requests.length = 0
    const locked = await listen((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    )
    const twice = [`${locked}/autodiscover/autodiscover.xml`, `${locked}/other/autodiscover.xml`]
    await t.rejects(discover(t, 'a@example.se', twice, options), { code: 'secret_invalid' })
    const attempts = requests.filter((line) => line.endsWith('secret')).length
    t.ok(attempts > 0 && attempts <= 2, `a refused password is not tried on: ${attempts}`)
  }
)

// [MS-OXDSCLI] 2.2.4.1.1.3: the Error response of POX.
t.test(
  'the ErrorCode that Exchange gives an address is reported, not the error of another host',
  async (t) => {
    const shown = await certificateOf({ signed: true })
    const error = (code: string) =>
      `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response><Error Time="16:56:32.6164027" Id="1054084152"><ErrorCode>${code}</ErrorCode><Message>The email address can't be found.</Message><DebugData/></Error></Response></Autodiscover>`
    const server = createServer({ cert: shown.certificate, key: shown.key }, (request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      else if (request.url?.endsWith('.svc')) response.writeHead(404).end()
      else response.writeHead(200, { 'content-type': 'text/xml' }).end(error('500'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const urls = ['https://127.0.0.1:9', `https://localhost:${port}`].map(
      (at) => `${at}/autodiscover/autodiscover.xml`
    )
    const options = { ca: shown.signer, auth: { kind: 'basic', user: 'svc', password: 'geheim' } as const }
    await t.rejects(discover(t, 'nobody@example.se', urls, options), {
      code: 'unreachable',
      message: new RegExp(`localhost:${port} knows no mailbox of nobody@example.se \\(ErrorCode 500\\)`)
    })
  }
)

function discover(
  t: Test,
  address: string,
  places: string[],
  options: {
    ca: string
    auth: { kind: 'basic'; user: string; password: string }
    addressPolicy?: AddressPolicy
  }
): Promise<string> {
  const { ca, auth, addressPolicy = anyAddress } = options
  const outbound = openHttpClient({ addressPolicy: anyAddress, ca })
  t.teardown(() => outbound.close())
  return discoverEws(address, {
    outbound,
    transportTo: (at) =>
      openEwsTransport({ url: at, auth, addressPolicy: anyAddress, ca, redirects: 'none', environment: {} }),
    allowRetiring: false,
    addressPolicy,
    urlsFor: async () => [...places],
    signal: hangSignal()
  })
}
