/** The audit port: records who read or changed personal data. */
import type { Log } from '../lib/redact-error.ts'

export type AuditEvent = {
  /** Who did it. */
  readonly principal: string
  readonly tenant: string
} & (
  | {
      readonly action: 'rules.preview'
      /** Whose calendar or triggers were asked about. */
      readonly user: string
    }
  | { readonly action: 'connection.consent' }
)

export interface Audit {
  record(entry: AuditEvent): void
}

/** The log says that it was done, in which tenant and by whom. Whose calendar it was is for the audit alone. */
export function createLogAudit(log: Pick<Log, 'info'>): Audit {
  return {
    record: ({ action, principal, tenant }) => log.info({ audit: action, principal, tenant }, 'audit')
  }
}
