/** One tenant's view, kept by the store's feed. While the store is away it goes on from memory, and catches up after. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { Semaphore } from '../lib/semaphore.ts'
import type { After } from '../lib/timers.ts'
import {
  type FeedEvent,
  type LogEntry,
  type Store,
  StoreUnavailable,
  type TenantSnapshot
} from '../storage/store.ts'
import { type ChangeSignal, openChangeSignal } from './change-signal.ts'
import type { Cursor } from './cursor.ts'
import { openTenantView, type TenantView } from './tenant-view.ts'
import { tenantContextOf } from './user-state.ts'

export interface TenantReplica {
  readonly view: TenantView
  readonly signal: ChangeSignal
  /** It follows no longer: the tenant was removed, or was idle. Whoever asks again loads another. */
  readonly isClosed: boolean
  /** Whether there is something to take in that can be. */
  readonly hasPending: boolean
  /** Resolves when all that was heard so far is in the view, or when that has to wait for the store. */
  whenDrained(): Promise<void>
  /**
   * For a cursor that the view does not reach: hears from the store's own log what lies between. Throws
   * StoreUnavailable while that cannot be asked.
   */
  catchUpTo(cursor: Cursor): Promise<void>
  close(): void
}

export interface TenantReplicaDeps {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
  readonly after: After
  /** Snapshots are large, and after an outage every tenant needs one. */
  readonly snapshots: Semaphore
  /** Called once, when it follows no longer. */
  readonly onClose: (replica: TenantReplica) => void
}

/** Milliseconds until what the store could not give is asked for again. */
const RETRY_MS = 1_000
/** Milliseconds after which who asks is answered from what is there. */
const DRAIN_TIMEOUT_MS = 10_000
/** A view that lacks more entries than these takes a snapshot. */
const MAX_MISSING_ENTRIES = 100
/** Epochs that are remembered to be others' (or nobody's). */
const MAX_UNKNOWN_EPOCHS = 50

/** Null when there is no such tenant. */
export async function openTenantReplica(
  tenant: string,
  needs: TenantReplicaDeps
): Promise<TenantReplica | null> {
  const { store, defaultRules, clock, after, snapshots } = needs
  const pending: FeedEvent[] = []
  let onEvent = (feed: FeedEvent): void => void pending.push(feed)
  const stop = store.follow(tenant, (feed) => onEvent(feed))
  const snapshot = await snapshots
    .run(() => store.snapshot(tenant))
    .catch((error) => {
      stop()
      throw error
    })
  if (snapshot === null) {
    stop()
    return null
  }

  let gone = false
  let draining: Promise<void> | null = null
  /** Something was saved (or may have been) that could not be taken in so far. */
  let stale = false
  let cancelRetry: (() => void) | null = null
  const unknownEpochs = new Set<string>()
  const view: TenantView = openTenantView({
    snapshot,
    context: tenantContextOf(snapshot, defaultRules),
    clock,
    onChange: () => turns.notify(),
    isCurrent: () => !stale && store.reachable()
  })
  const turns = openChangeSignal({ nextTransition: () => view.nextTransition, clock, after })
  const replica: TenantReplica = {
    view,
    signal: turns,
    get isClosed() {
      return gone
    },
    get hasPending() {
      return pending.length > 0 && store.reachable()
    },
    whenDrained: settled,
    catchUpTo: reachFor,
    close: leave
  }
  onEvent = (feed) => {
    pending.push(feed)
    if (feed.kind === 'gap') stale = true
    // After an outage all tenants hear a gap at once: those that nobody waits for have time until somebody asks.
    if (feed.kind !== 'gap' || turns.hasWaiters) void drain()
  }
  if (pending.some(({ kind }) => kind === 'gap')) stale = true
  if (pending.length > 0) void drain()
  return replica

  function drain(): Promise<void> {
    draining ??= applyPending().finally(() => {
      draining = null
    })
    return draining
  }

  async function applyPending(): Promise<void> {
    try {
      while (!gone && pending.length > 0) {
        await applyEvent(pending[0]!)
        pending.shift()
      }
      stale = false
    } catch (error) {
      // A view that could not take in what it heard is true no longer: the next question loads another.
      if (!(error instanceof StoreUnavailable) && store.reachable()) return leave()
      pending.splice(0, pending.length, { kind: 'gap' })
      stale = true
      scheduleRetry()
    }
  }

  function scheduleRetry(): void {
    cancelRetry ??= after(RETRY_MS, () => {
      cancelRetry = null
      if (gone || pending.length === 0) return
      if (store.reachable()) void drain()
      else scheduleRetry()
    })
  }

  async function applyEvent(feed: FeedEvent): Promise<void> {
    if (feed.kind === 'tenant removed') return leave()
    if (feed.kind === 'gap') return catchUp(null)
    if (feed.kind === 'confirmed') {
      const records = await store.records(tenant, feed.users)
      return view.confirm(records.filter((record) => record !== null))
    }
    const { entry } = feed
    if (entry.position <= view.position) return
    if (entry.users === 'all' || entry.position > view.position + 1) return catchUp(entry)
    const { users } = entry
    const records = await store.records(tenant, users)
    view.apply(entry, new Map(users.map((user, index) => [user, records[index] ?? null])))
  }

  async function catchUp(entry: LogEntry | null): Promise<void> {
    const fresh = await snapshots.run(() => store.snapshot(tenant))
    const entries = fresh && (await missingEntries(fresh, entry))
    if (fresh === null || entries === null) leave()
    else view.catchUp(entries, fresh, tenantContextOf(fresh, defaultRules))
  }

  /** Null where the view cannot be brought to the snapshot: another log, or one that does not reach back. */
  async function missingEntries(
    { epoch, position, loggedAt }: TenantSnapshot,
    entry: LogEntry | null
  ): Promise<readonly LogEntry[] | null> {
    if (epoch !== view.epoch || position < view.position) return null
    if (position === view.position) return loggedAt === view.loggedAt ? [] : null
    if (entry?.position === position && position === view.position + 1) return [entry]
    const [last, ...logged] = (await store.log(tenant, view.position - 1)) ?? []
    // Redis may have lost what it had acknowledged, and have gone on from there.
    if (last?.at !== view.loggedAt) return null
    const entries = logged.filter((one) => one.position <= position)
    return entries.length === position - view.position ? entries : null
  }

  async function settled(): Promise<void> {
    if (gone || pending.length === 0) return
    if (!store.reachable()) return scheduleRetry()
    await new Promise<void>((resolve) => {
      const impatient = after(DRAIN_TIMEOUT_MS, () => {
        stale = true
        resolve()
      })
      void drain().then(() => {
        impatient()
        resolve()
      })
    })
  }

  async function reachFor({ epoch, position }: Cursor): Promise<void> {
    if (unknownEpochs.has(epoch)) return
    if (!store.reachable()) throw new StoreUnavailable('The cursor is of a log that cannot be asked now.')
    const isAhead = epoch === view.epoch && position > view.position
    const entries = isAhead ? await store.log(tenant, view.position) : null
    if (entries !== null && entries.length <= MAX_MISSING_ENTRIES) {
      // The feed may bring them too, then they are passed over.
      pending.push(...entries.map((entry) => ({ kind: 'logged' as const, entry })))
    } else pending.push({ kind: 'gap' })
    await settled()
    if (epoch === view.epoch || !view.isCurrent || unknownEpochs.size === MAX_UNKNOWN_EPOCHS) return
    unknownEpochs.add(epoch)
  }

  function leave(): void {
    if (gone) return
    gone = true
    stop()
    cancelRetry?.()
    turns.close()
    needs.onClose(replica)
    turns.notify()
  }
}
