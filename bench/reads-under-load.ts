/**
 * What reads keep while a thousand long polls are open, wrong keys are tried, and another tenant's users are imported: reads for each
 * second of CPU that the server spends on all of it. Everything is counted, not timed, so that other processes do not shift the mix: on a
 * free core it is 4,000 reads and 400 wrong keys a second, and an import of 5,000 users every 5 seconds.
 */
import { Agent, get } from 'node:http'
import autocannon from 'autocannon'
import { makeApiKey } from '../src/management/api-key-format.ts'
import { type BenchServer, cpuSeconds, request, startHttpServer } from './bench-server.ts'
import { comparePaired, formatRatio, printRow } from './paired-runs.ts'

const ROUNDS = 9
/** Imports until their code is compiled as in a service that runs: the first cost thrice as much. */
const WARM_IMPORTS = 10
const LONG_POLLS = 1000
/** A tenant has at most 50 keys, a key at most 100 long polls (`HANVISA_MAX_LONG_POLLS`). */
const KEYS = 10
const READS = 3000
const WRONG_KEYS = 300
const IMPORTED_USERS = 750

export async function benchReadsUnderLoad(): Promise<void> {
  const server = await startHttpServer()
  try {
    await call(server, 'PUT', '/v1/tenants/other', { name: 'Other', timeZone: 'UTC', language: 'sv' })
    const keys = await Promise.all(Array.from({ length: KEYS }, () => createKey(server)))
    const target = { path: '/v1/tenants/acme/statuses', key: server.maskedKey, status: 200 }
    const readsPerCpuSecond = async (besides: () => Promise<unknown> = async () => {}) => {
      const before = await cpuSeconds(server)
      await Promise.all([request(server, target, { amount: READS }), besides()])
      return READS / ((await cpuSeconds(server)) - before)
    }
    let round = 0
    while (round < WARM_IMPORTS) await importUsers(server, ++round)
    const loadedReads = async () => {
      const polls = await openLongPolls(server, keys)
      const found = await readsPerCpuSecond(() =>
        Promise.all([tryWrongKeys(server), importUsers(server, ++round)])
      )
      if (polls.answered > 0)
        throw new Error(`${polls.answered} long polls were answered: nothing had changed`)
      polls.agent.destroy()
      return found
    }
    const { ratio, ours, baseline } = await comparePaired(ROUNDS, loadedReads, () => readsPerCpuSecond())
    const perSecond = (figure: number) => `${Math.round(figure).toLocaleString('en')}/CPU s`
    const what = 'reads beside polls, wrong keys, an import'
    printRow(what, perSecond(ours), perSecond(baseline), formatRatio(ratio), '≥ 0.8 × the same without')
  } finally {
    server.process.kill()
  }
}

async function call(
  { origin, key }: BenchServer,
  method: string,
  path: string,
  body?: unknown
): Promise<unknown> {
  const answer = await fetch(origin + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' })
    },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

async function createKey(server: BenchServer): Promise<string> {
  const made = await call(server, 'POST', '/v1/tenants/acme/keys', { name: 'poll', role: 'switch' })
  return (made as { key: string }).key
}

/** Resolves once all wait. */
async function openLongPolls(
  server: BenchServer,
  keys: readonly string[]
): Promise<{ readonly agent: Agent; answered: number }> {
  const { cursor } = (await call(server, 'GET', '/v1/tenants/acme/statuses')) as { cursor: string }
  const polls = { agent: new Agent({ keepAlive: true, maxSockets: Infinity }), answered: 0 }
  await Promise.all(
    Array.from({ length: LONG_POLLS }, (_, number) => {
      const authorization = `Bearer ${keys[number % KEYS]}`
      const url = `${server.origin}/v1/tenants/acme/changes?wait=55&cursor=${encodeURIComponent(cursor)}`
      return new Promise<void>((resolve) => {
        const request = get(url, { agent: polls.agent, headers: { authorization } }, (answer) => {
          polls.answered++
          answer.resume()
        })
        request.once('finish', resolve)
        // They are cut off when the round ends.
        request.once('error', () => {})
      })
    })
  )
  // Sent after them, and answered after they began to wait.
  await call(server, 'GET', '/v1/tenants/acme')
  return polls
}

/** Each has the form and the checksum of a key, as a guesser's would. */
async function tryWrongKeys({ origin }: BenchServer): Promise<void> {
  const result = await autocannon({
    url: `${origin}/v1/tenants/acme/statuses`,
    connections: 4,
    amount: WRONG_KEYS,
    setupClient: (client) => {
      const change = () => client.setHeaders({ authorization: `Bearer ${makeApiKey().key}` })
      change()
      client.on('response', change)
    }
  })
  if (result['2xx'] > 0 || result.errors > 0)
    throw new Error('a wrong key was answered otherwise than refused')
}

async function importUsers({ origin, key }: BenchServer, round: number): Promise<void> {
  const rows = Array.from(
    { length: IMPORTED_USERS },
    (_, number) => `user${number};Name ${round} of ${number};${number};false\r\n`
  )
  const answer = await fetch(`${origin}/v1/tenants/other/users/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/csv' },
    body: `user;displayName;extension;syncEnabled\r\n${rows.join('')}`
  })
  if (!answer.ok) throw new Error(`the import answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}
