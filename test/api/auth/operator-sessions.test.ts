/** How long a session lasts. */
import type { Session } from 'fastify'
import { OperatorSessions } from '../../../src/api/auth/operators/operator-sessions.ts'
import { openLmdb } from '../../../src/storage/lmdb/lmdb.ts'
import t from '../../group/tap.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
let now = Date.UTC(2026, 9, 25, 0, 30)

const store = await openLmdb({ folder: t.testdir() })
t.teardown(() => store.close())
const sessions = new OperatorSessions({
  store: store.sessions,
  clock: () => now,
  secret: 'x'.repeat(44),
  isSecure: true
})

/** Signs in; resolves to the Cookie header. */
async function begin(id: string, identity = 'directory/anna'): Promise<string> {
  const operator = { identity, name: 'Anna', role: 'operator', tenant: 'acme', since: now } as const
  await new Promise<void>((resolve, reject) => {
    sessions.set(id, { operator } as Session, (error) => (error ? reject(error) : resolve()))
  })
  return `other=1; __Host-hanvisa=${encodeURIComponent(sessions.signer.sign(id))}; more=2`
}

t.test('a session ends after half an hour without use', async (t) => {
  const cookie = await begin('a')
  for (const minutes of [29, 29, 29]) {
    now += minutes * MINUTE_MS
    t.match(await sessions.find(cookie), { kind: 'operator', role: 'operator', tenant: 'acme' })
  }
  now += 30 * MINUTE_MS
  t.equal(await sessions.find(cookie), null)
})

t.test('a session ends eight hours after the sign-in, however it is used', async (t) => {
  const cookie = await begin('b')
  const end = now + 8 * HOUR_MS
  while (now + 20 * MINUTE_MS < end) {
    now += 20 * MINUTE_MS
    t.not(await sessions.find(cookie), null)
  }
  now = end - 1
  t.not(await sessions.find(cookie), null)
  now = end
  t.equal(await sessions.find(cookie), null)
})

t.test('a session that was ended while it was used does not come back', async (t) => {
  const cookie = await begin('c')
  now += 10 * MINUTE_MS
  await sessions.endAll('directory/anna')
  t.equal(await sessions.find(cookie), null)
})

t.test('a cookie that was not signed here is nobody', async (t) => {
  await begin('d')
  for (const cookie of [
    '',
    '__Host-hanvisa=',
    '__Host-hanvisa=d',
    '__Host-hanvisa=d.x',
    '__Host-hanvisa=%E0%A4%A',
    'hanvisa=d'
  ]) {
    t.equal(await sessions.find(cookie), null, cookie)
  }
})

t.test('nothing is stored of a session that nobody signed in to', async (t) => {
  await new Promise<void>((resolve) => sessions.set('e', {} as Session, () => resolve()))
  t.equal(await sessions.find(`__Host-hanvisa=${encodeURIComponent(sessions.signer.sign('e'))}`), null)
})
