/** The law of writes: a consumer that changes replicas never sees a write undone, however late each replica receives it. */
import fc from 'fast-check'
import { requireCursor } from '../../src/status/cursor.ts'
import t from '../group/tap.ts'
import { partitionedStore } from '../support/partitioned-store.ts'
import { rulesWith } from '../support/rule-fixtures.ts'
import {
  addUsers,
  fetchChanges,
  fixtureTimeline,
  fixtureUser,
  openReplica,
  openTenant,
  readStatuses,
  START,
  saveTimeline
} from '../support/tenant-fixture.ts'

const ids = ['anna', 'bo']
/** A transition each minute for every user: so replicas name users whom no entry names. */
const everyMinute = fixtureTimeline(
  ...Array.from({ length: 600 }, (_, minute): [number, number, string] => [
    minute,
    minute + 1,
    minute % 2 === 0 ? 'meeting' : 'lunch'
  ])
)

t.test(
  'law: no write is undone for a consumer that changes replicas, and in the end everything is seen',
  async (t) => {
    const { store, clock, service: current } = await openTenant(t)
    await addUsers(store, ...ids)
    for (const id of ids) await saveTimeline(store, id, everyMinute, START)
    const behind = [0, 1].map(() => {
      const line = partitionedStore(store)
      return { line, service: openReplica(t, { store: line, defaultRules: rulesWith(), clock }) }
    })
    for (const { line, service } of behind) {
      await service.view('acme')
      line.delayEvents()
    }
    const services = [...behind.map(({ service }) => service), current]
    /** What each user's last write was: it stands in the name. */
    const written = new Map(ids.map((id) => [id, 0]))
    const seen = new Map(ids.map((id) => [id, 0]))
    let { cursor } = await readStatuses(current)
    let now = START
    const revisionOf = (name: string) => Number(name.split(' ')[1] ?? 0)
    const look = async (where: number): Promise<number> => {
      const answer = await fetchChanges(services[where]!, cursor)
      const [before, after] = [requireCursor(cursor), requireCursor(answer.cursor)]
      t.ok(after.position >= before.position && after.at >= before.at, 'cursors never go backwards')
      cursor = answer.cursor
      for (const { user, displayName } of answer.changes) {
        const revision = revisionOf(displayName)
        t.ok(revision >= seen.get(user)!, `${user}: write ${seen.get(user)} is not undone by ${revision}`)
        seen.set(user, revision)
      }
      return answer.changes.length
    }
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('write' as const), user: fc.constantFrom(...ids) })
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('time' as const), by: fc.integer({ min: 1, max: 90 }) })
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('deliver' as const),
          where: fc.nat(1),
          max: fc.integer({ min: 1, max: 2 })
        })
      },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('look' as const),
          where: fc.constantFrom(0, 0, 0, 1, 1, 1, 2)
        })
      }
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        for (const one of steps) {
          if (one.kind === 'time') {
            now += one.by * 1000
            clock.set(now)
          } else if (one.kind === 'write') {
            const revision = written.get(one.user)! + 1
            written.set(one.user, revision)
            const user = { ...fixtureUser(one.user), displayName: `${one.user} ${revision}` }
            await store.saveUsers('acme', [{ user, sync: null }], now)
          } else if (one.kind === 'deliver') {
            behind[one.where]!.line.deliverEvents(one.max)
            await services[one.where]!.view('acme')
          } else await look(one.where)
        }
        for (const { line } of behind) line.deliverEvents(Infinity)
        for (const where of [0, 1, 2, 0]) await look(where)
        t.same(seen, written)
      }),
      { numRuns: 150 }
    )
  }
)
