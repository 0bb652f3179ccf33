/** Which name is shown where several contacts have the number, and how it fits on a telephone. */

import { chooseName, formatName, type NameCandidate } from '../../src/domain/caller-name.ts'
import t from '../group/tap.ts'

const candidate = (person: string, company = '', more: Partial<NameCandidate> = {}): NameCandidate => ({
  person,
  company,
  isMainNumber: false,
  changedAt: 1,
  ...more
})

t.test('of several contacts', async (t) => {
  const karin = candidate('Karin Berg', 'Acme AB')
  const table: readonly (readonly [string, readonly NameCandidate[], string | null])[] = [
    ['none', [], null],
    ['one', [karin], 'Karin Berg, Acme AB'],
    ['a person before a company', [candidate('', 'Acme AB', { changedAt: 9 }), karin], 'Karin Berg, Acme AB'],
    [
      'an own number before the company’s',
      [candidate('Bo', 'Beta', { isMainNumber: true, changedAt: 9 }), karin],
      'Karin Berg, Acme AB'
    ],
    ['the newest', [karin, candidate('Bo Ek', '', { changedAt: 2 })], 'Bo Ek'],
    ['else by name', [candidate('Åsa'), candidate('Bo'), candidate('Ann')], 'Ann'],
    [
      'two of a company are persons',
      [karin, candidate('Ann', 'ACME AB', { changedAt: 0 })],
      'Karin Berg, Acme AB'
    ],
    [
      'three of a company are the company',
      [karin, candidate('Ann', 'ACME  ab', { changedAt: 0 }), candidate('Bo', 'Acme AB', { changedAt: 0 })],
      'Acme AB'
    ],
    [
      'the same person in three folders is one',
      [karin, candidate('karin  BERG', 'acme ab', { changedAt: 0 }), { ...karin, changedAt: 0 }],
      'Karin Berg, Acme AB'
    ]
  ]
  for (const [what, candidates, name] of table) {
    for (const order of [candidates, candidates.toReversed()]) {
      const chosen = chooseName(order)
      t.equal(chosen && formatName(chosen), name, what)
    }
  }
})

t.test('on a telephone', async (t) => {
  const karin = { person: 'Karin Öberg', company: 'Åkes & Söner AB' }
  const table: readonly (readonly [typeof karin, Parameters<typeof formatName>[1], string])[] = [
    [karin, {}, 'Karin Öberg, Åkes & Söner AB'],
    [karin, { maxLength: 15 }, 'Karin Öberg'],
    [karin, { maxLength: 24 }, 'Karin Öberg, Åkes'],
    [karin, { maxLength: 25 }, 'Karin Öberg, Åkes & Söner'],
    [karin, { maxLength: 28 }, 'Karin Öberg, Åkes & Söner AB'],
    [karin, { ascii: true }, 'Karin Oberg, Akes & Soner AB'],
    [{ person: 'Søren Æble', company: '' }, { ascii: true }, 'Soren AEble'],
    [{ person: '李', company: '' }, { ascii: true }, '?'],
    [{ person: 'Karolinskauniversitetssjukhuset', company: '' }, { maxLength: 10 }, 'Karolinska'],
    [{ person: ' Karin\r\nBerg\u202e ', company: '' }, {}, 'Karin Berg'],
    // Composed of two characters, and one letter all the same.
    [{ person: 'A\u030ake Ek', company: '' }, { maxLength: 7 }, 'Åke Ek']
  ]
  for (const [name, format, shown] of table) t.equal(formatName(name, format), shown)
})
