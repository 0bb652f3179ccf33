/** What holds at an instant, with and without an override: examples, and the naive scan that it must equal. */
import fc from 'fast-check'
import t from 'tap'
import type { Override } from '../../src/domain/override.ts'
import { isOverrideActive, resolveOverride } from '../../src/domain/override.ts'
import {
  applyOverride,
  type EffectiveTimeline,
  nextTransition,
  type StatusFields,
  statusAt
} from '../../src/domain/status.ts'
import { initialSyncRecord, markFailed, markSynced, syncStateAt } from '../../src/domain/sync-state.ts'
import type { Cause } from '../../src/domain/timeline.ts'

type Piece = [start: number, end: number, diversion: string, phone?: 'open' | 'closed']

function laid(pieces: readonly Piece[], truncatedAt: number | null = null): EffectiveTimeline {
  return {
    boundaries: Float64Array.from(pieces.flatMap((piece) => [piece[0], piece[1]])),
    causes: pieces.map(([, , diversion, phone], index) => ({
      diversion,
      phone: phone ?? (diversion === 'available' ? 'open' : 'closed'),
      from: 'tenant',
      index,
      private: false
    })),
    truncatedAt
  }
}

const shown = ({ cause, ...moment }: StatusFields) => moment
const at = (pieces: readonly Piece[], instant: number, truncatedAt: number | null = null) =>
  shown(statusAt(laid(pieces, truncatedAt), instant))

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
    reachableAt: null,
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
  t.match(at(day, 16), { since: 16, until: null, next: null })
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

t.test('a run that reaches what is unread has no known end', async (t) => {
  t.match(at([[8, 20, 'vacation']], 9, 20), { until: null, reachableAt: null })
  t.match(at([[8, 20, 'vacation']], 9), { until: 20 })
  t.match(at([[8, 20, 'vacation']], 7, 20), { next: { diversion: 'vacation', from: 8, until: null } })
  t.match(
    at(
      [
        [8, 9, 'vacation'],
        [9, 20, 'sick']
      ],
      8,
      20
    ),
    { until: 9, reachableAt: null }
  )
})

t.test('an override is laid over the calendar', async (t) => {
  const day = laid([
    [8, 10, 'meeting'],
    [12, 13, 'lunch']
  ])
  const over = (override: Override, instant: number) =>
    shown(statusAt(applyOverride(day, override, 'closed'), instant))
  t.match(over({ diversion: 'busy', from: 9, until: 11 }, 8), {
    until: 9,
    reachableAt: 11,
    source: 'calendar'
  })
  t.match(over({ diversion: 'busy', from: 9, until: 11 }, 9), { since: 9, until: 11, source: 'override' })
  t.match(over({ diversion: 'meeting', from: 9, until: 11 }, 9), { since: 8, until: 11 }, 'one unbroken run')
  t.match(over({ diversion: 'busy', from: 9, until: null }, 99), {
    until: null,
    reachableAt: null,
    next: null
  })
  t.match(over({ diversion: 'available', from: 9, until: 10 }, 9), {
    since: 9,
    until: 12,
    source: 'override'
  })
})

t.test('setting and removing by hand', async (t) => {
  const day = laid([
    [8, 10, 'meeting'],
    [10, 11, 'lunch']
  ])
  t.same(
    resolveOverride(null, day, 'available', null, 9),
    { diversion: 'available', from: 9, until: 10 },
    'back early'
  )
  t.equal(resolveOverride(null, day, 'available', null, 12), null, 'nothing to come back from')
  const sick: Override = { diversion: 'sick', from: 9, until: null }
  t.equal(resolveOverride(sick, day, 'available', null, 12), null, 'only removes')
  t.same(resolveOverride(null, laid([[8, 20, 'vacation']], 20), 'available', null, 9), {
    diversion: 'available',
    from: 9,
    until: 20
  })
  t.same(resolveOverride(sick, day, 'sick', 30, 12), { ...sick, until: 30 }, 'the same again goes on')
  t.same(resolveOverride(sick, day, 'busy', null, 12), { diversion: 'busy', from: 12, until: null })
  t.equal(isOverrideActive({ ...sick, until: 12 }, 12), false)
  t.equal(isOverrideActive(sick, 1e15), true)
})

const pieces: fc.Arbitrary<Piece[]> = fc
  .array(
    fc.tuple(
      fc.nat(3),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('meeting', 'lunch', 'available'),
      fc.constantFrom<('open' | 'closed')[]>('open', 'closed')
    ),
    { maxLength: 8 }
  )
  .map((parts) => {
    let clock = 0
    return parts.map(([gap, length, diversion, phone]): Piece => {
      const start = clock + gap
      clock = start + length
      return [start, clock, diversion, diversion === 'available' ? 'open' : phone]
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

/** What holds at each instant, told instant by instant. */
function scan(parts: readonly Piece[], over: Override | null) {
  return Array.from({ length: END }, (_, instant) => {
    if (over && over.from <= instant && (over.until === null || instant < over.until)) {
      const phone = over.diversion === 'available' ? 'open' : 'closed'
      return { diversion: over.diversion, phone, source: 'override' }
    }
    const piece = parts.find(([start, end]) => start <= instant && instant < end)
    return piece
      ? { diversion: piece[2], phone: piece[3]!, source: 'calendar' }
      : { diversion: 'available', phone: 'open', source: 'none' }
  })
}

t.test('law: a Status is what a naive scan, instant by instant, says', async (t) => {
  fc.assert(
    fc.property(pieces, override, fc.nat(45), (parts, over, instant) => {
      const instants = scan(parts, over)
      const now = instants[instant]!
      const last = (from: number, goesOn: (one: (typeof instants)[0]) => boolean) => {
        let end = from
        while (end < END && goesOn(instants[end]!)) end++
        return end >= END ? null : end
      }
      let since: number | null = instant
      while (since > 0 && instants[since - 1]!.diversion === now.diversion) since--
      if (since === 0 && now.diversion === 'available') since = null
      const until = last(instant, ({ diversion }) => diversion === now.diversion)
      const from =
        until === null
          ? -1
          : instants.findIndex((one, place) => place >= until && one.diversion !== 'available')
      const next =
        from === -1
          ? null
          : {
              diversion: instants[from]!.diversion,
              from,
              until: last(from, (one) => one.diversion === instants[from]!.diversion)
            }
      const expected = {
        ...now,
        since,
        until: now.diversion === 'available' ? (next?.from ?? null) : until,
        reachableAt: now.phone === 'open' ? null : last(instant, ({ phone }) => phone === 'closed'),
        next
      }

      const timeline = laid(parts)
      const made = shown(statusAt(over ? applyOverride(timeline, over, 'closed') : timeline, instant))
      t.same(made, expected)
      return true
    }),
    { numRuns: 500 }
  )
})

t.test('law: nothing that a Status shows turns before its next border', async (t) => {
  fc.assert(
    fc.property(pieces, override, fc.nat(45), (parts, over, instant) => {
      const timeline = over ? applyOverride(laid(parts), over, 'closed') : laid(parts)
      const border = nextTransition(timeline, instant)
      const now = JSON.stringify(shown(statusAt(timeline, instant)))
      for (let later = instant; later < Math.min(border, END); later++) {
        if (JSON.stringify(shown(statusAt(timeline, later))) !== now) return false
      }
      return border === Infinity || JSON.stringify(shown(statusAt(timeline, border))) !== now
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

t.test('grounds carry no subject', async (t) => {
  const cause: Cause = laid([[1, 2, 'meeting']]).causes[0]!
  t.same(Object.keys(cause).sort(), ['diversion', 'from', 'index', 'phone', 'private'])
})
