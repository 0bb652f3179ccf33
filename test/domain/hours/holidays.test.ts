/**
 * Public holidays against a table written by hand from the countries' laws: Lag (1989:253), helligdagsfredloven and the first of May act,
 * lov om folkekirkens helligdage, kirkkolaki, lög um 40 stunda vinnuviku; with the eves on which offices are closed. Sundays that are
 * holidays anyway are left out. `~` marks a day that is one from the hour on; on a
 * Sunday, as the eves of 2028, it is one from its beginning.
 */
import { readFile } from 'node:fs/promises'
import { nordicHolidays } from '../../../src/domain/holidays/holidays.ts'
import { holidayDataText } from '../../../tools/write-holidays.ts'
import t from '../../group/tap.ts'

const table: Readonly<Record<string, string>> = {
  'SE 2026':
    '01-01 01-05~12 01-06 04-02~12 04-03 04-06 04-30~12 05-01 05-14 06-06 06-19 06-20 10-30~12 10-31 12-24 12-25 12-26 12-31',
  'SE 2027':
    '01-01 01-05~12 01-06 03-25~12 03-26 03-29 04-30~12 05-01 05-06 06-06 06-25 06-26 11-05~12 11-06 12-24 12-25 12-26 12-31',
  'SE 2028':
    '01-01 01-05~12 01-06 04-13~12 04-14 04-17 04-30~12 05-01 05-25 06-06 06-23 06-24 11-03~12 11-04 12-24 12-25 12-26 12-31',
  'NO 2026': '01-01 04-01~12 04-02 04-03 04-06 05-01 05-14 05-17 05-25 12-24 12-25 12-26 12-31~14',
  'NO 2027': '01-01 03-24~12 03-25 03-26 03-29 05-01 05-06 05-17 12-24 12-25 12-26 12-31~14',
  'NO 2028': '01-01 04-12~12 04-13 04-14 04-17 05-01 05-17 05-25 06-05 12-24 12-25 12-26 12-31',
  'DK 2026': '01-01 04-02 04-03 04-06 05-14 05-25 06-05 12-24 12-25 12-26 12-31',
  'DK 2027': '01-01 03-25 03-26 03-29 05-06 05-17 06-05 12-24 12-25 12-26 12-31',
  'DK 2028': '01-01 04-13 04-14 04-17 05-25 06-05 12-24 12-25 12-26 12-31',
  'FI 2026': '01-01 01-06 04-03 04-06 05-01 05-14 06-19 06-20 10-31 12-06 12-24 12-25 12-26 12-31',
  'FI 2027': '01-01 01-06 03-26 03-29 05-01 05-06 06-25 06-26 11-06 12-06 12-24 12-25 12-26 12-31',
  'FI 2028': '01-01 01-06 04-14 04-17 05-01 05-25 06-23 06-24 11-04 12-06 12-24 12-25 12-26 12-31',
  'IS 2026': '01-01 04-02 04-03 04-06 04-23 05-01 05-14 05-25 06-17 08-03 12-24~13 12-25 12-26 12-31~13',
  'IS 2027': '01-01 03-25 03-26 03-29 04-22 05-01 05-06 05-17 06-17 08-02 12-24~13 12-25 12-26 12-31~13',
  'IS 2028': '01-01 04-13 04-14 04-17 04-20 05-01 05-25 06-05 06-17 08-07 12-24 12-25 12-26 12-31'
}
/** Easter and Whit Sunday, which the table leaves out. */
const sundays: Readonly<Record<string, readonly string[]>> = {
  2026: ['04-05', '05-24'],
  2027: ['03-28', '05-16'],
  2028: ['04-16', '06-04']
}

t.test('2026 to 2028 are as they are written by hand', async (t) => {
  for (const [place, days] of Object.entries(table)) {
    const [country = '', year = ''] = place.split(' ')
    const found = nordicHolidays(country, Number(year))
      .filter(({ date }) => !sundays[year]!.includes(date.slice(5)))
      .map(({ date, from }) => date.slice(5) + (from === null ? '' : `~${from.slice(0, 2)}`))
    t.equal(found.join(' '), days, place)
  }
})

t.test('which are red, which are eves, and how they are called', async (t) => {
  const kind = (country: string, date: string) => {
    const found = nordicHolidays(country, Number(date.slice(0, 4))).find((one) => one.date === date)
    return found && `${found.type} ${found.name}`
  }
  t.equal(kind('SE', '2026-06-19'), 'bank midsommarafton')
  t.equal(kind('SE', '2026-06-06'), 'public nationaldagen')
  t.equal(kind('NO', '2027-05-17')?.split(' ')[0], 'public', 'two of one day are one')
  t.equal(kind('DK', '2027-04-23'), undefined, 'store bededag is gone')
  t.equal(kind('FI', '2026-12-06'), 'public itsenäisyyspäivä')
  t.strictSame(nordicHolidays('XX', 2026), [])
  t.strictSame(nordicHolidays('SE', 1999), [])
})

t.test('the data is what the package and our corrections say: else run `npm run holidays`', async (t) => {
  t.ok((await readFile('src/domain/holidays/data.ts', 'utf8')) === holidayDataText())
})
