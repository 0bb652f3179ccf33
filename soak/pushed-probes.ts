/** Consumers that are sent what changes, through whatever happens: one listens to events, one receives webhooks. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { Status } from '../src/status/status-members.ts'
import { EventClient } from '../test/support/event-client.ts'
import type { ConsumerProbe, ConsumerProbeOptions } from './follower.ts'

/** What was received, as `ConsumerProbe` has it. */
class Received {
  readonly statuses = new Map<string, Status>()
  readonly seen = new Map<string, string[]>()
  readonly faults: string[] = []
  readonly counts = { resets: 0, misses: 0, answers: 0 }

  apply(status: Status | { readonly user: string; readonly removed: true }): void {
    this.counts.answers++
    if ('removed' in status) {
      this.statuses.delete(status.user)
      return
    }
    this.statuses.set(status.user, status)
    const run = this.seen.get(status.user) ?? []
    this.seen.set(status.user, run)
    if (run.at(-1) !== status.diversion) run.push(status.diversion)
  }
}

/** Reconnects with its last id, wherever somebody lives. */
export function startEventFollower({
  name,
  tenant,
  key,
  chooseOrigin,
  isAlive
}: Omit<ConsumerProbeOptions, 'wait' | 'mayVanish'>): ConsumerProbe {
  const received = new Received()
  const stopping = new AbortController()
  const running = run()

  async function run(): Promise<void> {
    let lastId = ''
    let failed: string | null = null
    while (!stopping.signal.aborted) {
      const origin = chooseOrigin(failed)
      failed = null
      if (origin !== null) lastId = await listen(origin, lastId)
      received.counts.misses++
      failed = origin
      await after(50, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  /** Resolves to the last id when the stream has ended. */
  async function listen(origin: string, lastId: string): Promise<string> {
    const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId }
    const client = await EventClient.open(`${origin}/v1/tenants/${tenant}/events`, key, headers).catch(
      () => null
    )
    if (client === null) return lastId
    if (client.response.status === 410) {
      received.counts.resets++
      return ''
    }
    let read = 0
    let isOver = false
    void client.ended.then(() => {
      isOver = true
    })
    const applyNew = () => {
      for (; read < client.events.length; read++) applyEvent(client.events[read]!)
    }
    while (!isOver && !stopping.signal.aborted && isAlive(origin)) {
      applyNew()
      await after(20)
    }
    await client.close()
    applyNew()
    return client.lastId === '' && client.events.length === 0 ? lastId : client.lastId

    function applyEvent({ type, data }: { readonly type: string; readonly data: string }): void {
      if (type === 'reset') received.counts.resets++
      else received.apply(JSON.parse(data))
    }
  }

  return {
    name,
    statuses: received.statuses,
    seen: received.seen,
    faults: received.faults,
    counts: received.counts,
    async stop() {
      stopping.abort()
      await running
    }
  }
}

/** Refuses now and then, as receivers do. `put` makes the consumer. */
export async function startWebhookProbe({
  name,
  put,
  isRefused
}: {
  readonly name: string
  readonly put: (url: string) => Promise<unknown>
  readonly isRefused: () => boolean
}): Promise<ConsumerProbe> {
  const received = new Received()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (isRefused()) {
        received.counts.misses++
        response.writeHead(500).end()
        return
      }
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString())
      if (type === 'statuses.changed') for (const status of data.statuses) received.apply(status)
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await put(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
  return {
    name,
    statuses: received.statuses,
    seen: received.seen,
    faults: received.faults,
    counts: received.counts,
    async stop() {
      server.closeAllConnections()
      server.close()
    }
  }
}
