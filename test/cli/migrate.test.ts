/** `hanvisa migrate`: an embedded installation comes whole into Redis, and nothing else is ever overwritten. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runMigrate } from '../../src/cli/migrate.ts'
import { initialSyncRecord } from '../../src/domain/sync-state.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { openFolderKeyCheck } from '../../src/storage/secrets/folder-key-check.ts'
import { MasterKeys } from '../../src/storage/secrets/master-keys.ts'
import { sampleAlarmList, sampleAlarmState } from '../contracts/store-alarms.ts'
import { sampleApiKey } from '../contracts/store-api-keys.ts'
import { findBreak, readAudit, sampleDraft } from '../contracts/store-audit.ts'
import { sampleConsumer, sampleDelivery, sampleProgress } from '../contracts/store-consumers.ts'
import { sampleCallerNames, sampleContact } from '../contracts/store-contacts.ts'
import {
  plain,
  sampleCause,
  sampleConnection,
  sampleRules,
  sampleSync,
  sampleTenant,
  sampleTimeline,
  sampleUser
} from '../contracts/store-samples.ts'
import t from '../group/tap.ts'
import { startCluster, startRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

const masterKey = randomBytes(32)

/** As a service leaves it: 30 tenants, one of them large, with everything that can be stored. */
async function installation(t: Test): Promise<string> {
  const folder = t.testdir()
  const store = await openLmdb({ folder: join(folder, 'store') })
  await MasterKeys.open([masterKey], await openFolderKeyCheck(folder))
  await writeFile(join(folder, 'master-key'), `${masterKey.toString('base64')}\n`)
  await store.alarms.lists.save(null, sampleAlarmList())
  for (let index = 0; index < 30; index++) {
    const id = `tenant-${index}`
    await store.saveTenant(sampleTenant(id), 1)
    await store.alarms.lists.save(id, sampleAlarmList())
    if (index % 2 === 0) await store.alarms.states.save(id, sampleAlarmState())
    if (index % 3 === 0) await store.saveConnection(id, sampleConnection(), true, 2)
    for (let version = 0; version < index % 4; version++)
      await store.saveRules(id, version, sampleRules(version))
    const users = Array.from({ length: index === 7 ? 1200 : 3 }, (_, count) => `user-${count}`)
    await store.saveUsers(
      id,
      users.map((name) => ({ user: sampleUser(name), sync: initialSyncRecord(true, 1, index) })),
      3
    )
    await store.saveOverride(id, 'user-1', { diversion: 'sick', from: 4, until: null }, 4)
    const outcome = (name: string) => ({
      user: name,
      sync: sampleSync(index, 5.5),
      timeline: sampleTimeline([sampleCause(index)]),
      visible: name === 'user-0'
    })
    await store.saveReadings(id, users.slice(0, -1).map(outcome), 6)
    for (const user of ['user-0', 'user-2']) {
      await store.audit.append(id, sampleDraft({ parts: [{ user, after: { text: `of ${user}` } }] }))
    }
    await store.withEntry(sampleDraft({ at: 7 })).removeUsers(id, ['user-2'], 7)
    if (index % 5 === 0) {
      await store.consumers.save(id, sampleConsumer('pbx'), null, false)
      const deliveries = users.map((user) => sampleDelivery(user))
      await store.consumers.saveProgress(id, 'pbx', 'v1', {
        progress: sampleProgress(),
        deliveries,
        removed: []
      })
      await store.contacts.saveSettings(id, sampleCallerNames())
      await store.contacts.save(id, 'shared/a', [sampleContact('k', ['1', '2']), sampleContact('b', ['2'])])
    }
    const phone = { role: 'softphone', user: 'user-1' }
    for (const [name, more] of [
      ['phone', phone],
      ['switch', {}]
    ] as const) {
      await store.apiKeys.add(sampleApiKey(`${name}${index}`, { tenant: id, ...more }), 50)
    }
    await store.apiKeys.saveUses([{ tenant: id, id: `switch${index}`, day: '2026-12-01' }])
  }
  const previous = { digest: 'old', until: 9 }
  for (let at = 1; at <= 5; at++) await store.audit.append(null, sampleDraft({ at }))
  await store.audit.trim(null, 3, 10)
  await store.apiKeys.add(sampleApiKey('provider', { tenant: null, role: 'provider', previous }), 50)
  await store.close()
  return folder
}

async function migrated(from: string, to: string, onOutput: (text: string) => void = () => {}) {
  const said = { out: '', err: '' }
  const needs = {
    stdout: {
      write(text: string) {
        said.out += text
        onOutput(text)
      }
    },
    stderr: { write: (text: string) => (said.err += text) }
  }
  const code = await runMigrate(['--from', from, '--to', to], needs)
  return { code, ...said }
}

async function isSame(t: Test, folder: string, url: string): Promise<void> {
  const lmdb = await openLmdb({ folder: join(folder, 'store') })
  const redis = await openRedis({ address: redisAddress(url) })
  try {
    const ids = (await lmdb.tenants({ limit: 100 })).map(({ id }) => id)
    t.strictSame(
      (await redis.tenants({ limit: 100 })).map(({ id }) => id),
      ids
    )
    t.strictSame(await redis.apiKeys.list(null, { limit: 9 }), await lmdb.apiKeys.list(null, { limit: 9 }))
    for (const id of [null, ...ids]) {
      const records = await readAudit(redis, id)
      t.ok(records.length >= 3)
      t.strictSame(records, await readAudit(lmdb, id))
      t.equal(findBreak(records, await redis.audit.head(id)), null)
    }
    for (const id of ids) {
      t.equal((await redis.audit.ofUser(id, 'user-0')).length, 1)
      t.strictSame(await redis.apiKeys.list(id, { limit: 9 }), await lmdb.apiKeys.list(id, { limit: 9 }))
      const [one, two] = await Promise.all([lmdb.snapshot(id), redis.snapshot(id)])
      t.strictSame({ ...two, users: two?.users.map(plain) }, { ...one, users: one?.users.map(plain) })
      t.strictSame(await redis.ruleVersions(id), await lmdb.ruleVersions(id))
      t.strictSame(await redis.consumers.list(id), await lmdb.consumers.list(id))
      for (const user of ['user-0', 'user-2']) {
        const [there, here] = [redis, lmdb].map(({ consumers }) => consumers.deliveriesOfUser(id, user))
        t.strictSame(await there, await here)
      }
      t.strictSame(await redis.consumers.progress(id, 'pbx'), await lmdb.consumers.progress(id, 'pbx'))
      t.strictSame(await redis.contacts.settings(id), await lmdb.contacts.settings(id))
      const contacts = [redis, lmdb].map((store) => store.contacts.find(id, 'shared/a', '2'))
      t.strictSame(new Set(await contacts[0]), new Set(await contacts[1]))
      t.strictSame(await redis.log(id, 0), await lmdb.log(id, 0))
    }
    const there = await MasterKeys.open([masterKey], await openFolderKeyCheck(folder))
    t.strictSame(
      (await MasterKeys.open([masterKey], redis.keyCheck)).installationSecret,
      there.installationSecret
    )
    await t.rejects(MasterKeys.open([randomBytes(32)], redis.keyCheck), { name: 'SetupError' })
    const before = (await redis.snapshot('tenant-0'))?.position ?? 0
    const sync = initialSyncRecord(true, 8)
    await redis.saveUsers('tenant-0', [{ user: sampleUser('user-2'), sync }], 8)
    t.equal((await redis.snapshot('tenant-0'))?.position, before + 1, 'the log goes on where it was')
  } finally {
    await redis.close()
    await lmdb.close()
  }
}

t.test('everything is migrated, once, and a second run changes nothing', async (t) => {
  const server = await startRedis(t)
  const folder = await installation(t)
  const first = await migrated(folder, server.url)
  t.equal(first.code, 0, first.err)
  t.match(first.out, /30 tenants, 1257 users, .*61 API keys; 30 tenants copied now.*all the same/)
  t.match(first.out, `HANVISA_MASTER_KEY_FILE=${join(folder, 'master-key')}`)
  t.match(first.out, 'HANVISA_ADMIN_KEY=… the one that was set')
  await isSame(t, folder, server.url)
  const again = await migrated(folder, server.url)
  t.equal(again.code, 0)
  t.match(again.out, /copied before.*0 tenants copied now.*changed since: tenant-0\./s)

  const another = await installation(t)
  await t.rejects(migrated(another, server.url), {
    name: 'SetupError',
    message: /holds the data of another Hanvisa/
  })
})

t.test('an interrupted migration goes on, on a cluster too', async (t) => {
  const { url, nodes } = await startCluster(t)
  const folder = await installation(t)
  let killed: Promise<unknown> | undefined
  const broken = await migrated(folder, url, (text) => {
    if (text.startsWith('tenant-13:')) killed ??= Promise.all(nodes.map((node) => node.kill()))
  })
  await killed
  t.match(broken, { code: 1, err: /What was copied stays: run it again/ })
  for (const node of nodes) await node.restart()
  await until(async () => (await migrated(folder, url)).code === 0)
  await isSame(t, folder, url)
})

t.test('what cannot be is refused in a sentence', async (t) => {
  const server = await startRedis(t)
  const folder = await installation(t)
  const refused = (from: string, to: string, message: RegExp) =>
    t.rejects(migrated(from, to), { name: 'SetupError', message })
  const running = await openLmdb({ folder: join(folder, 'store') })
  await refused(folder, server.url, /is in use by another running Hanvisa/)
  await running.close()
  const empty = join(folder, 'empty')
  await mkdir(empty)
  await refused(empty, server.url, /holds no data of Hanvisa .*--from/)
  await refused(folder, 'http://localhost', /^--to must be redis/)
  const stdout = { write: () => {} }
  let printed = ''
  const stderr = { write: (text: string) => (printed += text) }
  t.equal(await runMigrate(['--from', folder], { stdout, stderr }), 2)
  t.match(printed, /usage: hanvisa migrate/)
  const byUrl = runMigrate(['--from', empty], { stdout, stderr, redisUrl: 'redis://' })
  await t.rejects(byUrl, { name: 'SetupError', message: /^HANVISA_REDIS_URL must name a host/ })
  const used = await openRedis({ address: redisAddress(server.url) })
  await used.saveTenant(sampleTenant('theirs'), 1)
  await used.close()
  await refused(folder, server.url, /holds the data of another Hanvisa/)
})
