/** The JSON of a Status is the same whether its parts were written for another user before or not. */
import fc from 'fast-check'
import { type StatusFields, statusSources, untilKinds } from '../../src/domain/status.ts'
import { syncStateNames } from '../../src/domain/sync-state.ts'
import { makeStatus } from '../../src/status/status-members.ts'
import { StatusWriter } from '../../src/status/status-writer.ts'
import t from '../group/tap.ts'

const common = {
  language: 'sv',
  findDiversion: (code: string) => ({ code, labels: { sv: `”${code}”` }, phone: 'closed' as const })
}
// Few values, so that Statuses agree in most and differ in one.
const instant = fc.constantFrom(null, 1_790_000_000_000, 1_790_000_900_500, 1_790_001_800_000)
const code = fc.constantFrom('lunch', 'cafes', 'meeting')
const fields: fc.Arbitrary<StatusFields> = fc.record({
  diversion: code,
  phone: fc.constantFrom('open', 'closed'),
  forwardTo: fc.constantFrom(null, '1075', '1076'),
  source: fc.constantFrom(...statusSources),
  since: instant,
  until: instant,
  untilKind: fc.constantFrom(...untilKinds),
  reachableAt: instant,
  next: fc.option(
    fc.record({
      diversion: code,
      from: fc.constantFrom(1_790_003_600_000, 1_790_007_200_000),
      until: instant
    })
  )
})
const parts = fc.record({
  user: fc.record({ id: fc.constantFrom('anna', 'bo'), extension: fc.string(), displayName: fc.string() }),
  timeZone: fc.constantFrom('Europe/Stockholm', 'Europe/Helsinki'),
  fields,
  sync: fc.record({
    state: fc.constantFrom(...syncStateNames),
    since: fc.constantFrom(1_790_000_000_789, 1_790_000_005_000)
  })
})

t.test('law: a writer writes every Status as JSON.stringify does, whatever it wrote before', async (t) => {
  const writer = new StatusWriter(common)
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 20 }), (list) => {
      for (const one of list) {
        const json = writer.write(one.user, one.timeZone, one.fields, one.sync)
        if (json !== JSON.stringify(makeStatus({ ...common, ...one }))) return false
      }
      return true
    }),
    { numRuns: 2_000 }
  )
  t.pass('held')
})

t.test('Statuses that differ in one member only are written apart', async (t) => {
  const one: StatusFields = {
    diversion: 'lunch',
    phone: 'closed',
    forwardTo: null,
    source: 'calendar',
    since: 1_790_000_000_000,
    until: 1_790_000_900_000,
    untilKind: 'known',
    reachableAt: 1_790_000_900_000,
    next: null
  }
  // Another value of each: a new member does not compile until it has one.
  const others: { [Name in keyof StatusFields]: StatusFields[Name] } = {
    diversion: 'cafes',
    phone: 'open',
    forwardTo: '1075',
    source: 'override',
    since: null,
    until: null,
    untilKind: 'unknown',
    reachableAt: null,
    next: { diversion: 'meeting', from: 1_790_003_600_000, until: null }
  }
  const user = { id: 'anna', extension: '1070', displayName: 'Anna Ek' }
  const sync = { state: 'fresh' as const, since: 1_790_000_000_000 }
  const writer = new StatusWriter(common)
  const first = writer.write(user, 'Europe/Stockholm', one, sync)
  for (const name of Object.keys(others) as (keyof StatusFields)[]) {
    t.not(writer.write(user, 'Europe/Stockholm', { ...one, [name]: others[name] }, sync), first, name)
  }
})
