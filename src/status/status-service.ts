/** The views of the tenants in use: loaded at the first request, evicted after a time without requests. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { type After, machineTimers } from '../lib/timers.ts'
import { type Store, StoreUnavailable } from '../storage/store.ts'
import type { Changes } from './changes.ts'
import { type Cursor, cursorExpired } from './cursor.ts'
import { openTenantReplica, type TenantReplica } from './tenant-replica.ts'
import type { TenantView } from './tenant-view.ts'
import { type StatusFormat, tenantFormat } from './view-moment.ts'

export interface StatusServiceDeps {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock?: () => Instant
  readonly after?: After
  /** Milliseconds without a request after which a tenant is evicted. */
  readonly idleAfterMs?: number
}

export interface WaitOptions {
  /** Milliseconds. */
  readonly waitMs: number
  readonly signal: AbortSignal
  readonly format?: StatusFormat
}

interface LoadedTenant {
  readonly replica: TenantReplica
  /** Checks since the last request. */
  idleChecks: number
}

/** Idle tenants are looked for so many times in `idleAfterMs`. */
const IDLE_CHECKS = 10
/** So many entries of a log are read first, where it is asked what it held at an instant. */
const ENTRIES_BACK = 100
/** Snapshots that are taken at once. */
const MAX_SNAPSHOTS = 8

export class StatusService {
  readonly #deps: Required<StatusServiceDeps>
  readonly #replicas = new Map<string, Promise<TenantReplica | null>>()
  readonly #loaded = new Map<string, LoadedTenant>()
  readonly #snapshots = new Semaphore(MAX_SNAPSHOTS)
  #isReleasing = false
  #isClosed = false
  #cancelEviction: () => void

  constructor({
    store,
    defaultRules,
    clock = Date.now,
    after = machineTimers.after,
    idleAfterMs = 600_000
  }: StatusServiceDeps) {
    this.#deps = { store, defaultRules, clock, after, idleAfterMs }
    this.#cancelEviction = this.#scheduleEviction()
  }

  /**
   * Null when there is no such tenant. Everything that this process wrote before the call is in the view, and every transition
   * until now is passed, unless the store is away: then it is what memory has (`isCurrent` is false), or StoreUnavailable where
   * that is nothing.
   */
  async view(tenant: string): Promise<TenantView | null> {
    const view = (await this.#currentReplica(tenant))?.view ?? null
    await view?.settle()
    return view
  }

  /** The same at once, where it is loaded and nothing waits to be applied; else null. For calls that are polled. */
  loadedView(tenant: string): TenantView | null {
    const loaded = this.#loaded.get(tenant)
    if (loaded === undefined || loaded.replica.hasPending || !loaded.replica.view.advance()) return null
    loaded.idleChecks = 0
    return loaded.replica.view
  }

  /**
   * What changed since the cursor, as soon as there is something, or (then empty) when the time has passed or the signal is
   * aborted. Null when there is no such tenant. A cursor may come from another replica, which had read more of the log: throws
   * RequestError only when the store has no more either, StoreUnavailable while it cannot be asked.
   */
  async changes(
    tenant: string,
    cursor: Cursor,
    { waitMs, signal, format = tenantFormat }: WaitOptions
  ): Promise<Changes | null> {
    const until = performance.now() + waitMs
    let hasCaughtUp = false
    for (;;) {
      const replica = await this.#currentReplica(tenant)
      if (replica === null) return null
      const { view, signal: changed } = replica
      if (!view.reaches(cursor)) {
        if (hasCaughtUp) throw unreachableCursor(view, cursor)
        await replica.catchUpTo(cursor)
        hasCaughtUp = true
        continue
      }
      const { count } = changed
      const changes = await view.changesSince(cursor, format, (position) =>
        this.#deps.store.log(tenant, position)
      )
      if (changes !== null) return changes
      const left = until - performance.now()
      if (left <= 0 || signal.aborted || this.#isReleasing) return view.unchanged(cursor)
      if (count === changed.count && !replica.hasPending) await changed.wait(left, signal)
    }
  }

  /**
   * The cursor that stood at the instant, as far as the log tells: `trimmed` where it does not reach back so far, `gone` when there is
   * no such tenant.
   */
  async cursorAt(tenant: string, at: Instant): Promise<Cursor | 'trimmed' | 'gone'> {
    const view = (await this.#currentReplica(tenant))?.view
    if (view === undefined) return 'gone'
    const { epoch, position, loggedAt } = view
    if (loggedAt <= at) return { epoch, position, loggedAt, at, uncertain: false }
    for (let back = ENTRIES_BACK; ; back *= 10) {
      const from = Math.max(0, position - back)
      const entries = await this.#deps.store.log(tenant, from)
      if (entries === null) return 'trimmed'
      const last = entries.findLast((entry) => entry.at <= at)
      if (last !== undefined)
        return { epoch, position: last.position, loggedAt: last.at, at, uncertain: false }
      if (from === 0) return { epoch, position: 0, loggedAt: null, at, uncertain: false }
    }
  }

  /** Every long poll is answered now, and no further one waits: the process is about to end. */
  releaseWaiters(): void {
    this.#isReleasing = true
    for (const { replica } of this.#loaded.values()) replica.signal.notify()
  }

  /** Whether nobody waits any more. */
  get isReleasing(): boolean {
    return this.#isReleasing || this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.#cancelEviction()
    for (const { replica } of [...this.#loaded.values()]) replica.close()
  }

  async #currentReplica(tenant: string): Promise<TenantReplica | null> {
    for (;;) {
      if (this.#isClosed) throw new StoreUnavailable('This process is about to end.')
      const replica = await (this.#replicas.get(tenant) ?? this.#load(tenant))
      await replica?.whenDrained()
      if (replica?.isClosed) continue
      const loaded = this.#loaded.get(tenant)
      if (loaded !== undefined) loaded.idleChecks = 0
      return replica
    }
  }

  #load(tenant: string): Promise<TenantReplica | null> {
    const { store, defaultRules, clock, after } = this.#deps
    const forget = () => {
      if (this.#replicas.get(tenant) !== loading) return
      this.#replicas.delete(tenant)
      this.#loaded.delete(tenant)
    }
    const deps = { store, defaultRules, clock, after, snapshots: this.#snapshots, onClose: forget }
    const loading: Promise<TenantReplica | null> = openTenantReplica(tenant, deps).then((replica) => {
      if (replica === null) forget()
      else if (this.#isClosed) replica.close()
      else if (!replica.isClosed) this.#loaded.set(tenant, { replica, idleChecks: 0 })
      return replica
    })
    this.#replicas.set(tenant, loading)
    loading.catch(forget)
    return loading
  }

  /** One timer for all tenants. */
  #scheduleEviction(): () => void {
    return this.#deps.after(this.#deps.idleAfterMs / IDLE_CHECKS, () => {
      this.#evictIdle()
      this.#cancelEviction = this.#scheduleEviction()
    })
  }

  #evictIdle(): void {
    for (const loaded of [...this.#loaded.values()]) {
      if (loaded.replica.signal.hasWaiters) loaded.idleChecks = 0
      else if (++loaded.idleChecks > IDLE_CHECKS) loaded.replica.close()
    }
  }
}

function unreachableCursor({ epoch, isCurrent }: TenantView, cursor: Cursor): Error {
  if (!isCurrent) return new StoreUnavailable('The cursor is of a log that cannot be asked now.')
  if (cursor.epoch !== epoch) return cursorExpired('It belongs to a change log that is no more.')
  return cursorExpired('What it rests on is not in the change log (any more).')
}
