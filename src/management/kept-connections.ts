/** Which of a tenant's connections a call is about, and what becomes of the mailboxes that were read over one that goes or leads elsewhere. */
import type { Instant } from '../domain/calendar-event.ts'
import { initialSyncRecord } from '../domain/sync-state.ts'
import { RequestError } from '../errors.ts'
import { eachPage } from '../storage/page.ts'
import type { Store, StoredConnection } from '../storage/store.ts'
import {
  connectionIdOf,
  defaultConnectionId,
  findConnection,
  homeOf,
  joinConnections,
  listConnections
} from '../storage/tenant-connections.ts'

/** Of one tenant. */
export const MAX_CONNECTIONS = 5
/** Users whose calendars are begun anew in one write. */
const USERS_PER_WRITE = 250

/** The connection that is addressed: by its id, or (null) as the only one. Null: there is none. Refused where that is not clear. */
export function addressedConnection(
  kept: StoredConnection | null,
  tenant: string,
  id: string | null
): StoredConnection | null {
  if (id !== null) return findConnection(kept, id)
  const all = listConnections(kept)
  if (all.length < 2) return all[0] ?? null
  throw new RequestError('invalid_request', '', [
    {
      field: 'connection',
      message: `is not clear, for the tenant has several: name one of ${all.map(connectionIdOf).join(', ')}, as in /v1/tenants/${tenant}/connections/${connectionIdOf(all[0]!)}`
    }
  ])
}

/** Where a connection stands among the others: as stated, else where it stood, else last. */
export function placeOf(
  kept: StoredConnection | null,
  held: StoredConnection | null,
  id: string | null,
  order: number | undefined
): Pick<StoredConnection, 'id' | 'order'> {
  const all = listConnections(kept)
  if (held === null && all.length >= MAX_CONNECTIONS) {
    throw new RequestError(
      'limit_reached',
      `A tenant has at most ${MAX_CONNECTIONS} connections: remove one that is not used.`
    )
  }
  const name = held === null ? (id === defaultConnectionId ? null : id) : (held.id ?? null)
  const last = all.length === 0 ? undefined : Math.max(...all.map((one) => one.order ?? 0)) + 1
  const place = order ?? (held === null ? last : held.order)
  return { ...(name !== null && { id: name }), ...(place !== undefined && { order: place }) }
}

/**
 * Under the tenant's lock: takes the connection among the tenant's, or (null) takes out the one of this id. With `reread` what was read
 * over it counts for nothing. Resolves to whether it is new.
 */
export async function keepConnection(
  store: Store,
  tenant: string,
  { id, connection, reread }: { id: string; connection: StoredConnection | null; reread: boolean },
  at: Instant
): Promise<boolean> {
  const kept = await store.connection(tenant)
  const all = listConnections(kept)
  const others = all.filter((one) => connectionIdOf(one) !== id)
  const next = joinConnections(connection === null ? others : [...others, connection])
  const isOnly = others.length === 0
  await store.saveConnection(tenant, next, reread && isOnly, at)
  if (reread && !isOnly) await rereadMailboxesOf(store, tenant, id, all, at)
  return others.length === all.length
}

/** The mailboxes of the other connections stay as they are. */
async function rereadMailboxesOf(
  store: Store,
  tenant: string,
  id: string,
  connections: readonly StoredConnection[],
  at: Instant
): Promise<void> {
  for await (const users of eachPage(USERS_PER_WRITE, (page) => store.users(tenant, page))) {
    const records = await store.records(
      tenant,
      users.map((user) => user.id)
    )
    const affected = records.flatMap((record) =>
      record !== null && homeOf(record.sync, connections) === id
        ? [
            {
              user: record.user,
              sync: initialSyncRecord(record.sync.enabled, at, record.sync.generation + 1)
            }
          ]
        : []
    )
    if (affected.length > 0) await store.saveUsers(tenant, affected, at)
  }
}

export function connectionNotFound(tenant: string, id: string | null): RequestError {
  const path = id === null ? 'connection' : `connections/${id}`
  const what = id === null ? 'connection' : `connection "${id}"`
  return new RequestError(
    'not_found',
    `The tenant "${tenant}" has no ${what}: PUT /v1/tenants/${tenant}/${path} makes it.`
  )
}
