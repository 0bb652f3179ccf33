/** The board on Redis: how connections fare, a key for each. */
import { type Log, redactError } from '../../../lib/redact-error.ts'
import type { PublishedStatus } from '../../connection/connection-health.ts'
import type { ConnectionStatusStore } from '../jobs.ts'
import type { SyncRedisClient } from './clients.ts'
import { connectionStateKey } from './keys.ts'

/** Milliseconds. Owners publish again well before. */
const shownFor = 15 * 60_000

export function redisConnectionStatuses(client: SyncRedisClient, log: Log): ConnectionStatusStore {
  return {
    publish(tenant, connection, posted) {
      client
        .set(connectionStateKey(tenant, connection), JSON.stringify(posted), 'PX', shownFor)
        .catch((error) => {
          log.warn({ tenant, ...redactError(error) }, 'the state of a connection could not be published')
        })
    },
    async read(tenant, connection) {
      const text = await client.get(connectionStateKey(tenant, connection))
      return text === null ? null : (JSON.parse(text) as PublishedStatus)
    }
  }
}
