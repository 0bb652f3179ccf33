/** Rules made ready once for all tenants whose rules are equal: thousands have a pack as it is. */
import { type CompiledRules, compileRules, compileRulesInSteps } from '../../domain/decide.ts'
import type { RuleSet } from '../../domain/rule-set.ts'
import { runInSlices } from '../../lib/time-slices.ts'

/** It holds nothing that no tenant holds. */
export class RuleCache {
  /** By version and rules, as JSON. */
  readonly #compiled = new Map<string, WeakRef<CompiledRules>>()
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#compiled.get(key)?.deref() === undefined) this.#compiled.delete(key)
  })

  compile(rules: RuleSet, version: number): CompiledRules {
    const key = JSON.stringify([version, rules])
    const known = this.#compiled.get(key)?.deref()
    if (known !== undefined) return known
    return this.#keep(key, compileRules(rules, version))
  }

  /** The same of rules that may have thousands of triggers. */
  async compileInSlices(rules: RuleSet, version: number): Promise<CompiledRules> {
    const key = JSON.stringify([version, rules])
    const known = this.#compiled.get(key)?.deref()
    if (known !== undefined) return known
    const compiled = await runInSlices(compileRulesInSteps(rules, version))
    // Tenants of equal rules that were compiled meanwhile share those.
    return this.#compiled.get(key)?.deref() ?? this.#keep(key, compiled)
  }

  #keep(key: string, compiled: CompiledRules): CompiledRules {
    this.#compiled.set(key, new WeakRef(compiled))
    this.#collected.register(compiled, key)
    return compiled
  }
}
