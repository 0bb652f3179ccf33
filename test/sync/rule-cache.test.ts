/** Tenants with equal rules share what is made of them. */

import { RuleCache } from '../../src/sync/batch/rule-cache.ts'
import t from '../group/tap.ts'
import { harnessRules } from '../support/sync-harness.ts'

t.test('equal rules of one version are compiled once, others separately', async (t) => {
  const cache = new RuleCache()
  const first = cache.compile(harnessRules, 1)
  t.equal(cache.compile(structuredClone(harnessRules), 1), first)
  t.not(cache.compile(harnessRules, 2), first)
  const other = cache.compile(
    { ...harnessRules, triggers: [{ match: 'word', text: 'UTE', diversion: 'lunch' }] },
    1
  )
  t.not(other, first)
  t.equal(other.rules.triggers.length, 1)
})
