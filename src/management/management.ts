/**
 * What operators keep: tenants, connections, users, rules, overrides, absences and API keys. Each change is checked and saved; sync hears of
 * it from the store, and reads again what it must.
 */
import { type AbsenceImport, createAbsenceImport } from './absence-import.ts'
import { type AbsencesManagement, createAbsenceManagement } from './absences.ts'
import { createKeyManagement, type KeyManagement } from './api-keys.ts'
import type { Attribution } from './audit/attribution.ts'
import { type AuditReader, createAuditReader } from './audit/audit-reader.ts'
import { createAuditedStore, createReadOnlyStore } from './audit/audited-store.ts'
import { type AuditRecorder, createAuditRecorder, noAuditRecorder } from './audit/recorder.ts'
import { type CallerNamesManagement, createCallerNamesManagement } from './caller-names.ts'
import { type ConnectionManagement, createConnectionManagement } from './connections.ts'
import { type ConsentManagement, createConsentManagement } from './consents.ts'
import { type ConsumerManagement, createConsumerManagement } from './consumers.ts'
import { type ContactImport, createContactImport } from './contact-import.ts'
import type { ManagementDeps } from './management-deps.ts'
import { createOverrideManagement, type OverrideManagement } from './overrides.ts'
import { createPersonExport, type PersonExport } from './person-export.ts'
import { createRulePreview, type RulePreview } from './preview.ts'
import { createRuleComparison, type RuleComparison } from './rule-comparison.ts'
import { createRuleManagement, type RuleManagement } from './rules.ts'
import { createTenantManagement, type TenantManagement } from './tenants.ts'
import { createTriggerManagement, type TriggerManagement } from './triggers.ts'
import { createUserExport, type UserExport } from './user-export.ts'
import { createUserImport, type UserImport } from './user-import.ts'
import { createUserManagement, type UserManagement } from './users.ts'

/** Of one call, or of none. */
export interface ManagementParts {
  readonly tenants: TenantManagement
  readonly connections: ConnectionManagement
  readonly consents: ConsentManagement
  readonly users: UserManagement
  readonly triggers: TriggerManagement
  readonly userImport: UserImport
  readonly userExport: UserExport
  readonly personExport: PersonExport
  readonly rules: RuleManagement
  readonly ruleComparison: RuleComparison
  readonly previews: RulePreview
  readonly overrides: OverrideManagement
  readonly absences: AbsencesManagement
  readonly absenceImport: AbsenceImport
  readonly apiKeys: KeyManagement
  readonly consumers: ConsumerManagement
  readonly callerNames: CallerNamesManagement
  readonly contactImport: ContactImport
  readonly audit: AuditRecorder
}

/** For calls that only read: a write through it fails. */
export interface Management extends ManagementParts {
  readonly auditReader: AuditReader
  /** For a call that writes, or that is recorded. */
  by(attribution: Attribution): ManagementParts
}

export function createManagement(deps: Omit<ManagementDeps, 'audit'>): Management {
  const { store } = deps
  return {
    ...createParts({ ...deps, store: createReadOnlyStore(store), audit: noAuditRecorder }),
    auditReader: createAuditReader(store),
    by: (attribution) =>
      createParts({
        ...deps,
        store: createAuditedStore(store, attribution, deps),
        audit: createAuditRecorder(store, attribution, deps)
      })
  }
}

function createParts(deps: ManagementDeps): ManagementParts {
  return {
    tenants: createTenantManagement(deps),
    connections: createConnectionManagement(deps),
    consents: createConsentManagement(deps),
    users: createUserManagement(deps),
    triggers: createTriggerManagement(deps),
    userImport: createUserImport(deps),
    userExport: createUserExport(deps),
    personExport: createPersonExport(deps),
    rules: createRuleManagement(deps),
    ruleComparison: createRuleComparison(deps),
    previews: createRulePreview(deps),
    overrides: createOverrideManagement(deps),
    absences: createAbsenceManagement(deps),
    absenceImport: createAbsenceImport(deps),
    apiKeys: createKeyManagement(deps),
    consumers: createConsumerManagement(deps),
    callerNames: createCallerNamesManagement(deps),
    contactImport: createContactImport(deps),
    audit: deps.audit
  }
}
