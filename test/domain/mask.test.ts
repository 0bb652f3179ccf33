/** Masking: who may not see sensitive diversions sees the timeline in which they were another from the beginning. */
import fc from 'fast-check'
import { Mask, showSame } from '../../src/domain/mask.ts'
import { validateRuleSet } from '../../src/domain/rule-set.ts'
import { nextTransition, statusAt } from '../../src/domain/status.ts'
import type { Cause } from '../../src/domain/timeline.ts'
import type { EffectiveTimeline } from '../../src/domain/timeline-runs.ts'
import { sampleCause } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { catalogue, rulesWith } from '../support/rule-fixtures.ts'

const diversions = catalogue.map((one) => (one.code === 'sick' ? { ...one, sensitive: true } : one))
const mask = new Mask(rulesWith({ diversions }))

interface Piece {
  readonly gap: number
  readonly lasts: number
  readonly cause: Cause
}

const piece: fc.Arbitrary<Piece> = fc.record({
  gap: fc.constantFrom(0, 0, 0, 5),
  lasts: fc.integer({ min: 1, max: 10 }),
  cause: fc.record({
    diversion: fc.constantFrom('sick', 'sick', 'out-of-office', 'meeting', 'available'),
    phone: fc.constantFrom('closed' as const, 'open' as const),
    from: fc.constantFrom('tenant' as const, 'availability' as const, 'override' as const),
    index: fc.nat(2),
    private: fc.boolean(),
    forwardTo: fc.constantFrom(null, '1075')
  })
})
const timeline = fc.record({
  pieces: fc.array(piece, { maxLength: 8 }),
  truncated: fc.boolean()
})

/** `merge`: neighbours that are alike but for what no Status shows are one interval. */
function build(pieces: readonly Piece[], truncated: boolean, merge: boolean): EffectiveTimeline {
  const boundaries: number[] = []
  const causes: Cause[] = []
  let at = 0
  for (const { gap, lasts, cause } of pieces) {
    const start = at + gap
    at = start + lasts
    const last = causes.at(-1)
    const isSame =
      merge &&
      last !== undefined &&
      boundaries.at(-1) === start &&
      last.diversion === cause.diversion &&
      last.phone === cause.phone &&
      last.forwardTo === cause.forwardTo &&
      (last.from === 'override') === (cause.from === 'override')
    if (isSame) boundaries[boundaries.length - 1] = at
    else {
      boundaries.push(start, at)
      causes.push(cause)
    }
  }
  return { boundaries: Float64Array.from(boundaries), causes, truncatedAt: truncated ? at : null }
}

t.test(
  'law: the masked Status is that of the timeline in which sensitive intervals were replaced',
  async (t) => {
    fc.assert(
      fc.property(timeline, fc.nat(100), ({ pieces, truncated }, at) => {
        const replaced = pieces.map((one) =>
          one.cause.diversion === 'sick'
            ? { ...one, cause: { ...one.cause, diversion: 'out-of-office' } }
            : one
        )
        const original = build(pieces, truncated, false)
        const masked = mask.apply(original)
        const reference = build(replaced, truncated, true)
        const shown = statusAt(masked, at)
        const plain = statusAt(original, at)
        return (
          JSON.stringify(shown) === JSON.stringify(statusAt(reference, at)) &&
          nextTransition(masked, at) === nextTransition(reference, at) &&
          shown.phone === plain.phone &&
          shown.reachableAt === plain.reachableAt &&
          showSame(masked, reference, at) &&
          !JSON.stringify([masked.causes, shown]).includes('sick')
        )
      }),
      { numRuns: 5_000 }
    )
    t.pass('held')
  }
)

t.test('a timeline without anything sensitive is itself', async (t) => {
  const cause = sampleCause(0)
  const plain = build([{ gap: 0, lasts: 5, cause: cause as Cause }], false, false)
  t.equal(mask.apply(plain), plain)
  t.equal(new Mask(rulesWith()).isEmpty, true)
})

t.test('showSame tells apart what a Status tells apart', async (t) => {
  const cause = (diversion: string): Cause => sampleCause(0, { diversion })
  const one = build([{ gap: 0, lasts: 5, cause: cause('meeting') }], false, false)
  t.equal(showSame(one, build([{ gap: 0, lasts: 6, cause: cause('meeting') }], false, false), 0), false)
  t.equal(showSame(one, build([{ gap: 0, lasts: 5, cause: cause('lunch') }], false, false), 0), false)
  t.equal(
    showSame(one, build([{ gap: 0, lasts: 5, cause: cause('lunch') }], false, false), 5),
    true,
    'it is past'
  )
  t.equal(showSame(one, build([{ gap: 0, lasts: 5, cause: cause('meeting') }], true, false), 0), false)
})

t.test('rules whose stand-in cannot be one are refused', async (t) => {
  const faultsOf = (changes: Parameters<typeof rulesWith>[0]) =>
    validateRuleSet(rulesWith(changes)).map(({ field, message }) => `${field} ${message}`)
  t.same(faultsOf({ diversions }), [])
  t.match(faultsOf({ diversions, maskedAs: 'gone' }), [/^maskedAs is "gone", which the catalogue lacks/])
  t.match(faultsOf({ maskedAs: 'gone' }), [/^maskedAs is "gone"/], 'also where nothing is sensitive')
  t.match(faultsOf({ diversions, maskedAs: 'available' }), [/^maskedAs cannot be "available"/])
  t.match(faultsOf({ diversions, maskedAs: 'sick' }), [/^maskedAs is "sick", which is sensitive itself/])
  const small = diversions.filter(({ code }) => code !== 'out-of-office')
  const availability = { ...rulesWith().availability, oof: null }
  t.match(faultsOf({ diversions: small, availability }), [/^maskedAs is "out-of-office"/])
  const insensitive = catalogue.filter(({ code }) => code !== 'out-of-office')
  t.same(faultsOf({ diversions: insensitive, availability }), [], 'nothing to stand in for')
  const open = diversions.map((one) => (one.code === 'available' ? { ...one, sensitive: true } : one))
  t.match(faultsOf({ diversions: open }), [/^diversions\/\d+\/sensitive cannot be true for "available"/])
})
