/**
 * The calls that switches poll, beside the same app answering a constant: requests over real sockets, for each second
 * of CPU that the server spends (wall time here depends on other processes and on the load generator).
 */
import { type BenchCall, type BenchServer, requestsPerCpuSecond, startHttpServer } from './bench-server.ts'
import { comparePaired, formatRatio, printRow } from './paired-runs.ts'

const ROUNDS = 7

export async function benchHttp(): Promise<void> {
  const server = await startHttpServer()
  try {
    const etag = await etagFor(server, server.key)
    const compare = comparisonOn(server)
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
  } finally {
    server.process.kill()
  }
}

/** With keys, roles, limits and masking. */
export async function benchHttpMasked(): Promise<void> {
  const server = await startHttpServer()
  try {
    const { key, maskedKey } = server
    const etag = await etagFor(server, key)
    const maskedEtag = await etagFor(server, maskedKey)
    const compare = comparisonOn(server)
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
    server.process.kill()
  }
}

function comparisonOn(server: BenchServer) {
  return async (what: string, ours: BenchCall, baseline: BenchCall, goal: string) => {
    const run = (target: BenchCall) => () => requestsPerCpuSecond(server, target)
    const found = await comparePaired(ROUNDS, run(ours), run(baseline))
    const perSecond = (figure: number) => `${Math.round(figure).toLocaleString('en')}/CPU s`
    printRow(what, perSecond(found.ours), perSecond(found.baseline), formatRatio(found.ratio), goal)
  }
}

async function etagFor({ origin }: BenchServer, key: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}` }
  return (await fetch(`${origin}/v1/tenants/acme/statuses`, { headers })).headers.get('etag')!
}
