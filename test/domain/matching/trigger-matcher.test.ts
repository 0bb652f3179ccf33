/** Matching: what a trigger meets, held against plain regular expressions that say the same. */
import fc from 'fast-check'
import t from 'tap'
import { foldOf } from '../../../src/domain/matching/case-folding.ts'
import { compileTriggers } from '../../../src/domain/matching/trigger-matcher.ts'
import { NO_TRIGGER, type Trigger, type TriggerMatch } from '../../../src/domain/rule-set.ts'

const trigger = (match: TriggerMatch, text: string): Trigger => ({ match, text, diversion: 'meeting' })
const meets = (match: TriggerMatch, text: string, subject: string) =>
  compileTriggers([trigger(match, text)]).find(subject, []) === 0

t.test('words', async (t) => {
  const table: [text: string, subject: string, met: boolean][] = [
    ['LUN', 'LUN: pizza', true],
    ['LUN', 'Kund / lun', true],
    ['LUN', 'lunar', false],
    ['LUN', 'Lunch', false],
    ['LUN', 'LUN2', false],
    ['LUN', '2LUN', false],
    ['LUN', 'LUN\u0327', false],
    ['LUN', 'x_LUN_x', true],
    ['MÖT', 'möt', true],
    ['MÖT', 'mo\u0308t Anna', true],
    ['MO\u0308T', 'MÖT', true],
    ['MÖT', 'mot Norge', false],
    ['MOT', 'möt', false],
    ['Gone for the day', 'gone  for\tthe\u00a0day', true],
    ['Gone for the day', 'gone for theday', false],
    ['gone  for', 'GONE FOR', true],
    ['C++', 'C++', true],
    ['C++', 'Kurs C++11', true],
    ['C++', 'AC++', false],
    ['MÖT;', 'MÖT;Anna', true],
    ['.*', 'anything', false],
    ['.*', 'a.*b', true],
    ['(', '(', true],
    ['\\b', 'b', false],
    ['🏠', 'jobbar🏠hemma', true],
    ['𐐀', 'x 𐐨', true],
    ['𐐀', '𐐨𐐨', false],
    ['ŠÍP', 'šíp', true],
    ['STRASSE', 'straße', false],
    ['straße', 'STRAẞE', true],
    ['Σ', 'ς', true],
    ['I', 'ı', false]
  ]
  for (const [text, subject, met] of table) {
    t.equal(meets('word', text, subject), met, `${text} in ${JSON.stringify(subject)}`)
  }
})

t.test('prefixes', async (t) => {
  const table: [text: string, subject: string, met: boolean][] = [
    ['HEM:', 'HEM: idag', true],
    ['HEM:', '  hem:', true],
    ['HEM:', 'HEM idag', false],
    ['HEM:', 'jobbar HEM:', false],
    ['HEM:', 'SV: HEM: idag', true],
    ['HEM:', 'SV:HEM:', true],
    ['HEM:', ' re: Sv:VS:\tFW: fwd:VB: TR:VL:  hem: x', true],
    ['HEM:', 'AW: HEM:', false],
    ['VS:', 'VS: något', true],
    ['VS:', 'RE: VS: något', true],
    ['HEM ', 'HEM idag', true],
    ['HEM ', 'HEMMA', false],
    ['MO\u0308T:', 'MÖT: x', true]
  ]
  for (const [text, subject, met] of table) {
    t.equal(meets('prefix', text, subject), met, `${text} before ${JSON.stringify(subject)}`)
  }
})

t.test('a category is equal, case ignored, and is not looked for in the subject', async (t) => {
  const { find } = compileTriggers([trigger('category', 'Möte')])
  t.equal(find('', ['Rött', 'MO\u0308TE']), 0)
  t.equal(find('', ['Möten']), NO_TRIGGER)
  t.equal(find('Möte', []), NO_TRIGGER)
})

t.test('an empty trigger meets nothing', async (t) => {
  for (const match of ['prefix', 'word', 'category'] as const) {
    t.equal(compileTriggers([trigger(match, ' ')]).find(' ', [' ', '']), NO_TRIGGER)
  }
})

const characters = [
  ...'aAåÅöÖLlUuNn \t\u00a0:;.*+?^$(){}[]|\\-_1\u030a\u0308\u0327ſsKkßẞıİ😀𐐀𐐨\u200d',
  'RE:',
  'sv:',
  'LUN'
]
const text = fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map((parts) => parts.join(''))
const triggers = fc.array(
  fc.record({
    match: fc.constantFrom('prefix', 'word', 'category'),
    text,
    diversion: fc.constant('meeting')
  }),
  { maxLength: 30 }
) as fc.Arbitrary<Trigger[]>

t.test(
  'law: the first trigger in order whose regular expression matches is the one that is found',
  async (t) => {
    fc.assert(
      fc.property(triggers, text, fc.array(text, { maxLength: 2 }), (list, subject, categories) => {
        const expected = list.findIndex((one) => naive(one, subject, categories))
        const found = compileTriggers(list).find(subject, categories)
        return found === (expected === -1 ? NO_TRIGGER : expected)
      }),
      { numRuns: 5000 }
    )
    t.pass()
  }
)

t.test('a RuleSet too large for a table of steps finds the same', async (t) => {
  const far = Array.from({ length: 1500 }, (_, index) => String.fromCharCode(0x4e00 + index))
  const many = far.map((character, index) =>
    trigger('word', `${character}${far[(index * 7) % 1500]}x${index}`)
  )
  const { find } = compileTriggers([...many, trigger('word', 'LUN')])
  t.equal(find('x LUN y', []), 1500)
  t.equal(find(`LUN ${many[700]!.text}`, []), 700)
  t.equal(find(`${many[700]!.text}0`, []), NO_TRIGGER)
})

t.test('law: two characters fold to the same if and only if they are equal under /iu', async (t) => {
  const cased: string[] = []
  let all = ''
  for (let unit = 1; unit < 0x10000; unit++) {
    if (unit >= 0xd800 && unit <= 0xdfff) continue
    const character = String.fromCharCode(unit)
    all += character
    if (character.toLowerCase() !== character || character.toUpperCase() !== character) cased.push(character)
  }
  const sameFold = new Map<number, string[]>()
  for (const character of all) {
    const fold = foldOf(character.charCodeAt(0))
    sameFold.set(fold, [...(sameFold.get(fold) ?? []), character])
  }
  const wrong = cased.filter((character) => {
    const equals = [...new Set(all.match(new RegExp(character, 'giu')))].sort()
    return equals.join() !== sameFold.get(foldOf(character.charCodeAt(0)))!.join()
  })
  t.same(wrong, [])
})

/** The rule of design and rules/README.md, written as one regular expression for each trigger. */
function naive({ match, text }: Trigger, subject: string, categories: readonly string[]): boolean {
  const literal = text.normalize('NFC').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  if (text.trim() === '') return false
  if (match === 'category') {
    return categories.some((category) => new RegExp(`^${literal}$`, 'iu').test(category.normalize('NFC')))
  }
  const nfc = subject.normalize('NFC')
  if (match === 'prefix') {
    return new RegExp(`^\\s*(?:(?:RE|SV|VS|FW|FWD|VB|TR|VL):\\s*)*${literal.trimStart()}`, 'iu').test(nfc)
  }
  const letter = '[\\p{L}\\p{N}\\p{M}]'
  const words = text.normalize('NFC').trim()
  const before = new RegExp(`^${letter}`, 'u').test(words) ? `(?<!${letter})` : ''
  const after = new RegExp(`${letter}$`, 'u').test(words) ? `(?!${letter})` : ''
  return new RegExp(`${before}${literal.trim().replace(/\s+/gu, '\\s+')}${after}`, 'iu').test(nfc)
}
