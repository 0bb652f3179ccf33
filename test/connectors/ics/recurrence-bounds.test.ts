/** Rules that give nothing or too much end within their budget, and cost no other event of the calendar. */

import {
  expandRecurrenceRule,
  isEmptyRule
} from '../../../src/connectors/icalendar/expand-recurrence-rule.ts'
import {
  InvalidRecurrenceRule,
  parseRecurrenceRule
} from '../../../src/connectors/icalendar/parse-recurrence-rule.ts'
import { TooMuchWork, WorkBudget } from '../../../src/connectors/icalendar/work-budget.ts'
import t from '../../group/tap.ts'
import { calendar, event, parsedInstant, read, shown } from './calendars.ts'

const start = { wall: parsedInstant('2010-01-04T09:00:00Z'), isDate: false }
const range = { from: parsedInstant('2026-11-29T00:00:00Z'), to: parsedInstant('2026-12-14T00:00:00Z') }

/** How many occurrences the rule gives in the range, and for how many steps; null where that is too much work. */
function cost(text: string, maxSteps: number): { given: number | null; steps: number } {
  const budget = new WorkBudget(maxSteps)
  let given = 0
  try {
    for (const _ of expandRecurrenceRule(parseRecurrenceRule(text), start, range, budget)) given += 1
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error
    return { given: null, steps: maxSteps }
  }
  return { given, steps: maxSteps - budget.left }
}

t.test('the work is bounded by the range, however long ago the rule began', async (t) => {
  const rows: [rule: string, given: number, maxSteps: number][] = [
    ['FREQ=DAILY', 15, 100],
    ['FREQ=WEEKLY;BYDAY=MO,WE', 4, 100],
    ['FREQ=MONTHLY;BYDAY=1MO', 1, 150],
    ['FREQ=YEARLY;BYMONTH=12;BYDAY=1TU', 1, 1_500],
    ['FREQ=DAILY;COUNT=1000000000', 15, 100],
    ['FREQ=DAILY;INTERVAL=999999999', 0, 10],
    ['FREQ=YEARLY;INTERVAL=2147483647', 0, 800],
    ['FREQ=SECONDLY;INTERVAL=99999999999999', 0, 10],
    ['FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', 0, 1_000],
    ['FREQ=HOURLY;INTERVAL=2;BYHOUR=2', 0, 1_000],
    ['FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2', 0, 150],
    ['FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6', 0, 1_500],
    ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5', 0, 15_000]
  ]
  for (const [rule, given, maxSteps] of rows) {
    const result = cost(rule, 1_000_000)
    t.equal(result.given, given, rule)
    t.ok(result.steps <= maxSteps, `${rule}: ${result.steps} steps`)
  }
})

t.test('what is more than the budget ends there', async (t) => {
  for (const rule of [
    'FREQ=SECONDLY',
    'FREQ=SECONDLY;COUNT=1000000000',
    'FREQ=SECONDLY;BYDAY=MO;COUNT=1000000000',
    'FREQ=MINUTELY;COUNT=999999999;BYMINUTE=1,2',
    `FREQ=DAILY;BYHOUR=${numbers(24)};BYMINUTE=${numbers(60)};BYSECOND=${numbers(60)};COUNT=100000000`
  ]) {
    t.equal(cost(rule, 100_000).given, null, rule.slice(0, 60))
  }
})

t.test('rules without any occurrence are distinguished from those with rare ones', async (t) => {
  const isEmpty = (text: string) => isEmptyRule(parseRecurrenceRule(text), start, new WorkBudget(1_000_000))
  for (const rule of [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6',
    'FREQ=WEEKLY;BYDAY=FR;BYSETPOS=2',
    'FREQ=HOURLY;INTERVAL=2;BYHOUR=2'
  ]) {
    t.equal(isEmpty(rule), true, rule)
  }
  for (const rule of [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO',
    'FREQ=YEARLY;BYYEARDAY=366;INTERVAL=10',
    'FREQ=DAILY;COUNT=1;UNTIL=19990101T000000Z',
    'FREQ=YEARLY;INTERVAL=400'
  ]) {
    t.equal(isEmpty(rule), false, rule)
  }
})

t.test('malformed rules are no rules, and the message holds none of their text', async (t) => {
  for (const text of [
    ...['', 'DAILY', 'FREQ=', 'FREQ=FORTNIGHTLY', 'FREQ=DAILY;FREQ=DAILY', 'FREQ=DAILY=X', 'INTERVAL=2'],
    ...['FREQ=DAILY;COUNT=0', 'FREQ=DAILY;COUNT=-1', 'FREQ=DAILY;COUNT=1.5', 'FREQ=DAILY;COUNT=1E3'],
    ...['FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;UNTIL=2026', 'FREQ=DAILY;UNTIL=20260230'],
    ...['FREQ=DAILY;UNTIL=20260101T250000Z', 'FREQ=DAILY;UNTIL=20260101T0900', 'FREQ=DAILY;UNTIL=never'],
    ...['FREQ=DAILY;BYMONTH=13', 'FREQ=DAILY;BYMONTH=0', 'FREQ=DAILY;BYDAY=XX', 'FREQ=MONTHLY;BYDAY=54MO'],
    ...['FREQ=DAILY;BYHOUR=24', 'FREQ=DAILY;BYSETPOS=0', 'FREQ=DAILY;WKST=', 'FREQ=YEARLY;BYEASTER=0'],
    ...['FREQ=YEARLY;RSCALE=CHINESE', 'FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=FORWARD', 'MÖT=hemligt']
  ]) {
    t.throws(() => parseRecurrenceRule(text), InvalidRecurrenceRule, text)
    try {
      parseRecurrenceRule(text)
    } catch (error) {
      t.notMatch((error as Error).message, /hemligt|FORTNIGHTLY|never|CHINESE/)
    }
  }
  t.same(
    parseRecurrenceRule(' freq=Daily ; Count=2;byday=mo, tu;;'),
    parseRecurrenceRule('FREQ=DAILY;COUNT=2;BYDAY=MO,TU'),
    'case, white space and empty parts do not matter'
  )
})

t.test('of events that give too much only those are left out, each with its line', async (t) => {
  const good = event('DTSTART:20261201T090000Z', 'DURATION:PT1H', 'SUMMARY:good')
  const tooMuch = (rule: string) => event('DTSTART:20100104T090000Z', 'DURATION:PT1M', `RRULE:${rule}`)
  const rules = ['FREQ=SECONDLY', 'FREQ=MINUTELY', 'FREQ=SECONDLY;BYDAY=MO;COUNT=1000000000']
  const result = read(calendar(...rules.map(tooMuch), good))
  t.same(shown(result), ['2026-12-01T09:00/2026-12-01T10:00 good'])
  t.match(result.partialRead?.hint, /^3 events are left out .* line 8: its recurrence gives more than 2000/)

  const every15 = event('DTSTART:20100104T090000Z', 'DURATION:PT1M', 'RRULE:FREQ=MINUTELY;INTERVAL=15')
  const many = read(calendar(...Array<string>(9).fill(every15.replace(/UID:.*/, '')), good))
  t.match(many.partialRead?.hint, /^[23] events are left out .* gives too many occurrences/)
  t.ok(shown(many).some((text) => text.endsWith('good')))
  t.ok(many.events.length <= 10_000)

  const weekly = event('DTSTART:20261102T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY', 'SUMMARY:weekly')
  const small = {
    maxOccurrences: 10_000,
    maxEventOccurrences: 2_000,
    maxSteps: 100_000,
    maxEventSteps: 10_000
  }
  const counted = Array.from({ length: 30 }, () => tooMuch('FREQ=SECONDLY;BYDAY=MO;COUNT=1000000000'))
  const last = read(calendar(...counted, weekly), { limits: small })
  t.equal(shown(last).filter((text) => text.endsWith('weekly')).length, 2, 'who takes much comes last')

  const daily = Array.from({ length: 40 }, () => tooMuch('FREQ=DAILY;BYMONTH=1;BYHOUR=1;COUNT=99999'))
  const spent = read(calendar(...daily, good), { limits: small })
  t.same(shown(spent), ['2026-12-01T09:00/2026-12-01T10:00 good'], 'a single event takes no work')
  t.match(spent.partialRead?.hint, /takes too much work/)
})

function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => index).join(',')
}
