/** How the connections of a tenant look as bytes: one record, with those after the first in it. */
import { jsonCodec } from './codec.ts'
import { keptConnection } from './kept-records.ts'
import type { StoredConnection } from './store.ts'

export const connectionRecord = jsonCodec<StoredConnection>(keptConnection, (connection) => ({
  ...connectionMembers(connection),
  ...(connection.further !== undefined && { further: connection.further.map(connectionMembers) })
}))

function connectionMembers({
  id,
  order,
  kind,
  pollSeconds,
  open,
  sealed,
  changedAt
}: StoredConnection): StoredConnection {
  return {
    // Absent in what earlier versions stored.
    ...(id !== undefined && { id }),
    ...(order !== undefined && { order }),
    kind,
    pollSeconds,
    open,
    sealed,
    changedAt
  }
}
