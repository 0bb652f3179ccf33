/** The simulator in a process of its own, filled with an Exchange that one service account reads. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent, fetch } from 'undici'
import type { EwsConnection } from '../src/connectors/connection.ts'

export interface Filled {
  readonly mailboxes: readonly string[]
  /** Over NTLM alone. */
  connection(access: EwsConnection['access']): EwsConnection
  /** Of all requests since `forget`: calls that were answered, and handshakes. Throws when one was refused. */
  asked(): Promise<{ calls: number; handshakes: number }>
  forget(): Promise<void>
}

export interface EwsSimulator {
  /** A tenant with so many mailboxes, each with so many events in the two weeks from `at` (epoch milliseconds). */
  fill(tenant: string, mailboxes: number, events: number, at: number): Promise<Filled>
  stop(): Promise<void>
}

/** Mailboxes that go into one request. */
const portion = 500
const account = { user: 'svc-hanvisa', password: 'bench', address: 'svc-hanvisa@bench.example' }
const day = 86_400_000
const hour = day / 24

export async function startEwsSimulator(): Promise<EwsSimulator> {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-bench-'))
  const program = fileURLToPath(new URL('../simulator/main.js', import.meta.url))
  const child = spawn(process.execPath, [program, '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { origin, control, caFile } = JSON.parse(line) as { origin: string; control: string; caFile: string }
  const ca = await readFile(caFile, 'utf8')
  const dispatcher = new Agent({ connect: { ca } })

  async function call(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const sent =
      body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${control}/${path}`, { method, dispatcher, ...sent })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? null : response.json()
  }

  return {
    async fill(tenant, mailboxes, events, at) {
      const addresses = Array.from({ length: mailboxes }, (_, number) => `user${number}@${tenant}.example`)
      await call('PUT', `tenants/${tenant}`, {})
      await call('PUT', `tenants/${tenant}/exchange`, {
        schemes: ['ntlm'],
        accounts: [{ ...account, impersonates: 'everybody' }]
      })
      const calendar = calendarFrom(at, events)
      for (let first = 0; first < mailboxes; first += portion) {
        const some = addresses.slice(first, first + portion)
        const rights = { [account.address]: 'reviewer' }
        await call(
          'PUT',
          `tenants/${tenant}/mailboxes`,
          some.map((address) => ({ address, rights, events: calendar }))
        )
      }
      return {
        mailboxes: addresses,
        connection: (access) => ({
          kind: 'ews',
          url: `${origin}/${tenant}/EWS/Exchange.asmx`,
          auth: { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password },
          access,
          version: 'auto',
          ca,
          pollSeconds: 60
        }),
        async asked() {
          const { counts } = (await call('GET', 'requests')) as {
            counts: { tenant: string; route: string; status: number; count: number }[]
          }
          const theirs = counts.filter((each) => each.tenant === tenant)
          const sum = (some: typeof theirs) => some.reduce((total, { count }) => total + count, 0)
          const signIns = theirs.filter(({ route }) => route === 'signIn')
          const good = theirs.filter(({ route, status }) => route !== 'signIn' && status === 200)
          if (sum(signIns) + sum(good) !== sum(theirs)) throw new Error(`refused: ${JSON.stringify(theirs)}`)
          return { calls: sum(good), handshakes: sum(signIns) }
        },
        forget: async () => void (await call('DELETE', 'requests'))
      }
    },
    async stop() {
      await dispatcher.close()
      child.kill()
      await once(child, 'exit')
      await rm(folder, { recursive: true })
    }
  }
}

function calendarFrom(at: number, events: number): object[] {
  const morning = Math.floor(at / day) * day + 7 * hour
  return Array.from({ length: events }, (_, index) => {
    const start = morning + (index % 14) * day + Math.floor(index / 14) * 2 * hour
    return {
      subject: `MOT: Avstämning ${index} med kund & partner`,
      location: `Rum ${index}`,
      start: new Date(start).toISOString(),
      end: new Date(start + hour).toISOString(),
      showAs: 'busy'
    }
  })
}
