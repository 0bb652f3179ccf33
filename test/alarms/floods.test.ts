/** The same cause in many tenants at once. */

import {
  countMessages,
  emptyOverview,
  isHeldByFlood,
  providerAlarms,
  updateOverview
} from '../../src/alarms/overview.ts'
import type { RaisedAlarmRecord } from '../../src/storage/alarms.ts'
import t from '../group/tap.ts'
import { HOUR, MINUTE } from '../support/tenant-fixture.ts'

function raised(tenant: string, raisedAt: number, cause = 'unreachable'): RaisedAlarmRecord {
  return { tenant, cause, episode: 'e1', severity: 'critical', beganAt: raisedAt, raisedAt, users: 4, of: 4 }
}

const tenants = (count: number) => Array.from({ length: count }, (_, index) => `tenant-${index}`)
const raisedIn = (names: readonly string[], at: number, cause?: string) =>
  new Map(names.map((name) => [name, [raised(name, at, cause)]]))
const none = (names: readonly string[]) => new Map(names.map((name) => [name, []]))
const told = (overview: Parameters<typeof providerAlarms>[0]) =>
  providerAlarms(overview)
    .filter(({ isHeld }) => !isHeld)
    .map(({ cause, users, of }) => `${cause} ${users}/${of}`)

t.test(
  'twenty tenants within ten minutes are one alarm of the provider, and hold theirs for half an hour',
  async (t) => {
    const few = updateOverview(emptyOverview, raisedIn(tenants(19), MINUTE), MINUTE)
    t.equal(told(few).length, 19)
    t.equal(isHeldByFlood(few, 'unreachable', MINUTE), false)
    const flood = updateOverview(few, raisedIn(['tenant-19'], 9 * MINUTE), 9 * MINUTE)
    t.strictSame(told(flood), ['flood:unreachable 20/20'])
    t.equal(isHeldByFlood(flood, 'unreachable', 38 * MINUTE), true)
    t.equal(isHeldByFlood(flood, 'unreachable', 39 * MINUTE), false)
    t.equal(isHeldByFlood(flood, 'stale', 10 * MINUTE), false)
    const late = updateOverview(few, raisedIn(['tenant-19'], 12 * MINUTE), 12 * MINUTE)
    t.equal(told(late).length, 20, 'not when they come one by one')
  }
)

t.test('it goes on, however many join, and is over once few are left', async (t) => {
  let overview = updateOverview(emptyOverview, raisedIn(tenants(100), 0), 0)
  t.strictSame(told(overview), ['flood:unreachable 100/100'])
  overview = updateOverview(overview, raisedIn(['late'], HOUR), HOUR)
  t.strictSame(told(overview), ['flood:unreachable 101/101'])
  overview = updateOverview(overview, none(tenants(80)), 2 * HOUR)
  t.strictSame(told(overview), ['flood:unreachable 21/101'])
  overview = updateOverview(overview, none(tenants(90)), 2 * HOUR)
  t.equal(told(overview).filter((one) => one.startsWith('flood')).length, 0)
  t.equal(told(overview).length, 11, 'those that are left are told one by one')
  const again = updateOverview(overview, raisedIn(tenants(40), 3 * HOUR), 3 * HOUR)
  t.match(again.floods, [{ number: 2 }])
})

t.test('of what concerns the tenant alone the provider is told as a flood only', async (t) => {
  const few = updateOverview(emptyOverview, raisedIn(tenants(5), 0, 'secret_invalid'), 0)
  t.strictSame(told(few), [])
  const many = updateOverview(few, raisedIn(tenants(30), 0, 'secret_invalid'), 0)
  t.strictSame(told(many), ['flood:secret_invalid 30/30'])
})

t.test('an installation sends so many messages an hour', async (t) => {
  const full = countMessages(emptyOverview, 500, HOUR)
  t.not(full, null)
  t.equal(countMessages(full!, 1, HOUR + 59 * MINUTE), null)
  t.not(countMessages(full!, 1, 2 * HOUR), null)
})
