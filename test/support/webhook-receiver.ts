/** A receiver of webhooks: keeps what it takes, verifies each signature with the specification's own library, and answers as it is told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'

export interface ReceivedPost {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every form
  readonly body: any
  readonly at: number
}

type Answer = (response: ServerResponse, post: ReceivedPost) => void

const take: Answer = (response) => response.writeHead(204).end()

export class WebhookReceiver {
  readonly url: string
  readonly posts: ReceivedPost[] = []
  answer: Answer = take
  /** Verifies with the library; null: not at all. */
  secret: string | null = null
  open = 0
  maxOpen = 0

  constructor(url: string) {
    this.url = url
  }

  get changes(): ReceivedPost[] {
    return this.posts.filter(({ body }) => body?.type === 'statuses.changed')
  }

  /** What a receiver that stores statuses has now. */
  get state(): Map<string, string> {
    const state = new Map<string, string>()
    for (const { body } of this.changes) {
      for (const { user, diversion, removed } of body.data.statuses) {
        if (removed) state.delete(user)
        else state.set(user, diversion)
      }
    }
    return state
  }

  answerWith(status: number, headers: Record<string, string> = {}): void {
    this.answer = (response) => response.writeHead(status, headers).end('x')
  }

  takeAll(): void {
    this.answer = take
  }

  onPost(headers: IncomingHttpHeaders, text: string, response: ServerResponse): void {
    this.open++
    this.maxOpen = Math.max(this.maxOpen, this.open)
    response.once('close', () => this.open--)
    let body: unknown
    try {
      body = JSON.parse(text)
      if (this.secret !== null) new Webhook(this.secret).verify(text, headers as Record<string, string>)
    } catch (error) {
      response.writeHead(400).end(String(error))
      return
    }
    const post = { headers, text, body, at: performance.now() }
    // Only what is taken counts.
    response.once('finish', () => {
      if (response.statusCode < 300) this.posts.push(post)
    })
    this.answer(response, post)
  }
}

export async function startWebhookReceiver(t: Test): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => receiver.onPost(request.headers, Buffer.concat(chunks).toString(), response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver = new WebhookReceiver(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}
