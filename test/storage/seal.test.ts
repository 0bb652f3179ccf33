/** Secrets are sealed under the master key, and another key, another purpose or a changed text opens nothing. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import {
  sealConnection,
  sealMailbox,
  unsealConnection,
  unsealMailbox
} from '../../src/storage/secrets/connection-secrets.ts'
import { masterKeyId, sealer, sealingKeyId } from '../../src/storage/secrets/seal.ts'
import t from '../group/tap.ts'

const masterKey = randomBytes(32)
const { seal, open } = sealer(masterKey)
const doesNotFit = { name: 'SetupError', message: /The master key does not fit what is kept/ }

t.test('whatever is sealed opens again, for its purpose', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, purpose) => {
      const sealed = seal(plain, purpose)
      return /^v2\.[\w-]{8}\.[\w-]+$/.test(sealed) && open(sealed, purpose) === plain
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
    'v2.',
    'v1.AAAA',
    'v2.AAAA',
    'v2.AAAAAAAA.AAAA',
    `v1${sealed.slice(2)}`,
    `${sealed}.${sealed}`,
    `${sealed}=`,
    ' ',
    'plain text'
  ]) {
    t.throws(() => open(odd, 'p'), doesNotFit)
  }
})

t.test('the id of its key is in the sealed text, and says nothing of the key', async (t) => {
  const id = masterKeyId(masterKey)
  t.equal(sealingKeyId(seal('secret', 'p')), id)
  t.equal(masterKeyId(Buffer.from(masterKey)), id)
  t.not(masterKeyId(randomBytes(32)), id)
  for (const part of [masterKey.toString('base64'), masterKey.toString('base64url')])
    t.notOk(part.includes(id))
  for (const odd of ['', 'v1.abc', 'v2.abc', 'v3.abcdefgh.abc', 'https://secret.example/'])
    t.equal(sealingKeyId(odd), null)
  // The id is part of what is authenticated: a text under another key's name opens under neither.
  const other = sealer(randomBytes(32))
  const renamed = seal('secret', 'p').replace(id, sealingKeyId(other.seal('', ''))!)
  t.throws(() => other.open(renamed, 'p'), doesNotFit)
  t.throws(() => open(renamed, 'p'), doesNotFit)
})

t.test('a sealed value opens in its own tenant, user, kind and member alone', async (t) => {
  const connection = { kind: 'ews', pollSeconds: 60, auth: { kind: 'ntlm', user: 'u', password: 'p4ss' } }
  const members = ['auth/password', 'auth/clientSecret']
  const stored = sealConnection('acme', connection, members, { seal, open }, 1)
  t.strictSame(unsealConnection('acme', stored, { open }), connection)
  t.notMatch(JSON.stringify(stored), /p4ss/)
  t.throws(() => unsealConnection('other', stored, { open }), doesNotFit)
  t.throws(() => unsealConnection('acme', { ...stored, kind: 'graph' }, { open }), doesNotFit)
  const moved = { ...stored, sealed: { 'auth/clientSecret': stored.sealed['auth/password']! } }
  t.throws(() => unsealConnection('acme', moved, { open }), doesNotFit)

  const url = 'https://calendar.example/s3cret/calendar.ics'
  const mailbox = sealMailbox('acme', 'anna', url, { seal, open })
  t.equal(unsealMailbox('acme', { id: 'anna', mailbox }, { open }), url)
  t.notMatch(JSON.stringify(mailbox), /s3cret/)
  t.throws(() => unsealMailbox('acme', { id: 'bo', mailbox }, { open }), doesNotFit)
  t.throws(() => unsealMailbox('other', { id: 'anna', mailbox }, { open }), doesNotFit)
})

t.test('a key of the wrong length is refused', async (t) => {
  t.throws(() => sealer(randomBytes(31)), { name: 'SetupError', message: /has 31 bytes and must have 32/ })
})
