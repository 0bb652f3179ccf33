/** A tenant that is removed and created again over and over, or is given other rules. */
import { setTimeout as after } from 'node:timers/promises'
import { type CompiledRules, compileRules } from '../src/domain/decide.ts'
import { churnedTenant, configureTenant, type PutBody, type SoakFixture } from './fixture.ts'
import type { RandomSource } from './random.ts'

export interface TenantChurn {
  readonly counts: Record<string, number>
  /** What it was given last. */
  readonly rules: () => CompiledRules
  /** Resolves once it is there for good. */
  stop(): Promise<void>
}

export function churnTenant(needs: {
  readonly fixture: SoakFixture
  readonly random: RandomSource
  /** Insists until it is taken; 404 is as good where it is to go. */
  readonly put: PutBody
  readonly remove: (path: string) => Promise<void>
}): TenantChurn {
  const { fixture, random, put, remove } = needs
  const { users, ruleSets } = fixture
  const counts = { tenantsMadeAnew: 0, rulesChanged: 0 }
  let rules = compileRules(ruleSets[0]!.effective, 1)
  const stopping = new AbortController()
  const running = run()

  return {
    counts,
    rules: () => rules,
    async stop() {
      stopping.abort()
      await running
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      await after(random.integer(2_000, 9_000), undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      const chosen = random.of(ruleSets)
      if (random.next() < 0.4) {
        await put(churnedTenant.id, '/rules', chosen.put)
        counts.rulesChanged += 1
      } else {
        await remove(`/v1/tenants/${churnedTenant.id}`)
        await after(random.integer(0, 1_500))
        const mine = users.filter(({ tenant }) => tenant === churnedTenant.id)
        await configureTenant(fixture.simulator, churnedTenant, mine, put, chosen.put)
        counts.tenantsMadeAnew += 1
      }
      rules = compileRules(chosen.effective, 1)
    }
  }
}
