/** A tenant for figures, at the simulator and in the service: its directory, mailboxes, users, rules and connection. */
import type { Installation } from './installation.ts'

export interface Way {
  readonly kind: 'graph' | 'impersonation' | 'delegate'
  readonly pollSeconds: number
}

export const account = { user: 'svc-hanvisa', password: 'right' }
/** The application that every directory knows, with the secret `right`. */
export const clientId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const hour = 3_600_000

/** The users are `u0`, `u1` and so on; `index` tells its directory from the others'. */
export async function estate(
  { simulator, call }: Installation,
  { kind, pollSeconds }: Way,
  {
    tenant,
    index,
    users,
    events = 0
  }: { readonly tenant: string; readonly index: number; readonly users: number; readonly events?: number }
): Promise<void> {
  const directory = directoryOf(index)
  const address = `${account.user}@${tenant}.example`
  await simulator.control('PUT', `tenants/${directory}`, { apps: [{ clientId, secret: 'right' }] })
  if (kind !== 'graph') {
    const impersonates = kind === 'impersonation' ? 'everybody' : []
    await simulator.control('PUT', `tenants/${directory}/exchange`, {
      version: '2016',
      accounts: [{ ...account, address, impersonates }]
    })
  }
  const numbers = Array.from({ length: users }, (_, number) => number)
  const calendar = calendarOf(events)
  await simulator.control(
    'PUT',
    `tenants/${directory}/mailboxes`,
    numbers.map((number) => ({
      address: mailboxOf(tenant, number),
      rights: { [address]: 'reviewer' },
      events: calendar
    }))
  )
  const root = `/v1/tenants/${tenant}`
  await call('PUT', root, { name: tenant, timeZone: 'Europe/Stockholm', language: 'sv' })
  await call('PUT', `${root}/rules`, { pack: 'infracom' })
  const rows = numbers.map((n) => `u${n},User ${n},${10_000 + n},${mailboxOf(tenant, n)},true\n`)
  await call(
    'POST',
    `${root}/users/import`,
    `user,displayName,extension,mailbox,syncEnabled\n${rows.join('')}`
  )
  const url = `${simulator.origin}/${directory}/EWS/Exchange.asmx`
  const cloud = { login: simulator.origin, graph: simulator.origin }
  const auth = { kind: 'ntlm', user: `HANVISA\\${account.user}`, password: account.password }
  await call(
    'PUT',
    `${root}/connection`,
    kind === 'graph'
      ? { kind, tenantId: directory, clientId, clientSecret: 'right', cloud, pollSeconds }
      : { kind: 'ews', url, auth, access: kind, pollSeconds }
  )
}

/** Of the simulator's, of the nth tenant. */
export function directoryOf(index: number): string {
  return `3f1b2a3c-0000-4000-8000-${String(index).padStart(12, '0')}`
}

export function mailboxOf(tenant: string, user: number): string {
  return `u${user}@${tenant}.example`
}

/** So many meetings of an hour, one a day from tomorrow. */
function calendarOf(events: number): object[] {
  const now = Math.floor(Date.now() / hour) * hour
  return Array.from({ length: events }, (_, day) => ({
    subject: `MÖT ${day}`,
    start: new Date(now + (day + 1) * 24 * hour).toISOString(),
    end: new Date(now + (day + 1) * 24 * hour + hour).toISOString(),
    showAs: 'busy'
  }))
}
