/** What may be reached from here, and what a failed call says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { AddressPolicy, anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient, readBody } from '../../../src/connectors/net/http-client.ts'
import { isPublicAddress } from '../../../src/connectors/net/special-addresses.ts'
import { RemoteError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'
import { makeAuthority, startTestServer } from '../test-server.ts'

const authority = await makeAuthority()

function outboundOf(t: Test, allowPrivateTargets: boolean, ca: string | undefined = authority.ca) {
  const outbound = openHttpClient({
    addressPolicy: new AddressPolicy({ allowPrivateTargets, allowedNetworks: [] }),
    ...(ca === undefined ? {} : { ca })
  })
  t.teardown(() => outbound.close())
  return outbound
}

async function hintOf(t: Test, call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => t.fail('the call should have been refused'),
    (reason: unknown) => reason
  )
  t.ok(error instanceof RemoteError, `a RemoteError, not ${error}`)
  t.match(error, { code: 'unreachable' })
  return (error as RemoteError).hint
}

t.test('addresses that are not public', async (t) => {
  const refused = [
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.0.1'],
    ...[
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.168.1.1',
      '198.18.0.1',
      '198.19.9.9'
    ],
    ...['192.0.2.1', '198.51.100.1', '203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', 'fc00::1', 'fdff::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::8.8.8.8'],
    ...[
      '64:ff9b::10.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::',
      '64:ff9b:1::1',
      '2001::1',
      '2001:db8::1',
      '2002:a00:1::1'
    ],
    ...['3fff::1', '4000::1', '', 'localhost', '1.2.3', '::g']
  ]
  for (const address of refused) t.notOk(isPublicAddress(address), address)
  const reachable = [
    '8.8.8.8',
    '100.128.0.1',
    '172.32.0.1',
    '192.0.1.1',
    '2606:4700::1111',
    '2001:4860::8888'
  ]
  for (const address of reachable) t.ok(isPublicAddress(address), address)
})

t.test('private targets are refused, however they are written', async (t) => {
  const remote = await startTestServer(t, authority, (_, response) => response.end('reached'))
  const outbound = outboundOf(t, false)
  const hosts = [
    'localhost',
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '0'
  ]
  for (const host of hosts) {
    const hint = await hintOf(t, outbound.fetch(`https://${host}:${remote.port}/secret-path?k=v`))
    t.match(hint, /no public address.*HANVISA_ALLOW_PRIVATE_TARGETS=1/, host)
    t.notMatch(hint, /secret-path|k=v/)
  }
  t.match(await hintOf(t, outbound.fetch('http://calendar.example/')), /write the address with https/)
  t.match(await hintOf(t, outbound.fetch('not a url at all')), /The address is not a URL/)
})

t.test('with private targets allowed, http and loopback are reached', async (t) => {
  const remote = await startTestServer(t, authority, (_, response) => response.end('over TLS'))
  const plain = await startPlain(t, (_, response) => response.end('plain'))
  const outbound = outboundOf(t, true)
  t.equal(await (await outbound.fetch(`${remote.origin}/`)).text(), 'over TLS')
  t.equal(await (await outbound.fetch(`http://127.0.0.1:${plain}/`)).text(), 'plain')
})

t.test('a certificate is always checked', async (t) => {
  const remote = await startTestServer(t, authority, (_, response) => response.end())
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  const warn = process.emitWarning
  process.emitWarning = () => {}
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => {
    process.emitWarning = warn
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
  const stranger = openHttpClient({ addressPolicy: anyAddress })
  t.teardown(() => stranger.close())
  t.match(
    await hintOf(t, stranger.fetch(remote.origin)),
    /certificate of localhost:\d+ is not trusted.*NODE_EXTRA_CA_CERTS/
  )
  const known = outboundOf(t, true)
  t.match(await hintOf(t, known.fetch(`https://127.0.0.2:${remote.port}`)), /Nothing listens|not trusted/)
})

t.test('redirects are judged like the first address, through a proxy too', async (t) => {
  const remote = await startTestServer(t, authority, (request, response) => {
    const target = new URL(request.url ?? '/', 'https://calendar.example').searchParams.get('to')
    if (target === null) response.end('through the proxy')
    else response.writeHead(302, { location: target }).end()
  })
  const asked: string[] = []
  const proxy = await startProxy(t, remote.port, asked)
  setEnvironment(t, {
    HTTPS_PROXY: `http://127.0.0.1:${proxy}`,
    https_proxy: undefined,
    NO_PROXY: '',
    no_proxy: undefined
  })
  const outbound = outboundOf(t, false)
  const from = (to: string) => `https://calendar.example/?to=${encodeURIComponent(to)}`

  t.equal(await (await outbound.fetch('https://calendar.example/')).text(), 'through the proxy')
  t.equal(await (await outbound.fetch(from('https://calendar.example/'))).text(), 'through the proxy')
  t.same([...new Set(asked)], ['calendar.example:443'])
  for (const to of [
    `https://127.0.0.1:${remote.port}/`,
    `https://localhost:${remote.port}/`,
    'https://169.254.169.254/latest'
  ]) {
    t.match(await hintOf(t, outbound.fetch(from(to))), /no public address/, to)
  }
  t.match(await hintOf(t, outbound.fetch(from('http://calendar.example/'))), /write the address with https/)
  t.same([...new Set(asked)], ['calendar.example:443'], 'the proxy was asked for nothing else')
})

t.test('HTTPS_PROXY leads to calendars, and HTTP_PROXY does not', async (t) => {
  const remote = await startTestServer(t, authority, (_request, response) => response.end('a calendar'))
  const asked: string[] = []
  const proxy = `http://127.0.0.1:${await startProxy(t, remote.port, asked)}`
  const none = { HTTPS_PROXY: undefined, https_proxy: undefined, NO_PROXY: undefined, no_proxy: undefined }
  const dead = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1' }
  const plain = await startPlain(t, (_request, response) => response.end('a plain one'))

  setEnvironment(t, { ...none, ...dead })
  const direct = outboundOf(t, true)
  t.equal(await (await direct.fetch(remote.origin)).text(), 'a calendar')
  t.equal(await (await direct.fetch(`http://127.0.0.1:${plain}/`)).text(), 'a plain one')
  t.same(asked, [])

  setEnvironment(t, { ...none, ...dead, HTTPS_PROXY: proxy })
  t.equal(await (await outboundOf(t, true).fetch(remote.origin)).text(), 'a calendar')
  t.same(asked, [`localhost:${remote.port}`])
  setEnvironment(t, { ...none, https_proxy: '', HTTPS_PROXY: proxy })
  t.equal(await (await outboundOf(t, true).fetch(remote.origin)).text(), 'a calendar')
  t.equal(asked.length, 1, 'an empty https_proxy is no proxy')
})

t.test('a call that follows no redirect is answered as over fetch, compressed or not', async (t) => {
  const text = JSON.stringify({ value: 'å'.repeat(5_000) })
  const encoders = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync, identity: Buffer.from }
  const received: string[] = []
  const remote = await startTestServer(t, authority, (request, response) => {
    received.push(`${request.method} ${request.headers.authorization} ${request.headers['accept-encoding']}`)
    const encoding = (request.url ?? '').slice(1) as keyof typeof encoders | 'moved' | 'broken'
    if (encoding === 'moved') return response.writeHead(302, { location: '/gzip' }).end()
    if (encoding === 'broken') return response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')
    response.writeHead(429, { 'content-encoding': encoding, 'retry-after': '7', 'x-two': ['a', 'b'] })
    response.end(encoders[encoding](text))
  })
  const http = outboundOf(t, true)
  const init = { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{}' }
  for (const encoding of Object.keys(encoders)) {
    const url = `${remote.origin}/${encoding}`
    const response = await http.send(url, init)
    t.match(response, { status: 429, ok: false, url })
    t.same(
      ['retry-after', 'x-two'].map((name) => response.headers.get(name)),
      ['7', 'a, b']
    )
    t.equal(`${await readBody(response, 20_000)}`, text, encoding)
  }
  t.same(new Set(received), new Set(['POST Bearer x gzip, deflate, br']))
  t.match(await hintOf(t, http.send(`${remote.origin}/moved`, init)), /broke off/)
  const broken = await http.send(`${remote.origin}/broken`, init)
  await t.rejects(readBody(broken, 20_000), { code: 'protocol_error', hint: /is compressed, and it is not/ })
  const large = await http.send(`${remote.origin}/gzip`, init)
  await t.rejects(readBody(large, 5_000), { code: 'protocol_error' }, 'unpacked it counts')
})

t.test('each way to fail has its sentence', async (t) => {
  const remote = await startTestServer(t, authority, (request, response) => {
    if (request.url === '/hang') return
    response.writeHead(200)
    response.write('x'.repeat(1000))
    if (request.url === '/cut') response.write('', () => request.socket.destroy())
    else response.end()
  })
  const outbound = outboundOf(t, true)
  t.match(await hintOf(t, outbound.fetch('https://nobody.invalid/')), /nobody\.invalid could not be resolved/)
  const gone = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
  t.match(
    await hintOf(t, outbound.fetch(`https://127.0.0.1:${gone}/`)),
    /Nothing listens at 127\.0\.0\.1:\d+:/
  )
  const deadline = AbortSignal.timeout(50)
  t.match(
    await hintOf(t, outbound.fetch(`${remote.origin}/hang`, { signal: deadline })),
    /did not answer in time/
  )
  const cut = await outbound.fetch(`${remote.origin}/cut`)
  t.match(await hintOf(t, readBody(cut, 5000)), /localhost:\d+ broke off/)
  t.equal((await readBody(await outbound.fetch(`${remote.origin}/whole`), 1000)).length, 1000)
  await t.rejects(readBody(await outbound.fetch(`${remote.origin}/whole`), 999), { code: 'protocol_error' })
})

async function startPlain(t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Takes every CONNECT to one port of this machine and notes what was asked for. */
async function startProxy(t: Test, port: number, asked: string[]): Promise<number> {
  const server = createServer()
  server.on('connect', (request: IncomingMessage, socket: import('node:stream').Duplex) => {
    asked.push(request.url ?? '')
    const remote = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      remote.pipe(socket).pipe(remote)
    })
    remote.on('error', () => socket.destroy())
    socket.on('error', () => remote.destroy())
    t.teardown(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

function setEnvironment(t: Test, values: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name]
    t.teardown(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}
