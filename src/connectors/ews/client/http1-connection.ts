/** One connection, one socket: calls go over it one after the other, and it is never silently replaced by another. */
import { Client, type Dispatcher } from 'undici'
import { ConnectionClosedError } from './network-error.ts'
import type { OpenSocket } from './socket.ts'

export interface Http1Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | string
  readonly signal: AbortSignal
}

export type Http1Response = Dispatcher.ResponseData

export interface Http1Connection {
  /** Rejects with ConnectionGone where nothing was sent, else with undici's errors. */
  send(request: Http1Request): Promise<Http1Response>
  /** The server's certificate in DER; null over plain http. */
  readonly certificate: Buffer | null
  /** Whether the server has taken the identity on this connection. Kept here, because it ends with the socket. */
  isSignedIn: boolean
  readonly isAlive: boolean
  destroy(): void
}

/** Milliseconds. A batch may run one minute on the server; idle connections go before IIS ends them (120 s). */
const headersTimeoutMs = 90_000
const bodyTimeoutMs = 120_000
const idleTimeoutMs = 100_000

export function createHttp1Connection(origin: string, { socket, certificate }: OpenSocket): Http1Connection {
  let handedOut = false
  let alive = true
  const client = new Client(origin, {
    connect: (_, done) => {
      // undici would connect anew by itself: what was signed in is signed in no more.
      const gone = handedOut || socket.destroyed || socket.readableEnded
      handedOut = true
      // Not at once: undici asks while it still sorts its queue, and would not look at it again.
      queueMicrotask(() => (gone ? done(new ConnectionClosedError(), null) : done(null, socket)))
    },
    pipelining: 1,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    keepAliveMaxTimeout: idleTimeoutMs
  })
  const ended = () => {
    alive = false
  }
  socket.once('close', ended).once('end', ended)
  client.on('disconnect', ended)
  return {
    send: ({ method, path, headers, body, signal }) =>
      client.request({ method, path, headers, body: method === 'GET' ? null : body, signal }),
    certificate,
    isSignedIn: false,
    get isAlive() {
      return alive && !socket.destroyed
    },
    destroy() {
      alive = false
      socket.destroy()
      client.destroy().catch(() => {})
    }
  }
}
