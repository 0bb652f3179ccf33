/** Why: the rule as data and a sentence, in five languages, and never a private text. */

import { labelOf } from '../../src/domain/diversion.ts'
import { explain, explainNothing } from '../../src/domain/explain.ts'
import type { Trigger } from '../../src/domain/rule-set.ts'
import type { Cause } from '../../src/domain/timeline.ts'
import t from '../group/tap.ts'

const triggers: Trigger[] = [
  { match: 'word', text: 'LUN', diversion: 'lunch' },
  { match: 'prefix', text: 'HEM:', diversion: 'lunch' },
  { match: 'category', text: 'Semester', diversion: 'lunch' }
]
const cause = (changes: Partial<Cause>): Cause => ({
  diversion: 'lunch',
  phone: 'closed',
  from: 'tenant',
  index: 0,
  private: false,
  forwardTo: null,
  ...changes
})

t.test('each kind of rule is named in the tenant’s language', async (t) => {
  t.same(explain(cause({}), triggers, 'sv'), {
    rule: { from: 'tenant', match: 'word', text: 'LUN' },
    because: 'I ämnet står ”LUN”.'
  })
  t.equal(
    explain(cause({ index: 1, from: 'user' }), triggers, 'en-GB').because,
    'The subject begins with “HEM:” (own rule).'
  )
  t.equal(explain(cause({ index: 2 }), triggers, 'da').because, 'Aftalen har kategorien »Semester«.')
  t.same(explain(cause({ from: 'availability', index: 3 }), null, 'nb'), {
    rule: { from: 'availability', busy: 'oof' },
    because: 'Kalenderen viser Ikke til stede.'
  })
  t.equal(explain(null, null, 'fi').because, 'Mikään kalenterissa ei siirrä puheluita.')
  t.equal(
    explain(cause({ from: 'override' }), null, 'pl').because,
    'Set by hand.',
    'English where there is none'
  )
  t.equal(explainNothing('cancelled', 'sv').because, 'Händelsen är inställd.')
})

t.test('of a private event only the source of the rule is shown', async (t) => {
  for (const language of ['sv', 'en', 'da', 'nb', 'fi']) {
    for (const from of ['user', 'tenant', 'availability'] as const) {
      const { rule, because } = explain(cause({ from, private: true }), triggers, language)
      t.same(rule, { from })
      t.notMatch(because, /LUN/)
    }
  }
})

t.test('a rule that no longer exists is named by its source', async (t) => {
  t.same(explain(cause({}), null, 'en'), { rule: { from: 'tenant' }, because: 'An event in the calendar.' })
  t.same(explain(cause({ index: 9 }), triggers, 'en').rule, { from: 'tenant' })
})

t.test('labels fall back to a near language, English, Swedish, any, the code', async (t) => {
  const label = (labels: Record<string, string>, language: string) =>
    labelOf({ code: 'c', labels, phone: 'open' }, language)
  t.equal(label({ sv: 'Möte', en: 'Meeting' }, 'sv-FI'), 'Möte')
  t.equal(label({ nb: 'Møte', en: 'Meeting' }, 'no'), 'Møte')
  t.equal(label({ no: 'Møte', en: 'Meeting' }, 'nb'), 'Møte')
  t.equal(label({ sv: 'Möte', en: 'Meeting' }, 'fi'), 'Meeting')
  t.equal(label({ sv: 'Möte', da: 'Møde' }, 'fi'), 'Möte')
  t.equal(label({ da: 'Møde' }, 'fi'), 'Møde')
  t.equal(label({}, 'fi'), 'c')
})
