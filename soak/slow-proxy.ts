/** A TCP proxy to Redis that delays every byte, and can be cut. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SlowProxy {
  /** As for HANVISA_REDIS_URL. */
  readonly url: string
  /** Ends what is connected and takes nothing more, until it is mended. */
  cut(): void
  restore(): void
  close(): Promise<void>
}

/** `lag` is milliseconds, each way. */
export async function openSlowProxy(to: string, lag: number): Promise<SlowProxy> {
  const { hostname, port } = new URL(to)
  const sockets = new Set<Socket>()
  let isCut = false

  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const upstream = connect({ host: hostname, port: Number(port) })
    for (const [from, into] of [
      [near, upstream],
      [upstream, near]
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (bytes: Buffer) => afterLag(() => into.write(bytes)))
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        afterLag(() => into.destroy())
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    restore() {
      isCut = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  /** Timers of one length go off in the order in which they were set. */
  function afterLag(work: () => void): void {
    setTimeout(work, lag)
  }
}
