/** Matching: what a trigger meets, held against plain regular expressions that say the same. */
import fc from 'fast-check'
import { foldOf, normalize } from '../../../src/domain/matching/case-folding.ts'
import { compileTriggers } from '../../../src/domain/matching/trigger-matcher.ts'
import { NO_TRIGGER, type Trigger, type TriggerMatch } from '../../../src/domain/rule-set.ts'
import t from '../../group/tap.ts'

const trigger = (match: TriggerMatch, text: string): Trigger => ({ match, text, diversion: 'meeting' })

/** As decide.ts asks: the automaton only where the filter lets the subject through. */
function firstOf(triggers: readonly Trigger[], subject: string, categories: readonly string[] = []): number {
  const matcher = compileTriggers(triggers)
  return matcher.mayMatch(subject)
    ? matcher.find(normalize(subject), categories)
    : matcher.findWithoutWords(subject, categories)
}

const meets = (match: TriggerMatch, text: string, subject: string) =>
  firstOf([trigger(match, text)], subject) === 0

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
    ['I', 'ı', false],
    ['LUN', 'LU\u00adN: soft hyphen', true],
    ['LUN', '\u200bL\u200dUN\ufeff', true],
    ['LU\u200bN', 'LUN', true],
    ['LUN', 'x\u200bLUN', false],
    ['Gone for', 'gone\u0085for', true],
    ['a b', 'a a b', true],
    ['a b a c', 'a b a b a c', true],
    ['b', 'ab b', true],
    ['+b', 'a+b', true],
    ['1', '11 1', true]
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
    ['HEM:', 'AW:ANTW: WG: Copy: KOPIA:kopi: Kopio: HEM:', true],
    ['HEM:', 'RE : SV\u00a0:\u2003HEM:', true],
    ['HEM:', 'Re[2]: HEM:', true],
    ['HEM:', 'Re [12] : HEM:', true],
    ['HEM:', 'Re[x]: HEM:', false],
    ['HEM:', 'REN: HEM:', false],
    ['HEM:', '[Extern] HEM:', true],
    ['HEM:', '[x] RE: [y]HEM:', true],
    ['HEM:', `[${'x'.repeat(24)}] HEM:`, true],
    ['HEM:', `[${'x'.repeat(25)}] HEM:`, false],
    ['HEM:', '[Extern HEM:', false],
    ['[Extern]', '[Extern] HEM:', true],
    ['VS:', 'VS: något', true],
    ['VS:', 'RE: VS: något', true],
    ['HEM ', 'HEM idag', true],
    ['HEM ', 'HEMMA', false],
    ['HEM ', 'HEM\u00a0idag', true],
    ['MO\u0308T:', 'MÖT: x', true],
    ['HEM:', 'HEM :', true],
    ['HEM:', 'HEM\u00a0\t: x', true],
    ['HEM :', 'HEM: x', true],
    ['MÖT->', 'MÖT ->', true],
    ['MÖT->', 'MÖT - >', false],
    ['A-B:', 'A -B:', false],
    ['UTE PÅ:', 'ute   på :', true],
    [':', ' : x', true],
    ['HEM:', '\u200eHE\u00adM\u200b:', true]
  ]
  for (const [text, subject, met] of table) {
    t.equal(meets('prefix', text, subject), met, `${text} before ${JSON.stringify(subject)}`)
  }
  const several = [trigger('prefix', 'HEM : A'), trigger('prefix', 'HEM:'), trigger('prefix', 'HEM;')]
  t.equal(firstOf(several, 'HEM : A'), 0)
  t.equal(firstOf(several, 'HEM : B'), 1)
  t.equal(firstOf(several, 'HEM  ;'), 2)
})

t.test('a category is equal, case ignored, and is not looked for in the subject', async (t) => {
  const { find } = compileTriggers([trigger('category', 'Mö\u200bte')])
  t.equal(find('', ['Rött', 'MO\u0308TE']), 0)
  t.equal(find('', ['Möten']), NO_TRIGGER)
  t.equal(find('Möte', []), NO_TRIGGER)
})

t.test('an empty trigger meets nothing', async (t) => {
  for (const match of ['prefix', 'word', 'category'] as const) {
    t.equal(firstOf([trigger(match, ' \u200b')], ' ', [' ', '']), NO_TRIGGER)
  }
})

const characters = [
  ...'aAåÅöÖLlUuNn \t\u00a0:;.*+?^$(){}[]|\\-_1\u030a\u0308\u0327ſsKkßẞıİ😀𐐀𐐨\u200d\u00ad\u0085',
  'RE:',
  'sv :',
  'Re[2]:',
  '[x] ',
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
        const found = firstOf(list, subject, categories)
        return found === (expected === -1 ? NO_TRIGGER : expected)
      }),
      { numRuns: 1000 }
    )
    t.pass()
  }
)

t.test('a RuleSet too large for a table of steps finds the same', async (t) => {
  const ideographs = Array.from({ length: 1500 }, (_, index) => String.fromCharCode(0x4e00 + index))
  const many = ideographs.map((character, index) =>
    trigger('word', `${character}${ideographs[(index * 7) % 1500]}x${index}`)
  )
  const { find, mayMatch } = compileTriggers([...many, trigger('word', 'LUN')])
  t.equal(mayMatch('anything'), true, 'nor has it a filter')
  t.equal(find('x LUN y', []), 1500)
  t.equal(find(`LUN ${many[700]!.text}`, []), 700)
  t.equal(find(`${many[700]!.text}0`, []), NO_TRIGGER)
})

t.test(
  'the filter lets through what has a word, a mark or anything to normalize, and little else',
  async (t) => {
    const { mayMatch } = compileTriggers([
      trigger('word', 'LUN'),
      trigger('word', 'Gone for the day'),
      trigger('word', 'ÖL'),
      trigger('word', 'C++'),
      trigger('word', 'ſ1')
    ])
    for (const subject of [
      'x lun',
      'x_LUN',
      'gone\u00a0 for the day',
      'fri, öl',
      'x C++x',
      's1',
      'RE: x',
      '[a]',
      'LU\u00adN',
      'a\u0308'
    ]) {
      t.equal(mayMatch(subject), true, subject)
    }
    for (const subject of [
      '',
      'Lunch med kund',
      'Avstämning',
      'gone for the days',
      'ölet',
      'C+',
      'Björk & Åkesson'
    ]) {
      t.equal(mayMatch(subject), false, subject)
    }
  }
)

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

t.test('the cost is linear, whatever is typed', async (t) => {
  const subject = 'a '.repeat(50_000)
  const list = [
    trigger('word', `${'a '.repeat(99)}b`),
    trigger('word', `${'a  a '.repeat(40)}c`),
    trigger('prefix', `${'a '.repeat(99)}b`),
    trigger('prefix', 'a:')
  ]
  const matcher = compileTriggers(list)
  const long = ' '.repeat(100_000)
  const started = process.cpuUsage()
  for (const text of [
    subject,
    `RE${long}:${long}[${long}`,
    `a${long}b`,
    'RE:'.repeat(30_000),
    '['.repeat(100_000)
  ]) {
    t.equal(matcher.find(text, []), NO_TRIGGER)
  }
  const { user } = process.cpuUsage(started)
  t.ok(user < 1_000_000, `${user} microseconds`)
})

/** The rule of design and rules/README.md, written as one regular expression for each trigger. */
function naive({ match, text }: Trigger, subject: string, categories: readonly string[]): boolean {
  const plain = (given: string) => given.replace(/\p{Cf}/gu, '').normalize('NFC')
  const literal = (given: string) =>
    given.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\p{White_Space}+/gu, space)
  const space = '\\p{White_Space}+'
  const trimmed = plain(text).replace(/^\p{White_Space}+/u, '')
  if (trimmed === '') return false
  if (match === 'category') {
    return categories.some((category) => plain(category).match(new RegExp(`^${exact(plain(text))}$`, 'iu')))
  }
  if (match === 'prefix') {
    const [, words = '', sign = ''] = /^(.*?)\p{White_Space}*([^\p{L}\p{N}\p{M}\p{White_Space}]*)$/su.exec(
      trimmed
    )!
    const written = sign === '' ? literal(trimmed) : `${literal(words)}\\p{White_Space}*${literal(sign)}`
    const marks = 'RE|SV|VS|AW|ANTW|FW|FWD|VB|WG|TR|VL|COPY|KOPIA|KOPI|KOPIO'
    const mark = `(?:${marks})\\p{White_Space}*(?:\\[\\d{1,4}\\]\\p{White_Space}*)?:`
    const before = `(?:(?:${mark}|\\[[^[\\]]{1,24}\\])\\p{White_Space}*)*`
    return new RegExp(`^\\p{White_Space}*${before}${written}`, 'iu').test(plain(subject))
  }
  const letter = '[\\p{L}\\p{N}\\p{M}]'
  const words = trimmed.replace(/\p{White_Space}+$/u, '')
  const before = new RegExp(`^${letter}`, 'u').test(words) ? `(?<!${letter})` : ''
  const after = new RegExp(`${letter}$`, 'u').test(words) ? `(?!${letter})` : ''
  return new RegExp(`${before}${literal(words)}${after}`, 'iu').test(plain(subject))
}

function exact(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
