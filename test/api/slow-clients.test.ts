/** Clients that send or take slowly hold a connection: they are cut off, and nobody else notices. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { cutOffSlowReaders } from '../../src/api/slow-readers.ts'
import t from '../group/tap.ts'
import { startTestService } from '../support/service.ts'
import { hangMs } from '../support/until.ts'

const KEY = 'Authorization: Bearer a-key-for-tests-only'

/** Sends `first`, then `piece` every two seconds; resolves to what was answered once the service has ended the connection. */
async function trickle(port: number, first: string, piece: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answered = ''
  socket.on('data', (data) => {
    answered += data
  })
  socket.on('error', () => {})
  socket.write(first)
  const timer = setInterval(() => socket.write(piece), 2000)
  await once(socket, 'close')
  clearInterval(timer)
  return answered
}

t.test('a request that does not arrive within half a minute', { timeout: hangMs }, async (t) => {
  const { origin, call } = await startTestService(t)
  const port = Number(new URL(origin).port)
  const put = `PUT /v1/tenants/acme HTTP/1.1\r\nHost: x\r\n${KEY}\r\nContent-Type: application/json\r\n`
  const [headers, body, chunks] = await Promise.all([
    trickle(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-More: 1\r\n'),
    trickle(port, `${put}Content-Length: 1000\r\n\r\n{`, ' '),
    trickle(port, `${put}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, '1\r\n \r\n')
  ])
  t.match(headers, /^HTTP\/1.1 408 [\s\S]*invalid_request/, 'headers, one by one')
  t.match(body, /^HTTP\/1.1 408 /, 'a body, byte by byte')
  t.match(chunks, /^HTTP\/1.1 408 /, 'a body in chunks')
  t.equal((await call('GET', '/healthz')).status, 200)
})

/** A server that answers eight megabytes in parts, and looks at its readers twice a second. */
async function startServer(t: Test) {
  const part = Buffer.alloc(65_536, 'x')
  const server = createServer((_request, response) => {
    for (let count = 0; count < 128; count++) response.write(part)
    response.end()
  })
  cutOffSlowReaders(server, 500)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  /** Connects, asks, and reads nothing. `ended`: the server has ended the connection. */
  const ask = async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const [there] = (await once(server, 'connection')) as [Socket]
    const ended = once(there, 'close')
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return { socket, ended }
  }
  return ask
}

t.test('an answer that nobody takes', { timeout: hangMs }, async (t) => {
  const ask = await startServer(t)
  const silent = await ask()
  const { socket: steady } = await ask()
  let taken = 0
  const timer = setInterval(() => {
    taken += steady.read()?.length ?? 0
  }, 10)
  await once(steady, 'end')
  clearInterval(timer)
  t.ok(taken > 8 << 20, 'who goes on reading gets the whole')
  await silent.ended
  let left = 0
  silent.socket.on('data', (data) => {
    left += data.length
  })
  silent.socket.resume()
  await once(silent.socket, 'close')
  t.ok(left < 8 << 20, `who does not is cut off: of the answer ${left} bytes were on their way`)
})
