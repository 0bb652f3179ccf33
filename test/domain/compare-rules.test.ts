/** What is different between two RuleSets, as an operator would say it. */

import { compareRules } from '../../src/domain/compare-rules.ts'
import type { Trigger } from '../../src/domain/rule-set.ts'
import t from '../group/tap.ts'
import { rulesWith } from '../support/rule-fixtures.ts'

const lunch: Trigger = { match: 'word', text: 'LUNCH', diversion: 'lunch' }
const trip: Trigger = { match: 'prefix', text: 'RES:', diversion: 'travel' }

t.test('triggers are known by what they match', async (t) => {
  const before = rulesWith({ triggers: [lunch, trip] })
  t.strictSame(compareRules(before, rulesWith({ triggers: [lunch, { ...trip }] })), [])
  const open: Trigger = { ...lunch, phone: 'open' }
  t.strictSame(compareRules(before, rulesWith({ triggers: [open] })), [
    { member: 'triggers', key: 'word LUNCH', kind: 'changed', before: lunch, after: open },
    { member: 'triggers', key: 'prefix RES:', kind: 'removed', before: trip, after: null }
  ])
  t.strictSame(compareRules(before, rulesWith({ triggers: [trip, lunch] })), [
    {
      member: 'triggers',
      key: null,
      kind: 'reordered',
      before: ['word LUNCH', 'prefix RES:'],
      after: ['prefix RES:', 'word LUNCH']
    }
  ])
})

t.test(
  'other members are known by their name, and members of the same in another order are the same',
  async (t) => {
    const { availability } = rulesWith()
    const before = rulesWith({ availability: { ...availability, oof: null }, allDay: 'ignore' })
    const turned = Object.fromEntries(Object.entries(before.availability).reverse()) as typeof availability
    t.strictSame(compareRules(before, { ...before, availability: turned }), [])
    const after = rulesWith({ availability: { ...availability, oof: 'lunch' }, allDay: 'divert' })
    t.strictSame(compareRules(before, after), [
      { member: 'availability', key: 'oof', kind: 'changed', before: null, after: 'lunch' },
      { member: 'allDay', key: null, kind: 'changed', before: 'ignore', after: 'divert' }
    ])
  }
)
