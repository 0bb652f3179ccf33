/** The calendar that an operator asks to have read at once: in a connection test, or for a preview. */
import type { Target } from '../connectors/connector.ts'
import { unsealMailbox } from '../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { Tenant, User } from '../storage/store.ts'

/** Null: the user has no mailbox. */
export function calendarTarget(tenant: Tenant, user: User, unsealer: Unsealer): Target | null {
  const mailbox = unsealMailbox(tenant.id, user, unsealer)
  if (mailbox === null) return null
  return {
    mailbox,
    timeZone: user.timeZone ?? tenant.timeZone,
    ...(user.owner !== null && { owner: user.owner })
  }
}
