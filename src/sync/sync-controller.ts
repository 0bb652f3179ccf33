/** Sync in the process that reads calendars: which tenants it owns, a TenantSync for each, and the one queue of all of them. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { SyncCode } from '../errors.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { nextSlice } from '../lib/time-slices.ts'
import { machineTimers, type Timers } from '../lib/timers.ts'
import type { SyncMetrics } from './batch/batch-context.ts'
import { RuleCache } from './batch/rule-cache.ts'
import { SavedRecordCache } from './batch/saved-records.ts'
import { type OpenShards, type Shards, shardOf, singleProcess } from './cluster/shards.ts'
import { absentConnection, type ConnectionState } from './connection/connection-health.ts'
import { ControllerFigures } from './controller-figures.ts'
import { FairQueue, type QueueLimits, queueLimits } from './queue/fair-queue.ts'
import type { Priority, SyncQueue } from './queue/queue.ts'
import { parseQueueId } from './queue/queue-id.ts'
import type { Sync } from './sync.ts'
import type { SyncDeps } from './sync-deps.ts'
import { TenantDiscovery } from './tenant-discovery.ts'
import type { TenantReport, TenantReports } from './tenant-report.ts'
import { TenantSync } from './tenant-sync.ts'

/** Gauges: each source is asked when the metrics are read. */
export interface SyncGauges {
  observeFreshnessLag(source: () => Iterable<readonly [tenant: string, seconds: number]>): void
  /** Mailboxes that fail again and again over a connection that works. */
  observeUnreadableMailboxes(source: () => number): void
  observeQueue(source: () => { readonly waiting: number; readonly running: number }): void
  observeSubscriptions(
    source: () => Iterable<
      readonly [connector: string, count: { readonly active: number; readonly inactive: number }]
    >
  ): void
  observeConnections(source: () => ReadonlyMap<SyncCode, number>): void
  observeCredentials(
    source: () => Iterable<readonly [tenant: string, connector: string, endsAt: number]>
  ): void
  observeShards(source: () => number): void
}

export type SyncOptions = Omit<
  SyncDeps,
  'clock' | 'timers' | 'random' | 'metrics' | 'publishStatus' | 'ruleCache' | 'savedRecords' | 'tenantLoads'
> & {
  readonly metrics: SyncMetrics & SyncGauges
  readonly clock?: () => number
  readonly timers?: Timers
  /** In [0, 1). */
  readonly random?: () => number
  /** Null unless given: no other process asks for the states of connections. */
  readonly publishStatus?: SyncDeps['publishStatus']
  readonly limits?: QueueLimits
  /** Which tenants this process owns; all of them unless it is given. */
  readonly openShards?: OpenShards
}

/**
 * `done`: the calendars were read, are delayed, or have no user. `notOwner`: this process does not own the tenant, or has ceased to
 * before it was done.
 */
export type JobResult = 'done' | 'notOwner'

/** Milliseconds between two checks for due calendars: a poll is late by at most so much. */
const beatMs = 250
/** Milliseconds by which the clock and the monotonic one may part between two beats; beyond, the clock was set. */
const maxClockJumpMs = 30_000
/** Tenants that are loaded at the same time: about as many answers of the store are decoded in one turn of the loop. */
const maxTenantLoads = 4
/** Of so many discoveries of tenants, one has the states of all connections published again. */
const discoveriesPerPublish = 5
/** States that are published in one turn of the loop: some milliseconds. */
const publishedPerSlice = 50

export class SyncController implements Sync, TenantReports {
  readonly #deps: SyncDeps
  readonly #queue: SyncQueue
  readonly #discovery: TenantDiscovery
  readonly #shards: Shards
  readonly #tenants = new Map<string, TenantSync>()
  #discoveries = 0
  #lastBeat: { readonly clock: number; readonly timers: number }
  #cancelBeat: () => void
  #closed = false

  /** Resolves when all tenants that are owned are known; their calendars are read from then on. */
  static async open(options: SyncOptions): Promise<SyncController> {
    const controller = new SyncController(options)
    // Where shards are shared none is owned yet.
    if (controller.#shards.count() > 0) await controller.#discovery.run()
    return controller
  }

  private constructor(options: SyncOptions) {
    const { store, log, metrics, clock = Date.now, timers = machineTimers, random = Math.random } = options
    const { publishStatus = null, limits = queueLimits, openShards = singleProcess } = options
    this.#deps = {
      ...options,
      clock,
      timers,
      random,
      ruleCache: new RuleCache(),
      savedRecords: new SavedRecordCache(),
      tenantLoads: new Semaphore(maxTenantLoads),
      publishStatus
    }
    this.#queue = new FairQueue(
      {
        batchSize: (id) => {
          const { tenant, connection } = parseQueueId(id)
          return this.#tenants.get(tenant)?.batchSize(connection) ?? 1
        },
        read: async (id, keys, signal) => {
          const { tenant, connection } = parseQueueId(id)
          const read = await this.#tenants.get(tenant)?.read(keys, signal, connection)
          return read ?? { tenant: null, targets: new Map() }
        }
      },
      limits,
      timers
    )
    this.#discovery = new TenantDiscovery({
      store,
      timers,
      log,
      onFound: (id) => {
        if (this.owns(id)) this.#getOrOpen(id)
      },
      onDone: () => this.#publishStatuses()
    })
    this.#shards = openShards({
      onAcquired: () => this.#discovery.runSoon(),
      onReleased: (shard) => this.#releaseShard(shard)
    })
    const figures = new ControllerFigures(this.#tenants, clock)
    metrics.observeQueue(() => this.#queue.depth())
    metrics.observeFreshnessLag(() => figures.freshnessLags())
    metrics.observeUnreadableMailboxes(() => figures.countUnreadable())
    metrics.observeSubscriptions(() => figures.subscriptionsByKind())
    metrics.observeConnections(() => figures.failingConnections())
    metrics.observeCredentials(() => figures.credentialEnds())
    metrics.observeShards(() => this.#shards.count())
    this.#lastBeat = { clock: clock(), timers: timers.now() }
    this.#cancelBeat = timers.after(beatMs, () => this.#onBeat())
  }

  async readNow(id: string, users?: readonly string[]): Promise<number> {
    return (await this.#whenIdle(id))?.readNow(users) ?? 0
  }

  async connector(id: string, connection?: string): Promise<Connector | null> {
    return (await this.#whenIdle(id))?.connector(connection) ?? null
  }

  async connection(id: string, connection?: string): Promise<ConnectionState> {
    return (await this.#whenIdle(id))?.connection(connection) ?? absentConnection(this.#deps.clock())
  }

  onConnectionTested(id: string, connection?: string): void {
    this.#tenants.get(id)?.resume(connection)
  }

  async onNotifications(notifications: readonly CalendarNotification[]): Promise<void> {
    for (const notification of notifications) {
      const { tenant: id } = notification
      // Graph notifies of a removed tenant's calendars for up to a week. The store is not asked for them.
      await this.#tenants.get(id)?.whenIdle()
      const tenant = this.#tenants.get(id)
      if (tenant === undefined) this.#deps.metrics.countNotifications('graph', 'unknown', 1)
      else tenant.onNotification(notification)
    }
  }

  invalidateTenant(id: string): void {
    if (this.owns(id)) this.#getOrOpen(id).invalidate()
  }

  /** Reads targets. Unless it is to `wait`, it is done once they are queued. */
  async read(id: string, keys: readonly string[], priority: Priority, wait: boolean): Promise<JobResult> {
    const tenant = await this.#whenIdle(id)
    if (tenant === null) return this.owns(id) ? 'done' : 'notOwner'
    await tenant.readTargets(keys, priority)
    if (!wait || (await tenant.whenDone(keys))) return 'done'
    // Dropped: over a new connection everybody is read anew, but not by us if the tenant is another's.
    return this.owns(id) ? 'done' : 'notOwner'
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelBeat()
    this.#discovery.close()
    await this.#shards.close()
    await this.#queue.close()
    await Promise.all([...this.#tenants.values()].map((tenant) => tenant.close()))
    this.#tenants.clear()
  }

  /** Whether this process reads the tenant's calendars now. */
  owns(id: string): boolean {
    return !this.#closed && this.#shards.owns(shardOf(id))
  }

  tenants(): Iterable<string> {
    return this.#tenants.keys()
  }

  report(id: string): TenantReport | null {
    return this.#tenants.get(id)?.figures.report() ?? null
  }

  affectedUsers(id: string, limit: number): readonly string[] {
    return this.#tenants.get(id)?.figures.affectedUsers(limit) ?? []
  }

  #getOrOpen(id: string): TenantSync {
    const known = this.#tenants.get(id)
    if (known !== undefined) return known
    const tenant = new TenantSync(id, this.#deps, this.#queue, () => {
      if (this.#tenants.get(id) === tenant) this.#tenants.delete(id)
      void tenant.close()
    })
    this.#tenants.set(id, tenant)
    return tenant
  }

  /** The tenant with all that is saved so far applied; null when there is none. */
  async #whenIdle(id: string): Promise<TenantSync | null> {
    if (!this.owns(id)) return null
    await this.#getOrOpen(id).whenIdle()
    return this.#tenants.get(id) ?? null
  }

  async #releaseShard(shard: number): Promise<void> {
    const released = [...this.#tenants].filter(([id]) => shardOf(id) === shard)
    for (const [id] of released) this.#tenants.delete(id)
    await Promise.all(released.map(([, tenant]) => tenant.close()))
  }

  /** A published status expires some time after it was last published. */
  #publishStatuses(): void {
    this.#discoveries = (this.#discoveries + 1) % discoveriesPerPublish
    if (this.#discoveries > 0 || this.#deps.publishStatus === null) return
    void this.#publishInSlices()
  }

  async #publishInSlices(): Promise<void> {
    let count = 0
    for (const tenant of [...this.#tenants.values()]) {
      tenant.publishStatus()
      if (++count % publishedPerSlice === 0) await nextSlice()
    }
  }

  /** Waiting goes by the monotonic clock, so a clock that was set neither stops polls nor piles them up. */
  #onBeat(): void {
    const { clock, timers, log } = this.#deps
    const beat = { clock: clock(), timers: timers.now() }
    const jumpMs = beat.clock - this.#lastBeat.clock - (beat.timers - this.#lastBeat.timers)
    const wasSet = Math.abs(jumpMs) > maxClockJumpMs
    this.#lastBeat = beat
    if (wasSet) {
      log.warn({ now: new Date(beat.clock).toISOString() }, 'the clock was set: all calendars are read again')
    }
    for (const tenant of this.#tenants.values()) {
      if (wasSet) tenant.pollAll()
      tenant.runDue()
    }
    this.#cancelBeat = timers.after(beatMs, () => this.#onBeat())
  }
}
