/** Several workers over one Redis: whatever dies, every calendar is read, by one of them at a time. */
import { resolve } from 'node:path'
import t from '../group/tap.ts'
import { startCluster, startRedis } from '../support/redis-server.ts'
import { startSyncReplicas } from '../support/sync-replicas.ts'
import { until } from '../support/until.ts'

const program = resolve('dist/test/support/sync-replica-process.js')
const tenants = Array.from({ length: 12 }, (_, index) => `tenant-${index}`)

// They wait for leases to end, which they can do together.
t.jobs = 6

t.test(
  'three workers share the tenants, and whatever happens to one the others go on',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const stage = await startSyncReplicas(t, redis, program)
    const { asked, syncClient } = stage
    for (const tenant of tenants) await stage.tenant(tenant, 3)
    const workers = [await stage.start(), await stage.start(), await stage.start()]
    const readers = () => new Set(asked.map(({ reader }) => reader))
    await until('everybody was read', () => new Set(asked.map(({ mailbox }) => mailbox)).size === 36)
    await until('by all three', async () => {
      for (const tenant of tenants) await syncClient.readNow(tenant)
      // Jobs upon jobs would leave a starved worker no time to acquire its shards.
      await until('the jobs are done', async () => (await stage.jobs()) === 0)
      return readers().size === 3
    })
    await until('all jobs are done', async () => (await stage.jobs()) === 0)

    // A notification for one calendar, over and over: one job at a time, and a read in two seconds.
    const target = stage.subscriptionId('tenant-0', 1)
    const before = asked.length
    for (let burst = 0; burst < 20; burst++) {
      const notifications = Array.from({ length: 50 }, () => ({
        tenant: 'tenant-0',
        targetId: target,
        event: 'changed' as const
      }))
      // On a busy machine some are not in Redis within a second; they go there all the same.
      await Promise.allSettled(
        notifications.map((notification) => syncClient.onNotifications([notification]))
      )
    }
    await until('it was read', () => asked.slice(before).some(({ mailbox }) => mailbox === '1@tenant-0'))
    await until('all jobs are done', async () => (await stage.jobs()) === 0)
    t.ok(asked.length - before <= 4, `${asked.length - before} reads for a thousand notifications`)

    // Killed while it reads what it was asked for.
    const tenant = 'tenant-5'
    stage.hanging.add(`0@${tenant}`)
    t.equal(await syncClient.readNow(tenant), 3)
    await until('it hangs', () => stage.held.size === 1)
    const victim = workers.find(({ pid }) => pid === stage.of(tenant).at(-1)!.reader)!
    const killed = performance.now()
    await victim.kill()
    await until('another reads', () => stage.of(tenant).at(-1)!.reader !== victim.pid)
    t.comment(`taken over after ${Math.round(performance.now() - killed)} ms`)
    stage.release()
    await until('what it had begun was taken up', async () => (await stage.jobs()) === 0)
    t.comment(`its jobs were done after ${Math.round(performance.now() - killed)} ms`)

    // Asked to close: at once, not when leases end.
    const [leaving, staying] = workers.filter((worker) => worker !== victim)
    const closing = performance.now()
    const mark = asked.length
    await leaving!.close()
    await until('the last one keeps all', async () => {
      const readBy = new Map(asked.slice(mark).map(({ mailbox, reader }) => [mailbox.split('@')[1], reader]))
      for (const tenant of tenants) if (readBy.get(tenant) !== staying!.pid) await syncClient.readNow(tenant)
      return tenants.every((tenant) => readBy.get(tenant) === staying!.pid)
    })
    t.comment(`handed over after ${Math.round(performance.now() - closing)} ms`)
    for (const { said } of workers) t.notOk(said.some((line) => line.includes('a job failed')))
  }
)

t.test('polls go on at their interval when Redis was emptied of jobs', { buffered: true }, async (t) => {
  const redis = await startRedis(t)
  const stage = await startSyncReplicas(t, redis, program)
  await stage.tenant('acme', 12, 2)
  await stage.tenant('idle', 1, 3600)
  await stage.start()
  const threePolls = async () => {
    const mark = stage.of('acme').length
    await until('three polls of everybody', () => stage.of('acme').length >= mark + 36)
  }
  await threePolls()
  t.equal(stage.of('idle').length, 1, 'nobody is polled before their time')
  for (const key of (await redis.command('KEYS', '{hanvisa:s*}:*')) as string[])
    await redis.command('DEL', key)
  await threePolls()
  await stage.store.saveConnection('acme', null, true, Date.now())
  await until(
    'the tenant is let go',
    async () => (await stage.syncClient.connection('acme')).state === 'absent'
  )
})

t.test(
  'what the owner sees of a connection can be asked through the sync client, and “read now” ends its delays',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const stage = await startSyncReplicas(t, redis, program)
    await stage.tenant('acme', 2)
    const state = async () => (await stage.syncClient.connection('acme')).state
    t.equal(await state(), 'untried')
    t.equal((await stage.syncClient.connection('nobody')).state, 'absent')
    stage.refuse(true)
    await stage.start()
    await until('it fails', async () => (await state()) === 'failing')
    const { fault, nextReadAt } = await stage.syncClient.connection('acme')
    t.match(fault, { code: 'secret_invalid', hint: 'Put the right secret.' })
    t.ok(nextReadAt! > Date.now() + 10_000, 'and is left alone for a while')
    stage.refuse(false)
    t.equal(await stage.syncClient.readNow('acme', ['u1', 'nobody']), 1)
    await until('it works', async () => (await state()) === 'working')
  }
)

t.test(
  'ten thousand calendars of one tenant do not keep ten of another waiting',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const stage = await startSyncReplicas(t, redis, program)
    // Of one shard, so that both share one queue and one worker.
    await stage.tenant('large', 10_000)
    await stage.tenant('small-46', 10)
    await stage.start()
    await until('they are being read', () => stage.of('large').length > 100)
    t.equal(await stage.syncClient.readNow('large'), 10_000)
    t.equal(await stage.syncClient.readNow('small-46'), 10)
    const before = stage.of('small-46').length
    const began = stage.asked.length
    await until('the ten were read', () => stage.of('small-46').length >= before + 10)
    const last = stage.of('small-46')[before + 9]!
    const meanwhile = stage.asked
      .slice(began, stage.asked.indexOf(last))
      .filter(({ mailbox }) => mailbox.endsWith('@large')).length
    t.comment(`${meanwhile} of the ten thousand were read meanwhile`)
    // How many depends on how long a job takes on this machine.
    t.ok(meanwhile < 9_000)
  }
)

t.test(
  'Redis frozen, killed and back: notifications of meanwhile are not lost, and the worker goes on',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t, { appendOnly: true })
    const stage = await startSyncReplicas(t, redis, program)
    await stage.tenant('acme', 2)
    const worker = await stage.start()
    await until('everybody was read', () => stage.of('acme').length === 2)
    for (const away of [() => redis.freeze(), () => redis.kill()]) {
      const before = stage.of('acme').length
      await away()
      const notifications = Array.from({ length: 100 }, () => ({
        tenant: 'acme',
        targetId: stage.subscriptionId('acme', 1),
        event: 'changed' as const
      }))
      // Graph is answered 503 and sends them again; they go to Redis when it is back all the same.
      const answers = await Promise.allSettled(
        notifications.map((notification) => stage.syncClient.onNotifications([notification]))
      )
      t.ok(answers.every(({ status }) => status === 'rejected'))
      await until('the worker gave up its tenants', () =>
        worker.said.some((line) => line.includes('counts as lost'))
      )
      t.pass('it gave up its tenants')
      worker.forget()
      redis.thaw()
      if (away.toString().includes('kill')) await redis.restart()
      await until('it was read', () =>
        stage
          .of('acme')
          .slice(before)
          .some(({ mailbox }) => mailbox === '1@acme')
      )
      await until('all jobs are done', async () => (await stage.jobs()) === 0)
    }
  }
)

t.test(
  'a worker that stood still is replaced, and swallows nothing when it wakes',
  { buffered: true },
  async (t) => {
    const redis = await startRedis(t)
    const stage = await startSyncReplicas(t, redis, program)
    const tenant = tenants[0]!
    for (const one of tenants) await stage.tenant(one, one === tenant ? 30 : 1)
    const workers = [await stage.start(), await stage.start()]
    await until('both read', () => new Set(stage.asked.map(({ reader }) => reader)).size === 2)
    await until('all was read', () => stage.of(tenant).length >= 30)
    const reader = () => stage.of(tenant).at(-1)!.reader
    const sleeper = workers.find(({ pid }) => pid === reader())!
    process.kill(sleeper.pid, 'SIGSTOP')
    const stopped = performance.now()
    await until('the other reads', () => reader() !== sleeper.pid)
    t.comment(`taken over after ${Math.round(performance.now() - stopped)} ms`)
    let woken = 0
    for (let index = 0; index < 30; index++) {
      const before = stage.of(tenant).length
      if (index === 10) {
        woken = stage.asked.length
        process.kill(sleeper.pid, 'SIGCONT')
      }
      await stage.syncClient
        .onNotifications([{ tenant, targetId: stage.subscriptionId(tenant, index), event: 'changed' }])
        .catch(() => {})
      const isRead = ({ mailbox }: { mailbox: string }) => mailbox === `${index}@${tenant}`
      await until('what was notified is read', () => stage.of(tenant).slice(before).some(isRead))
    }
    await until('it has its share again', () =>
      stage.asked.slice(woken).some(({ reader: by }) => by === sleeper.pid)
    )
  }
)

t.test(
  'over a cluster shards lie on all nodes, and go from hand to hand as over one',
  { buffered: true },
  async (t) => {
    const cluster = await startCluster(t)
    const stage = await startSyncReplicas(t, { ...cluster.nodes[0]!, url: cluster.url }, program)
    const few = ['acme', 'alpha', 'beta', 'gamma', 'delta']
    for (const tenant of few) await stage.tenant(tenant, 2, 5)
    const one = await stage.start()
    const two = await stage.start()
    await until('both read', () => new Set(stage.asked.map(({ reader }) => reader)).size === 2)
    for (const tenant of few) {
      const before = stage.of(tenant).length
      await stage.syncClient
        .onNotifications([{ tenant, targetId: stage.subscriptionId(tenant, 1), event: 'changed' }])
        .catch(() => {})
      const isRead = () =>
        stage
          .of(tenant)
          .slice(before)
          .some(({ mailbox }) => mailbox.startsWith('1@'))
      await until('what was notified is read', isRead)
      const isWorking = async () => (await stage.syncClient.connection(tenant)).state === 'working'
      await until('its state is published', isWorking)
    }
    await one.close()
    const mark = stage.asked.length
    const readBy = (pid: number) =>
      new Set(
        stage.asked
          .slice(mark)
          .filter(({ reader }) => reader === pid)
          .map(({ mailbox }) => mailbox.split('@')[1])
      )
    await until('the other keeps all', () => few.every((tenant) => readBy(two.pid).has(tenant)))
    for (const node of cluster.nodes) {
      t.not(((await node.command('KEYS', '{hanvisa:s*}:sync:*')) as string[]).length, 0)
    }
  }
)
