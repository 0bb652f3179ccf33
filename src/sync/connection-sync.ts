/** The sync over one connection of a tenant, in the process that owns it: its connector, the calendars that are there, its schedule, pauses and subscriptions. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import { RemoteError, type RemoteFault } from '../errors.ts'
import { redactError } from '../lib/redact-error.ts'
import type { StoredConnection, UserRecord } from '../storage/store.ts'
import type { BatchContext } from './batch/batch-context.ts'
import { BatchRunner } from './batch/batch-runner.ts'
import { saveFailures } from './batch/build-outcome.ts'
import { ConnectionHealth, type ConnectionState } from './connection/connection-health.ts'
import { ConnectorLeases } from './connection/connector-leases.ts'
import { openTenantConnector } from './connection/open-connector.ts'
import { ConnectionConfig } from './connection-config.ts'
import { ConnectionFigures } from './connection-figures.ts'
import type { ReleaseMode } from './notifications/target-subscriptions.ts'
import { TenantNotifications } from './notifications/tenant-notifications.ts'
import { LocalMailboxes, type LocalMailboxesDeps } from './placement/local-mailboxes.ts'
import type { BatchResult, Priority, SyncQueue } from './queue/queue.ts'
import { queueIdOf } from './queue/queue-id.ts'
import { ReconcileSchedule } from './scheduling/reconcile-schedule.ts'
import { type FeedHandlers, StoreFeedHandler } from './store-feed-handler.ts'
import type { SyncDeps } from './sync-deps.ts'
import { TargetRegistry } from './targets/target-registry.ts'
import { UserIndex } from './targets/user-index.ts'

export interface ConnectionSyncDeps extends SyncDeps, Pick<LocalMailboxesDeps, 'placement'> {
  readonly queue: SyncQueue
  /** There is no such tenant (any more). */
  readonly onGone: () => void
  /** The tenant has other connections. */
  readonly onConnections: (connections: readonly StoredConnection[]) => void
}

export class ConnectionSync {
  readonly id: string
  readonly #tenant: string
  readonly #deps: ConnectionSyncDeps
  readonly #queueId: string
  readonly #leases: ConnectorLeases
  readonly #notifications: TenantNotifications
  readonly #health: ConnectionHealth
  readonly #targets: TargetRegistry
  readonly #users: UserIndex
  readonly #batches: BatchRunner
  readonly #feed: StoreFeedHandler
  readonly #config: ConnectionConfig
  readonly mailboxes: LocalMailboxes
  readonly figures: ConnectionFigures
  #schedule: ReconcileSchedule | null = null
  #polledAllAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(tenant: string, id: string, deps: ConnectionSyncDeps) {
    const { store, clock, timers, random, log, queue } = deps
    this.id = id
    this.#tenant = tenant
    this.#deps = deps
    this.#queueId = queueIdOf(tenant, id)
    this.#config = new ConnectionConfig(tenant, id, deps)
    this.#leases = new ConnectorLeases((error) =>
      log.warn({ tenant, ...redactError(error) }, 'a connector did not close')
    )
    this.#health = new ConnectionHealth({
      clock,
      timers,
      random,
      notifications: () => this.#notifications.state,
      onPublish: (state) =>
        deps.publishStatus?.(tenant, id, { state, changedAt: this.#config.connection?.changedAt ?? null })
    })
    this.mailboxes = new LocalMailboxes(tenant, id, {
      ...deps,
      config: this.#config,
      leases: this.#leases,
      health: this.#health
    })
    this.#targets = new TargetRegistry((target) => this.#notifications.subscribe(target))
    this.#notifications = new TenantNotifications(tenant, {
      ...deps,
      targets: this.#targets,
      connector: () => this.#leases.current,
      kind: () => this.#config.kind,
      pollMs: () => this.#config.pollMs,
      pausedForMs: () => this.#health.pausedForMs,
      enqueue: async (key, priority) => (await queue.add(this.#queueId, [key], priority)) > 0,
      onActive: (key) => this.#onSubscribed(key),
      onStateChange: () => this.#health.publish()
    })
    const markFailed = (users: readonly string[], error: RemoteFault) => this.#saveFailures(users, error)
    this.#users = new UserIndex(tenant, {
      store,
      targets: this.#targets,
      targetOf: (record) => this.mailboxes.targetOf(record),
      isConnected: () => this.#leases.current !== null,
      isClosed: () => this.#closed,
      saveFailures: markFailed
    })
    this.#batches = new BatchRunner(tenant, {
      log,
      leases: this.#leases,
      health: this.#health,
      context: () => this.#batchContext(),
      saveFailures: markFailed
    })
    this.figures = new ConnectionFigures({
      clock,
      config: this.#config,
      health: this.#health,
      targets: this.#targets,
      notifications: this.#notifications
    })
    const handlers: FeedHandlers = {
      applyTenant: (isNew) => this.#applyTenant(isNew),
      applyUsers: (users) => this.#applyUsers(users),
      resyncUsers: () => this.#users.resync((users, keys) => this.#readOrFail(users, keys))
    }
    this.#feed = new StoreFeedHandler(tenant, handlers, deps, this.#queueId)
  }

  get connector(): Connector | null {
    return this.#leases.current
  }

  get state(): ConnectionState {
    return this.#health.state
  }

  /** The tenant, its rules or its connection may have changed. */
  invalidate(): void {
    this.#feed.invalidate()
  }

  /** Resolves when every change so far is applied. */
  whenIdle(): Promise<void> {
    return this.#feed.whenIdle()
  }

  /** Resolves to how many calendars wait to be read for it. */
  async readNow(users?: readonly string[]): Promise<number> {
    await this.whenIdle()
    return this.readTargets(this.#targets.keys(users), 'now')
  }

  /** As `readNow`, of targets. Those that are not ours are passed over. */
  async readTargets(keys: readonly string[], priority: Priority): Promise<number> {
    await this.whenIdle()
    const ours = keys.filter((key) => this.#targets.get(key) !== undefined)
    if (priority === 'now' && ours.length > 0) this.#health.endOwnPause()
    return this.#readChanged(ours, priority)
  }

  /** The connection was seen to work: a pause of our own making is over. */
  resume(): void {
    this.#health.endOwnPause()
    this.#deps.queue.resume(this.#queueId)
  }

  /** Whether a subscription of this id is its own. */
  hasSubscription(targetId: string): boolean {
    return this.#notifications.has(targetId)
  }

  /** As `TenantNotifications.onNotification`. */
  onNotification(notification: CalendarNotification): boolean {
    return this.#notifications.onNotification(notification)
  }

  batchSize(): number {
    return Math.max(1, this.#leases.current?.batchSize ?? 1)
  }

  async read(keys: readonly string[], signal: AbortSignal): Promise<BatchResult> {
    for (const key of keys) {
      this.#targets.get(key)?.onReadStart(this.#deps.timers.now())
      this.#notifications.onReadStart(key)
    }
    try {
      return await this.#batches.run(keys, signal)
    } finally {
      for (const key of keys) this.#targets.get(key)?.onReadEnd()
    }
  }

  /** Polls and reconciles who is due. */
  runDue(): void {
    this.#notifications.checkOverdue()
    if (this.#schedule === null) return
    const now = this.#deps.timers.now()
    void this.#schedule.plan(now)
    const { poll, reconcile } = this.#schedule.takeDue(now)
    for (const key of reconcile) this.#targets.get(key)!.requestReconcile()
    void this.#deps.queue.add(this.#queueId, [...poll, ...reconcile], 'poll')
  }

  /** Polls everybody. */
  pollAll(): void {
    // Not more often than polls would: a clock that is set over and over reads nothing over and over.
    const now = this.#deps.timers.now()
    if (this.#config.connection === null || now - this.#polledAllAt < this.#config.pollMs) return
    this.#polledAllAt = now
    void this.#deps.queue.add(this.#queueId, this.#targets.keys(), 'poll')
  }

  /** Publishes the state of the connection again. */
  publishStatus(): void {
    this.#health.publish()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#feed.close()
    this.#health.close()
    this.#notifications.close()
    await this.#targets.clear('keep')
    await this.#deps.queue.drop(this.#queueId)
    await this.#leases.close()
  }

  #batchContext(): Omit<BatchContext, 'connector'> {
    return {
      ...this.#deps,
      tenant: this.#tenant,
      kind: this.#config.kind,
      rules: this.#config.rules,
      pollMs: this.#config.pollMs,
      hasHours: this.#config.hasHours,
      feed: this.#feed,
      targets: this.#targets,
      isSubscribed: (key) => this.#notifications.isSubscribed(key),
      placement: this.mailboxes.batchPlacement,
      targetOf: (record) => this.mailboxes.targetOf(record)
    }
  }

  /** What was edited before may have been missed. */
  #onSubscribed(key: string): void {
    if (this.#health.state.state === 'failing') this.resume()
    void this.#readChanged([key], 'poll')
  }

  /** Has calendars read, for something that nothing less can answer. */
  #readChanged(keys: readonly string[], priority: Priority): Promise<number> {
    for (const key of keys) this.#targets.get(key)?.markDirty()
    return this.#deps.queue.add(this.#queueId, keys, priority)
  }

  async #applyUsers(users: readonly string[]): Promise<void> {
    const keys = await this.#users.apply(users)
    await this.#readChanged(keys, 'soon')
    const { fault, state } = this.#health
    const isWaiting = this.#leases.current === null || (keys.length > 0 && state.nextReadAt !== null)
    if (isWaiting && fault !== null) await this.#saveFailures(users, fault)
  }

  async #applyTenant(isNew: boolean): Promise<void> {
    const change = await this.#config.load(isNew)
    if (change === null) {
      await this.#targets.clear('unsubscribe')
      this.#leases.replace(null)
      return this.#deps.onGone()
    }
    if (change.connections) this.#deps.onConnections(this.#config.connections)
    if (change.connection) await this.#connect(change.releaseMode)
    if (change.connection || change.connections || change.timeZone) {
      await this.#users.applyAll((users, keys) => this.#readOrFail(users, keys))
    } else if (change.rules) await this.#readChanged(this.#targets.keys(), 'poll')
  }

  async #readOrFail(users: readonly string[], keys: readonly string[]): Promise<void> {
    if (this.#leases.current !== null) await this.#readChanged(keys, 'poll')
    else if (this.#health.fault !== null) await this.#saveFailures(users, this.#health.fault)
  }

  /** What is read over the old connection counts for nothing, and pauses that it earned are over. */
  async #connect(releaseMode: ReleaseMode): Promise<void> {
    const { connection, pollMs } = this.#config
    await this.#deps.queue.drop(this.#queueId)
    this.#notifications.clear()
    await this.#targets.clear(releaseMode)
    const opened = connection === null ? null : openTenantConnector(this.#tenant, connection, this.#deps)
    const connector = opened instanceof RemoteError ? null : opened
    this.#leases.replace(connector)
    if (opened === null) {
      this.#schedule = null
      return this.#health.onClosed()
    }
    this.#health.onOpened()
    if (opened instanceof RemoteError) this.#health.recordFailure(opened)
    const batchSize = connector?.batchSize ?? 1
    this.#schedule = new ReconcileSchedule(this.#queueId, pollMs, batchSize, this.#targets, (key) =>
      this.#notifications.isSubscribed(key)
    )
  }

  #saveFailures(users: readonly string[], error: RemoteFault): Promise<void> {
    const isAffected = (record: UserRecord) => this.mailboxes.has(record)
    const given = { pollMs: this.#config.pollMs, clock: this.#deps.clock, isAffected }
    return saveFailures(this.#deps.store, this.#tenant, users, error, given)
  }
}
