/** Timelines: what overlapping events come to, and the laws that every timeline keeps. */
import fc from 'fast-check'
import { buildTimeline, buildTimelineInSteps } from '../../src/domain/build-timeline.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { compileRules, compileUserTriggers, type Decision, decide } from '../../src/domain/decide.ts'
import { statusAt } from '../../src/domain/status.ts'
import { type Cause, dropEndedBefore, sameTimelineFrom, type Timeline } from '../../src/domain/timeline.ts'
import t from '../group/tap.ts'
import { catalogue, eventWith, rulesWith } from '../support/rule-fixtures.ts'

const rules = compileRules(rulesWith(), 7)
const own = compileUserTriggers([{ match: 'word', text: 'EGEN', diversion: 'meeting' }], rules)

const SECOND = 1000

type Short = [start: number, end: number, subject: string, more?: Partial<CalendarEvent>]

function decisionsOf(events: readonly Short[]): Decision[] {
  return events.flatMap(([start, end, subject, more]) => {
    const decision = decide(
      eventWith({ start: start * SECOND, end: end * SECOND, subject, ...more }),
      rules,
      own
    )
    return decision === null ? [] : [decision]
  })
}

const timeline = (...events: Short[]) => buildTimeline(decisionsOf(events), rules, null)

function written({ boundaries, causes }: Timeline): string[] {
  return causes.map(
    (cause, index) =>
      `${boundaries[2 * index]! / SECOND}-${boundaries[2 * index + 1]! / SECOND} ${cause.diversion}`
  )
}

t.test('overlaps', async (t) => {
  const table: [what: string, events: Short[], expected: string[]][] = [
    [
      '09–12 that holds 10–11 ends at 12',
      [
        [9, 12, 'MÖT'],
        [10, 11, 'MÖT']
      ],
      ['9-12 meeting']
    ],
    [
      'the higher one wins inside',
      [
        [9, 12, 'LUN'],
        [10, 11, 'MÖT']
      ],
      ['9-10 lunch', '10-11 meeting', '11-12 lunch']
    ],
    [
      'back to back is one run',
      [
        [9, 10, 'MÖT'],
        [10, 11, 'MÖT']
      ],
      ['9-11 meeting']
    ],
    [
      'back to back of two kinds',
      [
        [9, 10, 'MÖT'],
        [10, 11, 'LUN']
      ],
      ['9-10 meeting', '10-11 lunch']
    ],
    [
      '`available` by a trigger drops availability',
      [
        [9, 12, ''],
        [10, 11, 'TILL']
      ],
      ['9-10 busy', '10-11 available', '11-12 busy']
    ],
    [
      '… but not a trigger',
      [
        [9, 12, 'MÖT'],
        [10, 11, 'TILL']
      ],
      ['9-12 meeting']
    ],
    [
      '… nor lets availability beat a lower trigger',
      [
        [9, 12, 'LUN'],
        [9, 12, '', { busy: 'oof' }],
        [10, 11, 'TILL']
      ],
      ['9-10 out-of-office', '10-11 lunch', '11-12 out-of-office']
    ],
    ['nothing', [], []]
  ]
  for (const [what, events, expected] of table) {
    t.same(written(timeline(...events)), expected, what)
    t.same(written(timeline(...events.toReversed())), expected, `${what}, the other way round`)
  }
})

t.test(
  'of equals: trigger before availability, closed before open, own rule before the tenant’s, private hides',
  async (t) => {
    const causes = (...events: Short[]) => timeline(...events).causes
    const busyWord = compileRules(
      rulesWith({ triggers: [{ match: 'word', text: 'UPP', diversion: 'busy' }] }),
      1
    )
    const both = ['', 'UPP'].map(
      (subject) => decide(eventWith({ subject }), busyWord, compileUserTriggers([], busyWord))!
    )
    t.match(buildTimeline(both, busyWord, null).causes, [{ from: 'tenant' }])
    t.match(causes([9, 10, 'ÖPPEN'], [9, 10, 'MÖT']), [{ phone: 'closed', index: 0 }])
    t.match(causes([9, 10, 'MÖT'], [9, 10, 'EGEN']), [{ from: 'user' }])
    t.match(causes([9, 10, 'MÖT'], [9, 10, 'MÖT', { visibility: 'private' }]), [{ private: true }])
  }
)

const code = fc.constantFrom(...catalogue.map((diversion) => diversion.code))
const cause: fc.Arbitrary<Cause> = fc.record({
  diversion: code,
  phone: fc.constantFrom('open', 'closed'),
  from: fc.constantFrom('user', 'tenant', 'availability'),
  index: fc.nat(2),
  private: fc.boolean(),
  forwardTo: fc.constantFrom(null, '1075', '1076')
})
const decisions: fc.Arbitrary<Decision[]> = fc.array(
  fc.record({ start: fc.nat(30), length: fc.integer({ min: 1, max: 12 }), cause }).map((one) => ({
    start: one.start,
    end: one.start + one.length,
    cause: one.cause,
    forwardRefused: false
  })),
  { maxLength: 12 }
)

/** The design's sentence, word for word, at one instant. */
function naive(all: readonly Decision[], at: number): Cause | null {
  let holding = all.filter(({ start, end }) => start <= at && at < end).map((decision) => decision.cause)
  if (holding.some(({ from, diversion }) => from !== 'availability' && diversion === 'available')) {
    holding = holding.filter(({ from }) => from !== 'availability')
  }
  const before = (one: Cause, other: Cause): boolean => {
    const keys = (cause: Cause) => [
      catalogue.findIndex((diversion) => diversion.code === cause.diversion),
      cause.from === 'availability' ? 1 : 0,
      cause.phone === 'closed' ? 0 : 1,
      ['user', 'tenant', 'availability'].indexOf(cause.from),
      cause.index,
      cause.private ? 0 : 1,
      ['1075', '1076', null].indexOf(cause.forwardTo)
    ]
    const others = keys(other)
    for (const [place, key] of keys(one).entries()) if (key !== others[place]) return key < others[place]!
    return false
  }
  return holding.reduce<Cause | null>((best, one) => (best === null || before(one, best) ? one : best), null)
}

t.test('laws', async (t) => {
  fc.assert(
    fc.property(decisions, (all) => {
      const { boundaries, causes } = buildTimeline(all, rules, null)
      for (let index = 0; index < causes.length; index++) {
        if (!(boundaries[2 * index]! < boundaries[2 * index + 1]!)) return false
        if (index > 0 && boundaries[2 * index]! < boundaries[2 * index - 1]!) return false
      }
      return true
    })
  )
  t.pass('sorted, disjoint, none empty')
  fc.assert(
    fc.property(decisions, (all) => {
      const made = buildTimeline(all, rules, null)
      for (let at = -1; at < 45; at++) {
        const index = made.causes.findIndex(
          (_, place) => made.boundaries[2 * place]! <= at && at < made.boundaries[2 * place + 1]!
        )
        const expected = naive(all, at)
        if (JSON.stringify(made.causes[index] ?? null, keys) !== JSON.stringify(expected, keys)) return false
      }
      return true
    }),
    { numRuns: 1000 }
  )
  t.pass('at every instant what a naive scan says')
  fc.assert(
    fc.property(
      decisions.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))
      ),
      ([all, shuffled]) =>
        sameTimelineFrom(
          buildTimeline(all, rules, null),
          buildTimeline(shuffled, rules, null),
          Number.NEGATIVE_INFINITY
        )
    )
  )
  t.pass('in no way dependent on the order of events')
})

t.test('thousands of events come to a timeline in steps, the same whatever their order', async (t) => {
  const events = Array.from({ length: 5_000 }, (_, index): Short => {
    const start = (index * 7_919) % 10_000
    return [start, start + 1 + (index % 9), index % 3 === 0 ? 'LUN' : 'MÖT']
  })
  const all = decisionsOf(events)
  const steps = buildTimelineInSteps(all, rules, null)
  let pauses = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) pauses += 1
  t.ok(pauses > 30, `${pauses} pauses`)
  t.same(step.value, buildTimeline([...all].reverse(), rules, null))
})

const keys = ['diversion', 'phone', 'from', 'index', 'private', 'forwardTo']

t.test('two timelines are the same from an instant on', async (t) => {
  const one = timeline([1, 2, 'MÖT'], [5, 6, 'LUN'])
  const other = timeline([0, 2, 'MÖT'], [5, 6, 'LUN'])
  t.equal(sameTimelineFrom(one, other, 2 * SECOND), true)
  t.equal(sameTimelineFrom(one, other, 1 * SECOND), false)
  t.equal(sameTimelineFrom(one, { ...one, truncatedAt: 6 }, 2 * SECOND), false)
  t.equal(sameTimelineFrom(one, { ...one, rulesVersion: 8 }, 2 * SECOND), false)
  t.equal(sameTimelineFrom(one, timeline([5, 7, 'LUN']), 2 * SECOND), false)
})

t.test('ten thousand overlapping events are computed quickly', async (t) => {
  const events: Short[] = Array.from({ length: 10_000 }, (_, index) => [
    index,
    index + 20_000,
    index % 2 ? 'MÖT' : 'LUN'
  ])
  t.same(written(timeline(...events)), ['0-1 lunch', '1-29999 meeting'])
})

function readTo(events: readonly Short[], horizon: number, readUntil = horizon) {
  const read = events.filter(([start]) => start < readUntil)
  return buildTimeline(decisionsOf(read), rules, { horizon: horizon * SECOND, readUntil: readUntil * SECOND })
}

t.test('whether a run goes on beyond what was read is answered run by run', async (t) => {
  const table: [what: string, events: Short[], truncatedAt: number | null, expected: string[]][] = [
    ['a run that ends before is known', [[5, 13, 'MÖT']], null, ['5-13 meeting']],
    ['one that ends just there may go on', [[5, 14, 'MÖT']], 14, ['5-14 meeting']],
    ['one that reaches beyond may go on', [[5, 20, 'MÖT']], 20, ['5-20 meeting']],
    [
      'a Free event that outlasts it hides nothing',
      [
        [5, 20, 'MÖT'],
        [6, 40, '', { busy: 'free' }]
      ],
      20,
      ['5-20 meeting']
    ],
    [
      'nor is what would follow it known',
      [
        [5, 20, 'MÖT'],
        [6, 30, 'LUN']
      ],
      20,
      ['5-20 meeting']
    ],
    [
      'beyond the horizon only what belongs to the run remains',
      [
        [5, 20, 'HEM: a'],
        [6, 30, 'ÖPPEN', { busy: 'free' }]
      ],
      30,
      ['5-6 working-from-home', '6-30 meeting']
    ],
    ['`available` by a trigger is no run', [[5, 20, 'TILL']], null, ['5-20 available']]
  ]
  for (const [what, events, truncatedAt, expected] of table) {
    const made = readTo(events, 14)
    t.equal(made.truncatedAt, truncatedAt === null ? null : truncatedAt * SECOND, what)
    t.same(written(made), expected, what)
  }
  const parts: Short[] = [
    [5, 14, 'MÖT'],
    [14, 40, 'MÖT'],
    [41, 43, 'LUN']
  ]
  t.same(written(readTo(parts, 14, 60)), ['5-40 meeting'], 'an absence in parts, and nothing after it')
  const closed: Short[] = [
    [5, 20, 'MÖT'],
    [20, 25, 'LUN'],
    [25, 30, 'HEM: x']
  ]
  t.same(
    written(readTo(closed, 14, 60)),
    ['5-20 meeting', '20-25 lunch'],
    'closed phone goes on in another diversion'
  )
  t.equal(readTo(parts, 14, 60).truncatedAt, null)
  t.equal(readTo(parts, 14, 30).truncatedAt, 40 * SECOND)
})

t.test('cases/rules: two all-day events in succession end where the second one ends', async (t) => {
  const at = (text: string) => Date.parse(text) / SECOND
  const oof = { allDay: true, busy: 'oof' } as const
  const events: Short[] = [
    [at('2026-11-19T23:00:00Z'), at('2026-12-19T23:00:00Z'), 'SEM del 1', oof],
    [at('2026-12-19T23:00:00Z'), at('2027-01-06T23:00:00Z'), 'SEM del 2', oof]
  ]
  const horizon = at('2026-12-08T00:00:00Z')
  const now = Date.parse('2026-11-23T08:00:00Z')
  t.match(statusAt(readTo(events, horizon), now), { until: null, untilKind: 'unknown', reachableAt: null })
  const end = Date.parse('2027-01-06T23:00:00Z')
  t.match(statusAt(readTo(events, horizon, horizon + 180 * 86_400), now), {
    until: end,
    untilKind: 'known',
    reachableAt: end
  })
})

t.test('law: what is known by a window and a look beyond it is true', async (t) => {
  const events: fc.Arbitrary<Short[]> = fc.array(
    fc
      .record({
        start: fc.nat(40),
        length: fc.integer({ min: 1, max: 15 }),
        subject: fc.constantFrom('MÖT', 'LUN', 'TILL', 'HEM: x', 'ÖPPEN', '')
      })
      .map(({ start, length, subject }): Short => [start, start + length, subject]),
    { maxLength: 10 }
  )
  fc.assert(
    fc.property(
      events,
      fc.integer({ min: 5, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      (all, horizon, more) => {
        const truth = timeline(...all)
        let readUntil = horizon
        if (readTo(all, horizon).truncatedAt !== null) readUntil += more
        const seen = readTo(all, horizon, readUntil)
        for (let at = 0; at < horizon; at++) {
          const { next, ...status } = statusAt(seen, at * SECOND)
          const { next: trueNext, ...real } = statusAt(truth, at * SECOND)
          if (status.diversion !== real.diversion || status.phone !== real.phone) return false
          if (status.until !== null && status.until !== real.until) return false
          if (status.reachableAt !== null && status.reachableAt !== real.reachableAt) return false
          if (
            next !== null &&
            (next.from !== trueNext?.from || (next.until ?? trueNext.until) !== trueNext.until)
          )
            return false
          // Unknown only where the run does reach what was not read.
          if (status.untilKind === 'unknown' && real.until !== null && real.until < readUntil * SECOND)
            return false
          if (real.diversion !== 'available' && status.untilKind === 'indefinite') return false
        }
        return true
      }
    ),
    { numRuns: 1000 }
  )
  t.pass()
})

t.test('what ended before an instant is dropped, save what an interval that stays began with', async (t) => {
  const full = timeline([0, 10, 'EGEN'], [20, 30, 'EGEN'], [30, 40, 'LUNCH'], [50, 60, 'EGEN'])
  const left = (at: number) => {
    const shortened = dropEndedBefore(full, at * SECOND)
    return shortened === null ? null : written(shortened)
  }
  const all = written(full)
  t.equal(all.length, 4)
  t.equal(left(9), null)
  t.strictSame(left(10), all.slice(1))
  t.strictSame(left(35), all.slice(1), 'from 20 on calls are diverted without a break')
  t.strictSame(left(40), all.slice(3))
  t.strictSame(left(60), [])
  t.equal(dropEndedBefore(dropEndedBefore(full, 35 * SECOND)!, 35 * SECOND), null, 'once')
  t.equal(dropEndedBefore(dropEndedBefore(full, 60 * SECOND)!, 90 * SECOND), null)
})
