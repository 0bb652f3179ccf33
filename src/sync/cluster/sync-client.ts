/** The desk: Sync in a process that keeps no tenants. What is asked for becomes jobs for whoever does. */
import type { Connector } from '../../connectors/connector.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { unsealMailbox } from '../../storage/secrets/connection-secrets.ts'
import type { Sealer } from '../../storage/secrets/seal.ts'
import { type Store, type StoredConnection, StoreUnavailable, type User } from '../../storage/store.ts'
import { absentConnection } from '../connection/connection-health.ts'
import { type OpenConnector, openTenantConnector } from '../connection/open-connector.ts'
import { noNotifications } from '../notifications/target-subscriptions.ts'
import type { Sync } from '../sync-controller.ts'
import { targetOf } from '../targets/target-registry.ts'
import { type ConnectionStatusStore, maxTargetsPerJob, type SyncJob, type SyncJobs } from './jobs.ts'
import { openOutbox } from './outbox.ts'

export interface SyncClientDeps {
  readonly store: Store
  readonly jobs: SyncJobs
  readonly connectionStatuses: ConnectionStatusStore
  readonly sealer: Sealer
  readonly openConnector: OpenConnector
  readonly clock: () => number
  readonly timers: Timers
  readonly log: Log
}

const page = 500
/** Milliseconds after which a connector that nobody asked for again is closed. A test may take 45 s. */
const idle = 60_000

interface Opened {
  readonly of: string
  readonly connector: Connector
  cancelIdle: () => void
}

export function openSyncClient(needs: SyncClientDeps): Sync {
  const { store, jobs, connectionStatuses: board, sealer, clock, timers, log } = needs
  const outbox = openOutbox(jobs, needs)
  const opened = new Map<string, Opened>()

  return {
    async readNow(tenant, users) {
      const [found, connection] = await Promise.all([store.tenant(tenant), store.connection(tenant)])
      if (found === null || connection === null) return 0
      const targets = [...(await targetsOf(tenant, found.timeZone, users))]
      const reads: SyncJob[] = []
      for (let from = 0; from < targets.length; from += maxTargetsPerJob) {
        reads.push({
          kind: 'read',
          tenant,
          targets: targets.slice(from, from + maxTargetsPerJob),
          priority: 'now'
        })
      }
      try {
        await jobs.add(reads)
      } catch (error) {
        log.warn({ tenant, ...redactError(error) }, 'what was asked for could not be handed over')
        throw new StoreUnavailable('Redis cannot be asked now, so nobody can be told to read.')
      }
      return targets.length
    },
    async connector(tenant) {
      const kept = await store.connection(tenant)
      if (kept === null) return null
      const of = JSON.stringify(kept)
      const known = opened.get(tenant)
      if (known?.of === of) {
        setIdle(tenant, known)
        return known.connector
      }
      const connector = openTenantConnector(tenant, kept, needs)
      if (connector instanceof RemoteError) return null
      // The one of before is closed when its time comes: somebody may be testing with it.
      const one: Opened = { of, connector, cancelIdle: () => {} }
      opened.set(tenant, one)
      setIdle(tenant, one)
      return connector
    },
    async connection(tenant) {
      const kept = await store.connection(tenant)
      if (kept === null) return absentConnection(clock())
      const posted = await board.read(tenant).catch(() => null)
      if (posted === null || posted.changedAt !== kept.changedAt) return untried(kept)
      const { nextReadAt } = posted.state
      return { ...posted.state, nextReadAt: nextReadAt !== null && nextReadAt > clock() ? nextReadAt : null }
    },
    onNotifications: (notices) => outbox.put(notices.map((notice) => ({ kind: 'news', ...notice }))),
    invalidateTenant: (tenant) => void outbox.put([{ kind: 'tenant', tenant }]),
    async close() {
      await outbox.close()
      const all = [...opened.values()]
      opened.clear()
      await Promise.all(all.map(close))
    }
  }

  /** What keepers call the calendars of these users, each once. */
  async function targetsOf(
    tenant: string,
    zone: string,
    users: readonly string[] | undefined
  ): Promise<Set<string>> {
    const keys = new Set<string>()
    const note = (user: User) => {
      try {
        const target = targetOf(user, zone, (mailbox) => unsealMailbox(tenant, mailbox, sealer))
        if (target !== null) keys.add(target.key)
      } catch {
        // Its keeper cannot unseal it either, and says so in the user's record.
      }
    }
    if (users !== undefined) {
      for (const record of await store.records(tenant, users)) if (record !== null) note(record.user)
      return keys
    }
    let after: string | undefined
    do {
      const found = await store.users(tenant, after === undefined ? { limit: page } : { limit: page, after })
      found.forEach(note)
      after = found.length < page ? undefined : found.at(-1)?.id
    } while (after !== undefined)
    return keys
  }

  function setIdle(tenant: string, one: Opened): void {
    one.cancelIdle()
    one.cancelIdle = timers.after(idle, () => {
      if (opened.get(tenant) === one) opened.delete(tenant)
      void close(one)
    })
  }

  async function close(one: Opened): Promise<void> {
    one.cancelIdle()
    await one.connector
      .close()
      .catch((error) => log.warn({ ...redactError(error) }, 'a connector did not close'))
  }
}

function untried({ changedAt }: StoredConnection) {
  return {
    state: 'untried',
    since: changedAt,
    fault: null,
    nextReadAt: null,
    notifications: noNotifications
  } as const
}
