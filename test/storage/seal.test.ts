/** Secrets are sealed under the master key, and another key, another purpose or a changed text opens nothing. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { checkMasterKey, sealer } from '../../src/storage/secrets/seal.ts'

const { seal, open } = sealer(randomBytes(32))
const doesNotFit = { name: 'SetupError', message: /The master key does not fit what is kept/ }

t.test('whatever is sealed opens again, for its purpose', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, purpose) => {
      const sealed = seal(plain, purpose)
      return /^v1\.[\w-]+$/.test(sealed) && open(sealed, purpose) === plain
    })
  )
  t.not(seal('secret', 'connection:acme'), seal('secret', 'connection:acme'), 'and never looks the same')
  t.notMatch(seal('secret', 'connection:acme'), /secret|acme/)
  t.throws(() => open(seal('secret', 'connection:acme'), 'connection:other'), doesNotFit)
  t.throws(() => open(seal('secret', 'connection:acme'), 'mailbox:acme'), doesNotFit)
})

t.test('a changed or cut text is never unsealed', async (t) => {
  const sealed = seal('a secret of some length', 'p')
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A'
    for (const changed of [sealed.slice(0, at) + other + sealed.slice(at + 1), sealed.slice(0, at)]) {
      let opened: string | null = null
      try {
        opened = open(changed, 'p')
      } catch (error) {
        if (!doesNotFit.message.test(`${error}`) || `${error}`.includes('secret of')) throw error
      }
      if (opened !== null) t.fail(`opened with character ${at} changed`)
    }
  }
  for (const odd of [
    '',
    'v1.',
    'v2.AAAA',
    'v1.AAAA',
    `${sealed}.${sealed}`,
    `${sealed}=`,
    ' ',
    'plain text'
  ]) {
    t.throws(() => open(odd, 'p'), doesNotFit)
  }
})

t.test('a key of the wrong length is refused', async (t) => {
  t.throws(() => sealer(randomBytes(31)), { name: 'SetupError', message: /has 31 bytes and must have 32/ })
})

t.test('another master key than the folder was first used with is refused at the start', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hanvisa-seal-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const key = randomBytes(32)
  await checkMasterKey(folder, sealer(key))
  await checkMasterKey(folder, sealer(Buffer.from(key)))
  const keyCheck = await readFile(join(folder, 'key-check'), 'utf8')
  await t.rejects(checkMasterKey(folder, sealer(randomBytes(32))), doesNotFit)
  t.equal(await readFile(join(folder, 'key-check'), 'utf8'), keyCheck, 'and the first stays remembered')
  t.notOk(Buffer.from(keyCheck).includes(key.toString('base64')))
})
