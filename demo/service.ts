/** The service of the demo: started, and set up over its API as an operator would. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../tools/free-port.ts'
import { type ApiClient, createApiClient } from './api.ts'
import type { Child, ChildOptions } from './children.ts'
import type { SampleTenant } from './tenants.ts'

/** How a tenant's calendars are reached: the body of `PUT …/connection`. */
export type ConnectionBody = GraphConnection | EwsConnection
/** By name; of a tenant with one connection it is `default`. */
export type ConnectionBodies = Readonly<Record<string, ConnectionBody>>

interface GraphConnection {
  readonly kind: 'graph'
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly cloud: { readonly login: string; readonly graph: string }
  readonly pollSeconds: number
}

interface EwsConnection {
  readonly kind: 'ews'
  readonly url: string
  readonly auth: { readonly kind: 'ntlm'; readonly user: string; readonly password: string }
  readonly access: 'delegate'
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string
  readonly pollSeconds: number
}

/** What the demo's programs are started with. */
export interface DemoContext {
  /** Starts one of the project's programs, by its file below `dist`. */
  readonly start: (name: string, file: string, orders: ChildOptions) => Child
  /** For what the demo keeps while it runs. */
  readonly folder: string
  readonly signal: AbortSignal
}

/**
 * Starts the service on a free port, where it makes an admin key in its data folder; resolves when it listens. It trusts the authority in that
 * file, which signed the simulator's certificate: Microsoft's cloud has no `ca` of its own in a connection. Notifications come
 * to where it listens, so its port is chosen before.
 */
export async function startDemoService(context: DemoContext, authority: string): Promise<ApiClient> {
  const dataDir = join(context.folder, 'data')
  const port = await freePort()
  const child = context.start('service', 'src/main.js', {
    arguments: [],
    environment: {
      HANVISA_PORT: String(port),
      HANVISA_PUBLIC_URL: `http://127.0.0.1:${port}`,
      HANVISA_DATA_DIR: dataDir,
      HANVISA_ALLOW_PRIVATE_TARGETS: '1',
      NODE_EXTRA_CA_CERTS: authority
    }
  })
  const origin = await child.line((line) => {
    const said = line.startsWith('{') ? (JSON.parse(line) as { msg?: string; origin?: string }) : {}
    return said.msg === 'listening' ? (said.origin ?? null) : null
  })
  const key = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim()
  return createApiClient(origin, key, context.signal)
}

/** The tenant with its rules and people, its calendars connected last so that they are all read at once. */
export async function setUpTenant(
  api: ApiClient,
  tenant: SampleTenant,
  connections: ConnectionBodies
): Promise<void> {
  const { name, timeZone, language, pack, users: people } = tenant
  const root = `/v1/tenants/${tenant.id}`
  await api.put(root, { name, timeZone, language })
  await api.put(`${root}/rules`, { pack })
  for (const { id, name: displayName, extension, mailbox } of people) {
    await api.put(`${root}/users/${id}`, { displayName, extension, mailbox, syncEnabled: true })
  }
  for (const [id, connection] of Object.entries(connections)) {
    await api.put(`${root}/connections/${id}`, connection)
  }
}

/** A key as the tenant's switch has it: it opens who is diverted, and no more. */
export async function makeSwitchKey(api: ApiClient, tenant: SampleTenant): Promise<string> {
  const body = { name: `The switch of ${tenant.name}`, role: 'switch' }
  return (await api.post<{ key: string }>(`/v1/tenants/${tenant.id}/keys`, body)).key
}

/** The catalogue's labels in the tenant's language, by code. */
export async function readLabels(api: ApiClient, tenant: SampleTenant): Promise<ReadonlyMap<string, string>> {
  const { effective } = await api.get<{
    effective: { diversions: { code: string; labels: Record<string, string> }[] }
  }>(`/v1/tenants/${tenant.id}/rules`)
  return new Map(effective.diversions.map(({ code, labels }) => [code, labels[tenant.language] ?? code]))
}
