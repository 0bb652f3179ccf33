/** A tenant that is removed and made anew over and over, or is given other rules. */
import { setTimeout as after } from 'node:timers/promises'
import { type CompiledRules, compileRules } from '../src/domain/decide.ts'
import { configure, type Place, type Put, passingTenant } from './fixture.ts'
import type { Random } from './random.ts'

export interface Passing {
  readonly counts: Record<string, number>
  /** What it was given last. */
  readonly rules: () => CompiledRules
  /** Resolves once it is there for good. */
  stop(): Promise<void>
}

export function comeAndGo(needs: {
  readonly place: Place
  readonly random: Random
  /** Insists until it is taken; 404 is as good where it is to go. */
  readonly put: Put
  readonly remove: (path: string) => Promise<void>
}): Passing {
  const { place, random, put, remove } = needs
  const { people, ruleSets } = place
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
      await after(random.whole(2_000, 9_000), undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      const chosen = random.of(ruleSets)
      if (random.next() < 0.4) {
        await put(passingTenant.id, '/rules', chosen.put)
        counts.rulesChanged += 1
      } else {
        await remove(`/v1/tenants/${passingTenant.id}`)
        await after(random.whole(0, 1_500))
        const mine = people.filter(({ tenant }) => tenant === passingTenant.id)
        await configure(place.simulator, passingTenant, mine, put, chosen.put)
        counts.tenantsMadeAnew += 1
      }
      rules = compileRules(chosen.effective, 1)
    }
  }
}
