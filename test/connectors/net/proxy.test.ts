/** What an operator reads when the proxy of the environment gives no way to a calendar system. */
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { AddressPolicy, anyAddress } from '../../../src/connectors/net/address-policy.ts'
import { openHttpClient } from '../../../src/connectors/net/http-client.ts'
import { RemoteError, SetupError } from '../../../src/errors.ts'
import t from '../../group/tap.ts'

const publicOnly = new AddressPolicy({ allowPrivateTargets: false, allowedNetworks: [] })

/** A proxy that answers CONNECT with this status line (RFC 9110 section 9.3.6). */
async function startProxy(t: Test, statusLine: string): Promise<string> {
  const server = createServer()
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.end(`HTTP/1.1 ${statusLine}\r\nContent-Length: 0\r\n\r\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closedPort(): Promise<string> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}

async function errorThrough(t: Test, proxy: string, url: string): Promise<RemoteError> {
  for (const [name, value] of Object.entries({ https_proxy: proxy, http_proxy: proxy, no_proxy: '' })) {
    const before = process.env[name]
    process.env[name] = value
    t.teardown(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
  const http = openHttpClient({ addressPolicy: anyAddress })
  t.teardown(() => http.close())
  const error: unknown = await http.fetch(url).catch((reason: unknown) => reason)
  t.ok(error instanceof RemoteError, `a RemoteError, not ${error}`)
  return error as RemoteError
}

t.test('a proxy that gives no way through is named', async (t) => {
  const rows = [
    ['407 Proxy Authentication Required', 'proxy_refused', /asks for a sign-in.*http:\/\/user:password@/],
    ['403 Forbidden', 'proxy_refused', /gave no way through.*HTTP 403.*NO_PROXY/],
    ['302 Found', 'proxy_refused', /gave no way through.*HTTP 302/],
    ['502 Bad Gateway', 'unreachable', /found no way to the server \(HTTP 502\)/]
  ] as const
  for (const [statusLine, code, hint] of rows) {
    const proxy = await startProxy(t, statusLine)
    const error = await errorThrough(t, `http://${proxy}`, 'https://calendar.example/secret-path?k=v')
    t.match(error, { code, hint, scope: 'connection' }, statusLine)
    t.match(error.hint, `The proxy ${proxy} `)
    t.notMatch(error.message, /secret-path|k=v/)
  }
})

t.test('a proxy that is down is named, and not the calendar system behind it', async (t) => {
  const proxy = await closedPort()
  const error = await errorThrough(t, `http://me:word@${proxy}`, 'https://calendar.example/')
  t.match(error, { code: 'proxy_refused', hint: /does not answer \(ECONNREFUSED\)/ })
  t.match(error.hint, `The proxy ${proxy} `)
  t.notMatch(error.message, /me:word|calendar\.example/)
})

t.test('an address of a proxy that is none stops the start, and says which setting it is', async (t) => {
  const before = process.env.https_proxy
  t.teardown(() => {
    if (before === undefined) delete process.env.https_proxy
    else process.env.https_proxy = before
  })
  process.env.https_proxy = 'proxy host:80:80'
  t.throws(() => openHttpClient({ addressPolicy: publicOnly }), SetupError)
})
