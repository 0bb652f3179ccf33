/**
 * From an edit in a calendar to the consumer's long poll: over Graph's notices, EWS streaming, and polling. Ten tenants of a
 * thousand mailboxes, fifty edits a second; the service, Redis and the simulator are processes of their own.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { type Installation, openInstallation } from './installation.ts'
import { row } from './rounds.ts'

interface Way {
  readonly what: string
  readonly kind: 'graph' | 'impersonation' | 'delegate'
  readonly notices: boolean
  readonly pollSeconds: number
  readonly goal: string
}

const ways: readonly Way[] = [
  { what: 'Graph notices', kind: 'graph', notices: true, pollSeconds: 120, goal: 'p99 ≤ 2 s' },
  { what: 'EWS streaming', kind: 'impersonation', notices: true, pollSeconds: 60, goal: 'p99 ≤ 2 s' },
  { what: 'EWS polled at 60 s', kind: 'delegate', notices: false, pollSeconds: 60, goal: '≤ 61 s' },
  { what: 'Graph polled at 60 s', kind: 'graph', notices: false, pollSeconds: 60, goal: '≤ 61 s' }
]

const TENANTS = 10
const perSecond = 50
const account = { user: 'svc-hanvisa', password: 'right' }
const clientId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
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
  for (const way of ways) {
    if (!way.what.includes(only)) continue
    const installation = await openInstallation(
      ['all'],
      way.notices ? { HANVISA_PUBLIC_URL: 'the door' } : {}
    )
    try {
      await measure(installation, way, mailboxes / TENANTS, seconds)
    } finally {
      await installation.close()
    }
  }
}

async function measure(installation: Installation, way: Way, users: number, seconds: number): Promise<void> {
  const tenants = Array.from({ length: TENANTS }, (_, index) => `t${index}`)
  const began = performance.now()
  for (const tenant of tenants) await fill(installation, way, tenant, users)
  await Promise.all(tenants.map((tenant) => ready(installation, way, tenant, users)))
  const readyAfter = performance.now() - began

  /** By tenant and user: when the edit was sent to the calendar. */
  const waiting = new Map<string, number>()
  const took: number[] = []
  const stopping = new AbortController()
  const polls = tenants.map((tenant) =>
    poll(installation, tenant, stopping.signal, (user) => {
      const at = waiting.get(`${tenant}/${user}`)
      if (at === undefined) return
      waiting.delete(`${tenant}/${user}`)
      took.push(performance.now() - at)
    })
  )
  const before = cpuOf(installation)
  const total = seconds * perSecond
  const start = performance.now()
  const edits: Promise<unknown>[] = []
  for (let number = 0; number < total; number++) {
    const due = start + (number * 1000) / perSecond
    if (due > performance.now()) await after(due - performance.now())
    edits.push(
      edit(installation, tenants[number % TENANTS]!, Math.floor(number / TENANTS) % users, number, waiting)
    )
  }
  await Promise.all(edits)
  const last = performance.now() + (way.notices ? 30_000 : way.pollSeconds * 1000 + 30_000)
  while (waiting.size > 0 && performance.now() < last) await after(50)
  const spent = cpuOf(installation) - before
  stopping.abort()
  await Promise.all(polls)

  took.sort((a, b) => a - b)
  const part = (share: number) =>
    `${Math.round(took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? -1)} ms`
  row(`edit to long poll, ${way.what}`, `p50 ${part(0.5)}`, `p99 ${part(0.99)}`, `most ${part(1)}`, way.goal)
  row(
    `  ${took.length} edits, ${waiting.size} never seen`,
    `${(spent / took.length).toFixed(1)} ms CPU/edit`,
    '–',
    '–',
    `all fresh ${(readyAfter / 1000).toFixed(0)} s after the start`
  )
}

async function fill(
  { simulator, call }: Installation,
  way: Way,
  tenant: string,
  users: number
): Promise<void> {
  const directory = directoryOf(tenant)
  const address = `${account.user}@${tenant}.example`
  await simulator.control('PUT', `tenants/${directory}`, { apps: [{ clientId, secret: 'right' }] })
  if (way.kind !== 'graph') {
    const impersonates = way.kind === 'impersonation' ? 'everybody' : []
    await simulator.control('PUT', `tenants/${directory}/exchange`, {
      version: '2016',
      accounts: [{ ...account, address, impersonates }]
    })
  }
  await simulator.control(
    'PUT',
    `tenants/${directory}/mailboxes`,
    Array.from({ length: users }, (_, number) => ({
      address: mailboxOf(tenant, number),
      rights: { [address]: 'reviewer' }
    }))
  )
  const root = `/v1/tenants/${tenant}`
  await call('PUT', root, { name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' })
  await call('PUT', `${root}/rules`, { pack: 'infracom' })
  const rows = Array.from(
    { length: users },
    (_, n) => `u${n},User ${n},${10_000 + n},${mailboxOf(tenant, n)},true`
  )
  await call(
    'POST',
    `${root}/users/import`,
    `user,displayName,extension,mailbox,syncEnabled\n${rows.join('\n')}\n`
  )
  await call(
    'PUT',
    `${root}/connection`,
    way.kind === 'graph'
      ? {
          kind: 'graph',
          tenantId: directory,
          clientId,
          clientSecret: 'right',
          cloud: { login: simulator.origin, graph: simulator.origin },
          pollSeconds: way.pollSeconds
        }
      : {
          kind: 'ews',
          url: `${simulator.origin}/${directory}/EWS/Exchange.asmx`,
          auth: { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password },
          access: way.kind,
          pollSeconds: way.pollSeconds
        }
  )
}

/** Waits until every calendar was read, and is listened to where that is the way. */
async function ready({ call }: Installation, way: Way, tenant: string, users: number): Promise<void> {
  const last = performance.now() + 120_000
  for (;;) {
    const { statuses } = (await call('GET', `/v1/tenants/${tenant}/statuses`)) as Answer
    const { connection } = (await call('GET', `/v1/tenants/${tenant}/sync?limit=1`)) as Answer
    const fresh = statuses.filter((status: Answer) => status.sync.state === 'fresh').length
    if (fresh === users && (!way.notices || connection.notices.live === users)) return
    if (performance.now() > last) {
      throw new Error(`${tenant}: ${fresh} of ${users} fresh; ${JSON.stringify(connection)}`)
    }
    await after(500)
  }
}

async function edit(
  { simulator }: Installation,
  tenant: string,
  user: number,
  number: number,
  waiting: Map<string, number>
): Promise<void> {
  const now = Math.floor(Date.now() / 1000) * 1000
  waiting.set(`${tenant}/u${user}`, performance.now())
  await simulator.control(
    'PUT',
    `tenants/${directoryOf(tenant)}/mailboxes/${mailboxOf(tenant, user)}/events/now`,
    {
      subject: words[Math.floor(number / TENANTS) % words.length],
      start: new Date(now - 60_000).toISOString(),
      end: new Date(now + 3_600_000 + number * 1000).toISOString(),
      showAs: 'busy'
    }
  )
}

async function poll(
  { call }: Installation,
  tenant: string,
  signal: AbortSignal,
  seen: (user: string) => void
): Promise<void> {
  let { cursor } = (await call('GET', `/v1/tenants/${tenant}/statuses`)) as Answer
  while (!signal.aborted) {
    const answer = (await call('GET', `/v1/tenants/${tenant}/changes?wait=2&cursor=${cursor}`)) as Answer
    cursor = answer.cursor
    for (const { user } of answer.changes) seen(user)
  }
}

/** CPU milliseconds of all replicas so far (proc(5): utime and stime, in ticks of 10 ms). */
function cpuOf({ replicas }: Installation): number {
  return replicas.reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return sum + 10 * (Number(fields[11]) + Number(fields[12]))
  }, 0)
}

function directoryOf(tenant: string): string {
  return `3f1b2a3c-0000-4000-8000-${tenant.slice(1).padStart(12, '0')}`
}

function mailboxOf(tenant: string, user: number): string {
  return `u${user}@${tenant}.example`
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
type Answer = any
