/** Records what a call does that is no write of the tenant's data: a look at what is personal, a test, a sign-in. */
import type { AuditOutcome } from '../../storage/audit.ts'
import type { Store } from '../../storage/store.ts'
import { type Attribution, type AuditedChange, draftOf } from './attribution.ts'
import { type AuditedStoreDeps, createAuditedStore } from './audited-store.ts'

export interface AuditRecorder {
  /** Rejects with StoreUnavailable or TenantGone: then it must not be done. `tenant`: null for the provider's audit. */
  record(tenant: string | null, change?: AuditedChange, outcome?: AuditOutcome): Promise<void>
  /** The store of the call, each entry of which names this beside what was written. */
  storeWith(target: AuditedChange['target']): Store
}

/** `store`: unaudited. */
export function createAuditRecorder(store: Store, by: Attribution, deps: AuditedStoreDeps): AuditRecorder {
  return {
    record: (tenant, change = {}, outcome = 'done') =>
      store.audit.append(tenant, draftOf(by, change, outcome, deps.clock())),
    storeWith: (target) => createAuditedStore(store, by, deps, target)
  }
}

/** For calls that declare no action. */
export const noAuditRecorder: AuditRecorder = {
  record: async () => {
    throw new Error('a call that is recorded in the audit: set config.audit, and call request.management')
  },
  storeWith: () => {
    throw new Error('a call that is recorded in the audit: set config.audit, and call request.management')
  }
}
