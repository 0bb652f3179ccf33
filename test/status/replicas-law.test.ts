/** The laws of replicas: whatever each lived through, they answer alike, and a consumer may hop between them. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { type Cursor, requireCursor } from '../../src/status/cursor.ts'
import type { Status } from '../../src/status/status-members.ts'
import { StatusService } from '../../src/status/status-service.ts'
import { tenantFormat, ViewMoment } from '../../src/status/view-moment.ts'
import t from '../group/tap.ts'
import { applyTenantEvent, tenantEvent, userIds } from '../support/arbitraries.ts'
import { partitionedStore } from '../support/partitioned-store.ts'
import { rulesWith } from '../support/rule-fixtures.ts'
import { settableClock } from '../support/settable-clock.ts'
import {
  addUsers,
  fetchChanges,
  openReplica,
  openTenant,
  readStatuses,
  START,
  statusesBytes
} from '../support/tenant-fixture.ts'

t.test(
  'law: a replica that lived through it, one that was cut off, and one just started answer alike',
  async (t) => {
    const { store, clock, service: asked } = await openTenant(t)
    await addUsers(store, ...userIds)
    const needs = { store, defaultRules: rulesWith(), clock }
    const seldom = openReplica(t, needs)
    const line = partitionedStore(store)
    const cutOff = openReplica(t, { ...needs, store: line })
    const tenant = (await store.tenant('acme'))!
    const three = [asked, seldom, cutOff]
    let now = START
    let last = ''
    for (const one of three) await statusesBytes(one)
    const step = fc.oneof(
      { weight: 6, arbitrary: tenantEvent },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('line' as const), cut: fc.boolean() }) }
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
        for (const one of steps) {
          if (one.kind === 'time') {
            now += one.by * 1000
            clock.set(now)
          } else if (one.kind === 'line') one.cut ? line.cut() : line.restore()
          else await applyTenantEvent(store, one, now)
          const { at } = await readStatuses(asked)
          t.ok(at >= last && Date.parse(at) <= now, 'its instant never goes backwards, nor ahead')
          last = at
          await statusesBytes(cutOff)
        }
        line.restore()
        const started = new StatusService(needs)
        const bytes = await statusesBytes(asked)
        for (const one of [seldom, started]) t.equal(await statusesBytes(one), bytes)
        t.same((await readStatuses(cutOff)).statuses, JSON.parse(bytes).statuses)
        // It may have passed transitions that were no more: its instant cannot go back, so it agrees from the next change on.
        now += 1000
        clock.set(now)
        await store.saveTenant({ ...tenant, name: `${now}` }, now)
        const next = await statusesBytes(asked)
        for (const one of [seldom, cutOff, started]) t.equal(await statusesBytes(one), next)
        started.close()
      }),
      { numRuns: 50 }
    )
  }
)

t.test(
  'law: a consumer that alternates between replicas with one cursor is right, and never goes backwards',
  async (t) => {
    const { store, clock, service: first } = await openTenant(t)
    await addUsers(store, ...userIds)
    const defaultRules = rulesWith()
    // Clocks that are apart, and a line that breaks.
    const ahead = settableClock(START + 1700)
    const line = partitionedStore(store)
    const second = openReplica(t, { store, defaultRules, clock: ahead })
    const third = openReplica(t, { store: line, defaultRules, clock })
    const replicas = [first, second, third]
    for (const one of replicas) await statusesBytes(one)
    let now = START
    const step = fc.oneof(
      { weight: 6, arbitrary: tenantEvent },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), where: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('line' as const), cut: fc.boolean() }) }
    )
    const held = new Map<string, Status>()
    const answer = await readStatuses(first)
    for (const status of answer.statuses) held.set(status.user, status)
    let cursor = answer.cursor
    const look = async (service: StatusService): Promise<Cursor | null> => {
      const before = requireCursor(cursor)
      const found = await fetchChanges(service, cursor).catch((error) => {
        if (error.name !== 'StoreUnavailable') throw error
        return null
      })
      if (found === null) return null
      cursor = found.cursor
      const after = requireCursor(cursor)
      t.ok(after.at >= before.at && after.position >= before.position)
      for (const status of found.changes) {
        if (status.removed) held.delete(status.user)
        else held.set(status.user, status)
      }
      return found.isCurrent ? after : null
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        for (const one of steps) {
          if (one.kind === 'time') {
            now += one.by * 1000
            clock.set(now)
            ahead.set(now + 1700)
          } else if (one.kind === 'line') one.cut ? line.cut() : line.restore()
          else if (one.kind === 'look') {
            const at = await look(replicas[one.where]!)
            if (at !== null) await holdsWhatHolds(t, at)
          } else await applyTenantEvent(store, one, now)
        }
      }),
      { numRuns: 80 }
    )

    async function holdsWhatHolds(t: Test, { at }: Cursor) {
      const { users, context } = (await first.view('acme'))!.moment()
      const moment = new ViewMoment(users, context, at, () => false)
      const truth = (await moment.renderAll(tenantFormat)).map((json) => JSON.parse(json))
      t.same(
        [...held.values()].sort((a, b) => (a.user < b.user ? -1 : 1)),
        truth
      )
    }
  }
)
