/** The calendar that an operator asks to have read at once: in a connection test, or for a preview. */
import type { Target } from '../connectors/connector.ts'
import { unsealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Tenant, User } from '../storage/store.ts'

/** Null: the user has no mailbox. */
export function calendarTarget(tenant: Tenant, user: User, sealer: Sealer): Target | null {
  if (user.mailbox === null) return null
  return {
    mailbox: unsealMailbox(tenant.id, user.mailbox, sealer),
    timeZone: user.timeZone ?? tenant.timeZone,
    ...(user.owner !== null && { owner: user.owner })
  }
}
