/**
 * From an edit in a calendar to the consumer's long poll: over Graph's notifications, EWS streaming, and polling. Ten tenants of a
 * thousand mailboxes, fifty edits a second; the service, Redis and the simulator are processes of their own.
 */
import { setTimeout as after } from 'node:timers/promises'
import {
  benchDirectory,
  benchMailbox,
  type CalendarAccess,
  createBenchTenant
} from './fixtures/simulated-tenant.ts'
import { type BenchInstallation, openBenchInstallation } from './installation.ts'
import { printRow } from './paired-runs.ts'
import { loadAverage, processCpuMs, residentBytes } from './processes.ts'

interface SyncMode extends CalendarAccess {
  readonly what: string
  readonly notifications: boolean
  readonly goal: string
}

const modes: readonly SyncMode[] = [
  { what: 'Graph notifications', kind: 'graph', notifications: true, pollSeconds: 120, goal: 'p99 ≤ 250 ms' },
  {
    what: 'EWS streaming',
    kind: 'impersonation',
    notifications: true,
    pollSeconds: 60,
    goal: 'p99 ≤ 250 ms'
  },
  {
    what: 'EWS polled at 60 s',
    kind: 'delegate',
    notifications: false,
    pollSeconds: 60,
    goal: '≤ interval + 1 s'
  },
  {
    what: 'Graph polled at 60 s',
    kind: 'graph',
    notifications: false,
    pollSeconds: 60,
    goal: '≤ interval + 1 s'
  }
]

const TENANTS = 10
const perSecond = 50
const words = ['LUN', 'DND', 'UTE', 'MÖT', 'HOL']

/** `seconds` of edits for each way; `mailboxes` in all. */
export async function benchEdits({
  mailboxes = 10_000,
  seconds = 60,
  only = ''
}: {
  readonly mailboxes?: number
  readonly seconds?: number
  readonly only?: string
} = {}): Promise<void> {
  for (const mode of modes) {
    if (!mode.what.includes(only)) continue
    const installation = await openBenchInstallation(
      ['all'],
      mode.notifications ? { HANVISA_PUBLIC_URL: 'the door' } : {}
    )
    try {
      await measure(installation, mode, mailboxes / TENANTS, seconds)
    } finally {
      await installation.close()
    }
  }
}

async function measure(
  installation: BenchInstallation,
  mode: SyncMode,
  users: number,
  seconds: number
): Promise<void> {
  const tenants = Array.from({ length: TENANTS }, (_, index) => `t${index}`)
  for (const [index, tenant] of tenants.entries())
    await createBenchTenant(installation, mode, { tenant, index, users })
  const began = performance.now()
  await Promise.all(tenants.map((tenant) => ready(installation, mode, tenant, users)))
  const readyAfter = performance.now() - began

  /** By tenant and user: when the edit was sent to the calendar. */
  const waiting = new Map<string, number>()
  const took: number[] = []
  const stopping = new AbortController()
  const polls = await Promise.all(
    tenants.map((tenant) =>
      begin(installation, tenant, stopping.signal, (user) => {
        const at = waiting.get(`${tenant}/${user}`)
        if (at === undefined) return
        waiting.delete(`${tenant}/${user}`)
        took.push(performance.now() - at)
      })
    )
  )
  const [replica] = installation.replicas
  const before = { replica: processCpuMs(replica!), simulator: processCpuMs(installation.simulator) }
  const total = seconds * perSecond
  const start = performance.now()
  const edits: Promise<number>[] = []
  for (let number = 0; number < total; number++) {
    const due = start + (number * 1000) / perSecond
    if (due > performance.now()) await after(due - performance.now())
    edits.push(edit(installation, number, users, waiting))
  }
  const written = await Promise.all(edits)
  const last = performance.now() + (mode.notifications ? 30_000 : mode.pollSeconds * 1000 + 30_000)
  while (waiting.size > 0 && performance.now() < last) await after(50)
  const spent = {
    replica: processCpuMs(replica!) - before.replica,
    simulator: processCpuMs(installation.simulator) - before.simulator
  }
  stopping.abort()
  await Promise.all(polls.map(({ over }) => over))

  const [p50, p99, most] = [part(took, 0.5), part(took, 0.99), part(took, 1)]
  printRow(`edit to long poll, ${mode.what}`, `p50 ${p50}`, `p99 ${p99}`, `most ${most}`, mode.goal)
  printRow(
    `  ${took.length} edits seen, ${waiting.size} never`,
    `${(spent.replica / total).toFixed(1)} ms of the service's CPU`,
    `simulator ${(spent.simulator / total).toFixed(1)} ms besides`,
    `it takes one in ${part(written, 0.99)} (p99)`,
    `CPU of the service ≤ 2.5 ms an edit; ${TENANTS * users} mailboxes fresh${mode.notifications ? ' and subscribed' : ''} in ${Math.round(readyAfter / 1000)} s; load ${loadAverage()}`
  )
  printRow('  memory of the replica', `${Math.round(residentBytes(replica!) / 1e6)} MB`, '–', '–', '–')
  for (const [name] of [...waiting].slice(0, 10)) process.stderr.write(`never seen: ${name}\n`)
}

function part(figures: readonly number[], share: number): string {
  const sorted = [...figures].sort((a, b) => a - b)
  return `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? -1)} ms`
}

/** Waits until every calendar was read, and is listened to where that is the way. */
async function ready(
  { call }: BenchInstallation,
  mode: SyncMode,
  tenant: string,
  users: number
): Promise<void> {
  const last = performance.now() + 240_000
  for (;;) {
    const { statuses } = (await call('GET', `/v1/tenants/${tenant}/statuses`)) as Answer
    const { connection } = (await call('GET', `/v1/tenants/${tenant}/sync?limit=1`)) as Answer
    const fresh = statuses.filter((status: Answer) => status.sync.state === 'fresh').length
    if (fresh === users && (!mode.notifications || connection.notifications.live === users)) return
    if (performance.now() > last) {
      throw new Error(`${tenant}: ${fresh} of ${users} fresh; ${JSON.stringify(connection)}`)
    }
    await after(500)
  }
}

/** The nth edit, of the mailbox whose turn it is. Resolves to the milliseconds in which the calendar took it. */
async function edit(
  { simulator }: BenchInstallation,
  number: number,
  users: number,
  waiting: Map<string, number>
): Promise<number> {
  const index = number % TENANTS
  const tenant = `t${index}`
  const user = Math.floor(number / TENANTS) % users
  const now = Math.floor(Date.now() / 1000) * 1000
  const sent = performance.now()
  waiting.set(`${tenant}/u${user}`, sent)
  const mailbox = `tenants/${benchDirectory(index)}/mailboxes/${benchMailbox(tenant, user)}`
  await simulator.control('PUT', `${mailbox}/events/now`, {
    subject: words[Math.floor(number / TENANTS) % words.length],
    start: new Date(now - 60_000).toISOString(),
    end: new Date(now + 3_600_000 + number * 1000).toISOString(),
    showAs: 'busy'
  })
  return performance.now() - sent
}

/** Resolves once it has a cursor: every edit from then on is in its answers. */
async function begin(
  { call }: BenchInstallation,
  tenant: string,
  signal: AbortSignal,
  seen: (user: string) => void
): Promise<{ over: Promise<void> }> {
  const first = (await call('GET', `/v1/tenants/${tenant}/statuses`)) as Answer
  const poll = async () => {
    let { cursor } = first
    while (!signal.aborted) {
      const answer = (await call('GET', `/v1/tenants/${tenant}/changes?wait=2&cursor=${cursor}`)) as Answer
      cursor = answer.cursor
      for (const { user } of answer.changes) seen(user)
    }
  }
  return { over: poll() }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
type Answer = any
