/** The audit port: records who read or changed personal data. */
import type { Log } from '../lib/redact-error.ts'

export interface AuditEntry {
  readonly action: 'rules.preview'
  /** Who did it. */
  readonly principal: string
  readonly tenant: string
  /** Whose calendar or triggers were asked about. */
  readonly user: string
}

export interface Audit {
  record(entry: AuditEntry): void
}

/** The log says that it was done, in which tenant and by whom. Whose calendar it was is for the audit alone. */
export function createLogAudit(log: Pick<Log, 'info'>): Audit {
  return {
    record: ({ action, principal, tenant }) => log.info({ audit: action, principal, tenant }, 'audit')
  }
}
