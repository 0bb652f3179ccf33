/**
 * The calls that switches poll, beside the same app answering a constant: requests over real sockets, for each second
 * of CPU that the server spends (wall time here depends on other processes and on the load generator).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { comparePaired, formatRatio, printRow } from './paired-runs.ts'

const ROUNDS = 7
const SECONDS = 2

interface Target {
  /** The admin key unless stated. */
  readonly key?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly status: number
}

export async function benchHttp(): Promise<void> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./http-server.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  try {
    const { origin, key, maskedKey } = await addressOf(server)
    const authorization = `Bearer ${key}`
    const etag = (
      await fetch(`${origin}/v1/tenants/acme/statuses`, { headers: { authorization } })
    ).headers.get('etag')!
    const compare = async (what: string, ours: Target, baseline: Target, goal: string) => {
      const run = (target: Target) => () => requestsPerCpuSecond(origin, authorization, target)
      const found = await comparePaired(ROUNDS, run(ours), run(baseline))
      const perSecond = (figure: number) => `${Math.round(figure).toLocaleString('en')}/CPU s`
      printRow(what, perSecond(found.ours), perSecond(found.baseline), formatRatio(found.ratio), goal)
    }
    await compare(
      'GET statuses, 1,000 users',
      { path: '/v1/tenants/acme/statuses', status: 200 },
      { path: '/v1/constant/acme/statuses', status: 200 },
      '≥ 0.9 × the same app sending a constant Buffer'
    )
    await compare(
      'GET statuses, gzip',
      { path: '/v1/tenants/acme/statuses', headers: { 'accept-encoding': 'gzip' }, status: 200 },
      { path: '/v1/constant/acme/gzip', headers: { 'accept-encoding': 'gzip' }, status: 200 },
      '≥ 0.9 × the same app sending a constant Buffer'
    )
    await compare(
      'GET statuses answered 304',
      { path: '/v1/tenants/acme/statuses', headers: { 'if-none-match': etag }, status: 304 },
      { path: '/v1/constant/acme/unchanged', headers: { 'if-none-match': etag }, status: 304 },
      '≥ 0.9 × the same app sending a constant'
    )
    await compare(
      'one user’s status',
      { path: '/v1/tenants/acme/users/user500/status', status: 200 },
      { path: '/v1/constant/acme/status/user500', status: 200 },
      '≥ 0.8 × the same app sending a constant'
    )
    const maskedEtag = (
      await fetch(`${origin}/v1/tenants/acme/statuses`, { headers: { authorization: `Bearer ${maskedKey}` } })
    ).headers.get('etag')!
    await compare(
      'GET statuses, masked, by a switch’s key',
      { path: '/v1/tenants/acme/statuses', key: maskedKey, status: 200 },
      { path: '/v1/constant/acme/statuses', status: 200 },
      '≥ 0.85 × the same app sending a constant Buffer'
    )
    await compare(
      'GET statuses answered 304, masked',
      {
        path: '/v1/tenants/acme/statuses',
        key: maskedKey,
        headers: { 'if-none-match': maskedEtag },
        status: 304
      },
      { path: '/v1/constant/acme/unchanged', headers: { 'if-none-match': etag }, status: 304 },
      '≥ 0.85 × the same app sending a constant'
    )
    await compare(
      'one user’s status, masked',
      { path: '/v1/tenants/acme/users/user500/status', key: maskedKey, status: 200 },
      { path: '/v1/constant/acme/status/user500', status: 200 },
      '≥ 0.8 × the same app sending a constant'
    )
  } finally {
    server.kill()
  }
}

async function requestsPerCpuSecond(origin: string, authorization: string, target: Target): Promise<number> {
  const before = await cpuSeconds(origin, authorization)
  const result = await autocannon({
    url: `${origin}${target.path}`,
    headers: {
      authorization: target.key === undefined ? authorization : `Bearer ${target.key}`,
      ...target.headers
    },
    connections: 16,
    duration: SECONDS
  })
  const wrong = Object.entries(result.statusCodeStats ?? {}).filter(
    ([status]) => Number(status) !== target.status
  )
  if (wrong.length > 0 || result.errors > 0)
    throw new Error(`${target.path} answered ${JSON.stringify(wrong)}`)
  return result.requests.total / ((await cpuSeconds(origin, authorization)) - before)
}

async function cpuSeconds(origin: string, authorization: string): Promise<number> {
  const answer = await fetch(`${origin}/cpu`, { headers: { authorization } })
  const { user, system } = (await answer.json()) as NodeJS.CpuUsage
  return (user + system) / 1e6
}

async function addressOf(server: ChildProcess): Promise<{ origin: string; key: string; maskedKey: string }> {
  server.stdout!.setEncoding('utf8')
  const [line] = (await once(server.stdout!, 'data')) as [string]
  return JSON.parse(line)
}
