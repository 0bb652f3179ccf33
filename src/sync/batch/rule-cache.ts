/** Rules made ready once for all tenants whose rules are equal: thousands have a pack as it is. */
import { type CompiledRules, compileRules } from '../../domain/decide.ts'
import type { RuleSet } from '../../domain/rule-set.ts'

export type CompileRules = (rules: RuleSet, version: number) => CompiledRules

/** Nothing is held that no tenant holds. */
export function createRuleCache(): CompileRules {
  const known = new Map<string, WeakRef<CompiledRules>>()
  const forget = new FinalizationRegistry((key: string) => {
    if (known.get(key)?.deref() === undefined) known.delete(key)
  })
  return (rules, version) => {
    const key = JSON.stringify([version, rules])
    const shared = known.get(key)?.deref()
    if (shared !== undefined) return shared
    const compiled = compileRules(rules, version)
    known.set(key, new WeakRef(compiled))
    forget.register(compiled, key)
    return compiled
  }
}
