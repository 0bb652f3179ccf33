/** The small Exchange of the demo: started, and edited over its control API. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import type { Editor } from './calendars.ts'
import type { GraphConnection, Surroundings } from './service.ts'
import type { SampleTenant } from './tenants.ts'

/** The service looks for edits as often as it may. */
const POLL_SECONDS = 10

export interface Simulator {
  /** The file of the authority that signed its certificate. */
  readonly authority: string
  readonly editor: Editor
  /** Makes the tenant's directory, with an application that may read its calendars. */
  register(tenant: SampleTenant): Promise<GraphConnection>
}

interface Announcement {
  readonly control: string
  readonly loginRoot: string
  readonly graphRoot: string
  readonly caFile: string
}

export async function startSimulator(around: Surroundings): Promise<Simulator> {
  const { start, folder, signal } = around
  const orders = { arguments: ['--folder', join(folder, 'simulator')], environment: {} }
  const child = start('simulator', 'simulator/main.js', orders)
  const { control, loginRoot, graphRoot, caFile } = await child.line((line) =>
    line.startsWith('{') ? (JSON.parse(line) as Announcement) : null
  )
  const dispatcher = new Agent({ connect: { ca: await readFile(caFile, 'utf8') } })

  const put = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'PUT', headers, body: JSON.stringify(body), dispatcher, signal }
    const response = await fetch(`${control}/tenants/${path}`, init)
    const answer = await response.text()
    // The path names no event but by its id; the body does, and stays out of this.
    if (!response.ok) throw new Error(`The simulator refused PUT ${path}: ${response.status} ${answer}`)
  }
  return {
    authority: caFile,
    editor: {
      putMailboxes: (tenant, mailboxes) => put(`${domainOf(tenant)}/mailboxes`, mailboxes),
      putEvent: (tenant, address, { id, ...event }) =>
        put(`${domainOf(tenant)}/mailboxes/${address}/events/${id}`, event)
    },
    register: async (tenant) => {
      const [tenantId, clientId] = [randomUUID(), randomUUID()]
      const clientSecret = randomBytes(24).toString('base64url')
      await put(tenantId, { domain: domainOf(tenant), apps: [{ clientId, secret: clientSecret }] })
      const cloud = { login: loginRoot, graph: graphRoot }
      return { kind: 'graph', tenantId, clientId, clientSecret, cloud, pollSeconds: POLL_SECONDS }
    }
  }
}

function domainOf({ id }: SampleTenant): string {
  return `${id}.example`
}
