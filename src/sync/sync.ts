/** Sync: keeps the timelines of all tenants true to their calendars, from opening to closing. */
import type { Connector } from '../connectors/connector.ts'
import type { Notice } from '../connectors/notice.ts'
import type { ConnectionState } from './health.ts'
import { inProcessQueue, usualLimits } from './in-process-queue.ts'
import { wordless } from './log.ts'
import type { Queue, Worker } from './queue.ts'
import type { SyncMetrics } from './reading.ts'
import { openTenant, type SyncNeeds, type TenantReading } from './tenant.ts'
import { machineTimers, type Timers } from './timers.ts'

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
  noticed(notices: readonly Notice[]): Promise<void>
  /** The tenant or its connection is new or changed; the rest is heard of from the store. */
  tenantChanged(tenant: string): void
  /** Resolves when nothing is read or saved any more. */
  close(): Promise<void>
}

export interface Gauges {
  watchFreshness(source: () => Iterable<readonly [tenant: string, seconds: number]>): void
  watchQueue(source: () => { readonly waiting: number; readonly running: number }): void
}

export type SyncOptions = Omit<SyncNeeds, 'clock' | 'timers' | 'random' | 'metrics'> & {
  readonly metrics: SyncMetrics & Gauges
  readonly clock?: () => number
  readonly timers?: Timers
  /** In [0, 1). */
  readonly random?: () => number
  readonly openQueue?: (worker: Worker, timers: Timers) => Queue
}

/** Milliseconds between two looks at who is due: polling keeps to its interval by so much. */
const beat = 250
/** Milliseconds by which the clock and the monotonic one may part between two beats; beyond, the clock was set. */
const jump = 30_000
/** Milliseconds between two looks for tenants that somebody else made. */
const census = 60_000

/** Resolves when all tenants are known; their calendars are read from then on. */
export async function openSync(options: SyncOptions): Promise<Sync> {
  const { store, log } = options
  const clock = options.clock ?? Date.now
  const timers = options.timers ?? machineTimers
  const needs: SyncNeeds = { ...options, clock, timers, random: options.random ?? Math.random }
  const tenants = new Map<string, TenantReading>()
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
  await countTenants()
  let cancelCensus = timers.after(census, takeCensus)
  let last = { clock: clock(), timers: timers.now() }
  let cancelBeat = timers.after(beat, onBeat)

  return {
    readNow: async (tenant, users) => (await settled(tenant))?.readNow(users) ?? 0,
    connector: async (tenant) => (await settled(tenant))?.connector ?? null,
    async connection(tenant) {
      const reading = await settled(tenant)
      return reading?.connection ?? { state: 'absent', since: clock(), fault: null, nextReadAt: null }
    },
    async noticed(notices) {
      for (const { tenant, target, news } of notices) tenants.get(tenant)?.noticed(target, news)
    },
    tenantChanged(tenant) {
      if (!closed) know(tenant).changed()
    },
    async close() {
      closed = true
      cancelBeat()
      cancelCensus()
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
      void reading.close()
    })
    tenants.set(id, reading)
    return reading
  }

  /** The tenant with all that is saved so far taken note of; null when there is none. */
  async function settled(id: string): Promise<TenantReading | null> {
    if (closed) return null
    await know(id).settled()
    return tenants.get(id) ?? null
  }

  async function countTenants(): Promise<void> {
    const limit = 500
    let after: string | undefined
    do {
      const page = await store.tenants(after === undefined ? { limit } : { limit, after })
      for (const { id } of page) if (!closed) know(id)
      after = page.length < limit ? undefined : page.at(-1)?.id
    } while (after !== undefined)
  }

  function takeCensus(): void {
    countTenants()
      .catch((error) => log.warn({ ...wordless(error) }, 'the tenants could not be listed; trying again'))
      .finally(() => {
        if (!closed) cancelCensus = timers.after(census, takeCensus)
      })
  }

  /** Waiting goes by the monotonic clock, so a clock that was set neither stops polls nor piles them up. */
  function onBeat(): void {
    const now = { clock: clock(), timers: timers.now() }
    const set = Math.abs(now.clock - last.clock - (now.timers - last.timers)) > jump
    last = now
    if (set) {
      log.warn({ now: new Date(now.clock).toISOString() }, 'the clock was set: all calendars are read again')
    }
    for (const tenant of tenants.values()) {
      if (set) tenant.pollAll()
      tenant.tick()
    }
    cancelBeat = timers.after(beat, onBeat)
  }

  function* lags(): Iterable<readonly [string, number]> {
    const now = clock()
    for (const [id, tenant] of tenants) {
      const oldest = tenant.oldest()
      if (oldest !== null) yield [id, Math.max(0, now - oldest) / 1000]
    }
  }
}
