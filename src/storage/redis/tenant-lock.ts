/** One change of a tenant at a time, over all processes: a lock in Redis that ends by itself when its holder dies. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { KeyedLock } from '../../lib/keyed-lock.ts'
import { StoreUnavailable } from '../store.ts'
import type { RedisConnection } from './connection.ts'
import { tenantKeys } from './keys.ts'

/** Runs `work` with the token by which its writes are known. */
export type RedisTenantLock = <T>(tenant: string, work: (token: string) => Promise<T>) => Promise<T>

/** Milliseconds: a holder that died is forgotten after so long; one that lives renews. */
const LOCK_TTL_MS = 5000
const RENEW_INTERVAL_MS = 1500
const MAX_WAIT_MS = 10_000
const MAX_PAUSE_MS = 50

const renew = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`
const release = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`

export function redisTenantLock(link: RedisConnection): RedisTenantLock {
  // Callers in this process wait for each other here, in order, without asking Redis.
  const localLock = new KeyedLock()
  return (tenant, work) =>
    localLock.run(tenant, async () => {
      const key = tenantKeys(tenant).lock
      const token = randomUUID()
      await acquire(link, key, token)
      const renewing = setInterval(() => {
        // Without it the lock ends, and the writes of `work` are refused.
        link.ask((client) => client.eval(renew, 1, key, token, LOCK_TTL_MS)).catch(() => {})
      }, RENEW_INTERVAL_MS)
      try {
        return await work(token)
      } finally {
        clearInterval(renewing)
        // If this fails it ends by itself.
        await link.ask((client) => client.eval(release, 1, key, token)).catch(() => {})
      }
    })
}

async function acquire(link: RedisConnection, key: string, token: string): Promise<void> {
  const deadline = Date.now() + MAX_WAIT_MS
  for (let wait = 2; ; wait = Math.min(2 * wait, MAX_PAUSE_MS)) {
    const got = await link.ask((client) => client.set(key, token, 'PX', LOCK_TTL_MS, 'NX'))
    if (got === 'OK') return
    if (Date.now() > deadline) {
      throw new StoreUnavailable('Others have been changing this tenant for 10 seconds: try again.')
    }
    await pause(wait * (0.5 + Math.random()))
  }
}
