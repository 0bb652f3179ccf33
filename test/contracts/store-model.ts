/** A law: any sequence of operations leaves a store as it leaves a plain object in memory. */
import { deepStrictEqual as same } from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import {
  type FeedEvent,
  type Store,
  TenantGone,
  type UserRecord,
  type Vacated
} from '../../src/storage/store.ts'
import type { OpenStore } from './open-store.ts'
import {
  plain,
  sampleAbsence,
  sampleCause,
  sampleConnection,
  sampleRules,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from './store-samples.ts'

interface ModelTenant {
  readonly name: string
  readonly records: Map<string, UserRecord>
  readonly versions: number[]
  pollSeconds: number | null
  position: number
  loggedAt: number
  minGeneration: number
}
type Model = Map<string, ModelTenant>

const tenantIds = ['acme', 'acme-2'] as const
type TenantId = (typeof tenantIds)[number]
/** What followers received, by tenant: nothing is promised about the order between two. */
type Feeds = Record<TenantId, FeedEvent[]>

const anyTenant = fc.constantFrom(...tenantIds)
const anyUser = fc.constantFrom('anna', 'anna.b', 'Bo')
const anyExtension = fc.constantFrom('1', '2', '"', '\\', '\\","extension":"2', '/å')
const when = fc.integer({ min: 0, max: 1e13 })
const anyTimeline = fc
  .array(fc.record({ index: fc.nat(3), private: fc.boolean() }), { maxLength: 6 })
  .map((parts) =>
    sampleTimeline(parts.map(({ index, private: hidden }) => sampleCause(index, { private: hidden })))
  )

const anyOperation = fc.oneof(
  fc.record({ does: fc.constant('saveTenant' as const), id: anyTenant, name: fc.string(), at: when }),
  fc.record({ does: fc.constant('removeTenant' as const), id: anyTenant }),
  fc.record({
    does: fc.constant('saveConnection' as const),
    id: anyTenant,
    pollSeconds: fc.option(fc.integer({ min: 10, max: 3600 })),
    reread: fc.boolean(),
    at: when
  }),
  fc.record({ does: fc.constant('saveRules' as const), id: anyTenant, expected: fc.nat(3), at: when }),
  fc.record({
    does: fc.constant('saveUsers' as const),
    id: anyTenant,
    users: fc.array(
      fc.record({
        user: anyUser,
        name: fc.string({ unit: 'binary' }),
        extension: anyExtension,
        resync: fc.boolean()
      }),
      {
        maxLength: 4
      }
    ),
    at: when
  }),
  fc.record({
    does: fc.constant('removeUsers' as const),
    id: anyTenant,
    users: fc.array(anyUser, { maxLength: 3 }),
    at: when
  }),
  fc.record({
    does: fc.constant('saveOverride' as const),
    id: anyTenant,
    user: anyUser,
    until: fc.option(when),
    set: fc.boolean(),
    at: when
  }),
  fc.record({
    does: fc.constant('saveAbsences' as const),
    id: anyTenant,
    given: fc.uniqueArray(fc.record({ user: anyUser, count: fc.nat(2) }), {
      selector: ({ user }) => user,
      maxLength: 3
    }),
    at: when
  }),
  fc.record({
    does: fc.constant('saveReadings' as const),
    id: anyTenant,
    outcomes: fc.array(
      fc.record({
        user: anyUser,
        generation: fc.nat(3),
        confirmedAt: fc.option(when),
        visible: fc.boolean(),
        timeline: fc.option(anyTimeline)
      }),
      { maxLength: 4 }
    ),
    at: when
  })
)
type Operation = typeof anyOperation extends fc.Arbitrary<infer T> ? T : never

export async function followsItsModel(t: Test, open: OpenStore): Promise<void> {
  const steps = fc.array(fc.record({ operation: anyOperation, wait: fc.boolean() }), {
    maxLength: 40,
    size: 'max'
  })
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      // Instants are any here, and the model's log is kept whole.
      const { store, reopen } = await open(t, { historyMs: 1e15 })
      const model: Model = new Map()
      const received: Feeds = { acme: [], 'acme-2': [] }
      const expected: Feeds = { acme: [], 'acme-2': [] }
      for (const id of tenantIds) store.follow(id, (feed) => received[id].push(feed))
      const tenants = tenantIds.map((id) => ({
        operation: { does: 'saveTenant' as const, id, name: '', at: 0 },
        wait: false
      }))
      const answers: { is: Promise<unknown>; due: unknown }[] = []
      for (const { operation, wait } of [...tenants, ...sequence]) {
        // What is not waited for is asked for all the same, in this order.
        const is = onStore(store, operation).catch((error) => (error instanceof TenantGone ? 'gone' : error))
        answers.push({ is, due: onModel(model, operation, expected[operation.id]) })
        if (wait) await is
      }
      for (const { is, due } of answers) same(await is, due)
      same(received, expected)
      await isLike(store, model, expected)
      await isLike(await reopen(), model, expected)
    }),
    { numRuns: 40, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true }
  )
  t.pass('in 40 random sequences')
}

async function isLike(store: Store, model: Model, feeds: Feeds): Promise<void> {
  same(
    (await store.tenants({ limit: 9 })).map(({ id }) => id),
    [...model.keys()].sort()
  )
  for (const [id, due] of model) {
    const is = await store.snapshot(id)
    same(is?.tenant, sampleTenant(id, due.name))
    same(
      is?.connection ?? null,
      due.pollSeconds === null ? null : sampleConnection({ pollSeconds: due.pollSeconds })
    )
    same(
      (await store.ruleVersions(id)).map(({ version, at }) => [version, at]),
      due.versions.map((at, index) => [index + 1, at]).reverse()
    )
    same(is?.rules?.version ?? 0, due.versions.length)
    const users = [...due.records.keys()].sort()
    same(
      is?.users.map(plain),
      users.map((name) => plain(due.records.get(name)))
    )
    same((await store.records(id, users)).map(plain), is?.users.map(plain))
    same(is?.position, due.position)
    const log = await store.log(id, 0)
    same(
      log?.map(({ position }) => position),
      Array.from({ length: due.position }, (_, index) => index + 1)
    )
    const last = feeds[id as TenantId].findLast((feed) => feed.kind === 'logged')
    same(last?.entry.position, due.position)
    same(is?.loggedAt, last?.entry.at)
  }
}

async function onStore(store: Store, o: Operation): Promise<unknown> {
  switch (o.does) {
    case 'saveTenant':
      return store.saveTenant(sampleTenant(o.id, o.name), o.at)
    case 'removeTenant':
      return store.removeTenant(o.id)
    case 'saveConnection': {
      const connection = o.pollSeconds === null ? null : sampleConnection({ pollSeconds: o.pollSeconds })
      return store.saveConnection(o.id, connection, o.reread, o.at)
    }
    case 'saveRules':
      return (await store.saveRules(o.id, o.expected, sampleRules(o.at)))?.version ?? null
    case 'saveUsers': {
      const users = o.users.map((one) => ({
        user: sampleUser(one.user, { displayName: one.name, extension: one.extension }),
        sync: one.resync ? initialSyncRecord(true, o.at) : null
      }))
      return store.saveUsers(o.id, users, o.at)
    }
    case 'removeUsers':
      return store.removeUsers(o.id, o.users, o.at)
    case 'saveOverride':
      return store.saveOverride(o.id, o.user, overrideOf(o), o.at)
    case 'saveAbsences':
      return store.saveAbsences(o.id, o.given.map(absencesOf), o.at)
    case 'saveReadings':
      return store.saveReadings(o.id, o.outcomes.map(outcomeOf), o.at)
  }
}

function onModel(model: Model, o: Operation, feeds: FeedEvent[]): unknown {
  const tenant = model.get(o.id)
  if (o.does === 'saveTenant') {
    const next = tenant ?? {
      records: new Map(),
      versions: [],
      pollSeconds: null,
      position: 0,
      loggedAt: 0,
      minGeneration: 0
    }
    const saved: ModelTenant = { ...next, name: o.name }
    model.set(o.id, saved)
    log(saved, feeds, o.at, 'all')
    return tenant === undefined
  }
  if (o.does === 'removeTenant') {
    if (tenant !== undefined) feeds.push({ kind: 'tenant removed' })
    return model.delete(o.id)
  }
  if (tenant === undefined) return 'gone'
  const { records } = tenant
  switch (o.does) {
    case 'saveConnection': {
      const before = tenant.pollSeconds !== null
      tenant.pollSeconds = o.pollSeconds
      for (const [id, record] of o.reread ? records : []) {
        const { enabled, generation } = record.sync
        records.set(id, { ...record, timeline: null, sync: initialSyncRecord(enabled, o.at, generation + 1) })
      }
      log(tenant, feeds, o.at, 'all')
      return before
    }
    case 'saveRules':
      if (o.expected !== tenant.versions.length) return null
      log(tenant, feeds, o.at, 'all')
      return tenant.versions.push(o.at)
    case 'saveUsers': {
      const fresh = new Set<string>()
      const vacated: Vacated[] = []
      for (const one of o.users) {
        const before = records.get(one.user)
        if (before === undefined) fresh.add(one.user)
        const next = sampleUser(one.user, { displayName: one.name, extension: one.extension })
        const { extension } = before?.user ?? next
        if (extension !== next.extension) vacated.push({ user: one.user, extension })
        const generation = before === undefined ? tenant.minGeneration : before.sync.generation + 1
        const initial = {
          override: before?.override ?? null,
          absences: before?.absences ?? [],
          timeline: null,
          sync: initialSyncRecord(true, o.at, generation)
        }
        records.set(one.user, { ...(before === undefined || one.resync ? initial : before), user: next })
      }
      if (o.users.length > 0) log(tenant, feeds, o.at, [...new Set(o.users.map((one) => one.user))], vacated)
      return [...fresh]
    }
    case 'removeUsers': {
      const removed: string[] = []
      const vacated: Vacated[] = []
      for (const user of o.users) {
        const before = records.get(user)
        if (before === undefined) continue
        tenant.minGeneration = Math.max(tenant.minGeneration, before.sync.generation + 1)
        vacated.push({ user, extension: before.user.extension })
        removed.push(user)
        records.delete(user)
      }
      if (removed.length > 0) log(tenant, feeds, o.at, removed, vacated)
      return removed
    }
    case 'saveOverride': {
      const before = records.get(o.user)
      if (before === undefined) return false
      records.set(o.user, { ...before, override: overrideOf(o) })
      log(tenant, feeds, o.at, [o.user])
      return true
    }
    case 'saveAbsences': {
      const given = o.given.map(absencesOf).filter(({ user }) => records.has(user))
      for (const { user, absences } of given) records.set(user, { ...records.get(user)!, absences })
      const saved = given.map(({ user }) => user)
      if (saved.length > 0) log(tenant, feeds, o.at, saved)
      return saved
    }
    case 'saveReadings': {
      const visible = new Set<string>()
      const confirmed = new Set<string>()
      for (const outcome of o.outcomes) {
        const before = records.get(outcome.user)
        if (before?.sync.generation !== outcome.generation) continue
        const { sync } = outcomeOf(outcome)
        const known = before.sync.confirmedAt
        if (known !== null && known <= o.at && (sync.confirmedAt ?? -1) < known) continue
        records.set(outcome.user, { ...before, sync, timeline: outcome.timeline ?? before.timeline })
        const isOverlaid = before.override !== null || before.absences.length > 0
        const shows = outcome.visible || (outcome.timeline !== null && isOverlaid)
        ;(shows ? visible : confirmed).add(outcome.user)
      }
      if (visible.size > 0) log(tenant, feeds, o.at, [...visible])
      if (confirmed.size > 0) feeds.push({ kind: 'confirmed', users: [...confirmed] })
      return [...new Set([...visible, ...confirmed])]
    }
  }
}

function log(
  tenant: ModelTenant,
  feeds: FeedEvent[],
  at: number,
  users: readonly string[] | 'all',
  vacated: readonly Vacated[] = []
): void {
  tenant.position += 1
  tenant.loggedAt = Math.max(tenant.loggedAt, at)
  feeds.push({ kind: 'logged', entry: { position: tenant.position, at: tenant.loggedAt, users, vacated } })
}

function overrideOf(o: { readonly set: boolean; readonly until: number | null; readonly at: number }) {
  return o.set ? { diversion: 'sick', from: o.at, until: o.until } : null
}

function absencesOf({ user, count }: { readonly user: string; readonly count: number }) {
  return { user, absences: Array.from({ length: count }, (_, index) => sampleAbsence(`${index}`)) }
}

type Outcome = Extract<Operation, { does: 'saveReadings' }>['outcomes'][number]

function outcomeOf(one: Outcome) {
  const { confirmedAt } = one
  const sync = {
    ...initialSyncRecord(true, 1, one.generation),
    confirmedAt,
    freshSince: confirmedAt,
    detail: 'subjects' as const
  }
  return { user: one.user, sync, timeline: one.timeline ?? ('same' as const), visible: one.visible }
}
