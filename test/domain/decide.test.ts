/** What one event gives, policy by policy. */

import { toCalendarEvent } from '../../src/domain/availability.ts'
import type { CalendarEvent } from '../../src/domain/calendar-event.ts'
import { compileRules, compileUserTriggers, decide, evaluate } from '../../src/domain/decide.ts'
import { type RuleSet, type Trigger, validateRuleSet } from '../../src/domain/rule-set.ts'
import t from '../group/tap.ts'
import { catalogue, eventWith, rulesWith } from '../support/rule-fixtures.ts'

function given(event: Partial<CalendarEvent>, rules: Partial<RuleSet> = {}, own: Trigger[] = []) {
  const compiled = compileRules(rulesWith(rules), 1)
  const decision = decide(eventWith(event), compiled, compileUserTriggers(own, compiled))
  return decision === null ? null : decision.cause.diversion
}

t.test('cancelled, declined and zero-length events never count', async (t) => {
  for (const event of [{ cancelled: true }, { response: 'declined' }, { end: 0 }, { end: -1 }] as const) {
    t.equal(given({ subject: 'MÖT', ...event }), null)
  }
})

t.test('availability decides when no trigger matches', async (t) => {
  t.equal(given({ busy: 'busy' }), 'busy')
  t.equal(given({ busy: 'unknown' }), 'busy', 'unknown counts as busy')
  t.equal(given({ busy: 'oof' }), 'out-of-office')
  for (const busy of ['free', 'tentative', 'workingElsewhere'] as const) t.equal(given({ busy }), null)
  t.equal(given({ busy: 'free', subject: 'LUN' }), 'lunch', 'a trigger diverts in a free event too')
})

t.test("a user's own triggers come before the RuleSet's, each in its order", async (t) => {
  const own: Trigger[] = [
    { match: 'word', text: 'gym', diversion: 'lunch' },
    { match: 'word', text: 'MÖT', diversion: 'sick' }
  ]
  t.equal(given({ subject: 'MÖT' }, {}, own), 'sick')
  t.equal(given({ subject: 'MÖT gym' }, {}, own), 'lunch')
  t.equal(given({ subject: 'LUN MÖT' }), 'meeting')
  t.equal(given({ subject: 'LUN', categories: ['semester'] }), 'lunch')
  t.equal(given({ categories: ['semester'] }), 'vacation')
})

t.test('private events', async (t) => {
  for (const visibility of ['private', 'confidential'] as const) {
    const event = { visibility, subject: 'MÖT', busy: 'oof' } as const
    t.equal(given(event), 'meeting')
    t.equal(given(event, { private: 'availability-only' }), 'out-of-office')
    t.equal(given(event, { private: 'ignore' }), null)
  }
  const compiled = compileRules(rulesWith(), 1)
  const decision = evaluate(eventWith({ visibility: 'private' }), compiled, compileUserTriggers([], compiled))
  t.match(decision, { cause: { private: true, from: 'availability' } })
})

t.test('all-day events', async (t) => {
  t.equal(given({ allDay: true }), null, 'an all-day Busy note closes nobody’s phone')
  t.equal(given({ allDay: true, busy: 'oof' }), 'out-of-office')
  t.equal(
    given(
      { allDay: true, busy: 'workingElsewhere' },
      { availability: { ...rulesWith().availability, workingElsewhere: 'working-from-home' } }
    ),
    'working-from-home'
  )
  t.equal(given({ allDay: true, subject: 'LUN' }), 'lunch')
  t.equal(given({ allDay: true }, { allDay: 'divert' }), 'busy')
  t.equal(given({ allDay: true, subject: 'LUN', busy: 'oof' }, { allDay: 'ignore' }), null)
})

t.test("a stranger's invitation diverts nobody's phone", async (t) => {
  for (const response of ['none', 'organizer', 'accepted'] as const) {
    t.equal(given({ response, subject: 'LUN' }), 'lunch')
  }
  for (const response of ['tentative', 'notResponded'] as const) {
    t.equal(given({ response, subject: 'LUN' }), 'busy', 'by availability only')
    t.equal(given({ response, subject: 'LUN' }, { invitations: 'all' }), 'lunch')
  }
})

t.test('a trigger can leave the phone open', async (t) => {
  const compiled = compileRules(rulesWith(), 1)
  const phone = (subject: string) =>
    decide(eventWith({ subject }), compiled, compileUserTriggers([], compiled))?.cause.phone
  t.equal(phone('MÖT'), 'closed')
  t.equal(phone('ÖPPEN'), 'open')
})

t.test('a trigger whose diversion has left the catalogue is passed over', async (t) => {
  t.equal(given({ subject: 'XYZ' }, {}, [{ match: 'word', text: 'XYZ', diversion: 'gone' }]), 'busy')
})

t.test('protocols that have only availability', async (t) => {
  const day = 86_400_000
  const item = { id: '1', subject: '', start: 0, end: day, busy: 'busy', private: false } as const
  const isMidnight = (instant: number) => instant % day === 0
  t.equal(toCalendarEvent(item, isMidnight).allDay, true)
  t.equal(toCalendarEvent({ ...item, end: day / 2 }, isMidnight).allDay, false)
  t.equal(toCalendarEvent({ ...item, end: 0 }, isMidnight).allDay, false)
  t.equal(toCalendarEvent({ ...item, busy: 'tentative' }, isMidnight).response, 'notResponded')
})

t.test('a subject that says so is cancelled, over every protocol', async (t) => {
  for (const mark of ['Canceled:', 'Cancelled:', 'Inställt:', 'Avlyst:', 'Aflyst:', 'PERUUTETTU:']) {
    for (const subject of [
      `${mark} MÖT`,
      ` \u200e${mark}MÖT`,
      `SV: [Extern] ${mark} MÖT`,
      `${mark.slice(0, -1)} : MÖT`
    ]) {
      t.equal(given({ subject }), null, subject)
    }
  }
  t.equal(given({ subject: 'Insta\u0308llt: MÖT' }), null)
  t.equal(given({ subject: 'Ej inställt: MÖT' }), 'meeting')
  t.equal(given({ subject: 'Inställt MÖT' }), 'meeting', 'without its colon it is any word')
})

t.test('cases/rules: what a subject begins with', async (t) => {
  const lun: Partial<RuleSet> = { triggers: [{ match: 'prefix', text: 'LUN:', diversion: 'lunch' }] }
  const lunch = [
    '\u200bLUN: a',
    '\u200eLUN: a',
    'LUN\xa0: a',
    'Copy: LUN: x',
    'Kopia: LUN: x',
    'AW: LUN: x',
    'RE : LUN: x',
    '[Extern] LUN: x',
    '[x] RE: [y] LUN: z',
    'LU\u00adN: soft hyphen',
    'Re[2]: LUN: x'
  ]
  for (const subject of lunch)
    t.equal(given({ subject, busy: 'free' }, lun), 'lunch', JSON.stringify(subject))
  for (const subject of ['Canceled: LUN: x', 'Inställt: LUN: x', 'a LUN: x']) {
    t.equal(given({ subject, busy: 'free' }, lun), null, subject)
  }
})

t.test('extra triggers come before the triggers, and the user’s own before both', async (t) => {
  const extraTriggers: Trigger[] = [{ match: 'word', text: 'MÖT', diversion: 'lunch' }]
  t.equal(given({ subject: 'MÖT' }, { extraTriggers }), 'lunch')
  t.equal(given({ subject: 'LUN' }, { extraTriggers }), 'lunch')
  t.equal(
    given({ subject: 'MÖT' }, { extraTriggers }, [{ match: 'word', text: 'möt', diversion: 'sick' }]),
    'sick'
  )
})

t.test('events are in whole seconds', async (t) => {
  const compiled = compileRules(rulesWith(), 1)
  const decided = (start: number, end: number) =>
    evaluate(eventWith({ start, end, subject: 'MÖT' }), compiled, compileUserTriggers([], compiled))
  t.match(decided(1999, 60_001), { start: 1000, end: 60_000 })
  t.equal(decided(1001, 1999), 'zero-length')
})

t.test('a forward target is a number in the subject that the rules allow', async (t) => {
  const rules: Partial<RuleSet> = { forwardTargets: 'listed', forwardAllowed: ['070', '+4670', '10'] }
  const forwardOf = (subject: string, changes: Partial<CalendarEvent> = {}, more = rules) => {
    const compiled = compileRules(rulesWith(more), 1)
    const decision = decide(eventWith({ subject, ...changes }), compiled, compileUserTriggers([], compiled))
    return decision === null ? null : { to: decision.cause.forwardTo, refused: decision.forwardRefused }
  }
  const table: [subject: string, to: string][] = [
    ['LUN >0701234567', '0701234567'],
    ['LUN > 070-123 45 67', '0701234567'],
    ['LUN >+46 (0)70-123 45 67', '+46701234567'],
    ['LUN >0046701234567', '+46701234567'],
    ['>1075 LUN', '1075'],
    ['LUN >1075 12.00-13.00', '1075'],
    ['LUN >0701234567 12-13', '0701234567'],
    ['LUN >070\u200b1234567', '0701234567']
  ]
  for (const [subject, to] of table) t.same(forwardOf(subject), { to, refused: false }, subject)
  for (const subject of ['LUN >0900123456', 'LUN >+4790000000', 'LUN >2075', 'LUN >0900123456 >0701234567']) {
    t.same(forwardOf(subject), { to: null, refused: true }, subject)
  }
  for (const subject of ['LUN', 'LUN > 5 personer', 'LUN >1075b', 'LUN 0701234567', 'LUN >']) {
    t.same(forwardOf(subject), { to: null, refused: false }, subject)
  }
  t.same(forwardOf('Kund >0701234567'), { to: null, refused: false }, 'only where a trigger decided')
  t.same(forwardOf('LUN >0701234567', { visibility: 'private' }), { to: null, refused: true }, 'private')
  t.same(forwardOf('LUN >0701234567', {}, {}), { to: null, refused: false }, 'off unless stated')
  t.same(
    validateRuleSet(rulesWith({ forwardAllowed: ['070', 'x', '+', '+46 70'] })).map(({ field }) => field),
    ['forwardAllowed/1', 'forwardAllowed/2']
  )
})

t.test('faults of a RuleSet are named by place', async (t) => {
  const faults = (changes: Partial<RuleSet>) => validateRuleSet(rulesWith(changes)).map(({ field }) => field)
  t.same(faults({}), [])
  t.same(faults({ triggers: [{ match: 'word', text: ' \t', diversion: 'meeting' }] }), ['triggers/0/text'])
  t.same(faults({ triggers: [{ match: 'word', text: '\ud800', diversion: 'x' }] }), [
    'triggers/0/text',
    'triggers/0/diversion'
  ])
  t.same(faults({ triggers: [{ match: 'word', text: 'a', diversion: 'available', phone: 'closed' }] }), [
    'triggers/0/phone'
  ])
  t.same(faults({ diversions: [...catalogue, catalogue[0]!] }), ['diversions/8/code'])
  t.same(faults({ diversions: catalogue.slice(0, -1), triggers: [] }), ['diversions'])
  t.same(faults({ availability: { ...rulesWith().availability, free: 'x' } }), ['availability/free'])
})
