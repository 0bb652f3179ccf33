/** Exchange's dateTimes as instants, beside the engine's own reading of the same text. */
import fc from 'fast-check'
import { instantOfDateTime } from '../../../src/connectors/ews/soap/date-time.ts'
import t from '../../group/tap.ts'

t.test('every day of five centuries, with and without an offset', async (t) => {
  const wrong: string[] = []
  const last = Date.UTC(2199, 11, 31)
  for (let at = Date.UTC(1700, 0, 1, 13, 47, 59); at < last; at += 86_400_000) {
    const text = new Date(at).toISOString().slice(0, 19)
    for (const ending of ['', 'Z', '.1234567', '.9Z', '+05:30', '-09:00']) {
      const zoned = /[Z:]$|\d\d:\d\d$/.test(ending) ? `${text}${ending.replace(/\.\d+/, '')}` : `${text}Z`
      if (instantOfDateTime(text + ending) !== Date.parse(zoned)) wrong.push(text + ending)
    }
  }
  t.same(wrong, [])
})

t.test('what is no dateTime is null, wherever it is damaged', async (t) => {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/
  for (const text of [
    '2026-02-29T00:00:00',
    '2100-02-29T00:00:00',
    '2026-04-31T00:00:00',
    '2026-11-23T24:00:00'
  ])
    t.equal(instantOfDateTime(text), null, text)
  fc.assert(
    fc.property(
      fc.constantFrom('2026-11-23T09:00:00', '2026-11-23T09:00:00.5Z', '2026-11-23T09:00:00+01:00'),
      fc.nat(30),
      fc.constantFrom(...'0123456789-T:.Z+ x', ''),
      (text, at, letter) => {
        const damaged = text.slice(0, at) + letter + text.slice(at + 1)
        return shape.test(damaged) || instantOfDateTime(damaged) === null
      }
    ),
    { numRuns: 2_000 }
  )
})
