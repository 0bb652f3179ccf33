/** The small Exchange of the demo: started, and edited over its control API. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import type { Editor } from './calendars.ts'
import type { MovePhase } from './move.ts'
import type { ConnectionBodies, ConnectionBody, DemoContext } from './service.ts'
import type { SampleTenant } from './tenants.ts'

/** Without notifications as often as the service lets one poll; with them only to be sure. */
const POLL_SECONDS = { premises: 10, cloud: 300 }
const SERVICE_ACCOUNT = 'svc-hanvisa'

export interface DemoSimulator {
  /** The file of the authority that signed its certificate. */
  readonly authority: string
  readonly editor: Editor
  /** Makes the tenant's directory, with an application, or a service account, that may read its calendars. */
  register(tenant: SampleTenant): Promise<ConnectionBodies>
  /** Moves a mailbox on, from the tenant's own Exchange to Microsoft 365. */
  move(tenant: SampleTenant, address: string, phase: MovePhase): Promise<void>
}

interface Announcement {
  readonly origin: string
  readonly control: string
  readonly loginRoot: string
  readonly graphRoot: string
  readonly caFile: string
}

export async function startDemoSimulator(context: DemoContext): Promise<DemoSimulator> {
  const { start, folder, signal } = context
  const orders = { arguments: ['--folder', join(folder, 'simulator')], environment: {} }
  const child = start('simulator', 'simulator/main.js', orders)
  const { origin, control, loginRoot, graphRoot, caFile } = await child.line((line) =>
    line.startsWith('{') ? (JSON.parse(line) as Announcement) : null
  )
  const ca = await readFile(caFile, 'utf8')
  const dispatcher = new Agent({ connect: { ca } })

  const put = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'PUT', headers, body: JSON.stringify(body), dispatcher, signal }
    const response = await fetch(`${control}/tenants/${path}`, init)
    const answer = await response.text()
    // The path names no event but by its id; the body does, and stays out of this.
    if (!response.ok) throw new Error(`The simulator refused PUT ${path}: ${response.status} ${answer}`)
  }
  /** By address, without the events. */
  const settings = new Map<string, object>()
  const inTheCloud = async (tenant: SampleTenant, tenantId: string): Promise<ConnectionBody> => {
    const clientId = randomUUID()
    const clientSecret = randomBytes(24).toString('base64url')
    await put(tenantId, { domain: domainOf(tenant), apps: [{ clientId, secret: clientSecret }] })
    const cloud = { login: loginRoot, graph: graphRoot }
    return { kind: 'graph', tenantId, clientId, clientSecret, cloud, pollSeconds: POLL_SECONDS.cloud }
  }
  const onPremises = async (tenant: SampleTenant): Promise<ConnectionBody> => {
    const domain = domainOf(tenant)
    const password = randomBytes(24).toString('base64url')
    // Without Basic: whoever is let in has answered an NTLM challenge.
    const account = { user: SERVICE_ACCOUNT, password, address: accountOf(tenant) }
    await put(`${domain}/exchange`, {
      domain: 'BJORKEN',
      schemes: ['ntlm', 'negotiate'],
      accounts: [account]
    })
    const auth = { kind: 'ntlm', user: `BJORKEN\\${SERVICE_ACCOUNT}`, password } as const
    const url = `${origin}/${domain}/EWS/Exchange.asmx`
    return { kind: 'ews', url, auth, access: 'delegate', ca, pollSeconds: POLL_SECONDS.premises }
  }
  return {
    authority: caFile,
    editor: {
      putMailboxes: (tenant, mailboxes) => {
        const place =
          tenant.exchange === 'premises'
            ? { hosting: 'onPremises', rights: { [accountOf(tenant)]: 'reviewer' } }
            : {}
        for (const { address, events: _, ...others } of mailboxes)
          settings.set(address, { ...others, ...place })
        return put(
          `${domainOf(tenant)}/mailboxes`,
          mailboxes.map((mailbox) => ({ ...mailbox, ...place }))
        )
      },
      putEvent: (tenant, address, { id, ...event }) =>
        put(`${domainOf(tenant)}/mailboxes/${address}/events/${id}`, event)
    },
    register: async (tenant): Promise<ConnectionBodies> => {
      if (tenant.exchange === 'cloud') return { default: await inTheCloud(tenant, randomUUID()) }
      // One directory for both: the users of the premises are synchronised to it.
      const cloud = await inTheCloud(tenant, domainOf(tenant))
      return { exchange: await onPremises(tenant), cloud }
    },
    move: (tenant, address, hosting) =>
      put(`${domainOf(tenant)}/mailboxes/${address}`, { ...settings.get(address), hosting })
  }
}

/** Who reads the calendars of a tenant with an Exchange of its own: Reviewer in each of them. */
function accountOf(tenant: SampleTenant): string {
  return `${SERVICE_ACCOUNT}@${domainOf(tenant)}`
}

function domainOf({ id }: SampleTenant): string {
  return `${id}.example`
}
