/** A Status member is declared once: its schema, its JSON and its comparison follow, and forgetting one shows here. */
import { readFile } from 'node:fs/promises'
import { nextTransition, type StatusFields, statusAt } from '../../src/domain/status.ts'
import type { Cause } from '../../src/domain/timeline.ts'
import { emptyTimeline } from '../../src/domain/timeline-runs.ts'
import { calendarMembers, makeStatus, statusMembers } from '../../src/status/status-members.ts'
import { sampleCause } from '../contracts/store-samples.ts'
import t from '../group/tap.ts'

const status = makeStatus({
  user: { id: 'anna', extension: '1070', displayName: 'Anna Ek' },
  timeZone: 'Europe/Stockholm',
  language: 'sv',
  fields: statusAt(emptyTimeline, 0),
  findDiversion: (code) => ({ code, labels: { sv: code }, phone: 'open' }),
  sync: { state: 'fresh', since: 1_700_000_000_789 }
})

t.test('the JSON has every member, in whole seconds', async (t) => {
  t.same(Object.keys(status), Object.keys(statusMembers))
  t.equal(status.sync.since, '2023-11-14T22:13:20Z')
})

t.test('the published schema has every member and requires it', async (t) => {
  const { components } = JSON.parse(await readFile('openapi/openapi.json', 'utf8'))
  const { properties, required } = components.schemas.Status
  t.same(required, Object.keys(statusMembers))
  t.same(Object.keys(properties), [...Object.keys(statusMembers), 'rule', 'because'])
})

t.test('everything that the calendar gives is shown', async (t) => {
  const names: readonly string[] = [...Object.keys(calendarMembers), 'source']
  for (const name of Object.keys(statusAt(emptyTimeline, 0))) t.ok(names.includes(name), name)
})

t.test('whatever of a cause shows in a Status is a transition where it turns', async (t) => {
  const cause: Cause = sampleCause(0)
  // Another value of each member: a new member of Cause does not compile until it has one.
  const others: { [Name in keyof Cause]: Cause[Name] } = {
    diversion: 'lunch',
    phone: 'open',
    from: 'override',
    index: 1,
    private: true,
    forwardTo: '1075'
  }
  const all = (fields: StatusFields) => JSON.stringify(fields)
  for (const name of Object.keys(others) as (keyof Cause)[]) {
    const timeline = {
      boundaries: Float64Array.of(0, 10, 10, 20),
      causes: [cause, { ...cause, [name]: others[name] }],
      truncatedAt: null
    }
    const turns = all(statusAt(timeline, 9)) !== all(statusAt(timeline, 10))
    t.equal(nextTransition(timeline, 0), turns ? 10 : 20, name)
  }
})
