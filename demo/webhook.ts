/** A receiver of webhooks that follows one tenant's day: what a hosted switch would run. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ApiClient, DemoStatus } from './api.ts'

interface WebhookPost {
  readonly type: string
  readonly data: {
    readonly statuses?: readonly (DemoStatus | { readonly user: string; readonly removed: true })[]
  }
}

/** Makes the consumer, and calls `onStatus` for each status that is posted; the first of each user is only how it begins. */
export async function receiveWebhooks(
  api: ApiClient,
  tenant: string,
  onStatus: (status: DemoStatus) => void,
  signal: AbortSignal
): Promise<void> {
  const known = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(204).end()
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as WebhookPost
      for (const status of data.statuses ?? []) {
        if ('removed' in status) continue
        if (known.has(status.user)) onStatus(status)
        known.add(status.user)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  signal.addEventListener('abort', () => server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/hanvisa`
  await api.put(`/v1/tenants/${tenant}/consumers/webhook`, { kind: 'webhook', url })
}
