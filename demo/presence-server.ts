/** A SIP presence server in small (RFC 3903): it takes what is published of one tenant's people, as Kamailio would, and tells a watcher. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { ApiClient } from './api.ts'

/** What a telephone that watches somebody shows. */
export interface WatchedPresence {
  readonly extension: string
  readonly isOpen: boolean
  /** Empty: nothing is said. */
  readonly note: string
}

/** Makes the consumer, and calls `onPresence` for each presence that changes; the first of each is only how it begins. */
export async function watchPresence(
  api: ApiClient,
  tenant: string,
  onPresence: (presence: WatchedPresence) => void,
  signal: AbortSignal
): Promise<void> {
  const known = new Map<string, string>()
  let tags = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let buffered = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk])
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        const [first = '', ...lines] = buffered.toString('utf8', 0, end).trimStart().split('\r\n')
        const header = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const until = end + 4 + Number(header('Content-Length') ?? 0)
        if (buffered.length < until) return
        const body = buffered.toString('utf8', end + 4, until)
        buffered = buffered.subarray(until)
        const extension = /^PUBLISH sip:([^@]+)@/.exec(first)?.[1]
        if (first === '') continue
        const echoed = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(name)}`)
        const own = [`SIP-ETag: ${++tags}`, `Expires: ${header('Expires') ?? 0}`, 'Content-Length: 0']
        socket.write(['SIP/2.0 200 OK', ...echoed, ...own, '', ''].join('\r\n'))
        if (extension === undefined || header('Event') !== 'presence' || body === '') continue
        const isOpen = body.includes('<basic>open</basic>')
        const note = /<note[^>]*>([^<]*)<\/note>/.exec(body)?.[1] ?? ''
        const shown = `${isOpen} ${note}`
        const before = known.get(extension)
        known.set(extension, shown)
        if (before !== undefined && before !== shown) onPresence({ extension, isOpen, note })
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  signal.addEventListener('abort', () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  await api.put(`/v1/tenants/${tenant}/consumers/sip`, {
    kind: 'sip',
    proxy: `sip:127.0.0.1:${port}`,
    domain: 'example.com',
    publish: ['presence']
  })
}
