/** Lint: what is allowed and hardly meant, by place, and nothing in the packs that is meant. */
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { lintRules } from '../../src/domain/lint-rules.ts'
import type { RuleSet, Trigger, TriggerMatch } from '../../src/domain/rule-set.ts'
import { loadPacks } from '../../src/management/load-packs.ts'
import t from '../group/tap.ts'
import { rulesWith } from '../support/rule-fixtures.ts'

const trigger = (match: TriggerMatch, text: string, diversion = 'meeting'): Trigger => ({
  match,
  text,
  diversion
})

function lint(triggers: readonly Trigger[], more: Partial<RuleSet> = {}, language = 'sv') {
  return lintRules(rulesWith({ triggers, ...more }), language).map(({ code, field, other }) => [
    code,
    field,
    other
  ])
}

t.test('triggers that never fire, and which takes theirs', async (t) => {
  const table: [first: Trigger, second: Trigger, isTaken: boolean][] = [
    [trigger('word', 'LUN'), trigger('word', 'lun'), true],
    [trigger('word', 'day'), trigger('word', 'Gone for the day'), true],
    [trigger('word', 'Gone for the day'), trigger('word', 'day'), false],
    [trigger('word', 'LUN'), trigger('word', 'LUNCH'), false],
    [trigger('word', 'MÖT'), trigger('word', 'MÖT;'), true],
    [trigger('word', 'MÖT;'), trigger('word', 'MÖT'), false],
    [trigger('prefix', 'LU'), trigger('prefix', 'LUN:'), true],
    [trigger('prefix', 'LUN:'), trigger('prefix', 'LU'), false],
    [trigger('prefix', 'LUN:'), trigger('prefix', 'LUN :'), true],
    [trigger('word', 'LUN'), trigger('prefix', 'LUN:'), true],
    [trigger('word', 'LUN'), trigger('prefix', 'LUN'), false],
    [trigger('prefix', 'LUN'), trigger('word', 'LUN'), false],
    [trigger('category', 'Semester'), trigger('category', 'semester'), true],
    [trigger('category', 'LUN'), trigger('word', 'LUN'), false]
  ]
  for (const [first, second, isTaken] of table) {
    const found = lint([first, second]).filter(([code]) => code === 'never_fires')
    const what = `${first.match} ${first.text} before ${second.match} ${second.text}`
    t.same(found, isTaken ? [['never_fires', 'triggers/1', 'triggers/0']] : [], what)
  }
  t.same(lint([trigger('word', 'LUN')], { extraTriggers: [trigger('word', 'lun')] }), [
    ['never_fires', 'triggers/0', 'extraTriggers/0']
  ])
  t.same(lint([trigger('prefix', 'INSTÄLLT:')]), [['never_fires', 'triggers/0', null]])
})

t.test('everyday words in five languages', async (t) => {
  for (const text of ['mot', 'MED', 'kund', 'Hem', 'UTE', 'hjem', 'mod', 'asiakas', 'client']) {
    t.same(lint([trigger('word', text)]), [['everyday_word', 'triggers/0', null]], text)
  }
  for (const text of ['MOT:', 'LUN', 'Lunch', 'MÖT', 'hemma hos'])
    t.same(lint([trigger('word', text)]), [], text)
  t.same(lint([trigger('prefix', 'HEM:'), trigger('category', 'Kund')]), [])
})

t.test('near misses of a prefix', async (t) => {
  t.same(lint([trigger('prefix', 'LUN:'), trigger('prefix', 'LNU:')]), [
    ['near_miss', 'triggers/1', 'triggers/0']
  ])
  t.same(lint([trigger('prefix', 'MÖTE :')]), [['near_miss', 'triggers/0', null]])
  t.same(lint([trigger('prefix', 'SEMESTER:'), trigger('prefix', 'SEMSTER:')]), [
    ['near_miss', 'triggers/1', 'triggers/0']
  ])
  t.same(lint([trigger('prefix', 'HEM:'), trigger('prefix', 'SEM:')]), [], 'short codes differ by a letter')
  t.same(lint([trigger('prefix', 'MÖT:'), trigger('prefix', 'MÖT;')]), [], 'signs differ on purpose')
})

t.test('codes without a label in the tenant’s language', async (t) => {
  const diversions = [
    { code: 'meeting', labels: { sv: 'Möte', nb: 'Møte' }, phone: 'closed' },
    { code: 'available', labels: { sv: 'Åter', en: 'Available' }, phone: 'open' }
  ] as const
  t.same(lint([], { diversions }, 'sv'), [])
  t.same(lint([], { diversions }, 'sv-FI'), [])
  t.same(lint([], { diversions }, 'no'), [['label_missing', 'diversions/1/labels', null]])
  t.same(lint([], { diversions }, 'en'), [['label_missing', 'diversions/0/labels', null]])
})

t.test('the packs are clean, save words that are everyday words in their system', async (t) => {
  const packs = await loadPacks(resolve('rules'))
  t.equal(packs.size, readdirSync('rules').filter((name) => name.endsWith('.yaml')).length - 1)
  for (const [name, rules] of packs) {
    const found = ['sv', 'en', 'da', 'nb', 'fi'].flatMap((language) => lintRules(rules, language))
    t.same([...new Set(found.map(({ code }) => code))], name === 'infracom' ? ['everyday_word'] : [], name)
  }
})

t.test('two thousand triggers are checked quickly', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) =>
    trigger(index % 2 === 0 ? 'word' : 'prefix', `Kod${index * 7919} av tusen:`)
  )
  const before = process.cpuUsage()
  const found = lint(many).filter(([code]) => code !== 'near_miss')
  t.same(found, [])
  const { user } = process.cpuUsage(before)
  t.ok(user < 2_000_000, `${user} microseconds`)
})
