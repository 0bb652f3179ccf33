/** Runs the consumers of this process's share of the tenants: each in one process at a time. */
import type { Instant } from '../domain/calendar-event.ts'
import { KeyedLock } from '../lib/keyed-lock.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import type { Timers } from '../lib/timers.ts'
import type { StatusService } from '../status/status-service.ts'
import type { StatusFeeds } from '../status/subscribe.ts'
import type { ConsumerRecord } from '../storage/consumers.ts'
import type { Unsealer } from '../storage/secrets/seal.ts'
import type { Store } from '../storage/store.ts'
import { type OpenShards, type Shards, shardOf } from '../sync/cluster/shards.ts'
import type { PeerDeps } from './consumer.ts'
import { ConsumerRunner } from './consumer-runner.ts'
import { openConsumer, readCommon, readOwn } from './consumer-settings.ts'
import { findConsumerKind } from './kinds.ts'

/** How often it is asked whose consumers changed. */
const POLL_INTERVAL_MS = 1_000

export interface DeliveryControllerDeps {
  readonly store: Pick<Store, 'consumers' | 'tenant'>
  readonly statusService: StatusService
  readonly feeds: StatusFeeds
  readonly unsealer: Unsealer
  readonly peerDeps: PeerDeps
  readonly openShards: OpenShards
  readonly clock: () => Instant
  readonly timers: Timers
  readonly log: Log
}

export class DeliveryController {
  readonly #deps: DeliveryControllerDeps
  readonly #shards: Shards
  /** By tenant and consumer. */
  readonly #runners = new Map<string, Map<string, ConsumerRunner>>()
  /** Tenants that have or had consumers. */
  readonly #known = new Set<string>()
  readonly #locks = new KeyedLock()
  #position = 0
  #isClosed = false
  #cancelPoll = () => {}
  #polling: Promise<void> = Promise.resolve()

  constructor(deps: DeliveryControllerDeps) {
    this.#deps = deps
    this.#shards = deps.openShards({
      onAcquired: (shard) => {
        for (const tenant of this.#known) if (shardOf(tenant) === shard) void this.#reconcile(tenant)
      },
      onReleased: async (shard) => {
        const tenants = [...this.#runners.keys()].filter((tenant) => shardOf(tenant) === shard)
        await Promise.all(tenants.map((tenant) => this.#closeTenant(tenant)))
      }
    })
    this.#schedulePoll(0)
  }

  /** How far a consumer is that this process runs; null: it does not. */
  progressOf(tenant: string, consumer: string, version: string) {
    const runner = this.#runners.get(tenant)?.get(consumer)
    return runner?.version === version ? runner.progress() : null
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelPoll()
    await this.#polling
    await Promise.all([...this.#runners.keys()].map((tenant) => this.#closeTenant(tenant)))
    await this.#shards.close()
  }

  #schedulePoll(waitMs: number): void {
    if (this.#isClosed) return
    this.#cancelPoll = this.#deps.timers.after(waitMs, () => {
      this.#polling = this.#poll()
        // The store is away: what runs goes on from memory.
        .catch(() => {})
        .finally(() => this.#schedulePoll(POLL_INTERVAL_MS))
    })
  }

  async #poll(): Promise<void> {
    const { position, tenants } = await this.#deps.store.consumers.changedAfter(this.#position)
    for (const tenant of tenants) {
      this.#known.add(tenant)
      await this.#reconcile(tenant)
    }
    this.#position = position
  }

  /** Closes and opens runners until they are those of the stored consumers. Rejects with StoreUnavailable. */
  #reconcile(tenant: string): Promise<void> {
    return this.#locks.run(tenant, async () => {
      if (this.#isClosed || !this.#shards.owns(shardOf(tenant))) return
      const records = await this.#deps.store.consumers.list(tenant)
      const wanted = new Map(records.filter(isActive).map((record) => [record.id, record]))
      const runners = this.#runners.get(tenant) ?? new Map<string, ConsumerRunner>()
      for (const [id, runner] of [...runners]) {
        if (wanted.get(id)?.version === runner.version) continue
        runners.delete(id)
        await runner.close()
      }
      for (const [id, record] of wanted) {
        if (runners.has(id) || this.#isClosed || !this.#shards.owns(shardOf(tenant))) continue
        const runner = await this.#open(tenant, record)
        if (runner !== null) runners.set(id, runner)
      }
      if (runners.size > 0) this.#runners.set(tenant, runners)
      else this.#runners.delete(tenant)
    })
  }

  async #open(tenant: string, record: ConsumerRecord): Promise<ConsumerRunner | null> {
    const { store, statusService, feeds, unsealer, peerDeps, clock, timers, log } = this.#deps
    const kind = findConsumerKind(record.kind)
    const known = await store.tenant(tenant)
    if (kind === null || known === null) return null
    try {
      const values = openConsumer(tenant, record, unsealer)
      const settings = kind.complete(readOwn(values))
      const { timeZone, language } = known
      const options = { tenant, consumer: record.id, timeZone, language, settings }
      const runner = new ConsumerRunner({
        tenant,
        record,
        kind,
        common: readCommon(values, kind),
        openPeer: (onStateLost) => kind.openPeer({ ...options, onStateLost }, peerDeps),
        statusService,
        feeds,
        store: store.consumers,
        clock,
        timers,
        log
      })
      runner.start()
      return runner
    } catch (error) {
      log.error(
        { tenant, consumer: record.id, ...redactError(error) },
        'a consumer could not be opened: put it again'
      )
      return null
    }
  }

  async #closeTenant(tenant: string): Promise<void> {
    await this.#locks.run(tenant, async () => {
      const runners = this.#runners.get(tenant)
      this.#runners.delete(tenant)
      await Promise.all([...(runners?.values() ?? [])].map((runner) => runner.close()))
    })
  }
}

function isActive({ pausedAt, open }: ConsumerRecord): boolean {
  return pausedAt === null && open.enabled !== false
}
