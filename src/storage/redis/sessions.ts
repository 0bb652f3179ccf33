/** Sessions in Redis, which removes them some time after they ended. */
import { digestOf } from '../../lib/digest.ts'
import { sessionRecord } from '../codec.ts'
import type { SessionStore } from '../sessions.ts'
import type { RedisConnection } from './connection.ts'
import { sessionKey, sessionsOfKey } from './keys.ts'

/** Milliseconds that a record outlasts its session, so that a clock that differs from Redis's ends no session early. */
const GRACE_MS = 3_600_000
/** Milliseconds that Redis knows which sessions an identity has: longer than any session lasts. */
const INDEX_TTL_MS = 48 * GRACE_MS

interface RedisSessionsDeps {
  readonly link: RedisConnection
  /** Does work as long as the store is not closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

export function redisSessions({ link, run }: RedisSessionsDeps): SessionStore {
  const indexOf = (identity: string) => sessionsOfKey(digestOf(identity))

  return {
    read: (digest, at) =>
      run(async () => {
        const [bytes, expiresAt] = await link.ask((client) =>
          client.hmgetBuffer(sessionKey(digest), 'record', 'expiresAt')
        )
        if (!bytes || !(Number(expiresAt) > at)) return null
        return { ...sessionRecord.decode(bytes), expiresAt: Number(expiresAt) }
      }),
    save: (session, at) =>
      run(async () => {
        const { digest, identity, expiresAt } = session
        const index = indexOf(identity)
        const ttl = Math.max(1, expiresAt - at) + GRACE_MS
        // The index first: whoever ends all sessions of the identity finds this one.
        await link.ask((client) => client.multi().sadd(index, digest).pexpire(index, INDEX_TTL_MS).exec())
        await link.ask((client) =>
          client
            .multi()
            .hset(sessionKey(digest), 'record', sessionRecord.encode(session), 'expiresAt', expiresAt)
            .pexpire(sessionKey(digest), ttl)
            .exec()
        )
      }),
    extend: (digest, expiresAt) =>
      run(async () => {
        await link.extendSession(sessionKey(digest), expiresAt, GRACE_MS)
      }),
    remove: (digest) =>
      run(async () => {
        await link.ask((client) => client.del(sessionKey(digest)))
      }),
    take: (digest, at) =>
      run(async () => {
        const key = sessionKey(digest)
        const [record, expiresAt, removed] = await link.ask(async (client) => {
          const answers = await client
            .multi()
            .hgetBuffer(key, 'record')
            .hget(key, 'expiresAt')
            .del(key)
            .exec()
          return (answers ?? []).map(([error, answer]) => {
            if (error !== null) throw error
            return answer
          })
        })
        if (removed !== 1 || !Buffer.isBuffer(record) || !(Number(expiresAt) > at)) return null
        return { ...sessionRecord.decode(record), expiresAt: Number(expiresAt) }
      }),
    removeOf: (identity) =>
      run(async () => {
        const digests = await link.ask((client) => client.smembers(indexOf(identity)))
        for (const digest of digests) {
          await link.ask((client) => client.del(sessionKey(digest)))
          await link.ask((client) => client.srem(indexOf(identity), digest))
        }
      })
  }
}
