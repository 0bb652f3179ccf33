/** Sync in an API replica, which reads no calendar: calls become jobs for the SyncController that owns the tenant. */
import type { Connector } from '../../connectors/connector.ts'
import type { CalendarNotification } from '../../connectors/notification.ts'
import { RemoteError } from '../../errors.ts'
import { type Log, redactError } from '../../lib/redact-error.ts'
import type { Timers } from '../../lib/timers.ts'
import { eachPage } from '../../storage/page.ts'
import { unsealMailbox } from '../../storage/secrets/connection-secrets.ts'
import type { Unsealer } from '../../storage/secrets/seal.ts'
import { type Store, type StoredConnection, StoreUnavailable, type User } from '../../storage/store.ts'
import { connectionIdOf, findConnection, listConnections } from '../../storage/tenant-connections.ts'
import { absentConnection, type ConnectionState } from '../connection/connection-health.ts'
import { type OpenConnector, openTenantConnector } from '../connection/open-connector.ts'
import { noNotifications } from '../notifications/target-subscriptions.ts'
import type { Sync } from '../sync.ts'
import type { SyncController } from '../sync-controller.ts'
import { targetOf } from '../targets/read-target.ts'
import { type ConnectionStatusStore, maxTargetsPerJob, type SyncJob, type SyncJobs } from './jobs.ts'
import { Outbox } from './outbox.ts'

export interface SyncClientDeps {
  readonly store: Store
  readonly jobs: SyncJobs
  readonly connectionStatuses: ConnectionStatusStore
  readonly sealer: Unsealer
  readonly openConnector: OpenConnector
  readonly clock: () => number
  readonly timers: Timers
  readonly log: Log
  /** Closes what `jobs` rests on. */
  readonly onClose: () => Promise<void>
  /** The controller in this process, where there is one: notifications of tenants that it owns need no job. */
  readonly local: Pick<SyncController, 'owns' | 'onNotifications'> | null
}

const usersPerPage = 500
/** Milliseconds without a call after which a connector is closed. A test may take 45 s. */
const maxIdleMs = 60_000

interface TestConnector {
  /** The stored connection that it was opened from. */
  readonly openedFrom: string
  readonly connector: Connector
  cancelIdle: () => void
}

export class SyncClient implements Sync {
  readonly #deps: SyncClientDeps
  readonly #outbox: Outbox
  readonly #connectors = new Map<string, TestConnector>()

  constructor(deps: SyncClientDeps) {
    this.#deps = deps
    this.#outbox = new Outbox(deps.jobs, deps)
  }

  async readNow(tenant: string, users?: readonly string[]): Promise<number> {
    const { store, jobs, log } = this.#deps
    const [found, connection] = await Promise.all([store.tenant(tenant), store.connection(tenant)])
    if (found === null || connection === null) return 0
    const targets = [...(await this.#targetsOf(tenant, found.timeZone, users))]
    const reads: SyncJob[] = []
    for (let from = 0; from < targets.length; from += maxTargetsPerJob) {
      const some = targets.slice(from, from + maxTargetsPerJob)
      reads.push({ kind: 'read', tenant, targets: some, priority: 'now' })
    }
    try {
      await jobs.add(reads)
    } catch (error) {
      log.warn({ tenant, ...redactError(error) }, 'what was asked for could not be handed over')
      throw new StoreUnavailable('Redis cannot be reached now, so no worker can receive the request to read.')
    }
    return targets.length
  }

  async connector(tenant: string, connection?: string): Promise<Connector | null> {
    const stored = pickConnection(await this.#deps.store.connection(tenant), connection)
    if (stored === null) return null
    const openedFrom = JSON.stringify(stored)
    const name = `${tenant}/${connectionIdOf(stored)}`
    const known = this.#connectors.get(name)
    if (known?.openedFrom === openedFrom) {
      this.#setIdle(name, known)
      return known.connector
    }
    const connector = openTenantConnector(tenant, stored, this.#deps)
    if (connector instanceof RemoteError) return null
    // The previous connector is closed later: a test may still use it.
    const one: TestConnector = { openedFrom, connector, cancelIdle: () => {} }
    this.#connectors.set(name, one)
    this.#setIdle(name, one)
    return connector
  }

  async connection(tenant: string, connection?: string): Promise<ConnectionState> {
    const { store, clock, connectionStatuses } = this.#deps
    const stored = pickConnection(await store.connection(tenant), connection)
    if (stored === null) return absentConnection(clock())
    const published = await connectionStatuses.read(tenant, connectionIdOf(stored)).catch(() => null)
    if (published === null || published.changedAt !== stored.changedAt) return untried(stored)
    const { nextReadAt } = published.state
    return {
      ...published.state,
      nextReadAt: nextReadAt !== null && nextReadAt > clock() ? nextReadAt : null
    }
  }

  onConnectionTested(tenant: string, connection?: string): void {
    void this.#outbox.post([{ kind: 'resume', tenant, ...(connection !== undefined && { connection }) }])
  }

  /** If a local owner ends before the read, nothing is lost: the next owner reads all calendars. */
  async onNotifications(notifications: readonly CalendarNotification[]): Promise<void> {
    const { local } = this.#deps
    const own: CalendarNotification[] = []
    const jobs: SyncJob[] = []
    for (const notification of notifications) {
      if (local?.owns(notification.tenant)) own.push(notification)
      else jobs.push({ kind: 'notification', ...notification })
    }
    if (own.length > 0) await local!.onNotifications(own)
    if (jobs.length > 0) await this.#outbox.put(jobs)
  }

  invalidateTenant(tenant: string): void {
    void this.#outbox.post([{ kind: 'tenant', tenant }])
  }

  async close(): Promise<void> {
    await this.#outbox.close()
    const all = [...this.#connectors.values()]
    this.#connectors.clear()
    await Promise.all(all.map((one) => this.#close(one)))
    await this.#deps.onClose()
  }

  /** What workers call the calendars of these users, each once. */
  async #targetsOf(tenant: string, zone: string, users: readonly string[] | undefined): Promise<Set<string>> {
    const { store, sealer } = this.#deps
    const keys = new Set<string>()
    const add = (user: User) => {
      try {
        const target = targetOf(user, zone, (user) => unsealMailbox(tenant, user, sealer))
        if (target !== null) keys.add(target.key)
      } catch {
        // Its worker cannot unseal it either, and says so in the user's record.
      }
    }
    if (users !== undefined) {
      for (const record of await store.records(tenant, users)) if (record !== null) add(record.user)
      return keys
    }
    for await (const some of eachPage(usersPerPage, (page) => store.users(tenant, page))) some.forEach(add)
    return keys
  }

  #setIdle(name: string, one: TestConnector): void {
    one.cancelIdle()
    one.cancelIdle = this.#deps.timers.after(maxIdleMs, () => {
      if (this.#connectors.get(name) === one) this.#connectors.delete(name)
      void this.#close(one)
    })
  }

  async #close(one: TestConnector): Promise<void> {
    one.cancelIdle()
    await one.connector
      .close()
      .catch((error) => this.#deps.log.warn({ ...redactError(error) }, 'a connector did not close'))
  }
}

/** By its id; the first without. */
function pickConnection(kept: StoredConnection | null, id: string | undefined): StoredConnection | null {
  return id === undefined ? (listConnections(kept)[0] ?? null) : findConnection(kept, id)
}

function untried({ changedAt }: StoredConnection): ConnectionState {
  return {
    state: 'untried',
    since: changedAt,
    fault: null,
    nextReadAt: null,
    notifications: noNotifications
  }
}
