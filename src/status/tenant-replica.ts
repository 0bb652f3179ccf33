/** One tenant's view, kept up to date by the store's feed. While the store is away it goes on from memory, and catches up after. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { endsWithin } from '../lib/deadline.ts'
import type { Semaphore } from '../lib/semaphore.ts'
import type { After } from '../lib/timers.ts'
import type { SavedReadings } from '../storage/saved-readings.ts'
import {
  type FeedEvent,
  type LogEntry,
  type Store,
  StoreUnavailable,
  type TenantSnapshot
} from '../storage/store.ts'
import { recordsAfter } from './apply-readings.ts'
import { ChangeSignal } from './change-signal.ts'
import type { Cursor } from './cursor.ts'
import { TenantView } from './tenant-view.ts'
import { tenantContextOf } from './user-state.ts'

export interface TenantReplicaDeps {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
  readonly after: After
  /** Snapshots are large, and after an outage every tenant needs one. */
  readonly snapshots: Semaphore
  /** Called once, when the replica follows no longer. */
  readonly onClose: () => void
}

/** An event of the feed that is to be applied. */
interface PendingEvent {
  readonly event: FeedEvent
  readonly saved: SavedReadings | null
}

const GAP: PendingEvent = { event: { kind: 'gap' }, saved: null }
/** Milliseconds until a failed read of the store is repeated. */
const RETRY_MS = 1_000
/** Milliseconds after which a request is answered from memory. */
const DRAIN_TIMEOUT_MS = 10_000
/** A view that lacks more entries, or more users, than these takes a snapshot. */
const MAX_MISSING_ENTRIES = 100
const MAX_MISSING_USERS = 1_000
/** Reads of entries and their users, while more are logged meanwhile, before a snapshot is taken. */
const MAX_READS = 5
/** How many epochs are remembered that are not this log's. */
const MAX_UNKNOWN_EPOCHS = 50

/** Null when there is no such tenant. */
export async function openTenantReplica(
  tenant: string,
  deps: TenantReplicaDeps
): Promise<TenantReplica | null> {
  const replica = new TenantReplica(tenant, deps)
  return (await replica.load()) ? replica : null
}

export class TenantReplica {
  readonly signal: ChangeSignal
  readonly #tenant: string
  readonly #deps: TenantReplicaDeps
  readonly #stopFollowing: () => void
  readonly #unknownEpochs = new Set<string>()
  #view: TenantView | null = null
  /** What the feed brought and the view does not have yet. */
  #pending: PendingEvent[] = []
  /** The latest revision of the store at which any of the view was read: of later writes nothing is in it. */
  #readRevision = 0
  /** What the view took over last. */
  #applied: SavedReadings | null = null
  #draining: Promise<void> | null = null
  /** Something was saved (or may have been) that could not be applied so far. */
  #isStale = false
  #isClosed = false
  #cancelRetry: (() => void) | null = null

  constructor(tenant: string, deps: TenantReplicaDeps) {
    const { store, clock, after } = deps
    this.#tenant = tenant
    this.#deps = deps
    this.signal = new ChangeSignal({ nextTransition: () => this.view.nextTransition, clock, after })
    this.#stopFollowing = store.follow(tenant, (event, saved) => this.#onEvent({ event, saved }))
  }

  /** Resolves to whether there is such a tenant. */
  async load(): Promise<boolean> {
    const { store, defaultRules, clock, snapshots } = this.#deps
    try {
      const snapshot = await snapshots.run(() => store.snapshot(this.#tenant))
      if (snapshot !== null) {
        this.#view = await TenantView.open({
          snapshot,
          context: tenantContextOf(snapshot, defaultRules),
          clock,
          onChange: () => this.signal.notify(),
          isCurrent: () => !this.#isStale && store.reachable()
        })
        this.#readRevision = snapshot.revision
      }
    } catch (error) {
      this.#stopFollowing()
      throw error
    }
    if (this.#view === null) this.#stopFollowing()
    else if (this.#pending.length > 0) void this.#drain()
    return this.#view !== null
  }

  get view(): TenantView {
    if (this.#view === null) throw new Error('The replica is not loaded.')
    return this.#view
  }

  /** It follows no longer: the tenant was removed, or was idle. Whoever asks again loads another. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether there is something to apply that can be. */
  get hasPending(): boolean {
    return this.#pending.length > 0 && this.#deps.store.reachable()
  }

  /** Resolves when all that the feed brought so far is in the view, or when that has to wait for the store. */
  async whenDrained(): Promise<void> {
    if (this.#isClosed || this.#pending.length === 0) return
    if (!this.#deps.store.reachable()) return this.#scheduleRetry()
    if (!(await endsWithin(this.#drain(), DRAIN_TIMEOUT_MS, this.#deps.after))) this.#isStale = true
  }

  /**
   * For a cursor that the view does not reach: reads from the store's own log what lies between. Throws StoreUnavailable while
   * that cannot be asked.
   */
  async catchUpTo({ epoch, position }: Cursor): Promise<void> {
    const { store } = this.#deps
    const { view } = this
    if (this.#unknownEpochs.has(epoch)) return
    if (!store.reachable()) throw new StoreUnavailable('The cursor is of a log that cannot be asked now.')
    const isAhead = epoch === view.epoch && position > view.position
    const entries = isAhead ? await store.log(this.#tenant, view.position) : null
    if (entries === null) this.#pending.push(GAP)
    // The feed may bring them too, then they are passed over.
    else {
      this.#pending.push(
        ...entries.map((entry) => ({ event: { kind: 'logged' as const, entry }, saved: null }))
      )
    }
    await this.whenDrained()
    if (epoch === view.epoch || !view.isCurrent || this.#unknownEpochs.size === MAX_UNKNOWN_EPOCHS) return
    this.#unknownEpochs.add(epoch)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopFollowing()
    this.#cancelRetry?.()
    this.signal.close()
    this.#deps.onClose()
    this.signal.notify()
  }

  #onEvent(pending: PendingEvent): void {
    const { event } = pending
    this.#pending.push(pending)
    if (event.kind === 'gap') this.#isStale = true
    if (this.#view === null) return
    // After an outage all tenants have a gap at once: a tenant without a waiting consumer catches up at its next request.
    if (event.kind !== 'gap' || this.signal.hasWaiters) void this.#drain()
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#applyPending().finally(() => {
      this.#draining = null
    })
    return this.#draining
  }

  async #applyPending(): Promise<void> {
    try {
      while (!this.#isClosed && this.#pending.length > 0) {
        const events = [...this.#pending]
        await this.#applyEvents(events)
        this.#pending.splice(0, events.length)
      }
      this.#isStale = false
    } catch (error) {
      // A view that could not apply what the feed brought is true no longer: the next question loads another.
      if (!(error instanceof StoreUnavailable) && this.#deps.store.reachable()) return this.close()
      this.#pending = [GAP]
      this.#isStale = true
      this.#scheduleRetry()
    }
  }

  #scheduleRetry(): void {
    this.#cancelRetry ??= this.#deps.after(RETRY_MS, () => {
      this.#cancelRetry = null
      if (this.#isClosed || this.#pending.length === 0) return
      if (this.#deps.store.reachable()) void this.#drain()
      else this.#scheduleRetry()
    })
  }

  async #applyEvents(events: readonly PendingEvent[]): Promise<void> {
    const { view } = this
    const users = new Set<string>()
    for (const { event, saved } of events) {
      if (event.kind === 'tenant removed') return this.close()
      if (event.kind === 'gap') return this.#catchUp()
      if (saved !== null && users.size === 0 && this.#applySaved(event, saved)) continue
      const named = event.kind === 'confirmed' ? event.users : usersAfter(view.position, event.entry)
      if (named === 'all') return this.#catchUp()
      for (const user of named) users.add(user)
    }
    if (users.size > 0) await this.#applyUsers(users)
  }

  /** Applies a write of readings without reading the store. False where the view is not what the store was just before the write. */
  #applySaved(event: FeedEvent, saved: SavedReadings): boolean {
    // A write may be two events.
    if (saved === this.#applied) return true
    const { view } = this
    if (saved.epoch !== view.epoch || saved.revision <= this.#readRevision) return false
    if (saved.position !== view.position || saved.loggedAt !== view.loggedAt) return false
    const records = recordsAfter(saved.readings(), (id) => view.user(id))
    if (records === null) return false
    view.apply(event.kind === 'logged' ? [event.entry] : [], records)
    this.#applied = saved
    return true
  }

  /**
   * Records that are read later than an entry hold later writes too. So they are read with the log, at one moment, and the view
   * moves to the end of that log: it never shows a write beyond its position.
   */
  async #applyUsers(users: Set<string>): Promise<void> {
    const { store } = this.#deps
    const { view } = this
    for (let read = 0; read < MAX_READS && users.size <= MAX_MISSING_USERS; read++) {
      const ids = [...users]
      const slice = await store.readAfter(this.#tenant, view.position - 1, ids)
      if (slice === null || slice.epoch !== view.epoch) break
      const [last, ...entries] = slice.entries
      // Redis may have lost what it had acknowledged, and have gone on from there.
      if (last?.position !== view.position || last.at !== view.loggedAt) break
      if (entries.length > MAX_MISSING_ENTRIES) break
      const named = entries.map((entry) => usersAfter(view.position, entry))
      if (named.includes('all')) break
      for (const user of named.flat()) users.add(user)
      this.#readRevision = slice.revision
      if (users.size > ids.length) continue
      return view.apply(entries, new Map(ids.map((id, index) => [id, slice.records[index] ?? null])))
    }
    await this.#catchUp()
  }

  async #catchUp(): Promise<void> {
    const { store, defaultRules, snapshots } = this.#deps
    const snapshot = await snapshots.run(() => store.snapshot(this.#tenant))
    const entries = snapshot && (await this.#missingEntries(snapshot))
    if (snapshot === null || entries === null) return this.close()
    await this.view.rebuild(entries, snapshot, tenantContextOf(snapshot, defaultRules))
    this.#readRevision = snapshot.revision
  }

  /** Null where the view cannot be brought to the snapshot: another log, or one that does not reach back. */
  async #missingEntries({ epoch, position, loggedAt }: TenantSnapshot): Promise<readonly LogEntry[] | null> {
    const { view } = this
    if (epoch !== view.epoch || position < view.position) return null
    if (position === view.position) return loggedAt === view.loggedAt ? [] : null
    const [last, ...logged] = (await this.#deps.store.log(this.#tenant, view.position - 1)) ?? []
    if (last?.at !== view.loggedAt) return null
    const entries = logged.filter((one) => one.position <= position)
    return entries.length === position - view.position ? entries : null
  }
}

/** Nobody where the entry is in the view already. */
function usersAfter(position: number, entry: LogEntry): readonly string[] | 'all' {
  return entry.position <= position ? [] : entry.users
}
