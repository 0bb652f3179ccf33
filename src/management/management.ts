/**
 * What operators keep: tenants, connections, users, rules and overrides. Each change is checked and saved; sync hears of
 * it from the store, and reads again what it must.
 */
import type { RuleSet } from '../domain/rule-set.ts'
import type { Sealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import type { Sync } from '../sync/sync-controller.ts'
import { type ConnectionDirectory, connectionDirectory } from './connections.ts'
import { type OverrideDirectory, overrideDirectory } from './overrides.ts'
import { type Previews, previews } from './preview.ts'
import { type RuleDirectory, ruleDirectory } from './rules.ts'
import { type TenantDirectory, tenantDirectory } from './tenants.ts'
import { type UserImport, userImport } from './user-import.ts'
import { type UserDirectory, userDirectory } from './users.ts'

export interface DirectoryNeeds {
  readonly store: Store
  readonly sync: Pick<Sync, 'tenantChanged' | 'connector' | 'connection'>
  /** By name; `3kontakt` is among them. */
  readonly packs: ReadonlyMap<string, RuleSet>
  readonly sealer: Sealer
  readonly clock: () => number
}

export interface Directory {
  readonly tenants: TenantDirectory
  readonly connections: ConnectionDirectory
  readonly users: UserDirectory
  readonly userImport: UserImport
  readonly rules: RuleDirectory
  readonly previews: Previews
  readonly overrides: OverrideDirectory
}

export function openDirectory(needs: DirectoryNeeds): Directory {
  return {
    tenants: tenantDirectory(needs),
    connections: connectionDirectory(needs),
    users: userDirectory(needs),
    userImport: userImport(needs),
    rules: ruleDirectory(needs),
    previews: previews(needs),
    overrides: overrideDirectory(needs)
  }
}
