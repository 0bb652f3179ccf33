/** Cursors: opaque, and none but our own are taken. */
import fc from 'fast-check'
import { formatCursor, parseCursor } from '../../src/status/cursor.ts'
import t from '../group/tap.ts'

t.test('law: a cursor that was written is read as it was', async (t) => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[0-9A-Za-z_-]{1,64}$/),
      fc.nat(),
      fc.option(fc.nat(2e12)),
      fc.integer({ min: 1, max: 2e12 }),
      fc.boolean(),
      (epoch, position, loggedAt, at, uncertain) => {
        const cursor = { epoch, position, loggedAt, at, uncertain }
        t.same(parseCursor(formatCursor(cursor)), cursor)
      }
    ),
    { numRuns: 50 }
  )
})

t.test('anything else is none', async (t) => {
  const written = formatCursor({ epoch: 'e', position: 1, loggedAt: 1, at: 1, uncertain: false })
  for (const text of [
    '',
    'x',
    `${written}=`,
    `${written}AA`,
    ` ${written}`,
    Buffer.from('1.e.-1.1').toString('base64url')
  ]) {
    t.equal(parseCursor(text), null, JSON.stringify(text))
  }
  fc.assert(fc.property(fc.string(), (text) => parseCursor(text) === null))
})
