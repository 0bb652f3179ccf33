/** What holds at an instant, with and without an override: examples, and the naive scan that it must equal. */
import fc from 'fast-check'
import { applyOverride, type Override } from '../../src/domain/override.ts'
import { causeAt, nextTransition, type StatusFields, statusAt } from '../../src/domain/status.ts'
import { initialSyncRecord, markFailed, markSynced, syncStateAt } from '../../src/domain/sync-state.ts'
import type { Cause } from '../../src/domain/timeline.ts'
import type { EffectiveTimeline } from '../../src/domain/timeline-runs.ts'
import t from '../group/tap.ts'

type Piece = [
  start: number,
  end: number,
  diversion: string,
  phone?: 'open' | 'closed',
  forwardTo?: string | null
]

function laid(pieces: readonly Piece[], truncatedAt: number | null = null): EffectiveTimeline {
  return {
    boundaries: Float64Array.from(pieces.flatMap((piece) => [piece[0], piece[1]])),
    causes: pieces.map(([, , diversion, phone, forwardTo], index) => ({
      diversion,
      phone: phone ?? (diversion === 'available' ? 'open' : 'closed'),
      from: 'tenant',
      index,
      private: false,
      forwardTo: forwardTo ?? null
    })),
    truncatedAt
  }
}

const at = (pieces: readonly Piece[], instant: number, truncatedAt: number | null = null) =>
  statusAt(laid(pieces, truncatedAt), instant)

t.test('examples', async (t) => {
  const day: Piece[] = [
    [8, 10, 'meeting'],
    [10, 11, 'meeting', 'open'],
    [11, 12, 'lunch'],
    [14, 15, 'available'],
    [15, 16, 'meeting']
  ]
  t.same(at(day, 7), {
    diversion: 'available',
    phone: 'open',
    since: null,
    until: 8,
    untilKind: 'known',
    reachableAt: null,
    forwardTo: null,
    next: { diversion: 'meeting', from: 8, until: 11 },
    source: 'none'
  })
  t.match(at(day, 8), { diversion: 'meeting', since: 8, until: 11, reachableAt: 10, source: 'calendar' })
  t.match(at(day, 10), {
    phone: 'open',
    since: 8,
    until: 11,
    reachableAt: null,
    next: { diversion: 'lunch' }
  })
  t.match(at(day, 11), {
    diversion: 'lunch',
    reachableAt: 12,
    next: { diversion: 'meeting', from: 15, until: 16 }
  })
  t.match(
    at(day, 12),
    { diversion: 'available', since: 12, until: 15, source: 'none' },
    'ends on the instant'
  )
  t.match(at(day, 14), { diversion: 'available', since: 12, until: 15, source: 'calendar' })
  t.match(at(day, 16), { since: 16, until: null, untilKind: 'indefinite', next: null })
  t.match(causeAt(laid(day), 11), { diversion: 'lunch' })
  t.equal(causeAt(laid(day), 13), null)
})

t.test('a closed phone is reachable when the last of the diversions that close it ends', async (t) => {
  t.match(
    at(
      [
        [8, 9, 'meeting'],
        [9, 10, 'lunch'],
        [10, 11, 'busy']
      ],
      8
    ),
    { until: 9, reachableAt: 11 }
  )
})

t.test('a run that may go on beyond what was read has no known end', async (t) => {
  t.match(at([[8, 20, 'vacation']], 9, 20), { until: null, untilKind: 'unknown', reachableAt: null })
  t.match(at([[8, 20, 'vacation']], 9), { until: 20, untilKind: 'known' })
  t.match(at([[8, 20, 'vacation']], 7, 20), { next: { diversion: 'vacation', from: 8, until: null } })
  const both: Piece[] = [
    [8, 9, 'vacation'],
    [9, 20, 'sick']
  ]
  t.match(at(both, 8, 20), { until: 9, untilKind: 'known', reachableAt: null })
  const sickInVacation: Piece[] = [
    [8, 20, 'sick'],
    [20, 25, 'vacation']
  ]
  t.match(at(sickInVacation, 9, 20), { until: null, untilKind: 'unknown', reachableAt: null })
  t.match(
    at(
      [
        [8, 9, 'meeting'],
        [10, 20, 'vacation']
      ],
      8,
      20
    ),
    { until: 9, untilKind: 'known', reachableAt: 9 },
    'a run that ends before is known, whatever goes on later'
  )
})

t.test('a forward target holds for its event alone, within a run', async (t) => {
  const day: Piece[] = [
    [8, 10, 'meeting', 'closed', '1075'],
    [10, 12, 'meeting']
  ]
  t.match(at(day, 9), { forwardTo: '1075', until: 12 })
  t.match(at(day, 10), { forwardTo: null, since: 8 })
  t.equal(nextTransition(laid(day), 8), 10)
})

t.test('an override is laid over the calendar', async (t) => {
  const day = laid([
    [8, 10, 'meeting'],
    [12, 13, 'lunch']
  ])
  const over = (override: Override, instant: number) =>
    statusAt(applyOverride(day, override, 'closed'), instant)
  t.match(over({ diversion: 'busy', from: 9, until: 11 }, 8), {
    until: 9,
    reachableAt: 11,
    source: 'calendar'
  })
  t.match(over({ diversion: 'busy', from: 9, until: 11 }, 9), { since: 9, until: 11, source: 'override' })
  t.match(over({ diversion: 'meeting', from: 9, until: 11 }, 9), { since: 8, until: 11 }, 'one unbroken run')
  t.match(over({ diversion: 'busy', from: 9, until: null }, 99), {
    until: null,
    untilKind: 'indefinite',
    reachableAt: null,
    next: null
  })
  t.match(over({ diversion: 'available', from: 9, until: 10 }, 9), {
    since: 9,
    until: 12,
    source: 'override'
  })
})

const pieces: fc.Arbitrary<Piece[]> = fc
  .array(
    fc.tuple(
      fc.nat(3),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('meeting', 'lunch', 'available'),
      fc.constantFrom<('open' | 'closed')[]>('open', 'closed'),
      fc.constantFrom(null, '1075')
    ),
    { maxLength: 8 }
  )
  .map((parts) => {
    let clock = 0
    return parts.map(([gap, length, diversion, phone, forwardTo]): Piece => {
      const start = clock + gap
      clock = start + length
      return [start, clock, diversion, diversion === 'available' ? 'open' : phone, forwardTo]
    })
  })
const override = fc.option(
  fc
    .tuple(
      fc.nat(20),
      fc.option(fc.integer({ min: 1, max: 20 })),
      fc.constantFrom('meeting', 'sick', 'available')
    )
    .map(
      ([from, length, diversion]): Override => ({
        diversion,
        from,
        until: length === null ? null : from + length
      })
    )
)
const END = 70

/** What holds at each instant. */
function scan(parts: readonly Piece[], over: Override | null) {
  return Array.from({ length: END }, (_, instant) => {
    if (over && over.from <= instant && (over.until === null || instant < over.until)) {
      const phone = over.diversion === 'available' ? 'open' : 'closed'
      return { diversion: over.diversion, phone, forwardTo: null, source: 'override' }
    }
    const piece = parts.find(([start, end]) => start <= instant && instant < end)
    return piece
      ? { diversion: piece[2], phone: piece[3]!, forwardTo: piece[4]!, source: 'calendar' }
      : { diversion: 'available', phone: 'open', forwardTo: null, source: 'none' }
  })
}

const truncatedAt = fc.option(fc.nat(50))

t.test('law: a Status is what a naive scan, instant by instant, says', async (t) => {
  fc.assert(
    fc.property(pieces, override, truncatedAt, fc.nat(45), (parts, over, truncatedAt, instant) => {
      const instants = scan(parts, over)
      const now = instants[instant]!
      const last = (from: number, continues: (one: (typeof instants)[0]) => boolean) => {
        let end = from
        while (end < END && continues(instants[end]!)) end++
        if (end >= END) return { until: null, untilKind: 'indefinite' }
        const isKnown = truncatedAt === null || end < truncatedAt || instants[end - 1]!.source === 'override'
        return isKnown ? { until: end, untilKind: 'known' } : { until: null, untilKind: 'unknown' }
      }
      let since: number | null = instant
      while (since > 0 && instants[since - 1]!.diversion === now.diversion) since--
      if (since === 0 && now.diversion === 'available') since = null
      let end = instant
      while (end < END && instants[end]!.diversion === now.diversion) end++
      const from = instants.findIndex((one, place) => place >= end && one.diversion !== 'available')
      const next =
        from === -1
          ? null
          : {
              diversion: instants[from]!.diversion,
              from,
              until: last(from, (one) => one.diversion === instants[from]!.diversion).until
            }
      const run =
        now.diversion === 'available'
          ? { until: next?.from ?? null, untilKind: next === null ? 'indefinite' : 'known' }
          : last(instant, ({ diversion }) => diversion === now.diversion)
      const expected = {
        ...now,
        since,
        ...run,
        reachableAt: now.phone === 'open' ? null : last(instant, ({ phone }) => phone === 'closed').until,
        next
      }

      const timeline = laid(parts, truncatedAt)
      const status: StatusFields = statusAt(
        over ? applyOverride(timeline, over, 'closed') : timeline,
        instant
      )
      t.same(status, expected)
      t.equal(status.untilKind === 'known', status.until !== null, 'known exactly where until is given')
      return true
    }),
    { numRuns: 500 }
  )
})

t.test('law: nothing that a Status shows turns before its next transition', async (t) => {
  fc.assert(
    fc.property(pieces, override, fc.nat(45), (parts, over, instant) => {
      const timeline = over ? applyOverride(laid(parts), over, 'closed') : laid(parts)
      const transition = nextTransition(timeline, instant)
      const now = JSON.stringify(statusAt(timeline, instant))
      for (let later = instant; later < Math.min(transition, END); later++) {
        if (JSON.stringify(statusAt(timeline, later)) !== now) return false
      }
      return transition === Infinity || JSON.stringify(statusAt(timeline, transition)) !== now
    }),
    { numRuns: 1000 }
  )
  t.pass()
})

t.test('how well a timeline mirrors the calendar', async (t) => {
  const fault = { code: 'unreachable', hint: 'wait' }
  const state = (record: ReturnType<typeof initialSyncRecord>, instant: number) => {
    const { state, since } = syncStateAt(record, 100, instant)
    return `${state} since ${since}`
  }
  t.equal(state(initialSyncRecord(false, 5), 9), 'off since 5')
  let record = initialSyncRecord(true, 5)
  t.equal(state(record, 9), 'never since 5')
  record = markFailed(markFailed(record, 10, fault), 20, fault)
  t.equal(state(record, 25), 'failed since 10')
  record = markSynced(record, 30, 100, { detail: 'subjects', fault: null, subscribed: false })
  t.equal(state(record, 30), 'fresh since 30')
  record = markSynced(record, 90, 100, { detail: 'subjects', fault: null, subscribed: false })
  t.equal(state(record, 189), 'fresh since 30', 'freshness goes on')
  t.equal(state(record, 190), 'stale since 190', 'by the clock alone')
  record = markFailed(record, 195, fault)
  t.equal(state(record, 196), 'stale since 190', 'a failed read keeps the timeline')
  record = markSynced(record, 200, 100, { detail: 'subjects', fault: null, subscribed: false })
  t.equal(state(record, 201), 'fresh since 200')
})

t.test('causes carry no subject', async (t) => {
  const cause: Cause = laid([[1, 2, 'meeting']]).causes[0]!
  t.same(Object.keys(cause).sort(), ['diversion', 'forwardTo', 'from', 'index', 'phone', 'private'])
})
