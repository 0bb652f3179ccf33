/** Work in steps: at once it gives what it gives in slices, and in slices others have their turn. */

import { compileRules, compileRulesInSteps, compileUserTriggers, decide } from '../../src/domain/decide.ts'
import { lintInSteps, lintRules } from '../../src/domain/lint-rules.ts'
import type { RuleSet } from '../../src/domain/rule-set.ts'
import type { Steps } from '../../src/lib/steps.ts'
import { runInSlices } from '../../src/lib/time-slices.ts'
import t from '../group/tap.ts'
import { eventWith, rulesWith } from '../support/rule-fixtures.ts'

const TRIGGERS = 2_000
const rules: RuleSet = rulesWith({
  triggers: Array.from({ length: TRIGGERS }, (_, index) => ({
    match: index % 2 === 0 ? 'word' : 'prefix',
    text: `${(index * 7919).toString(36)} projektmöte${index % 2 === 0 ? '' : ':'}`,
    diversion: 'meeting'
  }))
})

/** The result, and how many turns of the event loop others had meanwhile. */
async function countTurns<T>(steps: Steps<T>): Promise<{ result: T; turns: number }> {
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const result = await runInSlices(steps)
  isDone = true
  return { result, turns }
}

t.test('thousands of triggers are compiled in slices', async (t) => {
  const { result, turns } = await countTurns(compileRulesInSteps(rules, 1))
  t.ok(turns > 1, `${turns} turns`)
  const atOnce = compileRules(rules, 1)
  for (const { text } of rules.triggers.slice(0, 200)) {
    const event = eventWith({ subject: `RE: ${text} i Lund` })
    const decision = decide(event, result, compileUserTriggers([], result))
    t.strictSame(decision, decide(event, atOnce, compileUserTriggers([], atOnce)))
    t.ok(decision, text)
  }
})

t.test('and linted in slices', async (t) => {
  const { result, turns } = await countTurns(lintInSteps(rules, 'sv'))
  t.ok(turns > 1, `${turns} turns`)
  t.strictSame(result, lintRules(rules, 'sv'))
})
