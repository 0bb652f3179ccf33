/** A port for a server that a test or the demo starts. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range from which the kernel takes ports for connections (ip(7), ip_local_port_range): a server that is away
 * for a while must find its own free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
