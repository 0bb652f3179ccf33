/** Replicas with a Redis between them: who hops between them, and what they do while it is away. */
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { requireCursor } from '../../src/status/cursor.ts'
import type { Status } from '../../src/status/status-members.ts'
import type { StatusService } from '../../src/status/status-service.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis, type RedisStore } from '../../src/storage/redis/redis.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { rulesWith } from '../support/rule-fixtures.ts'
import {
  addUsersAt,
  fetchChanges,
  HOUR,
  never,
  openReplica,
  readStatuses,
  statusesBytes
} from '../support/tenant-fixture.ts'
import { hangMs, until } from '../support/until.ts'

const redis = await startRedis(t, { appendOnly: true })
const ids = Array.from({ length: 20 }, (_, index) => `user${index}`)
const tenant = { id: 'acme', name: 'Acme', timeZone: 'Europe/Stockholm', language: 'sv' }

interface Replica {
  readonly store: RedisStore
  readonly service: StatusService
}

async function open(t: Test): Promise<Replica> {
  const store = await openRedis({ address: redisAddress(redis.url, hangMs) })
  t.teardown(() => store.close())
  return { store, service: openReplica(t, { store, defaultRules: rulesWith() }) }
}

async function begin(t: Test): Promise<{ one: Replica; other: Replica }> {
  const [one, other] = await Promise.all([open(t), open(t)])
  await one.store.removeTenant('acme')
  await one.store.saveTenant(tenant, Date.now())
  await addUsersAt(one.store, Date.now(), ids)
  return { one, other }
}

const override = ({ store }: Replica, user: string, diversion: string) =>
  store.saveOverride('acme', user, { diversion, from: Date.now(), until: null }, Date.now())
const sorted = (list: Iterable<Status>) => [...list].sort((a, b) => (a.user < b.user ? -1 : 1))
const outOfTouch = ({ store }: Replica, away: boolean) =>
  until('reachable', async () => store.reachable() !== away)

/** A consumer that asks another replica each time, until nothing is new in any of them. */
async function hop(replicas: readonly Replica[], going: () => boolean) {
  const answer = await readStatuses(replicas[0]!.service)
  const held = new Map(answer.statuses.map((status) => [status.user, status]))
  let { cursor } = answer
  let refused = 0
  let quiet = 0
  for (let turn = 0; going() || quiet < replicas.length; turn++) {
    const found = await fetchChanges(replicas[turn % replicas.length]!.service, cursor, 20).catch((error) => {
      if (error.name !== 'StoreUnavailable') throw error
      return null
    })
    if (found === null) {
      refused++
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    const [before, after] = [requireCursor(cursor), requireCursor(found.cursor)]
    if (after.position < before.position || after.at < before.at) throw new Error('it went backwards')
    cursor = found.cursor
    for (const status of found.changes) held.set(status.user, status)
    quiet = found.changes.length === 0 && found.isCurrent ? quiet + 1 : 0
  }
  return { held, refused }
}

t.test(
  'a consumer that switches replicas at every call misses nothing, and replicas answer alike',
  async (t) => {
    const { one, other } = await begin(t)
    let writing = true
    const consumers = [hop([one, other], () => writing), hop([other, one], () => writing)]
    for (let round = 0; round < 150; round++) {
      await override(round % 2 ? one : other, ids[(round * 7) % ids.length]!, round % 3 ? 'lunch' : 'sick')
      if (round % 40 === 0) await one.store.saveTenant({ ...tenant, name: `Acme ${round}` }, Date.now())
    }
    const { position } = (await one.store.snapshot('acme'))!
    // Redis delivers the last acknowledged write to the other process in its own time.
    for (const { service } of [one, other]) {
      await until(
        'the last write is in the view',
        async () => (await service.view('acme'))!.position === position
      )
    }
    writing = false
    const answer = await statusesBytes(other.service)
    const truth = JSON.parse(answer).statuses
    for (const { held } of await Promise.all(consumers)) t.same(sorted(held.values()), truth)
    t.equal(await statusesBytes(one.service), answer)
    const { service } = await open(t)
    t.equal(await statusesBytes(service), answer, 'one that was just started too')
  }
)

t.test('a log that lost what it acknowledged, and grew as far again, is another log', async (t) => {
  const { one, other } = await begin(t)
  const lost = ['head', 'log', 'overrides'].map((what) => `hanvisa:{acme}:${what}`)
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  await override(one, 'user0', 'lunch')
  const safe = (await readStatuses(one.service)).cursor
  const records = await Promise.all(lost.map(async (key) => [key, await client.dumpBuffer(key)] as const))
  await override(one, 'user1', 'sick')
  const cursors = [await readStatuses(one.service), await readStatuses(other.service)].map(
    ({ cursor }) => cursor
  )
  const poll = fetchChanges(other.service, cursors[1]!, HOUR)
  // As after a fail-over to a server that lagged behind.
  for (const [key, bytes] of records) await client.restore(key, 0, bytes!, 'REPLACE')
  const { store } = await open(t)
  await store.saveOverride('acme', 'user2', { diversion: 'sick', from: 1, until: null }, Date.now() + 1)
  await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await t.rejects(poll, { code: 'cursor_expired' }, 'who waited all the while')
  await Promise.all([outOfTouch(one, false), outOfTouch(other, false)])
  const third = await open(t)
  for (const { service } of [one, other, third]) {
    for (const cursor of cursors) {
      await t.rejects(fetchChanges(service, cursor), { code: 'cursor_expired' })
    }
    const { changes: found } = await fetchChanges(service, safe)
    t.same(
      found.map(({ user, diversion }) => [user, diversion]),
      [['user2', 'sick']],
      'what was stored is followed as ever'
    )
    t.match((await readStatuses(service)).statuses[1], { diversion: 'available' })
  }
})

t.test('a Redis that freezes, and one that dies: memory answers, and nothing is lost after', async (t) => {
  const { one, other } = await begin(t)
  await override(one, 'user0', 'lunch')
  const { cursor } = await readStatuses(one.service)
  await readStatuses(other.service)
  const poll = fetchChanges(one.service, cursor, HOUR)
  let away = true
  const hopper = hop([one, other], () => away)

  redis.freeze()
  await Promise.all([outOfTouch(one, true), outOfTouch(other, true)])
  const frozen = (await one.service.view('acme'))!
  t.equal(frozen.isCurrent, false)
  t.equal(frozen.user('user0')?.override?.diversion, 'lunch')
  t.same((await fetchChanges(one.service, cursor)).changes, [])
  const { position } = requireCursor(cursor)
  const ahead = { ...requireCursor(cursor), position: position + 5 }
  const refused = { name: 'StoreUnavailable' }
  await t.rejects(one.service.changes('acme', ahead, { waitMs: 0, signal: never }), refused)
  redis.thaw()
  await Promise.all([outOfTouch(one, false), outOfTouch(other, false)])
  await override(other, 'user2', 'sick')
  t.match((await poll).changes, [{ user: 'user2', diversion: 'sick' }], 'who waited all the while')

  await redis.kill()
  await Promise.all([outOfTouch(one, true), outOfTouch(other, true)])
  t.match((await readStatuses(other.service)).statuses[0], { diversion: 'lunch' })
  await redis.restart()
  await Promise.all([outOfTouch(one, false), outOfTouch(other, false)])
  await override(one, 'user3', 'sick')
  away = false
  const { held } = await hopper
  const truth = (await readStatuses(other.service)).statuses
  t.same(sorted(held.values()), truth)
  t.equal(held.get('user3')?.diversion, 'sick')
})
