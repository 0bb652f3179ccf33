/** A stream of server-sent events and its reader: one that is slow, one that takes nothing, one that is gone. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'
import { EventStream } from '../../src/api/events/event-stream.ts'
import t from '../group/tap.ts'
import { hangMs } from '../support/until.ts'

const piece = Buffer.alloc(1 << 20, 'x')

/** A reader's socket, and what the server writes to it. */
async function openStream(t: Test, maxDrainMs: number) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => {
    socket.destroy()
    server.close()
  })
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  return { socket, response, stream: new EventStream(response, {}, maxDrainMs) }
}

t.test('a reader that takes nothing is cut off', { timeout: hangMs }, async (t) => {
  const { stream, response } = await openStream(t, 200)
  let sent = 0
  while (await stream.send([piece])) sent++
  t.ok(response.destroyed)
  t.ok(sent < 64, `no more than the system's own buffers hold was written: ${sent} MiB`)
  t.ok(response.writableLength <= 2 * piece.length, 'and no more is in memory than one piece')
})

t.test('a slow reader is waited for', { timeout: hangMs }, async (t) => {
  const { stream, socket } = await openStream(t, hangMs)
  let taken = 0
  const timer = setInterval(() => {
    taken += (socket.read() as Buffer | null)?.length ?? 0
  }, 5)
  for (let count = 0; count < 32; count++) t.equal(await stream.send([piece]), true)
  t.ok(taken > 0)
  stream.end()
  await once(socket, 'end')
  clearInterval(timer)
  t.ok(taken > 32 * piece.length, 'and has the whole')
})

t.test('a reader that goes ends the wait for it', { timeout: hangMs }, async (t) => {
  const { stream, socket } = await openStream(t, hangMs)
  const sending = (async () => {
    while (await stream.send([piece]));
  })()
  socket.destroy()
  await sending
  t.equal(await stream.send([piece]), false)
})
