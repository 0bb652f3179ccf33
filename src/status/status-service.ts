/** The views of the tenants that somebody asks for: loaded at the first question, dropped when nobody asks any more. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { type After, machineTimers } from '../lib/timers.ts'
import { type Store, StoreUnavailable } from '../storage/store.ts'
import { type Cursor, cursorExpired } from './cursor.ts'
import { openTenantReplica, type TenantReplica } from './tenant-replica.ts'
import type { Changes, TenantView } from './tenant-view.ts'

export interface StatusService {
  /**
   * Null when there is no such tenant. Everything that this process wrote before the call is in the view, unless the
   * store is away: then it is what memory has (`inTouch` is false), or StoreUnavailable where that is nothing.
   */
  view(tenant: string): Promise<TenantView | null>
  /** The same at once, where it is loaded and nothing waits to be taken in; else null. For calls that are polled. */
  loadedView(tenant: string): TenantView | null
  /**
   * What changed since the cursor, as soon as there is something, or (then empty) when `wait` milliseconds have
   * passed or the signal is aborted. Null when there is no such tenant. A cursor may come from another replica, which
   * knew more: throws RequestError only when the store knows no more either, StoreUnavailable while it cannot be asked.
   */
  changes(tenant: string, cursor: Cursor, wait: number, signal: AbortSignal): Promise<Changes | null>
  /** Whoever waits is answered now, and nobody waits any more: the process is about to end. */
  releaseWaiters(): void
  close(): void
}

export interface StatusServiceDeps {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock?: () => Instant
  readonly after?: After
  /** Milliseconds after which a tenant that nobody asks about is let go. */
  readonly idleAfterMs?: number
}

interface LoadedTenant {
  readonly replica: TenantReplica
  /** Looks around since anybody asked. */
  idleChecks: number
}

/** Idle tenants are looked for so many times in `idleAfter`. */
const IDLE_CHECKS = 10
/** Snapshots that are taken at once. */
const MAX_SNAPSHOTS = 8

export function openStatusService({
  store,
  defaultRules,
  clock = Date.now,
  after = machineTimers.after,
  idleAfterMs: idleAfter = 600_000
}: StatusServiceDeps): StatusService {
  const tenants = new Map<string, Promise<TenantReplica | null>>()
  const loaded = new Map<string, LoadedTenant>()
  const snapshots = new Semaphore(MAX_SNAPSHOTS)
  let waitsEnded = false
  let closed = false
  let cancelEviction = after(idleAfter / IDLE_CHECKS, evictIdle)

  return {
    async view(tenant) {
      return (await currentReplica(tenant))?.view ?? null
    },

    loadedView(tenant) {
      const known = loaded.get(tenant)
      if (known === undefined || known.replica.hasPending) return null
      known.idleChecks = 0
      return known.replica.view
    },

    async changes(tenant, cursor, wait, signal) {
      const until = performance.now() + wait
      let asked = false
      for (;;) {
        const follower = await currentReplica(tenant)
        if (follower === null) return null
        const { view, signal: turns } = follower
        if (!view.reaches(cursor)) {
          if (asked) throw unreachableCursor(view, cursor)
          await follower.catchUpTo(cursor)
          asked = true
          continue
        }
        const { count } = turns
        const changes = await view.changesSince(cursor, (position) => store.log(tenant, position))
        if (changes !== null) return changes
        const left = until - performance.now()
        if (left <= 0 || signal.aborted || waitsEnded) return view.unchanged(cursor)
        if (count === turns.count && !follower.hasPending) await turns.wait(left, signal)
      }
    },

    releaseWaiters() {
      waitsEnded = true
      for (const { replica: follower } of loaded.values()) follower.signal.notify()
    },

    close() {
      closed = true
      cancelEviction()
      for (const { replica: follower } of [...loaded.values()]) follower.close()
    }
  }

  async function currentReplica(tenant: string): Promise<TenantReplica | null> {
    for (;;) {
      if (closed) throw new StoreUnavailable('This process is about to end.')
      const follower = await (tenants.get(tenant) ?? load(tenant))
      await follower?.whenDrained()
      if (follower === null || !follower.isClosed) {
        const known = loaded.get(tenant)
        if (known !== undefined) known.idleChecks = 0
        return follower
      }
    }
  }

  function load(tenant: string): Promise<TenantReplica | null> {
    const loading = openTenantReplica(tenant, {
      store,
      defaultRules,
      clock,
      after,
      snapshots,
      onClose: () => forget()
    }).then((follower) => {
      if (follower === null) forget()
      else if (closed) follower.close()
      else if (!follower.isClosed) loaded.set(tenant, { replica: follower, idleChecks: 0 })
      return follower
    })
    tenants.set(tenant, loading)
    loading.catch(forget)
    return loading

    function forget(): void {
      if (tenants.get(tenant) !== loading) return
      tenants.delete(tenant)
      loaded.delete(tenant)
    }
  }

  /** One timer for all: lets go of those that nobody asked about, or waits for, since many looks. */
  function evictIdle(): void {
    for (const known of [...loaded.values()]) {
      if (known.replica.signal.hasWaiters) known.idleChecks = 0
      else if (++known.idleChecks > IDLE_CHECKS) known.replica.close()
    }
    cancelEviction = after(idleAfter / IDLE_CHECKS, evictIdle)
  }
}

function unreachableCursor({ epoch, isCurrent: inTouch }: TenantView, cursor: Cursor): Error {
  if (!inTouch) return new StoreUnavailable('The cursor is of a log that cannot be asked now.')
  if (cursor.epoch !== epoch) return cursorExpired('It belongs to a change log that is no more.')
  return cursorExpired('What it rests on is not in the change log (any more).')
}
