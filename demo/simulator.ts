/** The small Exchange of the demo: started, and edited over its control API. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import type { Editor } from './calendars.ts'
import type { ConnectionBody, DemoContext } from './service.ts'
import type { SampleTenant } from './tenants.ts'

/** Without notifications as often as the service lets one poll; with them only to be sure. */
const POLL_SECONDS = { premises: 10, cloud: 300 }
const SERVICE_ACCOUNT = 'svc-hanvisa'

export interface DemoSimulator {
  /** The file of the authority that signed its certificate. */
  readonly authority: string
  readonly editor: Editor
  /** Makes the tenant's directory, with an application, or a service account, that may read its calendars. */
  register(tenant: SampleTenant): Promise<ConnectionBody>
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
  const inTheCloud = async (tenant: SampleTenant): Promise<ConnectionBody> => {
    const [tenantId, clientId] = [randomUUID(), randomUUID()]
    const clientSecret = randomBytes(24).toString('base64url')
    await put(tenantId, { domain: domainOf(tenant), apps: [{ clientId, secret: clientSecret }] })
    const cloud = { login: loginRoot, graph: graphRoot }
    return { kind: 'graph', tenantId, clientId, clientSecret, cloud, pollSeconds: POLL_SECONDS.cloud }
  }
  const onPremises = async (tenant: SampleTenant): Promise<ConnectionBody> => {
    const domain = domainOf(tenant)
    const password = randomBytes(24).toString('base64url')
    await put(domain, { domain })
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
        const rights = tenant.exchange === 'premises' ? { [accountOf(tenant)]: 'reviewer' } : {}
        return put(
          `${domainOf(tenant)}/mailboxes`,
          mailboxes.map((mailbox) => ({ ...mailbox, rights }))
        )
      },
      putEvent: (tenant, address, { id, ...event }) =>
        put(`${domainOf(tenant)}/mailboxes/${address}/events/${id}`, event)
    },
    register: (tenant) => (tenant.exchange === 'premises' ? onPremises(tenant) : inTheCloud(tenant))
  }
}

/** Who reads the calendars of a tenant with an Exchange of its own: Reviewer in each of them. */
function accountOf(tenant: SampleTenant): string {
  return `${SERVICE_ACCOUNT}@${domainOf(tenant)}`
}

function domainOf({ id }: SampleTenant): string {
  return `${id}.example`
}
