/** A webhook whose receiver hangs, answers late, fails for days or is left alone, and a store that is away: by a clock that the test moves. */
import type { Test } from 'tap'
import type { HttpAnswer, PostHttp } from '../../src/delivery/consumer.ts'
import { ConsumerRunner } from '../../src/delivery/consumer-runner.ts'
import { webhookKind } from '../../src/delivery/webhook/kind.ts'
import { WebhookPeer } from '../../src/delivery/webhook/webhook-peer.ts'
import { TenantFeeds } from '../../src/status/subscribe.ts'
import { StoreUnavailable } from '../../src/storage/store.ts'
import { sampleConsumer } from '../contracts/store-consumers.ts'
import t from '../group/tap.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { addUsers, openTenant, START } from '../support/tenant-fixture.ts'
import { hangMs, until } from '../support/until.ts'

const HOUR_MS = 3_600_000
const taken: HttpAnswer = { status: 204, retryAfterMs: null, body: Buffer.alloc(0) }

async function start(t: Test) {
  const { store, service } = await openTenant(t)
  await addUsers(store, 'anna')
  const record = sampleConsumer('pbx', { kind: 'webhook' })
  await store.consumers.save('acme', record, null, false)
  const time = createFakeClock(undefined, START)
  const types: string[] = []
  const self = {
    /** How the receiver answers. */
    answer: (async () => taken) as (signal: AbortSignal) => Promise<HttpAnswer>,
    isStoreAway: false
  }
  const http: PostHttp = ({ body, signal }) => {
    types.push(JSON.parse(body!).type)
    return self.answer(signal)
  }
  const consumers = new Proxy(store.consumers, {
    get: (real, name) => {
      const member = Reflect.get(real, name).bind(real)
      return (...given: unknown[]) => {
        if (self.isStoreAway) return Promise.reject(new StoreUnavailable('Redis is away'))
        return member(...given)
      }
    }
  })
  const settings = webhookKind.complete({ url: 'https://pbx.example.se', secret: `whsec_${'A'.repeat(44)}` })
  const log = { info() {}, warn() {}, error() {} }
  const { clock, timers } = time
  const peerDeps = {
    recipes: new Map(),
    http,
    addresses: { lookup: undefined as never, refusalOf: () => null },
    clock,
    timers,
    log
  }
  const options = { tenant: 'acme', consumer: 'pbx', timeZone: 'UTC', language: 'sv', settings }
  const runner = new ConsumerRunner({
    tenant: 'acme',
    record,
    kind: webhookKind,
    common: { users: 'all', privacy: 'label', sensitive: true, perSecond: 20, enabled: true },
    openPeer: (onStateLost) => new WebhookPeer({ ...options, onStateLost }, peerDeps),
    statusService: service,
    feeds: new TenantFeeds(service),
    store: consumers,
    clock,
    timers,
    log
  })
  t.teardown(() => runner.close())
  runner.start()
  /** Lets seconds pass until something holds; how many. */
  const pass = async (what: string, holds: () => boolean, stepMs = 1_000) => {
    const begun = timers.now()
    await until(what, async () => {
      if (holds()) return true
      await time.run(stepMs)
      return holds()
    })
    return (timers.now() - begun) / 1_000
  }
  const divert = (diversion: string) =>
    store.saveOverride('acme', 'anna', { diversion, from: START, until: null }, START)
  return { self, types, runner, time, pass, divert, store }
}

const hang = (signal: AbortSignal) =>
  new Promise<HttpAnswer>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

t.test(
  'a receiver that hangs is let go after 20 s, and an answer after a minute counts for nothing',
  { timeout: hangMs },
  async (t) => {
    const { self, types, runner, pass } = await start(t)
    let answerLate = () => {}
    self.answer = (signal) =>
      Promise.race([hang(signal), new Promise<HttpAnswer>((resolve) => (answerLate = () => resolve(taken)))])
    await pass('the ping', () => types.length === 1)
    const seconds = await pass('let go', () => runner.progress().state === 'failing')
    t.ok(seconds >= 19 && seconds <= 21, `after ${seconds} s`)
    t.match(runner.progress().error, { code: 'unreachable', hint: /in time/ })
    answerLate()
    t.equal(runner.progress().state, 'failing')
    self.answer = async () => taken
    await pass('taken again', () => runner.progress().state === 'active')
    t.equal(runner.progress().error, null)
  }
)

t.test('after an hour without a post there is a ping', { timeout: hangMs }, async (t) => {
  const { types, runner, pass } = await start(t)
  await pass('everybody', () => types.includes('statuses.changed') && runner.progress().behindSince === null)
  const before = types.length
  const seconds = await pass('the ping', () => types.length > before, 60_000)
  t.equal(types.at(-1), 'ping')
  t.ok(seconds >= 3_540 && seconds <= 3_720, `after ${seconds} s`)
})

t.test('after 72 hours of failing nothing more is sent', { timeout: hangMs }, async (t) => {
  const { self, types, runner, time, pass } = await start(t)
  self.answer = async () => ({ ...taken, status: 500 })
  await pass('it fails', () => runner.progress().state === 'failing')
  time.set(71 * HOUR_MS)
  const before = types.length
  await pass('one more', () => types.length > before)
  t.equal(runner.progress().state, 'failing')
  time.set(HOUR_MS)
  await pass('given up', () => runner.progress().state === 'disabled')
  const last = types.length
  self.answer = async () => taken
  await time.run(HOUR_MS)
  t.equal(types.length, last)
})

t.test(
  'while the store is away posts go on, and how far they came is saved afterwards',
  { timeout: hangMs },
  async (t) => {
    const { self, types, runner, time, pass, divert, store } = await start(t)
    await pass(
      'everybody',
      () => types.includes('statuses.changed') && runner.progress().behindSince === null
    )
    self.isStoreAway = true
    const before = types.length
    await divert('lunch')
    await pass('posted all the same', () => types.length > before && runner.progress().behindSince === null)
    const { cursor } = runner.progress()
    await time.run(5_000)
    self.isStoreAway = false
    await until('saved', async () => {
      await time.run(1_000)
      return (await store.consumers.progress('acme', 'pbx'))?.cursor === cursor
    })
    t.match(runner.progress(), { state: 'active', error: null })
  }
)
