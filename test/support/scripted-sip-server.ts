/** A SIP server over TCP that answers as a test says: what no real one can be brought to. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface ReceivedSip {
  /** `PUBLISH sip:1070@example.se SIP/2.0` */
  readonly first: string
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** What is sent back as it stands; a status with headers is made an answer; null: silence. */
export type SipAnswer =
  | string
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | null

export interface ScriptedSipServer {
  readonly port: number
  readonly received: ReceivedSip[]
  /** How often it was connected to. */
  connections(): number
}

export async function startScriptedSip(
  t: { teardown(step: () => unknown): void },
  answerOf: (request: ReceivedSip, index: number, socket: Socket) => SipAnswer
): Promise<ScriptedSipServer> {
  const received: ReceivedSip[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    let buffered = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      buffered += chunk
      for (let end = buffered.indexOf('\r\n\r\n'); end !== -1; end = buffered.indexOf('\r\n\r\n')) {
        const [first = '', ...lines] = buffered.slice(0, end).split('\r\n')
        const headers = new Map(
          lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*: /, '')])
        )
        const length = Number(headers.get('content-length') ?? 0)
        if (buffered.length < end + 4 + length) return
        const body = Buffer.from(buffered.slice(end + 4, end + 4 + length), 'latin1').toString()
        buffered = buffered.slice(end + 4 + length)
        const request = { first, headers, body }
        received.push(request)
        const answer = answerOf(request, received.length - 1, socket)
        if (answer !== null) socket.write(typeof answer === 'string' ? answer : format(request, answer))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, received, connections: () => connections }
}

function format(request: ReceivedSip, { status, headers = {} }: Exclude<SipAnswer, string | null>): string {
  const echoed = ['via', 'from', 'to', 'call-id', 'cseq'].map(
    (name) => `${name}: ${request.headers.get(name)}`
  )
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`SIP/2.0 ${status} Scripted`, ...echoed, ...own, 'Content-Length: 0', '', ''].join('\r\n')
}
