/** The service's own app in a process of its own, and how many requests it answers for each second of CPU that it spends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'

export interface BenchCall {
  /** The admin key unless stated. */
  readonly key?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly status: number
}

export interface BenchServer {
  readonly process: ChildProcess
  readonly origin: string
  /** The admin key. */
  readonly key: string
  /** Of a switch that sees no sensitive diversion. */
  readonly maskedKey: string
}

const SECONDS = 2

export async function startHttpServer(): Promise<BenchServer> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./http-server.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  server.stdout.setEncoding('utf8')
  const [line] = (await once(server.stdout, 'data')) as [string]
  return { process: server, ...JSON.parse(line) }
}

export async function requestsPerCpuSecond(server: BenchServer, target: BenchCall): Promise<number> {
  const before = await cpuSeconds(server)
  const total = await request(server, target, { duration: SECONDS })
  return total / ((await cpuSeconds(server)) - before)
}

/** Makes requests over 16 connections, each when the one before is answered. Resolves to how many; rejects for another status. */
export async function request(
  server: BenchServer,
  { path, key = server.key, headers, status }: BenchCall,
  extent: { readonly duration: number } | { readonly amount: number }
): Promise<number> {
  const result = await autocannon({
    url: `${server.origin}${path}`,
    headers: { authorization: `Bearer ${key}`, ...headers },
    connections: 16,
    ...extent
  })
  const wrong = Object.entries(result.statusCodeStats ?? {}).filter(([found]) => Number(found) !== status)
  if (wrong.length > 0 || result.errors > 0) throw new Error(`${path} answered ${JSON.stringify(wrong)}`)
  return result.requests.total
}

export async function cpuSeconds({ origin, key }: BenchServer): Promise<number> {
  const answer = await fetch(`${origin}/cpu`, { headers: { authorization: `Bearer ${key}` } })
  const { user, system } = (await answer.json()) as NodeJS.CpuUsage
  return (user + system) / 1e6
}
