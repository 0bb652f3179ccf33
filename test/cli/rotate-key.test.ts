/** `hanvisa rotate-key`: killed at any moment and run again, it leaves every secret readable under the new key alone. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { openKeys } from '../../src/installation-keys.ts'
import { openLmdb } from '../../src/storage/lmdb/lmdb.ts'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { openFolderKeyCheck } from '../../src/storage/secrets/folder-key-check.ts'
import { MasterKeys } from '../../src/storage/secrets/master-keys.ts'
import { masterKeyId } from '../../src/storage/secrets/seal.ts'
import { freePort } from '../../tools/free-port.ts'
import t from '../group/tap.ts'
import { longTests } from '../support/long-tests.ts'
import { startRedis, type TestRedis } from '../support/redis-server.ts'
import { type RotateKeyProcess, startRotateKey } from '../support/rotate-key-process.ts'
import {
  lostSecrets,
  PASSWORD_CANARY,
  putSecrets,
  SECRETS,
  startSecretWriter
} from '../support/sealed-secrets.ts'
import { KEY, type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { hangMs, until } from '../support/until.ts'

const KILLS = longTests ? 60 : 1
const killed = KILLS === 1 ? 'killed once' : `killed ${KILLS} times`
const silent = { info: () => {} }

/** A data folder whose keys lie in it, full of secrets. */
async function fullFolder(t: Test): Promise<string> {
  const folder = t.testdir()
  const store = await openLmdb({ folder: join(folder, 'store') })
  const { masterKey } = await openKeys(configOf(folder), silent)
  await putSecrets(store, await MasterKeys.open([masterKey], await openFolderKeyCheck(folder)))
  await store.close()
  return folder
}

const configOf = (dataDir: string) => ({ dataDir, adminKey: null, masterKey: null, masterKeyNext: null })

/** What does not open with the key in the folder alone. */
async function lostInFolder(folder: string): Promise<string[]> {
  const store = await openLmdb({ folder: join(folder, 'store') })
  try {
    const { masterKey, masterKeyNext } = await openKeys(configOf(folder), silent)
    const left = masterKeyNext === null ? [] : ['master-key.next is still there']
    return [
      ...left,
      ...(await lostSecrets(store, await MasterKeys.open([masterKey], await openFolderKeyCheck(folder))))
    ]
  } finally {
    await store.close()
  }
}

const isRotating = async (folder: string) =>
  (await readFile(join(folder, 'key-check'), 'utf8')).trim().includes('\n')

/** Kills it in the middle, once in a while at its end or before its beginning. */
async function killSometime({ child, ended }: RotateKeyProcess, hasBegun: () => Promise<boolean>) {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  if (Math.random() < 0.2) await pause(Math.random() * 600)
  else await until(async () => isOver || (await hasBegun()))
  await pause(Math.random() * (Math.random() < 0.5 ? 30 : 300))
  child.kill('SIGKILL')
  return (await ended).code
}

/** Nothing of a key or a secret. */
function revealsNothing(t: Test, output: string, ...keys: readonly (Buffer | string)[]): void {
  t.notOk(output.includes(PASSWORD_CANARY), 'no secret is printed')
  for (const key of keys) t.notOk(output.includes(key.toString('base64').slice(0, 20)), 'no key is printed')
}

t.test(`an embedded installation at rest, ${killed}`, async (t) => {
  const folder = await fullFolder(t)
  const environment = { HANVISA_DATA_DIR: folder }
  let interrupted = 0
  for (let round = 0; round < KILLS; round++) {
    const before = await readFile(join(folder, 'master-key'), 'utf8')
    const code = await killSometime(startRotateKey(environment), () => isRotating(folder))
    if (code === null && (await isRotating(folder))) interrupted++
    const { code: done, output } = await startRotateKey(environment).ended
    t.equal(done, 0, output)
    const after = await readFile(join(folder, 'master-key'), 'utf8')
    t.not(after, before, 'there is a new key')
    t.equal((await stat(join(folder, 'master-key'))).mode & 0o777, 0o600)
    revealsNothing(t, output, before, after)
    t.strictSame(await lostInFolder(folder), [])
  }
  t.comment(`${interrupted} of ${KILLS} were killed in the middle`)
  const other = startRotateKey({ HANVISA_DATA_DIR: join(folder, 'nowhere') })
  t.match(await other.ended, { code: 1, output: /holds no data of Hanvisa: set HANVISA_DATA_DIR/ })
})

t.test('an embedded installation while it runs, and while it is killed', async (t) => {
  const folder = await fullFolder(t)
  const old = await readFile(join(folder, 'master-key'), 'utf8')
  const environment = { HANVISA_PORT: String(await freePort()) }
  const start = () => startServiceProcess(t, environment, folder)
  const rotate = () =>
    startRotateKey({ ...environment, HANVISA_DATA_DIR: folder, HANVISA_ADMIN_KEY: KEY }).ended
  let service: ServiceProcess = await start()
  /** What the provider's audit says of rotations, oldest first. */
  const audited = async (): Promise<{ outcome: string; after: unknown }[]> =>
    (await service.call('GET', '/v1/audit?action=master-key.rotate')).json.entries
  const put = { pack: '3kontakt' }
  t.equal((await service.call('PUT', '/v1/tenants/tenant-1/rules', put)).status, 201)
  for (let kill = 0; kill < (longTests ? 20 : 1); kill++) {
    const asked = rotate()
    await until(() => isRotating(folder))
    await pause(Math.random() * 60)
    await service.kill('SIGKILL')
    const { code } = await asked
    const wasInTheMiddle = await isRotating(folder)
    service = await start()
    if (wasInTheMiddle) {
      t.not(code, 0)
      t.equal((await audited()).at(-1)?.outcome, 'begun', 'the audit says that it did not end')
      await until(() => service.output.some((line) => line.includes('hanvisa rotate-key')))
      t.pass('the log asks to go on with it')
    }
  }
  const before = await service.call('GET', '/v1/tenants/tenant-1/connection')
  t.strictSame(before.json.secrets, ['auth/password'], 'in the middle of a rotation secrets open')
  const { code, output } = await rotate()
  t.match({ code, output }, { code: 0, output: /secrets were sealed under the new key.*keep a copy/s })
  const { code: again, output: more } = await rotate()
  t.equal(again, 0)
  t.match(more, `${SECRETS} secrets were sealed`, 'each further run makes a further key')
  const entries = (await audited()).slice(-4)
  const outcomes = entries.map(({ outcome }) => outcome)
  t.strictSame(outcomes, ['begun', 'done', 'begun', 'done'])
  t.match(entries.at(-1)?.after, { resealed: SECRETS, unreadable: 0 })
  t.match((await service.call('GET', '/v1/audit/verification')).json, { ok: true })
  t.strictSame((await service.call('GET', '/v1/tenants/tenant-1/connection')).json.secrets, ['auth/password'])
  t.equal((await service.call('GET', '/v1/tenants/tenant-1/statuses')).json.statuses.length, 12)
  await service.kill('SIGTERM')
  revealsNothing(
    t,
    service.output.join('\n') + output + more,
    old,
    await readFile(join(folder, 'master-key'), 'utf8')
  )
  t.strictSame(await lostInFolder(folder), [])
})

t.test(`on Redis, while secrets are written, ${killed}`, async (t) => {
  const redis = await startRedis(t, { appendOnly: true })
  let old = randomBytes(32)
  const store = await openRedis({ address: redisAddress(redis.url, hangMs) })
  t.teardown(() => store.close())
  await putSecrets(store, await MasterKeys.open([old], store.keyCheck))
  let interrupted = 0
  for (let round = 0; round < KILLS; round++) {
    const next = randomBytes(32)
    const both = await MasterKeys.open([old, next], store.keyCheck)
    await store.replicas.announce(both.ids)
    const writer = startSecretWriter(store, both)
    const environment = environmentOn(redis, old, next)
    const hasBegun = async () => (await store.keyCheck.read())?.next != null
    await killSometime(startRotateKey(environment), hasBegun)
    if (await hasBegun()) interrupted++
    if (round % 2 === 1) await redis.restart()
    await until('the rotation', async () => (await startRotateKey(environment).ended).code === 0)
    await writer.stop()
    const alone = await MasterKeys.open([next], store.keyCheck)
    t.strictSame(await lostSecrets(store, alone, writer.versions), [])
    await t.rejects(MasterKeys.open([old], store.keyCheck), { name: 'SetupError' })
    t.ok(
      [...writer.versions.values()].every(({ saved }) => saved > 0),
      'secrets were written meanwhile'
    )
    // What the writer put is what the next round begins with.
    await putSecrets(store, alone)
    old = next
  }
  t.comment(`${interrupted} of ${KILLS} were killed in the middle`)
})

t.test(
  'on Redis, process by process: none is left without the key, and all of them read all the while',
  async (t) => {
    const redis = await startRedis(t, { appendOnly: true })
    const [old, next] = [randomBytes(32), randomBytes(32)]
    const store = await openRedis({ address: redisAddress(redis.url, hangMs) })
    t.teardown(() => store.close())
    await putSecrets(store, await MasterKeys.open([old], store.keyCheck))
    const start = async (environment: Record<string, string>) => {
      const { HANVISA_DATA_DIR: _, ...rest } = environment
      await mkdir(t.testdirName, { recursive: true })
      return startServiceProcess(t, rest, t.testdirName)
    }
    const { HANVISA_MASTER_KEY_NEXT: _, ...withoutNext } = environmentOn(redis, old, next)
    const lacking = await start(withoutNext)
    const none = await startRotateKey(withoutNext).ended
    t.match(none, { code: 1, output: /no new master key.*HANVISA_MASTER_KEY_NEXT.*restart them one by one/ })
    const refused = await startRotateKey(environmentOn(redis, old, next)).ended
    t.match(refused, {
      code: 1,
      output: /is not known to .* \(process \d+\): restart it with HANVISA_MASTER_KEY_NEXT/
    })
    t.equal((await store.keyCheck.read())?.next, null, 'nothing was begun')
    await lacking.kill('SIGTERM')

    const knowing = await start(environmentOn(redis, old, next))
    const { code, output } = await startRotateKey(environmentOn(redis, old, next)).ended
    t.match({ code, output }, { code: 0, output: `${SECRETS} secrets were sealed under the new key` })
    t.match(output, /Now set HANVISA_MASTER_KEY to the new key, unset HANVISA_MASTER_KEY_NEXT/)
    const path = '/v1/tenants/tenant-3/connection'
    const { json } = await knowing.call('GET', path)
    t.strictSame(json.secrets, ['auth/password'])
    t.equal(
      (await knowing.call('PUT', path, { ...json, pollSeconds: 600 })).status,
      200,
      'the stored password is used'
    )
    const [sealed] = Object.values((await store.connection('tenant-3'))!.sealed)
    t.equal(sealed?.split('.')[1], masterKeyId(next), 'and sealed under the new key')

    const later = await start(environmentOn(redis, next, null))
    t.strictSame((await later.call('GET', path)).json.secrets, ['auth/password'])
    t.strictSame(await lostSecrets(store, await MasterKeys.open([next], store.keyCheck)), [])
    const said = [lacking, knowing, later].flatMap((process) => process.output).join('\n')
    revealsNothing(t, said + none.output + refused.output + output, old, next)
  }
)

function environmentOn(redis: TestRedis, masterKey: Buffer, next: Buffer | null): Record<string, string> {
  return {
    HANVISA_REDIS_URL: redis.url,
    HANVISA_ADMIN_KEY: KEY,
    HANVISA_MASTER_KEY: masterKey.toString('base64'),
    ...(next !== null && { HANVISA_MASTER_KEY_NEXT: next.toString('base64') })
  }
}
