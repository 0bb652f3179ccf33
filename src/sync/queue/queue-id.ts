/** What the queue calls a tenant's connection, each of which waits and pauses by itself. No id holds a slash. */
import { defaultConnectionId } from '../../storage/tenant-connections.ts'

export function queueIdOf(tenant: string, connection: string): string {
  return connection === defaultConnectionId ? tenant : `${tenant}/${connection}`
}

export function parseQueueId(id: string): { readonly tenant: string; readonly connection: string } {
  const [tenant = '', connection = defaultConnectionId] = id.split('/')
  return { tenant, connection }
}
