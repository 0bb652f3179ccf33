/** Which master keys an installation takes, and when: the first one alone, both during a rotation, then the new one alone. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { redisAddress } from '../../src/storage/redis/address.ts'
import { openRedis } from '../../src/storage/redis/redis.ts'
import { openFolderKeyCheck } from '../../src/storage/secrets/folder-key-check.ts'
import { type KeyCheckStore, MasterKeys } from '../../src/storage/secrets/master-keys.ts'
import t from '../group/tap.ts'
import { startRedis } from '../support/redis-server.ts'
import { hangMs } from '../support/until.ts'

const doesNotFit = { name: 'SetupError', message: /The master key does not fit what is kept/ }
const isUnderWay = {
  name: 'SetupError',
  message: /rotation of the master key is under way.*hanvisa rotate-key/
}

/** `reopen` gives the key check as another process, or the next start, finds it. */
async function takesItsKeysAlone(t: Test, reopen: () => Promise<KeyCheckStore>): Promise<void> {
  const [old, next, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const open = async (...keys: Buffer[]) => MasterKeys.open(keys, await reopen())
  const first = await open(old)
  const sealed = (await first.sealer()).seal('secret', 'p')
  const secret = first.installationSecret
  t.equal(secret.length, 32)
  t.strictSame((await open(old)).installationSecret, secret)
  await t.rejects(open(next), doesNotFit)
  const both = await open(old, next)
  t.equal(
    (await both.sealer()).seal('', 'p').split('.')[1],
    sealed.split('.')[1],
    'a known key alone begins nothing'
  )
  t.notOk(await both.isRotating())

  await both.beginRotation(next)
  await both.beginRotation(next)
  t.ok(await both.isRotating())
  const anew = (await both.sealer()).seal('secret', 'p')
  t.not(anew.split('.')[1], sealed.split('.')[1])
  t.equal(both.open(sealed, 'p'), 'secret')
  t.equal(both.open(anew, 'p'), 'secret')
  const goesOn = await open(old, next)
  t.equal(
    (await goesOn.sealer()).seal('', 'p').split('.')[1],
    anew.split('.')[1],
    'the next start goes on with it'
  )
  await t.rejects(open(old), isUnderWay)
  await t.rejects(open(next), isUnderWay)
  await t.rejects(open(third), doesNotFit)
  const another = await open(old, next, third)
  await t.rejects(another.beginRotation(third), {
    name: 'SetupError',
    message: /rotation to another master key is under way/
  })

  await goesOn.finishRotation()
  await t.rejects(open(old), doesNotFit)
  const last = await open(next)
  t.strictSame(last.installationSecret, secret, 'what was proved to others stays proved')
  t.equal(last.open(anew, 'p'), 'secret')
  t.throws(() => last.open(sealed, 'p'), doesNotFit)
  t.equal((await both.sealer()).open(sealed, 'p'), 'secret', 'those who know both read both')
  await last.beginRotation(next)
  t.notOk(await last.isRotating(), 'what is sealed under the key already needs no rotation to it')
}

t.test('in a data folder', async (t) => {
  const folder = t.testdir()
  await takesItsKeysAlone(t, () => openFolderKeyCheck(folder))
  t.match(await readFile(join(folder, 'key-check'), 'utf8'), /^v2\.[^\n]+\n$/)
})

t.test('in Redis, a process that lacks the new key writes nothing', async (t) => {
  const server = await startRedis(t)
  const store = await openRedis({ address: redisAddress(server.url, hangMs) })
  t.teardown(() => store.close())
  await takesItsKeysAlone(t, async () => store.keyCheck)
  await server.command('FLUSHALL')
  const [old, next] = [randomBytes(32), randomBytes(32)]
  const lacking = await MasterKeys.open([old], store.keyCheck)
  const knowing = await MasterKeys.open([old, next], store.keyCheck)
  await knowing.beginRotation(next)
  await t.rejects(lacking.sealer(), { name: 'StoreUnavailable', message: /does not know the new one/ })

  const { installationSecret } = knowing
  await server.command('FLUSHALL')
  await knowing.sealer()
  t.strictSame(
    (await MasterKeys.open([next], store.keyCheck)).installationSecret,
    installationSecret,
    'an emptied Redis gets the check back from whoever seals first'
  )
})
