/** Sync: keeps the timelines of all tenants true to their calendars, from opening to closing. */
import type { Connector } from '../connectors/connector.ts'
import type { CalendarNotification } from '../connectors/notification.ts'
import type { SyncCode } from '../errors.ts'
import { machineTimers, type Timers } from '../lib/timers.ts'
import { compiledOnce } from './batch/rule-cache.ts'
import type { SyncMetrics } from './batch/sync-batch.ts'
import type { Rounds } from './cluster/jobs.ts'
import { everyShard, type OpenShards, shardOf } from './cluster/shards.ts'
import { absentSince, type ConnectionState } from './connection/connection-health.ts'
import { inProcessQueue, usualLimits } from './queue/fair-queue.ts'
import type { Haste, Queue, Worker } from './queue/queue.ts'
import { openCensus } from './tenant-discovery.ts'
import { openTenant, type SyncNeeds, type TenantReading } from './tenant-sync.ts'

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
  noticed(notices: readonly CalendarNotification[]): Promise<void>
  /** The tenant or its connection is new or changed; the rest is heard of from the store. */
  tenantChanged(tenant: string): void
  /** Resolves when nothing is read or saved any more. */
  close(): Promise<void>
}

/**
 * `done`: read, or in line on a pause. `gone`: the tenant, or what it is read over, is no more. `elsewhere`: this process
 * does not keep the tenant, or has ceased to before it was done.
 */
export type Done = 'done' | 'gone' | 'elsewhere'

/** Sync in the process that keeps the tenants, as its jobs ask for it. Unless they are to `wait`, they are done once in line. */
export interface Keeper extends Sync {
  /** Reads who is due. */
  poll(tenant: string, wait: boolean): Promise<Done>
  read(tenant: string, targets: readonly string[], haste: Haste, wait: boolean): Promise<Done>
}

export interface Gauges {
  watchFreshness(source: () => Iterable<readonly [tenant: string, seconds: number]>): void
  watchQueue(source: () => { readonly waiting: number; readonly running: number }): void
  watchWatches(
    source: () => Iterable<
      readonly [connector: string, count: { readonly live: number; readonly deaf: number }]
    >
  ): void
  watchConnections(source: () => ReadonlyMap<SyncCode, number>): void
  watchShards(source: () => number): void
}

export type SyncOptions = Omit<
  SyncNeeds,
  'clock' | 'timers' | 'random' | 'metrics' | 'post' | 'compileRules'
> & {
  readonly metrics: SyncMetrics & Gauges
  readonly clock?: () => number
  readonly timers?: Timers
  /** In [0, 1). */
  readonly random?: () => number
  /** Null unless given: nobody but this process asks for the states of its connections. */
  readonly post?: SyncNeeds['post']
  readonly openQueue?: (worker: Worker, timers: Timers) => Queue
  /** Which tenants this process keeps; all of them unless it is given. */
  readonly openShards?: OpenShards
  /** By what tenants are polled that could pass to another process; by the beat of this one unless it is given. */
  readonly rounds?: Rounds
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
export async function openSync(options: SyncOptions): Promise<Keeper> {
  const { store, log } = options
  const clock = options.clock ?? Date.now
  const timers = options.timers ?? machineTimers
  const needs: SyncNeeds = {
    ...options,
    clock,
    timers,
    random: options.random ?? Math.random,
    compileRules: compiledOnce(),
    post: options.post ?? null
  }
  const tenants = new Map<string, TenantReading>()
  /** How often the rounds come that were begun. */
  const begun = new Map<string, number>()
  let closed = false

  const nothing = { tenant: null, targets: new Map() }
  const worker: Worker = {
    batchSize: (tenant) => tenants.get(tenant)?.batchSize() ?? 1,
    read: async (tenant, targets, signal) => (await tenants.get(tenant)?.read(targets, signal)) ?? nothing
  }
  const openQueue = options.openQueue ?? ((of, by) => inProcessQueue(of, usualLimits, by))
  const queue = openQueue(worker, timers)

  options.metrics.watchQueue(() => queue.depth())
  options.metrics.watchFreshness(lags)
  options.metrics.watchWatches(watches)
  options.metrics.watchConnections(failing)
  let untold = 0
  const census = openCensus(
    { store, timers, log },
    (id) => {
      if (keeps(id)) know(id)
    },
    tellNowAndThen
  )
  const shards = (options.openShards ?? everyShard)({ taken: () => census.soon(), ended: endShard })
  options.metrics.watchShards(() => shards.count())
  // Where shards are shared none is held yet.
  if (shards.count() > 0) await census.take()
  const beat = options.rounds === undefined ? pollBeat : roundsBeat
  let last = { clock: clock(), timers: timers.now() }
  let cancelBeat = timers.after(beat, onBeat)

  return {
    readNow: async (tenant, users) => (await settled(tenant))?.readNow(users) ?? 0,
    connector: async (tenant) => (await settled(tenant))?.connector ?? null,
    async connection(tenant) {
      const reading = await settled(tenant)
      return reading?.connection ?? absentSince(clock())
    },
    async poll(tenant, wait) {
      const reading = await settled(tenant)
      if (reading === null) return keeps(tenant) ? 'gone' : 'elsewhere'
      if (reading.pace !== null) return inLine(tenant, reading.tick(early), wait)
      begun.delete(tenant)
      return 'gone'
    },
    async read(tenant, targets, haste, wait) {
      const reading = await settled(tenant)
      if (reading === null) return keeps(tenant) ? 'gone' : 'elsewhere'
      await reading.readTargets(targets, haste)
      return inLine(tenant, targets, wait)
    },
    async noticed(notices) {
      for (const { tenant, targetId: target, event: news } of notices) {
        // Graph tells of removed tenants' calendars for a week: nobody looks for those in the store.
        await tenants.get(tenant)?.settled()
        const reading = tenants.get(tenant)
        if (reading === undefined) options.metrics.countNotices('graph', 'unknown', 1)
        else reading.noticed(target, news)
      }
    },
    tenantChanged(tenant) {
      if (keeps(tenant)) know(tenant).changed()
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

  function know(id: string): TenantReading {
    const known = tenants.get(id)
    if (known !== undefined) return known
    const reading = openTenant(id, needs, queue, () => {
      if (tenants.get(id) === reading) tenants.delete(id)
      if (begun.delete(id)) options.rounds?.end(id)
      void reading.close()
    })
    tenants.set(id, reading)
    return reading
  }

  function keeps(id: string): boolean {
    return !closed && shards.holds(shardOf(id))
  }

  async function inLine(tenant: string, targets: readonly string[], wait: boolean): Promise<Done> {
    if (!wait || (await queue.ended(tenant, targets))) return 'done'
    // Dropped: over a new connection everybody is read anew, but not by us if the tenant is another's.
    return keeps(tenant) ? 'done' : 'elsewhere'
  }

  async function endShard(shard: number): Promise<void> {
    const those = [...tenants].filter(([id]) => shardOf(id) === shard)
    for (const [id] of those) {
      tenants.delete(id)
      begun.delete(id)
    }
    await Promise.all(those.map(([, reading]) => reading.close()))
  }

  /** The tenant with all that is saved so far taken note of; null when there is none. */
  async function settled(id: string): Promise<TenantReading | null> {
    if (!keeps(id)) return null
    await know(id).settled()
    return tenants.get(id) ?? null
  }

  /** What others were told of connections ends by itself some time after the last telling. */
  function tellNowAndThen(): void {
    untold = (untold + 1) % tellEach
    if (untold > 0 || needs.post === null) return
    for (const tenant of tenants.values()) tenant.tell()
  }

  /** Waiting goes by the monotonic clock, so a clock that was set neither stops polls nor piles them up. */
  function onBeat(): void {
    const now = { clock: clock(), timers: timers.now() }
    const set = Math.abs(now.clock - last.clock - (now.timers - last.timers)) > jump
    last = now
    if (set) {
      log.warn({ now: new Date(now.clock).toISOString() }, 'the clock was set: all calendars are read again')
      // Rounds go by the wall clock.
      begun.clear()
    }
    for (const [id, tenant] of tenants) {
      if (set) tenant.pollAll()
      if (options.rounds === undefined) tenant.tick()
      else keepRounds(options.rounds, id, tenant, now.timers)
    }
    cancelBeat = timers.after(beat, onBeat)
  }

  /** Rounds are begun where they are not, and begun anew where they do not come when they should: an emptied Redis has none. */
  function keepRounds(rounds: Rounds, id: string, tenant: TenantReading, now: number): void {
    const pace = tenant.pace
    if (pace === null) {
      if (begun.delete(id)) rounds.end(id)
      return
    }
    const isLate = now > pace.nextAt + late
    if (isLate) tenant.tick()
    if (!isLate && begun.get(id) === pace.every) return
    begun.set(id, pace.every)
    rounds.begin(id, tenant.pace ?? pace)
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
      const oldest = tenant.oldest()
      if (oldest !== null) yield [id, Math.max(0, now - oldest) / 1000]
    }
  }

  /** By kind of connector. */
  function watches(): Map<string, { live: number; deaf: number }> {
    const sums = new Map<string, { live: number; deaf: number }>()
    for (const { watches } of tenants.values()) {
      const sum = sums.get(watches.kind) ?? { live: 0, deaf: 0 }
      sums.set(watches.kind, { live: sum.live + watches.live, deaf: sum.deaf + watches.deaf })
    }
    return sums
  }
}
