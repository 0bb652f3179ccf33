/** A server that Graph's notifications are posted to: it returns validation tokens, records what it receives, and answers as configured. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSimulatorAuthority } from '../../simulator/authority.ts'

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire; each test looks into it where it expects something
type Item = any

export interface NotificationReceiver {
  readonly origin: string
  /** Every POST but handshakes, in the order in which they came. */
  readonly posts: { path: string; items: Item[] }[]
  /** All their items. */
  items(): Item[]
  /** Paths of the handshakes. */
  readonly handshakes: string[]
  /** Status and body; the body of a handshake, unless given, is the token. Nothing is no answer at all. */
  answer: (path: string, token: string | null) => { status: number; body?: string } | null
}

export async function startNotificationReceiver(
  t: { teardown(end: () => Promise<void>): void },
  protocol: 'http' | 'https' = 'http'
): Promise<NotificationReceiver> {
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here')
    const pieces: Buffer[] = []
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
    const token = searchParams.get('validationToken')
    if (token === null) {
      receiver.posts.push({ path: pathname, items: JSON.parse(Buffer.concat(pieces).toString()).value })
    } else receiver.handshakes.push(pathname)
    const answer = receiver.answer(pathname, token)
    if (answer === null) return
    response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body ?? token ?? '')
  }
  const server = protocol === 'http' ? createServer(onRequest) : await secure(onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const receiver: NotificationReceiver = {
    origin: `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts: [],
    items: () => receiver.posts.flatMap(({ items }) => items),
    handshakes: [],
    answer: (_path, token) => ({ status: token === null ? 202 : 200 })
  }
  return receiver
}

async function secure(onRequest: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const { server } = await createSimulatorAuthority()
  return createSecureServer({ cert: server.certificate, key: server.privateKey }, onRequest)
}
