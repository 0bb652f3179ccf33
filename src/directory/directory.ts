/**
 * What operators keep: tenants, connections, users, rules and overrides. Each change is checked and saved; sync hears of
 * it from the store, and reads again what it must.
 */
import type { RuleSet } from '../core/rule-set.ts'
import type { Sealer } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import type { Sync } from '../sync/sync.ts'
import { type ConnectionDirectory, connectionDirectory } from './connections.ts'
import { type OverrideDirectory, overrideDirectory } from './overrides.ts'
import { type Previews, previews } from './preview.ts'
import { type RuleDirectory, ruleDirectory } from './rules.ts'
import { type TenantDirectory, tenantDirectory } from './tenants.ts'
import { type InTurn, turns } from './turns.ts'
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

/** What the parts of the directory need. */
export interface PartNeeds extends DirectoryNeeds {
  readonly inTurn: InTurn
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
  const parts: PartNeeds = { ...needs, inTurn: turns() }
  return {
    tenants: tenantDirectory(parts),
    connections: connectionDirectory(parts),
    users: userDirectory(parts),
    userImport: userImport(parts),
    rules: ruleDirectory(parts),
    previews: previews(parts),
    overrides: overrideDirectory(parts)
  }
}
