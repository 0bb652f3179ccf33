/** What people and switches write as a number, and what it is read as. */

import { readPhoneNumber, splitPhoneNumbers } from '../../src/caller-names/phone-number.ts'
import t from '../group/tap.ts'

const sweden = { country: 'SE', strip: ['0'] }

t.test('in Sweden', async (t) => {
  const table: readonly (readonly [string, string | null])[] = [
    ['+46701234567', '+46701234567'],
    ['+46 (0)70-123 45 67', '+46701234567'],
    ['+46 0701234567', '+46701234567'],
    ['0046701234567', '+46701234567'],
    ['00046701234567', '+46701234567'],
    ['46701234567', '+46701234567'],
    ['０７０１２３４５６７', '+46701234567'],
    ['070‑123 45 67', '+46701234567'],
    ['070 123 45 67 (privat)', '+46701234567'],
    ['08-123 456 78 ext 12', '+46812345678'],
    ['08-123 456 78 #12', '+46812345678'],
    ['tel:+46-8-123-456-78;ext=12', '+46812345678'],
    // With what was dialled for an outside line.
    ['00701234567', '+46701234567'],
    ['12125550123', '+12125550123'],
    ['+390212345678', '+390212345678'],
    // Extensions, emergency numbers, numbers that nobody has.
    ['1070', null],
    ['112', null],
    ['0719123456789', null],
    ['+4670123456', null],
    ['1-800-FLOWERS', null],
    ['*21*0701234567#', null],
    // What switches send in place of a number.
    ['anonymous', null],
    ['[Number]', null],
    ['%caller%', null],
    [' ', null],
    ['', null],
    ['070'.repeat(100), null]
  ]
  for (const [text, number] of table) t.equal(readPhoneNumber(text, sweden), number, text)
})

t.test('elsewhere, and where nobody says where', async (t) => {
  const table: readonly (readonly [string | null, string, string | null])[] = [
    ['NO', '02800', '+4702800'],
    ['NO', '22 12 34 56', '+4722123456'],
    ['DK', '32 12 34 56', '+4532123456'],
    ['DK', '12345678', null],
    ['FI', '040 1234567', '+358401234567'],
    ['IT', '02 1234 5678', '+390212345678'],
    [null, '0701234567', null],
    [null, '+46701234567', '+46701234567'],
    [null, '0046701234567', '+46701234567']
  ]
  for (const [country, text, number] of table) {
    t.equal(readPhoneNumber(text, { country, strip: [] }), number, `${country} ${text}`)
  }
  t.equal(readPhoneNumber('00701234567', { country: 'SE', strip: [] }), null, 'a prefix that nobody named')
})

t.test('several in one cell', async (t) => {
  for (const [text, parts] of [
    ['070 1234567, 08 1234567', ['070 1234567', '08 1234567']],
    ['070 1234567 eller 08 1234567', ['070 1234567', '08 1234567']],
    ['070-1234567/08-1234567 | 1070\n1071', ['070-1234567', '08-1234567', '1070', '1071']],
    ['tel:08-1234567;ext=12;070-1234567', ['tel:08-1234567 ext 12', '070-1234567']],
    [' , ', []]
  ] as const) {
    t.same(splitPhoneNumbers(text), parts, text)
  }
})
