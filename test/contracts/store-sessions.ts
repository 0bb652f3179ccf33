/** The part of the store contract that is about sessions. */
import type { Test } from 'tap'
import type { SessionRecord } from '../../src/storage/sessions.ts'
import type { OpenStore } from './open-store.ts'

/** Redis removes sessions by its own clock some time after their end. */
const NOW = Date.now()
const HOUR_MS = 3_600_000

function sampleSession(digest: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return { digest, identity: 'directory/anna', data: '{"name":"Å"}', expiresAt: NOW + HOUR_MS, ...more }
}

export async function sessionContract(t: Test, open: OpenStore): Promise<void> {
  await t.test('a session comes back as it was saved, also after a restart', async (t) => {
    const { store, reopen } = await open(t)
    await store.sessions.save(sampleSession('s1'), NOW)
    t.strictSame(await store.sessions.read('s1', NOW), sampleSession('s1'))
    t.equal(await store.sessions.read('s2', NOW), null)
    t.strictSame(await (await reopen()).sessions.read('s1', NOW), sampleSession('s1'))
  })

  await t.test('a session ends at its instant, which can be moved', async (t) => {
    const { sessions } = (await open(t)).store
    await sessions.save(sampleSession('s1', { expiresAt: NOW + 1000 }), NOW)
    t.not(await sessions.read('s1', NOW + 999), null)
    t.equal(await sessions.read('s1', NOW + 1000), null)
    await sessions.extend('s1', NOW + 5000)
    t.match(await sessions.read('s1', NOW + 4999), { expiresAt: NOW + 5000 })
    await sessions.save(sampleSession('s2', { expiresAt: NOW + 9000 }), NOW + 6000)
    t.equal(await sessions.read('s1', NOW + 6000), null)
    t.not(await sessions.read('s2', NOW + 6000), null)
  })

  await t.test('a session that was removed does not come back by being extended', async (t) => {
    const { sessions } = (await open(t)).store
    await sessions.save(sampleSession('s1'), NOW)
    await sessions.remove('s1')
    await sessions.extend('s1', NOW + 2 * HOUR_MS)
    t.equal(await sessions.read('s1', NOW), null)
    await sessions.remove('s1')
  })

  await t.test(
    'a session that is taken goes to one of all who take it, and only before its end',
    async (t) => {
      const { store, second } = await open(t)
      const follower = ((await second?.()) ?? store).sessions
      await store.sessions.save(sampleSession('s1', { expiresAt: NOW + 1000 }), NOW)
      const taken = await Promise.all(
        [store.sessions, follower, store.sessions, follower].map((sessions) => sessions.take('s1', NOW))
      )
      t.strictSame(
        taken.filter((session) => session !== null),
        [sampleSession('s1', { expiresAt: NOW + 1000 })]
      )
      t.equal(await store.sessions.read('s1', NOW), null)
      await store.sessions.save(sampleSession('s2', { expiresAt: NOW + 1000 }), NOW)
      t.equal(await store.sessions.take('s2', NOW + 1000), null)
    }
  )

  await t.test('all sessions of one identity end at once, and no others', async (t) => {
    const { store, second } = await open(t)
    const { sessions } = store
    const other = { identity: 'directory/bo' }
    for (const digest of ['s1', 's2']) await sessions.save(sampleSession(digest), NOW)
    await sessions.save(sampleSession('s3', other), NOW)
    const follower = ((await second?.()) ?? store).sessions
    await follower.removeOf('directory/anna')
    t.strictSame(
      await Promise.all(
        ['s1', 's2', 's3'].map(async (digest) => (await sessions.read(digest, NOW)) !== null)
      ),
      [false, false, true]
    )
    await sessions.save(sampleSession('s4'), NOW)
    t.not(await sessions.read('s4', NOW), null, 'whoever signs in again is signed in')
  })
}
