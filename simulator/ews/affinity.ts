/** Which of several servers a call lands on, and how it is made to land there again (how-to-maintain-affinity). */
import type { ProtocolRequest } from '../protocol-message.ts'
import { seededRandom } from '../seeded-random.ts'
import type { ExchangeInstallation } from './installations.ts'

export interface ServerAssignment {
  /** Subscriptions exist on the server where they were created. */
  readonly server: number
  /** What the answer sets; null when the call came with it or did not ask. */
  readonly cookie: string | null
}

/** `address` is for whom the call is made. */
export function assignServer(
  installation: ExchangeInstallation,
  call: ProtocolRequest,
  address: string
): ServerAssignment {
  const { servers, version } = installation
  if (servers === 1) return { server: 0, cookie: null }
  const older = version.build[0] < 15
  const name = older ? 'exchangecookie' : 'X-BackEndOverrideCookie'
  const asks = older || call.headers['x-preferserveraffinity']?.toLowerCase() === 'true'
  const brought = asks ? serverIn(call.headers.cookie ?? '', name) : null
  if (brought !== null && brought < servers) return { server: brought, cookie: null }
  // Before 2013 whatever balances the load decides; since then the mailbox does.
  const mailbox = (call.headers['x-anchormailbox'] ?? address).toLowerCase()
  const server = older ? installation.next() : serverOfMailbox(servers, mailbox)
  return { server, cookie: asks ? `${name}=ex${server + 1}~1943456; path=/; secure; HttpOnly` : null }
}

/** From 2013 on. */
export function serverOfMailbox(servers: number, address: string): number {
  return servers === 1 ? 0 : Math.floor(seededRandom(servers, address.toLowerCase()) * servers)
}

function serverIn(cookies: string, name: string): number | null {
  const match = new RegExp(`(?:^|;\\s*)${name}=ex(\\d+)~`).exec(cookies)
  return match ? Number(match[1]) - 1 : null
}
