/** What an operator sees when the server cannot be reached, is not to be trusted, or sends calls elsewhere. */
import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createTcp, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { openEwsTransport } from '../../../src/connectors/ews/client/transport.ts'
import { AddressPolicy, anyAddress } from '../../../src/connectors/net/address-policy.ts'
import t from '../../group/tap.ts'
import { certificateOf } from './certificates.ts'
import {
  type AskingServer,
  account,
  errorOf,
  type ServerOptions,
  sendBody,
  serverCertificate,
  startServer,
  transportTo
} from './server.ts'

const publicOnly = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })

const auth = { kind: 'basic', ...account } as const
const anybody: ServerOptions = { other: { offers: ['Basic'], good: () => true } }
const echoed = '200 <echo>x</echo>'

async function hint(
  t: Test,
  server: { url: string },
  options: Parameters<typeof transportTo>[2] = {},
  code = 'unreachable'
) {
  const error = await errorOf(t, sendBody(transportTo(t, server, { auth, ...options }), 'x'))
  t.equal(error.code, code, error.hint)
  return error.hint
}

t.test('a certificate is trusted by its authority, or when it is pinned, and not otherwise', async (t) => {
  const signed = await startServer(t, anybody)
  t.equal(await sendBody(transportTo(t, signed, { auth, ca: serverCertificate.signer }), 'x'), echoed)
  t.equal(
    await sendBody(transportTo(t, signed, { auth, ca: serverCertificate.certificate }), 'x'),
    echoed,
    'pinned'
  )
  const own = await certificateOf({})
  const selfSigned = await startServer(t, { ...anybody, serverCertificate: own })
  t.equal(
    await sendBody(
      transportTo(t, selfSigned, { auth, ca: `${serverCertificate.signer}${own.certificate}` }),
      'x'
    ),
    echoed
  )
  t.match(await hint(t, selfSigned), /from an unknown authority .*SELF_SIGNED.*PEM in the connection's `ca`/)
  t.match(await hint(t, signed, { ca: own.certificate }), /from an unknown authority/)
  const { ca: _, ...withoutCa } = {
    ca: '',
    auth,
    url: signed.url,
    addressPolicy: anyAddress,
    environment: {}
  }
  const stranger = openEwsTransport(withoutCa)
  t.teardown(() => stranger.close())
  const warn = process.emitWarning
  process.emitWarning = () => {}
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => {
    process.emitWarning = warn
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  })
  t.match(await errorOf(t, sendBody(stranger, 'x')), { hint: /from an unknown authority/ })
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  t.match(await hint(t, signed, { ca: 'my certificate' }), /holds no readable PEM certificate/)
  t.match(
    await hint(t, signed, { ca: serverCertificate.signer.replace(/\nM../, '\nAAAA') }),
    /holds no readable PEM certificate/
  )
  t.equal(signed.attempts, 2)
})

t.test('a certificate for another name, or of another time', async (t) => {
  const named = await certificateOf({ names: ['EX01', 'ex01.firma.local'], signed: true })
  const server = await startServer(t, { ...anybody, serverCertificate: named })
  t.match(
    await hint(t, server, { ca: named.signer }),
    /localhost:\d+ is for EX01, ex01\.firma\.local: write one of its names/
  )
  t.match(await hint(t, server, { ca: named.certificate }), /is for EX01/, 'pinned too')
  const old = await certificateOf({ from: -9, until: -1, signed: true })
  const expired = await startServer(t, { ...anybody, serverCertificate: old })
  t.match(await hint(t, expired, { ca: old.signer }), /has expired: renew it/)
  const early = await certificateOf({ from: 1, until: 9, signed: true })
  const future = await startServer(t, { ...anybody, serverCertificate: early })
  t.match(await hint(t, future, { ca: early.signer }), /not valid yet: check the clocks/)
})

t.test(
  'a server that knows TLS 1.1 at the best, one with old ciphers, and one with no TLS at all',
  async (t) => {
    const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const rsa = await certificateOf({ kind: 'RSA, SHA-256', signed: true })
    const old = await startServer(t, { ...anybody, tls, serverCertificate: rsa })
    t.match(await hint(t, old, { ca: rsa.signer }), /speaks no TLS of today .*switch TLS 1\.2 on/)
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0', secureOptions: 0 } as const
    const suites = await startServer(t, {
      ...anybody,
      tls: { ...weak, ciphers: 'CAMELLIA128-SHA' },
      serverCertificate: rsa
    })
    t.match(await hint(t, suites, { ca: rsa.signer }), /TLS that is too weak|speaks no TLS of today/)
    const plain = await startServer(t, { ...anybody, serverCertificate: null })
    t.match(await hint(t, { url: plain.url.replace('http:', 'https:') }), /does not speak TLS at that port/)
  }
)

t.test('names, ports and networks', async (t) => {
  t.match(
    await hint(t, { url: 'https://nobody.invalid/EWS/Exchange.asmx' }),
    /nobody\.invalid could not be resolved/
  )
  const gone = await listening(t, createTcp())
  await new Promise((resolve) => gone.server.close(resolve))
  t.match(
    await hint(t, { url: `https://localhost:${gone.port}/EWS/Exchange.asmx` }),
    /Nothing listens at localhost:\d+/
  )
  const mute = await listening(
    t,
    createTcp((socket) => void t.teardown(() => socket.destroy()))
  )
  const transport = transportTo(t, { url: `https://localhost:${mute.port}/EWS/Exchange.asmx` }, { auth })
  t.match(await errorOf(t, sendBody(transport, 'x', AbortSignal.timeout(100))), {
    hint: /did not answer in time/
  })
  const rude = await listening(
    t,
    createTcp((socket) => void socket.destroy())
  )
  t.match(
    await hint(t, { url: `https://localhost:${rude.port}/EWS/Exchange.asmx` }),
    /broke off \(ECONNRESET\)/
  )
})

t.test('private addresses and plain http are called only where that is allowed', async (t) => {
  const server = await startServer(t, anybody)
  const closed = { addressPolicy: publicOnly }
  for (const host of ['localhost', '127.0.0.1', '[::1]', '0x7f.1', '[::ffff:127.0.0.1]']) {
    const url = `https://${host}:${server.port}/EWS/Exchange.asmx`
    const transport = transportTo(t, { url }, { auth, ...closed })
    t.match(
      await errorOf(t, sendBody(transport, 'x')),
      { code: 'unreachable', hint: /no public address.*ALLOW_PRIVATE_TARGETS/ },
      host
    )
  }
  t.equal(server.sockets.size, 0)
  t.throws(() => transportTo(t, { url: 'http://mail.example/EWS' }, closed), {
    message: /without TLS: write url with https/
  })
  t.throws(() => transportTo(t, { url: 'mail.example' }), { message: /url is no address/ })
  t.throws(() => transportTo(t, { url: 'https://a:b@mail.example/' }), {
    message: /holds a password: put it into auth/
  })
})

t.test('a proxy of the environment is gone through by a tunnel, NTLM and its binding included', async (t) => {
  const server = await startServer(t)
  const asked: string[] = []
  const proxy = await startProxy(t, server, asked)
  const environment = { HTTPS_PROXY: `http://hanvisa:pass%20word@127.0.0.1:${proxy}` }
  const url = `https://localhost:${server.port}/EWS/Exchange.asmx`
  const transport = transportTo(t, { url }, { environment })
  t.same([await sendBody(transport, 'x'), await sendBody(transport, 'x')], [echoed, echoed])
  t.same(asked, [`localhost:${server.port} Basic ${Buffer.from('hanvisa:pass word').toString('base64')}`])
  t.match(server.accounts, [{ bound: true }])

  const ofHttp = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1' }
  t.equal(
    await sendBody(transportTo(t, { url }, { environment: ofHttp }), 'x'),
    echoed,
    'HTTP_PROXY leads nowhere'
  )
  const both = { ...ofHttp, ...environment, NO_PROXY: 'localhost:1' }
  t.equal(await sendBody(transportTo(t, { url }, { environment: both }), 'x'), echoed)
  t.equal(asked.length, 2)
  asked.pop()
  const empty = { https_proxy: '', ...environment }
  t.equal(await sendBody(transportTo(t, { url }, { environment: empty }), 'x'), echoed)
  t.equal(asked.length, 1, 'an empty https_proxy is no proxy')

  const except = { ...environment, NO_PROXY: '.example,localhost' }
  t.equal(await sendBody(transportTo(t, { url }, { environment: except }), 'x'), echoed)
  t.equal(asked.length, 1)
  const anonymous = { https_proxy: `http://127.0.0.1:${proxy}` }
  t.match(
    await hint(t, { url }, { environment: anonymous }, 'proxy_refused'),
    /proxy 127\.0\.0\.1:\d+ asks for a sign-in/
  )
  t.match(
    await hint(t, { url }, { environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } }, 'proxy_refused'),
    /proxy 127\.0\.0\.1:1 does not answer .*ECONNREFUSED/
  )
  t.match(
    await hint(t, { url }, { environment: { HTTPS_PROXY: 'socks5://127.0.0.1:1' } }),
    /SOCKS and PAC are not supported/
  )
  const refused = transportTo(t, { url }, { auth, environment, addressPolicy: publicOnly })
  t.match(await errorOf(t, sendBody(refused, 'x')), { hint: /no public address/ })
})

t.test('redirects within the server are followed; all others are explained', async (t) => {
  const to: Record<string, string> = {
    '/old.asmx': '/EWS/Exchange.asmx',
    '/circle.asmx': '/circle2.asmx',
    '/circle2.asmx': '/circle.asmx',
    '/away.asmx': 'https://elsewhere.example/EWS/Exchange.asmx?secret',
    '/plain.asmx': 'http://localhost/EWS/Exchange.asmx',
    '/owa.asmx': '/owa/auth/logon.aspx?url=x',
    '/outage.asmx': '/ews/genericerrorpage.htm'
  }
  const server = await startServer(t, {
    ...anybody,
    answer(request, response, body) {
      const location = to[request.url ?? '']
      if (location === undefined) response.end(`<echo>${body}</echo>`)
      else response.writeHead(302, { location }).end('moved')
    }
  })
  const at = (path: string, redirects: 'same-server' | 'none' = 'same-server') =>
    transportTo(t, { url: new URL(path, server.url).href }, { auth, redirects })
  t.equal(await sendBody(at('/old.asmx'), 'x'), echoed)
  t.equal(await sendBody(at('/old.asmx', 'none'), 'x'), '302 moved')
  const expected: Record<string, [code: string, hint: RegExp]> = {
    '/circle.asmx': ['protocol_error', /redirects in a circle/],
    '/away.asmx': [
      'protocol_error',
      /sends calls on to elsewhere\.example: write that server's EWS address in url/
    ],
    '/plain.asmx': ['protocol_error', /sends calls on to localhost/],
    '/owa.asmx': ['protocol_error', /a page for people to sign in: url must end in/],
    '/outage.asmx': ['unreachable', /shows its error page/]
  }
  for (const [path, [code, hint]] of Object.entries(expected)) {
    t.match(await errorOf(t, sendBody(at(path), 'x')), { code, hint }, path)
  }
})

async function listening(t: Test, server: Server): Promise<{ server: Server; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

/** Lets nobody through without a password, and notes who asked for what. */
async function startProxy(t: Test, to: AskingServer, asked: string[]): Promise<number> {
  const proxy = createHttp()
  proxy.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const given = request.headers['proxy-authorization']
    if (given === undefined) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    asked.push(`${request.url} ${given}`)
    const remote = connect(to.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      remote.pipe(socket).pipe(remote)
    })
    remote.on('error', () => socket.destroy())
    socket.on('error', () => remote.destroy())
    t.teardown(() => void socket.destroy())
  })
  return (await listening(t, proxy)).port
}
