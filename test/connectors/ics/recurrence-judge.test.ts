/** Random recurrence rules give what python3-dateutil gives for them. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expandRecurrenceRule } from '../../../src/connectors/icalendar/expand-recurrence-rule.ts'
import { parseRecurrenceRule } from '../../../src/connectors/icalendar/parse-recurrence-rule.ts'
import { WorkBudget } from '../../../src/connectors/icalendar/work-budget.ts'
import t from '../../group/tap.ts'
import { longTests } from '../../support/long-tests.ts'
import { generateRules, type RuleQuestion, stamp } from './recurrence-rules.ts'

const COUNT = longTests ? 5_000 : 400
const python = '/usr/bin/python3'
const seed = Number(process.env.RECURRENCE_SEED ?? Date.now() % 1_000_000)

function wallOfStamp(text: string): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00'] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?$/.exec(text)!
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** Local times; UNTIL is compared as local time, as it is written. */
function expand({ dtstart, rule: text, from, to, most }: RuleQuestion): string[] {
  const rule = parseRecurrenceRule(text)
  const start = { wall: wallOfStamp(dtstart), isDate: !dtstart.includes('T') }
  const last = Math.min(wallOfStamp(to) - 1, rule.until?.wall ?? Number.POSITIVE_INFINITY)
  const found: string[] = []
  for (const wall of expandRecurrenceRule(
    rule,
    start,
    { from: wallOfStamp(from), to: last },
    new WorkBudget(50_000_000)
  )) {
    found.push(stamp(wall))
    if (found.length === most) break
  }
  return found
}

const imported = spawnSync(python, ['-c', 'import dateutil'])
const missing =
  imported.status === 0
    ? false
    : `${python} cannot import dateutil: install it (apt-get install python3-dateutil)`

// Neither the judge nor what it judges lets timers run: a deadline of tap's would fire though nothing hangs.
t.setTimeout(0)

t.test(
  `${COUNT} random rules of seed ${seed} against dateutil (again: RECURRENCE_SEED=${seed})`,
  { skip: missing, timeout: 0 },
  async (t) => {
    t.comment(`seed ${seed}`)
    const questions = generateRules(seed, COUNT)
    const input = questions.map((question) => JSON.stringify(question)).join('\n')
    const judge = spawnSync(python, [resolve('test/connectors/ics/recurrence-judge.py')], {
      input,
      encoding: 'utf8',
      maxBuffer: 100_000_000
    })
    t.equal(judge.status, 0, judge.stderr)
    const answers = judge.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; found: string[] | { error: string } })
    t.equal(answers.length, COUNT)
    let judged = 0
    const wrong: unknown[] = []
    for (const { id, found } of answers) {
      if (!Array.isArray(found)) continue
      judged += 1
      const question = questions[id]!
      const own = expand(question)
      if (JSON.stringify(own) !== JSON.stringify(found)) wrong.push({ ...question, own, dateutil: found })
    }
    t.same(wrong.slice(0, 3), [], `${wrong.length} of ${judged} rules differ`)
    t.ok(judged > COUNT * 0.8, `dateutil has an answer to ${judged} of ${COUNT}`)
  }
)
