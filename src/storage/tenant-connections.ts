/** The connections of one tenant in the record that keeps them, and how often each is polled. */
import type { SyncRecord } from '../domain/sync-state.ts'
import type { StoredConnection } from './store.ts'

/** The id of a connection that was made without one: as the only one. */
export const defaultConnectionId = 'default'

export function connectionIdOf({ id }: Pick<StoredConnection, 'id'>): string {
  return id ?? defaultConnectionId
}

/** In the order in which they are asked, each by itself. */
export function listConnections(kept: StoredConnection | null): readonly StoredConnection[] {
  if (kept === null) return []
  const { further = [], ...first } = kept
  return [first, ...further]
}

/** The record that keeps them; null: there are none. */
export function joinConnections(connections: readonly StoredConnection[]): StoredConnection | null {
  const [first, ...further] = [...connections].sort(
    (one, other) =>
      (one.order ?? 0) - (other.order ?? 0) || (connectionIdOf(one) < connectionIdOf(other) ? -1 : 1)
  )
  if (first === undefined) return null
  return further.length === 0 ? first : { ...first, further }
}

export function findConnection(kept: StoredConnection | null, id: string): StoredConnection | null {
  return listConnections(kept).find((one) => connectionIdOf(one) === id) ?? null
}

/** Over which of the tenant's connections the mailbox is read; null: none of them is known to have it. */
export function homeOf(
  { home, confirmedAt }: Pick<SyncRecord, 'home' | 'confirmedAt'>,
  connections: readonly StoredConnection[]
): string | null {
  const has = (id: string) => connections.some((one) => connectionIdOf(one) === id)
  if (connections.length === 1) return connectionIdOf(connections[0]!)
  if (home !== undefined) return has(home.connection) ? home.connection : null
  // Read before there were several.
  return confirmedAt !== null && has(defaultConnectionId) ? defaultConnectionId : null
}

/** Seconds between two polls of the calendar; of one whose connection is not known the longest. Null: there is no connection. */
export function pollSecondsOf(
  sync: Pick<SyncRecord, 'home' | 'confirmedAt'>,
  kept: StoredConnection | null
): number | null {
  if (kept === null) return null
  if (kept.further === undefined) return kept.pollSeconds
  const all = listConnections(kept)
  const home = homeOf(sync, all)
  const own = home === null ? undefined : all.find((one) => connectionIdOf(one) === home)
  return own?.pollSeconds ?? Math.max(...all.map(({ pollSeconds }) => pollSeconds))
}
