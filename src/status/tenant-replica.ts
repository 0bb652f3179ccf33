/** One tenant's view, kept by the store's feed. While the store is away it goes on from memory, and catches up after. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import type { Semaphore } from '../lib/semaphore.ts'
import type { After } from '../lib/timers.ts'
import {
  type Feed,
  type LogEntry,
  type Store,
  StoreUnavailable,
  type TenantSnapshot
} from '../storage/store.ts'
import { openTurns, type Turns } from './change-signal.ts'
import type { Cursor } from './cursor.ts'
import { openTenantView, type TenantView } from './tenant-view.ts'
import { sceneOf } from './user-state.ts'

export interface Follower {
  readonly view: TenantView
  readonly turns: Turns
  /** It follows no longer: the tenant was removed, or was idle. Whoever asks again loads another. */
  readonly gone: boolean
  /** Whether there is something to take in that can be. */
  readonly behind: boolean
  /** Resolves when all that was heard so far is in the view, or when that has to wait for the store. */
  settled(): Promise<void>
  /**
   * For a cursor that the view does not reach: hears from the store's own log what lies between. Throws
   * StoreUnavailable while that cannot be asked.
   */
  reachFor(cursor: Cursor): Promise<void>
  leave(): void
}

export interface FollowerNeeds {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock: () => Instant
  readonly after: After
  /** Snapshots are large, and after an outage every tenant needs one. */
  readonly snapshots: Semaphore
  /** Called once, when it follows no longer. */
  readonly left: (follower: Follower) => void
}

/** Milliseconds until what the store could not give is asked for again. */
const AGAIN = 1_000
/** Milliseconds after which who asks is answered from what is there. */
const PATIENCE = 10_000
/** A view that lacks more entries than these takes a snapshot. */
const MOST_ENTRIES = 100
/** Epochs that are remembered to be others' (or nobody's). */
const MOST_STRANGERS = 50

/** Null when there is no such tenant. */
export async function followTenant(tenant: string, needs: FollowerNeeds): Promise<Follower | null> {
  const { store, defaultRules, clock, after, snapshots } = needs
  const heard: Feed[] = []
  let hear = (feed: Feed): void => void heard.push(feed)
  const stop = store.follow(tenant, (feed) => hear(feed))
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
  let taking: Promise<void> | null = null
  /** Something was saved (or may have been) that could not be taken in so far. */
  let adrift = false
  let again: (() => void) | null = null
  const strangers = new Set<string>()
  const view: TenantView = openTenantView({
    snapshot,
    scene: sceneOf(snapshot, defaultRules),
    clock,
    turned: () => turns.turn(),
    inTouch: () => !adrift && store.reachable()
  })
  const turns = openTurns({ nextBorder: () => view.nextBorder, clock, after })
  const follower: Follower = {
    view,
    turns,
    get gone() {
      return gone
    },
    get behind() {
      return heard.length > 0 && store.reachable()
    },
    settled,
    reachFor,
    leave
  }
  hear = (feed) => {
    heard.push(feed)
    if (feed.kind === 'gap') adrift = true
    // After an outage all tenants hear a gap at once: those that nobody waits for have time until somebody asks.
    if (feed.kind !== 'gap' || turns.awaited) void takeIn()
  }
  if (heard.some(({ kind }) => kind === 'gap')) adrift = true
  if (heard.length > 0) void takeIn()
  return follower

  function takeIn(): Promise<void> {
    taking ??= takeAll().finally(() => {
      taking = null
    })
    return taking
  }

  async function takeAll(): Promise<void> {
    try {
      while (!gone && heard.length > 0) {
        await take(heard[0]!)
        heard.shift()
      }
      adrift = false
    } catch (error) {
      // A view that could not take in what it heard is true no longer: the next question loads another.
      if (!(error instanceof StoreUnavailable) && store.reachable()) return leave()
      heard.splice(0, heard.length, { kind: 'gap' })
      adrift = true
      tryAgain()
    }
  }

  function tryAgain(): void {
    again ??= after(AGAIN, () => {
      again = null
      if (gone || heard.length === 0) return
      if (store.reachable()) void takeIn()
      else tryAgain()
    })
  }

  async function take(feed: Feed): Promise<void> {
    if (feed.kind === 'tenant removed') return leave()
    if (feed.kind === 'gap') return catchUp(null)
    if (feed.kind === 'quiet') {
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
    const entries = fresh && (await between(fresh, entry))
    if (fresh === null || entries === null) leave()
    else view.catchUp(entries, fresh, sceneOf(fresh, defaultRules))
  }

  /** Null where the view cannot be brought to the snapshot: another log, or one that does not reach back. */
  async function between(
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
    if (gone || heard.length === 0) return
    if (!store.reachable()) return tryAgain()
    await new Promise<void>((resolve) => {
      const impatient = after(PATIENCE, () => {
        adrift = true
        resolve()
      })
      void takeIn().then(() => {
        impatient()
        resolve()
      })
    })
  }

  async function reachFor({ epoch, position }: Cursor): Promise<void> {
    if (strangers.has(epoch)) return
    if (!store.reachable()) throw new StoreUnavailable('The cursor is of a log that cannot be asked now.')
    const isAhead = epoch === view.epoch && position > view.position
    const entries = isAhead ? await store.log(tenant, view.position) : null
    if (entries !== null && entries.length <= MOST_ENTRIES) {
      // The feed may bring them too, then they are passed over.
      heard.push(...entries.map((entry) => ({ kind: 'logged' as const, entry })))
    } else heard.push({ kind: 'gap' })
    await settled()
    if (epoch === view.epoch || !view.inTouch || strangers.size === MOST_STRANGERS) return
    strangers.add(epoch)
  }

  function leave(): void {
    if (gone) return
    gone = true
    stop()
    again?.()
    turns.close()
    needs.left(follower)
    turns.turn()
  }
}
