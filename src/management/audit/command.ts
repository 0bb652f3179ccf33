/** What a command on a folder or on Redis, without a service, is in the audit. */
import { userInfo } from 'node:os'
import type { AuditAction } from './actions.ts'
import type { Attribution } from './attribution.ts'

/** Whoever may read the data may do all that a provider may. */
export function attributionOfCommand(action: AuditAction): Attribution {
  return {
    action,
    actor: { kind: 'command', id: null, name: systemUser(), role: 'provider' },
    address: null,
    user: null
  }
}

/** Null: in a container the number may have no name. */
function systemUser(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}
