/**
 * Looks every minute at the tenants whose calendars this process reads: raises alarms, ends them, and has recipients told. Who reads
 * a tenant's calendars (a lease) runs its alarms too, and everything that must outlast the process is in the store.
 */
import type { Instant } from '../domain/calendar-event.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { nextSlice } from '../lib/time-slices.ts'
import type { Timers } from '../lib/timers.ts'
import type { AlarmOverviewRecord, AlarmStateRecord, RaisedAlarmRecord } from '../storage/alarms.ts'
import { TenantGone } from '../storage/store.ts'
import type { TenantReports } from '../sync/tenant-report.ts'
import { changeDocument, changeState } from './alarm-documents.ts'
import type { AlarmMetrics } from './alarm-metrics.ts'
import { causeOf, isCause, type Severity } from './causes.ts'
import type { ConsumerStates } from './consumer-states.ts'
import { type DeliveryDeps, type DeliveryOwner, deliver } from './delivery.ts'
import { updateEpisodes } from './episodes.ts'
import { emptyOverview, isHeldByFlood, providerAlarms, toRaised, updateOverview } from './overview.ts'
import { defaultSettings, type TellableAlarm } from './plan-delivery.ts'
import { readProviderSignals, readSignals, type Signal } from './signals.ts'

export interface AlarmPass {
  /** In the tenants of this process. */
  readonly raised: readonly RaisedAlarmRecord[]
  /** This process also runs the provider's alarms. */
  readonly isProvider: boolean
  readonly owns: (tenant: string) => boolean
}

/** What follows the alarms beside the recipients: called once in a pass. Never rejects. */
export interface AlarmFollower {
  onPass(pass: AlarmPass): Promise<void>
}

export interface AlarmRunnerDeps extends Omit<DeliveryDeps, 'affectedUsers'> {
  readonly reports: TenantReports
  /** When API keys end, by tenant; null: the provider's. */
  readonly keyEnds: () => ReadonlyMap<string | null, readonly Instant[]>
  /** As `ProviderSources.applicationEndsAt`. */
  readonly applicationEndsAt: Instant | null
  readonly consumers: ConsumerStates
  readonly followers: readonly AlarmFollower[]
  readonly timers: Timers
  readonly metrics: AlarmMetrics
  readonly log: Log
}

/** Milliseconds between two passes. */
const intervalMs = 60_000
/** Owners whose messages are sent at the same time. */
const maxDeliveries = 8
/** No tenant has this id. Who would own it runs the provider's alarms. */
const providerName = ':provider'

export class AlarmRunner {
  readonly #deps: AlarmRunnerDeps
  readonly #slots = new Semaphore(maxDeliveries)
  readonly #running = new Map<string, Promise<void>>()
  /** Tenants of this process, and whether the store has anything of their alarms; by null the provider. */
  readonly #hasState = new Map<string | null, boolean>()
  readonly #raised = new Map<string, readonly RaisedAlarmRecord[]>()
  #passing: Promise<void> | null = null
  #cancel: () => void
  #closed = false

  constructor(deps: AlarmRunnerDeps) {
    this.#deps = deps
    deps.metrics.observeAlarms(() => this.#countRaised())
    this.#cancel = deps.timers.after(intervalMs, () => this.#onBeat())
  }

  /** One look at everything. What is due is sent from then on: `whenSent`. */
  async pass(): Promise<void> {
    const { reports, log } = this.#deps
    const tenants = [...reports.tenants()]
    this.#forgetOthers(tenants)
    const keyEnds = this.#deps.keyEnds()
    await this.#attempt(null, () => this.#deps.consumers.refresh())
    for (const tenant of tenants) {
      if (this.#closed) return
      await this.#attempt(tenant, () => this.#evaluate(tenant, keyEnds.get(tenant) ?? []))
      await nextSlice()
    }
    const isProvider = reports.owns(providerName)
    if (isProvider) await this.#attempt(null, () => this.#evaluateProvider(keyEnds.get(null) ?? []))
    try {
      const overview = await this.#updateOverview(tenants)
      this.#deliverAll(tenants, overview, isProvider)
    } catch (error) {
      log.warn({ ...redactError(error) }, 'alarms could not be looked through; trying again in a minute')
      return
    }
    const raised = [...this.#raised.values()].flat()
    const owns = (tenant: string) => reports.owns(tenant)
    await Promise.all(this.#deps.followers.map((follower) => follower.onPass({ raised, isProvider, owns })))
  }

  /** Resolves when what is due now was sent, or was tried. */
  async whenSent(): Promise<void> {
    await Promise.all(this.#running.values())
  }

  /** Resolves when nothing is sent any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#passing
    await this.whenSent()
  }

  #onBeat(): void {
    this.#passing = this.pass().finally(() => {
      this.#passing = null
      if (!this.#closed) this.#cancel = this.#deps.timers.after(intervalMs, () => this.#onBeat())
    })
  }

  /** What fails for one tenant fails for it alone. */
  async #attempt(tenant: string | null, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof TenantGone) return
      this.#deps.log.warn(
        { tenant, ...redactError(error) },
        'the alarms of a tenant could not be looked through'
      )
    }
  }

  async #evaluate(tenant: string, keyEnds: readonly Instant[]): Promise<void> {
    const { reports, consumers, store, clock } = this.#deps
    const report = reports.report(tenant)
    if (report === null) return
    const now = clock()
    const sources = { report, keyEnds, consumers: await consumers.read(tenant), now }
    // Of any share: most tenants have nothing to say, and the store is not asked for them.
    const mayBeMet = report.staleUsers > 0 || readSignals({ ...sources, share: 1 }).some(({ isMet }) => isMet)
    if (!mayBeMet && !(await this.#isInState(tenant))) return
    const list = await store.alarms.lists.read(tenant)
    const { share, minutes } = list?.settings ?? defaultSettings
    const signals = readSignals({ ...sources, share })
    await this.#update(tenant, signals, { pollMs: report.pollMs, minutes, now })
  }

  async #evaluateProvider(keyEnds: readonly Instant[]): Promise<void> {
    const now = this.#deps.clock()
    const { applicationEndsAt } = this.#deps
    await this.#update(null, readProviderSignals({ keyEnds, applicationEndsAt }, now), {
      pollMs: 0,
      minutes: 0,
      now
    })
  }

  async #update(
    tenant: string | null,
    signals: readonly Signal[],
    options: Parameters<typeof updateEpisodes>[2]
  ): Promise<void> {
    const state = await changeState(this.#deps.store.alarms.states, tenant, (state) => ({
      ...state,
      ...updateEpisodes(state, signals, options)
    }))
    this.#hasState.set(tenant, hasContent(state))
    if (tenant !== null) this.#raised.set(tenant, toRaised(tenant, state.episodes))
  }

  async #isInState(tenant: string): Promise<boolean> {
    const known = this.#hasState.get(tenant)
    if (known !== undefined) return known
    const state = await this.#deps.store.alarms.states.read(tenant)
    const isThere = state !== null && hasContent(state)
    this.#hasState.set(tenant, isThere)
    return isThere
  }

  async #updateOverview(tenants: readonly string[]): Promise<AlarmOverviewRecord> {
    const { store, clock, reports } = this.#deps
    const overview = (await store.alarms.overview.read(null)) ?? emptyOverview
    const kept = new Set(overview.raised.map(({ tenant }) => tenant))
    const changed = new Map<string, readonly RaisedAlarmRecord[]>()
    for (const tenant of tenants) {
      const now = this.#raised.get(tenant) ?? []
      if (now.length > 0 || kept.has(tenant)) changed.set(tenant, now)
    }
    for (const tenant of kept) {
      if (changed.has(tenant) || !reports.owns(tenant)) continue
      if ((await store.tenant(tenant)) === null) changed.set(tenant, [])
    }
    if (changed.size === 0) return overview
    return changeDocument(store.alarms.overview, null, emptyOverview, (overview) =>
      updateOverview(overview, changed, clock())
    )
  }

  #deliverAll(tenants: readonly string[], overview: AlarmOverviewRecord, isProvider: boolean): void {
    for (const tenant of tenants) {
      if (this.#hasState.get(tenant) === true)
        this.#deliverSoon(tenant, () => this.#deliverTenant(tenant, overview))
    }
    if (!isProvider) return
    const owner: DeliveryOwner = { tenant: null, name: '', zone: 'UTC' }
    const alarmsOf = ({ episodes }: AlarmStateRecord) => [
      ...providerAlarms(overview),
      ...episodes.map((one) => toTellable(one, false))
    ]
    this.#deliverSoon(null, () => deliver(owner, alarmsOf, this.#deliveryDeps()))
  }

  async #deliverTenant(tenant: string, overview: AlarmOverviewRecord): Promise<void> {
    const { store, clock } = this.#deps
    const found = await store.tenant(tenant)
    if (found === null) return
    const owner: DeliveryOwner = { tenant, name: found.name, zone: found.timeZone }
    await deliver(
      owner,
      (state) =>
        state.episodes
          .filter(({ cause }) => isCause(cause) && causeOf(cause).tenant !== 'never')
          .map((one) => toTellable(one, isHeldByFlood(overview, one.cause, clock()))),
      this.#deliveryDeps()
    )
  }

  /** Unless it is still at it. */
  #deliverSoon(tenant: string | null, work: () => Promise<void>): void {
    const name = tenant ?? providerName
    if (this.#running.has(name)) return
    const sending = this.#slots
      .run(() => this.#attempt(tenant, work))
      .finally(() => this.#running.delete(name))
    this.#running.set(name, sending)
  }

  #deliveryDeps(): DeliveryDeps {
    const { reports } = this.#deps
    return { ...this.#deps, affectedUsers: (tenant, limit) => reports.affectedUsers(tenant, limit) }
  }

  #forgetOthers(tenants: readonly string[]): void {
    const own = new Set<string | null>([null, ...tenants])
    for (const tenant of this.#hasState.keys()) if (!own.has(tenant)) this.#hasState.delete(tenant)
    for (const tenant of this.#raised.keys()) if (!own.has(tenant)) this.#raised.delete(tenant)
  }

  #countRaised(): Map<Severity, number> {
    const counts = new Map<Severity, number>([
      ['warning', 0],
      ['critical', 0]
    ])
    for (const { severity } of [...this.#raised.values()].flat()) {
      counts.set(severity as Severity, (counts.get(severity as Severity) ?? 0) + 1)
    }
    return counts
  }
}

function hasContent({ episodes, deliveries }: AlarmStateRecord): boolean {
  return episodes.length > 0 || deliveries.some(({ told, dropped }) => told.length > 0 || dropped > 0)
}

function toTellable(episode: AlarmStateRecord['episodes'][number], isHeld: boolean): TellableAlarm {
  const { cause } = episode
  return { ...episode, inDigestOnly: isCause(cause) && causeOf(cause).tenant === 'digest', isHeld }
}
