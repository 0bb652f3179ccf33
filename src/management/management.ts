/**
 * What operators keep: tenants, connections, users, rules and overrides. Each change is checked and saved; sync hears of
 * it from the store, and reads again what it must.
 */
import type { RuleSet } from '../domain/rule-set.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import type { Sync } from '../sync/sync-controller.ts'
import { type ConnectionManagement, createConnectionManagement } from './connections.ts'
import { createOverrideManagement, type OverrideManagement } from './overrides.ts'
import { createRulePreview, type RulePreview } from './preview.ts'
import { createRuleManagement, type RuleManagement } from './rules.ts'
import { createTenantManagement, type TenantManagement } from './tenants.ts'
import { createUserImport, type UserImport } from './user-import.ts'
import { createUserManagement, type UserManagement } from './users.ts'

export interface ManagementDeps {
  readonly store: Store
  readonly sync: Pick<Sync, 'invalidateTenant' | 'connector' | 'connection'>
  /** By name; `3kontakt` is among them. */
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly sealer: Sealer
  readonly clock: () => number
}

export interface Management {
  readonly tenants: TenantManagement
  readonly connections: ConnectionManagement
  readonly users: UserManagement
  readonly userImport: UserImport
  readonly rules: RuleManagement
  readonly previews: RulePreview
  readonly overrides: OverrideManagement
}

export function createManagement(deps: ManagementDeps): Management {
  return {
    tenants: createTenantManagement(deps),
    connections: createConnectionManagement(deps),
    users: createUserManagement(deps),
    userImport: createUserImport(deps),
    rules: createRuleManagement(deps),
    previews: createRulePreview(deps),
    overrides: createOverrideManagement(deps)
  }
}
