/** Consumers that hold a state of each user, as switches do: a switch in memory, and the runner over a real store. */
import type { Test } from 'tap'
import type { ConsumerPeer, Delivered, SendContext, WantedState } from '../../src/delivery/consumer.ts'
import { ConsumerRunner } from '../../src/delivery/consumer-runner.ts'
import type { CommonSettings } from '../../src/delivery/consumer-settings.ts'
import { DeliveryError } from '../../src/delivery/delivery-error.ts'
import type { AnyConsumerKind } from '../../src/delivery/kinds.ts'
import { machineTimers } from '../../src/lib/timers.ts'
import { TenantFeeds } from '../../src/status/subscribe.ts'
import type { Store } from '../../src/storage/store.ts'
import { sampleConsumer } from '../contracts/store-consumers.ts'
import t from '../group/tap.ts'
import { addUsers, fixtureUser, openTenant, START } from '../support/tenant-fixture.ts'
import { hangMs, until } from '../support/until.ts'

const kind: AnyConsumerKind = {
  kind: 'switch',
  members: {},
  example: {},
  secretMembers: [],
  passingSecrets: [],
  makeSecrets: () => ({}),
  destinationMembers: [],
  keeps: 'states',
  maxUsersPerSend: 1,
  maxSendsAtOnce: 4,
  defaultPerSecond: 1000,
  sendTimeoutMs: hangMs,
  retryDelaysMs: [10],
  disableAfterMs: null,
  validate: () => [],
  hostsOf: () => [],
  complete: () => ({}),
  openPeer: () => {
    throw new Error('the tests open it')
  }
}

/** What it holds by extension, and every send to it. */
class Switch implements ConsumerPeer {
  readonly held = new Map<string, string>()
  readonly sends: WantedState[] = []
  readonly #sending = new Set<string>()
  wasDoubled = false
  /** Fails as a whole. */
  isDown = false
  failing = new Set<string>()
  takenOver = new Set<string>()
  refreshAfterMs: number | undefined
  /** Resolves when a send may end. */
  gate: Promise<void> = Promise.resolve()

  async send([state]: readonly WantedState[], _context: SendContext): Promise<readonly Delivered[]> {
    const { user, extension, status, acknowledged } = state!
    if (this.#sending.has(user)) this.wasDoubled = true
    this.#sending.add(user)
    try {
      await this.gate
      if (this.isDown) throw new DeliveryError('unreachable', 'It is down.')
      this.sends.push(state!)
      if (this.failing.has(user)) {
        return [{ user, outcome: 'failed', error: { code: 'user_unknown', hint: 'Make the extension.' } }]
      }
      if (this.takenOver.has(user)) return [{ user, outcome: 'takenOver' }]
      if (acknowledged !== null && acknowledged.extension !== extension)
        this.held.delete(acknowledged.extension)
      if (status === null) this.held.delete(acknowledged?.extension ?? extension)
      else this.held.set(extension, status.diversion)
      const more = this.refreshAfterMs === undefined ? {} : { refreshAfterMs: this.refreshAfterMs }
      return [{ user, outcome: 'ok', tag: `tag-${this.sends.length}`, ...more }]
    } finally {
      this.#sending.delete(user)
    }
  }

  async ping(): Promise<void> {
    if (this.isDown) throw new DeliveryError('unreachable', 'It is down.')
  }

  check = async () => []
  close = async () => {}
}

async function start(t: Test, users: readonly string[], common: Partial<CommonSettings> = {}) {
  const { store, clock, service } = await openTenant(t)
  await addUsers(store, ...users)
  const record = sampleConsumer('pbx', { kind: 'switch' })
  await store.consumers.save('acme', record, null, false)
  const feeds = new TenantFeeds(service)
  let lose = () => {}
  const run = (peer: Switch): ConsumerRunner => {
    const runner = new ConsumerRunner({
      tenant: 'acme',
      record,
      kind,
      common: { users: 'all', privacy: 'label', sensitive: true, perSecond: 1000, enabled: true, ...common },
      openPeer: (onStateLost) => {
        lose = onStateLost
        return peer
      },
      statusService: service,
      feeds,
      store: store.consumers,
      clock,
      timers: machineTimers,
      log: { info: () => {}, warn: () => {}, error: () => {} }
    })
    t.teardown(() => runner.close())
    runner.start()
    return runner
  }
  return { store, clock, run, loseState: () => lose() }
}

const divert = (store: Store, user: string, diversion: string) =>
  store.saveOverride('acme', user, { diversion, from: START, until: null }, START)
const isIdle = (runner: ConsumerRunner) =>
  until('idle', () => runner.progress().state === 'active' && runner.progress().behindSince === null)

t.test('only differences are sent, over a restart too', { timeout: hangMs }, async (t) => {
  const { store, run } = await start(t, ['anna', 'bo'])
  const peer = new Switch()
  const runner = run(peer)
  await until('both', () => peer.held.size === 1 && peer.sends.length === 2)
  await divert(store, 'anna', 'lunch')
  await until('hers', () => peer.held.get('1070') === 'lunch')
  t.equal(peer.sends.length, 3)
  t.same(peer.sends[2]!.acknowledged?.tag?.startsWith('tag-'), true, 'with what it gave')
  await isIdle(runner)
  t.same(runner.progress().users, { ok: 2, sent: 0, failed: 0, takenOver: 0 })
  await runner.close()
  await divert(store, 'bo', 'meeting')
  const after = new Switch()
  await isIdle(run(after))
  await until('what changed', () => after.sends.length > 0)
  t.same(
    after.sends.map(({ user }) => user),
    ['bo'],
    'and nobody else'
  )
})

t.test('newest wins, one send in flight for each user', { timeout: hangMs }, async (t) => {
  const { store, run } = await start(t, ['anna'])
  const peer = new Switch()
  let open = () => {}
  const runner = run(peer)
  await isIdle(runner)
  peer.gate = new Promise((resolve) => {
    open = resolve
  })
  const before = peer.sends.length
  for (const diversion of ['lunch', 'meeting', 'vacation', 'busy']) await divert(store, 'anna', diversion)
  await until('it waits', () => runner.progress().behindSince !== null)
  open()
  await until('the last', () => peer.held.get('1070') === 'busy')
  await isIdle(runner)
  t.ok(peer.sends.length - before <= 2, `${peer.sends.length - before} sends for four changes`)
  t.notOk(peer.wasDoubled)
})

t.test('after an outage each user costs one send', { timeout: hangMs }, async (t) => {
  const users = Array.from({ length: 200 }, (_, index) => `u${index}`)
  const { store, run } = await start(t, users)
  const peer = new Switch()
  const runner = run(peer)
  await isIdle(runner)
  await until('all', () => peer.sends.length === 200)
  peer.isDown = true
  for (const diversion of ['lunch', 'meeting', 'busy']) {
    await Promise.all(users.map((user) => divert(store, user, diversion)))
  }
  const failing = await until('it fails', () => {
    const progress = runner.progress()
    return progress.state === 'failing' && progress
  })
  t.match(failing, { error: { code: 'unreachable', hint: 'It is down.' } })
  const before = peer.sends.length
  peer.isDown = false
  await isIdle(runner)
  t.equal(peer.sends.length - before, 200)
  t.ok(peer.sends.slice(before).every(({ status }) => status?.diversion === 'busy'))
})

t.test(
  'one user who fails holds nobody up; what others set is left alone',
  { timeout: hangMs },
  async (t) => {
    const { store, run } = await start(t, ['anna', 'bo', 'cecilia'])
    const peer = new Switch()
    peer.failing.add('anna')
    peer.takenOver.add('bo')
    const runner = run(peer)
    await until('the counts', () => {
      const { failed, takenOver, ok } = runner.progress().users
      return failed === 1 && takenOver === 1 && ok === 1
    })
    await runner.close()
    const kept = new Map((await store.consumers.deliveries('acme', 'pbx')).map((one) => [one.user, one]))
    t.match(kept.get('anna'), { outcome: 'failed', error: { code: 'user_unknown' } })
    t.match(kept.get('bo'), { outcome: 'takenOver' })
  }
)

t.test('only what was set is undone', { timeout: hangMs }, async (t) => {
  const { store, run } = await start(t, ['anna', 'bo', 'cecilia'])
  const peer = new Switch()
  peer.failing.add('bo')
  const runner = run(peer)
  await until('first sends', () => peer.sends.length >= 3)
  await store.saveUsers('acme', [{ user: { ...fixtureUser('anna'), extension: '2000' }, sync: null }], START)
  await until('she moved', () => peer.held.has('2000'))
  t.equal(peer.sends.at(-1)!.acknowledged?.extension, '1070', 'from where she was')
  const before = peer.sends.length
  await store.removeUsers('acme', ['anna', 'bo'], START)
  await until('she is gone', () => !peer.held.has('2000'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.same(
    peer.sends.slice(before).map(({ user, status }) => [user, status]),
    [['anna', null]],
    'of bo nothing was set'
  )
  await until('nothing is kept of them', async () => {
    const kept = await store.consumers.deliveries('acme', 'pbx')
    return JSON.stringify(kept.map(({ user }) => user)) === '["cecilia"]'
  })
  await runner.close()
})

t.test(
  'what expires is sent again, and everything once the state was lost',
  { timeout: hangMs },
  async (t) => {
    const { run, loseState } = await start(t, ['anna', 'bo'])
    const peer = new Switch()
    peer.refreshAfterMs = 100
    const runner = run(peer)
    await until('refreshed', () => peer.sends.filter(({ user }) => user === 'anna').length >= 3)
    peer.refreshAfterMs = undefined
    await until('no more', async () => {
      const { length } = peer.sends
      await new Promise((resolve) => setTimeout(resolve, 2500))
      return peer.sends.length === length
    })
    const before = peer.sends.length
    loseState()
    await until('both', () => peer.sends.length === before + 2)
    await runner.close()
  }
)

t.test('no more than perSecond, and nobody whom the filter leaves out', { timeout: hangMs }, async (t) => {
  const users = Array.from({ length: 30 }, (_, index) => `u${index}`)
  const { store, run } = await start(t, users, { perSecond: 10, users: { extension: ['10*'] } })
  await store.saveUsers(
    'acme',
    ['u0', 'u1'].map((id) => ({ user: { ...fixtureUser(id), extension: '3000' }, sync: null })),
    START
  )
  const peer = new Switch()
  const begun = performance.now()
  const runner = run(peer)
  await until('all', () => peer.sends.length === 28)
  t.ok(performance.now() - begun > 1500, 'ten at once, then ten a second')
  await isIdle(runner)
  t.notOk(peer.sends.some(({ user }) => user === 'u0' || user === 'u1'))
})
