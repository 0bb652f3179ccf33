/** Two versions of a tenant's rules side by side: what is different, and who put each. */
import { compareRules, type RuleChange } from '../domain/compare-rules.ts'
import { formatInstant } from '../lib/rfc3339.ts'
import type { Author } from '../storage/author.ts'
import type { ManagementDeps } from './management-deps.ts'
import { defaultInForce, type RulesInForce, requireVersion } from './rules.ts'
import { requireTenant } from './tenants.ts'

/** One of two versions that are compared. */
export interface ComparedVersion {
  readonly version: number
  /** Null for version 0, the default pack. */
  readonly at: string | null
  readonly by: Author | null
}

export interface RulesDiff {
  readonly before: ComparedVersion
  readonly after: ComparedVersion
  /** Of what the rules come to. */
  readonly changes: readonly RuleChange[]
}

export interface RuleComparison {
  /** What the second version has otherwise than the first. 0: the default pack. */
  diff(tenant: string, before: number, after: number): Promise<RulesDiff>
}

export function createRuleComparison({ store, packs }: ManagementDeps): RuleComparison {
  const versionOf = async (tenant: string, version: number) =>
    version === 0 ? defaultInForce(packs) : requireVersion(store, tenant, version)

  return {
    async diff(tenant, before, after) {
      await requireTenant(store, tenant)
      const [one, other] = [await versionOf(tenant, before), await versionOf(tenant, after)]
      const changes = compareRules(one.effective, other.effective)
      return { before: toComparedVersion(one), after: toComparedVersion(other), changes }
    }
  }
}

function toComparedVersion({ version, at, by = null }: RulesInForce): ComparedVersion {
  return { version, at: at === undefined ? null : formatInstant(at), by }
}
