/**
 * A dead man's heartbeat: a GET after every pass of the process that runs the provider's alarms. Who waits for it (healthchecks.io and
 * the like) says when it stays away: alarms by our own means cannot tell that we are dead.
 */
import type { HttpClient } from '../connectors/net/http-client.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import type { AlarmFollower } from './alarm-runner.ts'

const timeoutMs = 10_000

export interface HeartbeatDeps {
  readonly http: Pick<HttpClient, 'send'>
  readonly url: string
  /** Without the store calendars are not saved and alarms not raised: then the heartbeat stays away. */
  readonly isStoreReachable: () => boolean
  readonly log: Pick<Log, 'warn'>
}

export function createHeartbeat({ http, url, isStoreReachable, log }: HeartbeatDeps): AlarmFollower {
  return {
    async onPass({ isProvider }) {
      if (!isProvider || !isStoreReachable()) return
      try {
        const response = await http.send(url, { signal: AbortSignal.timeout(timeoutMs) })
        for await (const _ of response.body ?? []) break
      } catch (error) {
        log.warn({ ...redactError(error) }, 'the heartbeat could not be sent')
      }
    }
  }
}
