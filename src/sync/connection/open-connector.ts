/** From what is kept of a connection to the connector that reads over it. */
import type { Connection } from '../../connectors/connection.ts'
import type { Connector } from '../../connectors/connector.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import { unsealConnection } from '../../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../../storage/secrets/seal.ts'
import type { StoredConnection } from '../../storage/store.ts'

/** Makes the connector that reads over a connection. It may throw a RemoteError that says what is wrong with it. */
export type OpenConnector = (tenant: string, connection: Connection) => Connector

export const unsealError = new RemoteError(
  'secret_invalid',
  'What is kept cannot be unsealed: it was sealed under another master key. Restore HANVISA_MASTER_KEY, or put it again.',
  { scope: 'connection' }
)

/** What keeps it from being opened is returned, for it concerns this tenant alone. */
export function openTenantConnector(
  tenant: string,
  kept: StoredConnection,
  needs: { readonly sealer: Unsealer; readonly openConnector: OpenConnector; readonly log: Log }
): Connector | RemoteError {
  let connection: Connection
  try {
    // What was saved passed the schema of its kind.
    connection = unsealConnection(tenant, kept, needs.sealer) as Connection
  } catch {
    return unsealError
  }
  try {
    return needs.openConnector(tenant, connection)
  } catch (error) {
    if (error instanceof RemoteError) return error
    needs.log.error({ tenant, kind: kept.kind, ...redactError(error) }, 'a connector could not be made')
    const hint = 'The connection cannot be opened: put it again. The cause is in the log of the service.'
    return new RemoteError('protocol_error', hint, { scope: 'connection' })
  }
}

/** Whether the connector of the next connection takes up the watches of this one's: it is the same but for secrets and pace. */
export function keepsSubscriptions(
  connection: StoredConnection | null,
  next: StoredConnection | null
): boolean {
  // A renewed secret comes with another end.
  const open = (one: StoredConnection | null) => one && { ...one.open, secretExpires: undefined }
  return connection?.kind === next?.kind && JSON.stringify(open(connection)) === JSON.stringify(open(next))
}
