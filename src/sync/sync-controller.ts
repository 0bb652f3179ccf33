/** Sync: keeps the timelines of all tenants true to their calendars, from opening to closing. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { SyncCode } from '../errors.ts'
import { machineTimers, type Timers } from '../lib/timers.ts'
import { createRuleCache } from './batch/rule-cache.ts'
import type { SyncMetrics } from './batch/sync-batch.ts'
import type { PollJobSchedulers } from './cluster/jobs.ts'
import { type OpenShards, shardOf, singleProcess } from './cluster/shards.ts'
import { absentConnection, type ConnectionState } from './connection/connection-health.ts'
import { createFairQueue, queueLimits } from './queue/fair-queue.ts'
import type { BatchWorker, Priority, SyncQueue } from './queue/queue.ts'
import { openTenantDiscovery } from './tenant-discovery.ts'
import { openTenantSync, type SyncDeps, type TenantSync } from './tenant-sync.ts'

export interface Sync {
  /**
   * Reads the calendars of these users (without: of all) ahead of the others, ending pauses of our own making.
   * Resolves to how many calendars that is; those whose users are not to be read, or that share one, are not counted.
   */
  readNow(tenant: string, users?: readonly string[]): Promise<number>
  /** What reads the tenant's calendars, for a test of the connection; null when there is no usable connection. */
  connector(tenant: string): Promise<Connector | null>
  connection(tenant: string): Promise<ConnectionState>
  /** Genuine notices. Resolves once they are kept where the end of this process does not lose them. */
  onNotifications(notices: readonly CalendarNotification[]): Promise<void>
  /** The tenant or its connection is new or changed; the rest is heard of from the store. */
  invalidateTenant(tenant: string): void
  /** Resolves when nothing is read or saved any more. */
  close(): Promise<void>
}

/**
 * `done`: read, or in line on a pause. `gone`: the tenant, or what it is read over, is no more. `elsewhere`: this process
 * does not keep the tenant, or has ceased to before it was done.
 */
export type JobResult = 'done' | 'gone' | 'elsewhere'

/** Sync in the process that keeps the tenants, as its jobs ask for it. Unless they are to `wait`, they are done once in line. */
export interface SyncController extends Sync {
  /** Reads who is due. */
  poll(tenant: string, wait: boolean): Promise<JobResult>
  read(tenant: string, targets: readonly string[], haste: Priority, wait: boolean): Promise<JobResult>
}

export interface SyncGauges {
  observeFreshnessLag(source: () => Iterable<readonly [tenant: string, seconds: number]>): void
  observeQueue(source: () => { readonly waiting: number; readonly running: number }): void
  observeSubscriptions(
    source: () => Iterable<
      readonly [connector: string, count: { readonly active: number; readonly inactive: number }]
    >
  ): void
  observeConnections(source: () => ReadonlyMap<SyncCode, number>): void
  observeShards(source: () => number): void
}

export type SyncOptions = Omit<
  SyncDeps,
  'clock' | 'timers' | 'random' | 'metrics' | 'publishStatus' | 'compileRules'
> & {
  readonly metrics: SyncMetrics & SyncGauges
  readonly clock?: () => number
  readonly timers?: Timers
  /** In [0, 1). */
  readonly random?: () => number
  /** Null unless given: nobody but this process asks for the states of its connections. */
  readonly publishStatus?: SyncDeps['publishStatus']
  readonly openQueue?: (worker: BatchWorker, timers: Timers) => SyncQueue
  /** Which tenants this process keeps; all of them unless it is given. */
  readonly openShards?: OpenShards
  /** By what tenants are polled that could pass to another process; by the beat of this one unless it is given. */
  readonly pollJobSchedulers?: PollJobSchedulers
}

/** Milliseconds between two looks at who is due: polling keeps to its interval by so much. */
const pollBeat = 250
/** Where rounds come by themselves it only looks after them. */
const roundsBeat = 2_000
/** Milliseconds by which the clock and the monotonic one may part between two beats; beyond, the clock was set. */
const jump = 30_000
/** Of so many looks for tenants that others made, one has the states of all connections told again. */
const tellEach = 5
/** By so many milliseconds a round may come before somebody is due: those are read in it. */
const early = 1_000
/** A round that is late by so many milliseconds is not waited for. */
const late = 5_000

/** Resolves when all tenants that are kept are known; their calendars are read from then on. */
export async function openSyncController(options: SyncOptions): Promise<SyncController> {
  const { store, log } = options
  const clock = options.clock ?? Date.now
  const timers = options.timers ?? machineTimers
  const needs: SyncDeps = {
    ...options,
    clock,
    timers,
    random: options.random ?? Math.random,
    compileRules: createRuleCache(),
    publishStatus: options.publishStatus ?? null
  }
  const tenants = new Map<string, TenantSync>()
  /** How often the rounds come that were begun. */
  const startedSchedulers = new Map<string, number>()
  let closed = false

  const nothing = { tenant: null, targets: new Map() }
  const worker: BatchWorker = {
    batchSize: (tenant) => tenants.get(tenant)?.batchSize() ?? 1,
    read: async (tenant, targets, signal) => (await tenants.get(tenant)?.read(targets, signal)) ?? nothing
  }
  const openQueue = options.openQueue ?? ((of, by) => createFairQueue(of, queueLimits, by))
  const queue = openQueue(worker, timers)

  options.metrics.observeQueue(() => queue.depth())
  options.metrics.observeFreshnessLag(lags)
  options.metrics.observeSubscriptions(watches)
  options.metrics.observeConnections(failing)
  let untold = 0
  const census = openTenantDiscovery(
    { store, timers, log },
    (id) => {
      if (owns(id)) getOrOpen(id)
    },
    publishStatusesPeriodically
  )
  const shards = (options.openShards ?? singleProcess)({
    onAcquired: () => census.runSoon(),
    onReleased: endShard
  })
  options.metrics.observeShards(() => shards.count())
  // Where shards are shared none is held yet.
  if (shards.count() > 0) await census.run()
  const beat = options.pollJobSchedulers === undefined ? pollBeat : roundsBeat
  let last = { clock: clock(), timers: timers.now() }
  let cancelBeat = timers.after(beat, onBeat)

  return {
    readNow: async (tenant, users) => (await whenIdle(tenant))?.readNow(users) ?? 0,
    connector: async (tenant) => (await whenIdle(tenant))?.connector ?? null,
    async connection(tenant) {
      const reading = await whenIdle(tenant)
      return reading?.connection ?? absentConnection(clock())
    },
    async poll(tenant, wait) {
      const reading = await whenIdle(tenant)
      if (reading === null) return owns(tenant) ? 'gone' : 'elsewhere'
      if (reading.pollInterval !== null) return awaitTargets(tenant, reading.runDue(early), wait)
      startedSchedulers.delete(tenant)
      return 'gone'
    },
    async read(tenant, targets, haste, wait) {
      const reading = await whenIdle(tenant)
      if (reading === null) return owns(tenant) ? 'gone' : 'elsewhere'
      await reading.readTargets(targets, haste)
      return awaitTargets(tenant, targets, wait)
    },
    async onNotifications(notices) {
      for (const { tenant, targetId: target, event: news } of notices) {
        // Graph tells of removed tenants' calendars for a week: nobody looks for those in the store.
        await tenants.get(tenant)?.whenIdle()
        const reading = tenants.get(tenant)
        if (reading === undefined) options.metrics.countNotifications('graph', 'unknown', 1)
        else reading.onNotification(target, news)
      }
    },
    invalidateTenant(tenant) {
      if (owns(tenant)) getOrOpen(tenant).invalidate()
    },
    async close() {
      closed = true
      cancelBeat()
      census.close()
      await shards.close()
      await queue.close()
      await Promise.all([...tenants.values()].map((tenant) => tenant.close()))
      tenants.clear()
    }
  }

  function getOrOpen(id: string): TenantSync {
    const known = tenants.get(id)
    if (known !== undefined) return known
    const reading = openTenantSync(id, needs, queue, () => {
      if (tenants.get(id) === reading) tenants.delete(id)
      if (startedSchedulers.delete(id)) options.pollJobSchedulers?.stop(id)
      void reading.close()
    })
    tenants.set(id, reading)
    return reading
  }

  function owns(id: string): boolean {
    return !closed && shards.owns(shardOf(id))
  }

  async function awaitTargets(tenant: string, targets: readonly string[], wait: boolean): Promise<JobResult> {
    if (!wait || (await queue.whenDone(tenant, targets))) return 'done'
    // Dropped: over a new connection everybody is read anew, but not by us if the tenant is another's.
    return owns(tenant) ? 'done' : 'elsewhere'
  }

  async function endShard(shard: number): Promise<void> {
    const those = [...tenants].filter(([id]) => shardOf(id) === shard)
    for (const [id] of those) {
      tenants.delete(id)
      startedSchedulers.delete(id)
    }
    await Promise.all(those.map(([, reading]) => reading.close()))
  }

  /** The tenant with all that is saved so far taken note of; null when there is none. */
  async function whenIdle(id: string): Promise<TenantSync | null> {
    if (!owns(id)) return null
    await getOrOpen(id).whenIdle()
    return tenants.get(id) ?? null
  }

  /** What others were told of connections ends by itself some time after the last telling. */
  function publishStatusesPeriodically(): void {
    untold = (untold + 1) % tellEach
    if (untold > 0 || needs.publishStatus === null) return
    for (const tenant of tenants.values()) tenant.publishStatus()
  }

  /** Waiting goes by the monotonic clock, so a clock that was set neither stops polls nor piles them up. */
  function onBeat(): void {
    const now = { clock: clock(), timers: timers.now() }
    const set = Math.abs(now.clock - last.clock - (now.timers - last.timers)) > jump
    last = now
    if (set) {
      log.warn({ now: new Date(now.clock).toISOString() }, 'the clock was set: all calendars are read again')
      // Rounds go by the wall clock.
      startedSchedulers.clear()
    }
    for (const [id, tenant] of tenants) {
      if (set) tenant.pollAll()
      if (options.pollJobSchedulers === undefined) tenant.runDue()
      else superviseSchedulers(options.pollJobSchedulers, id, tenant, now.timers)
    }
    cancelBeat = timers.after(beat, onBeat)
  }

  /** Rounds are begun where they are not, and begun anew where they do not come when they should: an emptied Redis has none. */
  function superviseSchedulers(rounds: PollJobSchedulers, id: string, tenant: TenantSync, now: number): void {
    const pace = tenant.pollInterval
    if (pace === null) {
      if (startedSchedulers.delete(id)) rounds.stop(id)
      return
    }
    const isLate = now > pace.nextDueAt + late
    if (isLate) tenant.runDue()
    if (!isLate && startedSchedulers.get(id) === pace.everyMs) return
    startedSchedulers.set(id, pace.everyMs)
    rounds.start(id, tenant.pollInterval ?? pace)
  }

  function failing(): Map<SyncCode, number> {
    const counts = new Map<SyncCode, number>()
    for (const { connection } of tenants.values()) {
      const code = connection.state === 'failing' ? connection.fault?.code : undefined
      if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    return counts
  }

  function* lags(): Iterable<readonly [string, number]> {
    const now = clock()
    for (const [id, tenant] of tenants) {
      const oldest = tenant.oldestSyncAt()
      if (oldest !== null) yield [id, Math.max(0, now - oldest) / 1000]
    }
  }

  /** By kind of connector. */
  function watches(): Map<string, { active: number; inactive: number }> {
    const sums = new Map<string, { active: number; inactive: number }>()
    for (const { subscriptions: watches } of tenants.values()) {
      const sum = sums.get(watches.kind) ?? { active: 0, inactive: 0 }
      sums.set(watches.kind, {
        active: sum.active + watches.active,
        inactive: sum.inactive + watches.inactive
      })
    }
    return sums
  }
}
