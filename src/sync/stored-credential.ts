/** The credential of a stored connection. */
import type { Connection } from '../connectors/connection.ts'
import type { Credential } from '../connectors/credential.ts'
import { kindOf } from '../connectors/kinds.ts'
import { unsealConnection } from '../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { StoredConnection } from '../storage/store.ts'

/** Null where the kind has none, or the secrets cannot be unsealed. */
export function storedCredential(
  tenant: string,
  stored: StoredConnection | null,
  unsealer: Unsealer
): Credential | null {
  if (stored === null) return null
  try {
    // What was saved passed the schema of its kind.
    const connection = unsealConnection(tenant, stored, unsealer) as Connection
    return kindOf(connection).credentialOf(connection)
  } catch {
    return null
  }
}
