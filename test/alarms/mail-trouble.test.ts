/** Mail that does not go through at once, processes that die, and two that do the same: nothing is lost, and nothing is sent twice. */
import type { Test } from 'tap'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { MINUTE } from '../support/tenant-fixture.ts'
import { addTenant, createAlarmHarness, MORNING, openTestStore, smtpSenders } from './alarm-harness.ts'
import { headerOf, startMailServer } from './mail-server.ts'
import { failingReport, sampleReport } from './tenant-reports.ts'

const failing = failingReport('unreachable', MORNING - 20 * MINUTE, MORNING)

async function start(t: Test) {
  const server = await startMailServer(t)
  const store = await openTestStore(t)
  return { server, harness: createAlarmHarness(t, { store, senders: smtpSenders(t, server) }) }
}

t.test('a greylisted message is sent a minute later, once', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it' }], failing)
  server.refuse = () => ({ code: 451, message: 'greylisted' })
  await harness.run(3)
  server.refuse = () => null
  await harness.run(30)
  t.equal(server.mails.length, 1)
  t.strictSame(harness.counted, ['email temporary', 'email sent'])
  t.match(await harness.store.alarms.lists.read('acme'), {
    recipients: [{ lastResult: { ok: true, code: 'sent' } }]
  })
})

t.test('a server that is away for twenty minutes gets one message, none twice', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it' }], failing)
  await server.stop()
  await harness.run(20)
  t.strictSame(server.mails, [])
  await server.restart()
  await harness.run(60)
  t.equal(server.mails.length, 1)
  t.ok(harness.counted.filter((one) => one === 'email temporary').length <= 4, harness.counted.join(', '))
})

t.test('what is over before the server is back is not sent any more', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'it' }], failing)
  await server.stop()
  await harness.run(10)
  harness.reports.set('acme', sampleReport())
  await harness.run(20)
  await server.restart()
  await harness.run(60)
  t.strictSame(server.mails, [])
})

t.test('one of two recipients that is refused does not hold the other, and is not tried again', async (t) => {
  const { server, harness } = await start(t)
  await addTenant(harness, 'acme', [{ id: 'gone' }, { id: 'it' }], failing)
  server.refuse = (address) => (address.startsWith('gone') ? { code: 550, message: 'no such user' } : null)
  await harness.run(5)
  t.strictSame(
    server.mails.map(({ to }) => to[0]),
    ['it@acme.example']
  )
  harness.reports.set('acme', sampleReport())
  await harness.run(30)
  t.equal(server.mails.length, 2)
  t.strictSame(server.asked.filter((address) => address.startsWith('gone')).length, 1)
  t.match(await harness.store.alarms.lists.read('acme'), {
    recipients: [
      { id: 'gone', refused: true, lastResult: { ok: false, code: 'recipient_refused' } },
      { refused: false }
    ]
  })
})

t.test(
  'after a restart nothing is told again, and what was being sent goes out under the same id',
  async (t) => {
    const server = await startMailServer(t)
    const folder = t.testdir()
    const senders = smtpSenders(t, server)
    const first = await openLmdb({ folder })
    const before = createAlarmHarness(t, { store: first, senders })
    await addTenant(before, 'acme', [{ id: 'it' }], failing)
    await before.run(5)
    t.equal(server.mails.length, 1)
    await first.close()

    const second = await openLmdb({ folder })
    const after = createAlarmHarness(t, { store: second, senders, start: before.now() })
    after.reports.set('acme', failing)
    await after.run(60)
    t.equal(server.mails.length, 1, 'not told again')

    // A process dies between the mail server's answer and its own record of it.
    after.reports.set('acme', sampleReport())
    const { states } = second.alarms
    const save = states.save
    let isDead = false
    Object.assign(states, {
      save: async (tenant: string | null, state: Parameters<typeof save>[1]) => {
        if (isDead) throw new Error('the process is gone')
        const isSending = state.deliveries.some(({ busyUntil }) => busyUntil !== null)
        const saved = await save(tenant, state)
        isDead = isSending
        return saved
      }
    })
    await after.run(20)
    t.equal(server.mails.length, 2)
    Object.assign(states, { save })
    const last = createAlarmHarness(t, { store: second, senders, start: after.now() })
    last.reports.set('acme', sampleReport())
    await last.run(10)
    t.equal(server.mails.length, 3, 'nobody can know whether it arrived')
    t.equal(
      headerOf(server.mails[2]!, 'message-id'),
      headerOf(server.mails[1]!, 'message-id'),
      'mail programs fold the two'
    )
    await last.run(30)
    t.equal(server.mails.length, 3)
    await second.close()
  }
)

t.test('two replicas that both hold a tenant for a moment send once, over Redis', async (t) => {
  const redis = await startRedis(t)
  const server = await startMailServer(t)
  const stores = await Promise.all([1, 2].map(() => openRedis({ address: redisAddress(redis.url) })))
  t.teardown(() => Promise.all(stores.map((store) => store.close())))
  const senders = smtpSenders(t, server)
  const [one, other] = stores.map((store) => createAlarmHarness(t, { store, senders }))
  const tenants = Array.from({ length: 12 }, (_, index) => `tenant-${index}`)
  for (const id of tenants) {
    await addTenant(one!, id, [{ id: 'it', to: `${id}@acme.example` }], failing)
    other!.reports.set(id, failing)
  }
  for (let minute = 0; minute < 10; minute++) await Promise.all([one!.run(1), other!.run(1)])
  t.strictSame(server.mails.map(({ to }) => to[0]).sort(), tenants.map((id) => `${id}@acme.example`).sort())
  for (const id of tenants) for (const replica of [one!, other!]) replica.reports.set(id, sampleReport())
  for (let minute = 0; minute < 25; minute++) await Promise.all([one!.run(1), other!.run(1)])
  t.equal(server.mails.length, 2 * tenants.length)
})
