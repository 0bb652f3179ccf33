/** Cursors: opaque, and none but our own are taken. */
import fc from 'fast-check'
import t from 'tap'
import { readCursor, writeCursor } from '../../src/status/cursor.ts'

t.test('law: a cursor that was written is read as it was', async (t) => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[0-9A-Za-z_-]{1,64}$/),
      fc.nat(),
      fc.option(fc.nat(2e12)),
      fc.integer({ min: 1, max: 2e12 }),
      fc.boolean(),
      (epoch, position, logged, at, unsure) => {
        const cursor = { epoch, position, logged, at, unsure }
        t.same(readCursor(writeCursor(cursor)), cursor)
      }
    ),
    { numRuns: 50 }
  )
})

t.test('anything else is none', async (t) => {
  const written = writeCursor({ epoch: 'e', position: 1, logged: 1, at: 1, unsure: false })
  for (const text of [
    '',
    'x',
    `${written}=`,
    `${written}AA`,
    ` ${written}`,
    Buffer.from('1.e.-1.1').toString('base64url')
  ]) {
    t.equal(readCursor(text), null, JSON.stringify(text))
  }
  fc.assert(fc.property(fc.string(), (text) => readCursor(text) === null))
})
