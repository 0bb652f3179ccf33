/**
 * Cuts off clients that take their answer too slowly: each holds a connection and the bytes of its answer. Node's own timeouts
 * end slow requests (`requestTimeout`) and idle connections (`timeout`), and a client that takes a byte now and then is neither.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Milliseconds between two looks at all connections. */
const CHECK_INTERVAL_MS = 30_000
/** Looks at which no further part of an answer has been taken, after which the client is cut off. */
const MAX_CHECKS = 4

/** What of the answers was taken by then, and at how many looks it has been so much. */
interface Progress {
  taken: number
  checks: number
}

/** For a server that does not listen yet; ends with the server. */
export function cutOffSlowReaders(server: Server, checkIntervalMs = CHECK_INTERVAL_MS): void {
  const sockets = new Set<Socket>()
  const waiting = new Map<Socket, Progress>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      waiting.delete(socket)
    })
  })
  const timer = setInterval(() => {
    for (const socket of sockets) checkReader(socket, waiting)
  }, checkIntervalMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

function checkReader(socket: Socket, waiting: Map<Socket, Progress>): void {
  if (socket.writableLength === 0) {
    waiting.delete(socket)
    return
  }
  const taken = socket.bytesWritten - socket.writableLength
  const before = waiting.get(socket)
  if (before?.taken !== taken) waiting.set(socket, { taken, checks: 0 })
  else if (++before.checks >= MAX_CHECKS) socket.destroy()
}
