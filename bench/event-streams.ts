/**
 * Server-sent events: what each open stream costs in memory, and how long a change takes to ten of them while ten thousand are open.
 * The service is a process of its own; the clients are bare sockets of this one.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { type BenchInstallation, openBenchInstallation } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { residentBytes, runConcurrently } from './processes.ts'

const TENANTS = 1_000
const STREAMS_PER_TENANT = 10
const CHANGES = 500
const CONNECTS_AT_ONCE = 100

export async function benchEventStreams(): Promise<void> {
  const installation = await openBenchInstallation(['all'], { HANVISA_LONG_POLLS_PER_KEY: '100000' })
  const sockets: Socket[] = []
  try {
    const { origin, key, put } = await prepare(installation)
    const [replica] = installation.replicas
    await after(2_000)
    const before = residentBytes(replica!)
    /** By tenant: called for every byte that comes to one of its streams. */
    const onData = new Map<string, (text: string) => void>()
    for (let from = 0; from < TENANTS * STREAMS_PER_TENANT; from += CONNECTS_AT_ONCE) {
      const some = Array.from({ length: CONNECTS_AT_ONCE }, (_, index) => `t${(from + index) % TENANTS}`)
      sockets.push(...(await Promise.all(some.map((tenant) => openStream(origin, key, tenant, onData)))))
    }
    await after(3_000)
    const bytes = (residentBytes(replica!) - before) / sockets.length
    printRow(
      `${sockets.length} event streams: memory for each`,
      `${(bytes / 1000).toFixed(1)} kB`,
      '–',
      '–',
      '≤ 20 kB'
    )
    const took: number[] = []
    for (let count = 0; count < CHANGES; count++) {
      const tenant = `t${count % TENANTS}`
      const begun = performance.now()
      let left = STREAMS_PER_TENANT
      const all = new Promise<void>((resolve) => {
        onData.set(tenant, (text) => {
          if (!text.includes('event: status')) return
          took.push(performance.now() - begun)
          if (--left === 0) resolve()
        })
      })
      await put(tenant, count)
      await all
      onData.delete(tenant)
    }
    took.sort((one, other) => one - other)
    const p99 = took[Math.floor(took.length * 0.99)] ?? 0
    printRow(
      `PUT override → ${STREAMS_PER_TENANT} streams, one change after the other`,
      `p99 ${p99.toFixed(0)} ms`,
      '–',
      '–',
      'p99 ≤ 250 ms'
    )
  } finally {
    for (const socket of sockets) socket.destroy()
    await installation.close()
  }
}

async function prepare(installation: BenchInstallation) {
  const { call } = installation
  const made = (await call('POST', '/v1/keys', { name: 'bench', role: 'provider' })) as { key: string }
  await runConcurrently(TENANTS, async (index) => {
    const root = `/v1/tenants/t${index}`
    await call('PUT', root, { name: 't', timeZone: 'Europe/Stockholm', language: 'sv' })
    await call('PUT', `${root}/users/anna`, { displayName: 'Anna', extension: '1', syncEnabled: false })
    // Its view is loaded, so that it is not counted with the streams.
    await call('GET', `${root}/statuses`)
  })
  const put = (tenant: string, count: number) =>
    call('PUT', `/v1/tenants/${tenant}/users/anna/override`, {
      diversion: 'lunch',
      minutes: 10 + (count % 100)
    })
  return { origin: installation.replicas[0]!.origin!, key: made.key, put }
}

async function openStream(
  origin: string,
  key: string,
  tenant: string,
  onData: ReadonlyMap<string, (text: string) => void>
): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  socket.write(`GET /v1/tenants/${tenant}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`)
  await once(socket, 'data')
  socket.on('data', (chunk) => onData.get(tenant)?.(chunk.toString('latin1')))
  socket.on('error', () => {})
  return socket
}
