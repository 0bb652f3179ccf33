/** The views of the tenants that somebody asks for: loaded at the first question, dropped when nobody asks any more. */
import type { Instant } from '../domain/calendar-event.ts'
import type { RuleSet } from '../domain/rule-set.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { type After, machineTimers } from '../lib/timers.ts'
import { type Store, StoreUnavailable } from '../storage/store.ts'
import { type Cursor, expired } from './cursor.ts'
import { type Follower, followTenant } from './tenant-replica.ts'
import type { Changes, TenantView } from './tenant-view.ts'

export interface Presence {
  /**
   * Null when there is no such tenant. Everything that this process wrote before the call is in the view, unless the
   * store is away: then it is what memory has (`inTouch` is false), or StoreUnavailable where that is nothing.
   */
  view(tenant: string): Promise<TenantView | null>
  /** The same at once, where it is loaded and nothing waits to be taken in; else null. For calls that are polled. */
  viewAtHand(tenant: string): TenantView | null
  /**
   * What changed since the cursor, as soon as there is something, or (then empty) when `wait` milliseconds have
   * passed or the signal is aborted. Null when there is no such tenant. A cursor may come from another replica, which
   * knew more: throws RequestError only when the store knows no more either, StoreUnavailable while it cannot be asked.
   */
  changes(tenant: string, cursor: Cursor, wait: number, signal: AbortSignal): Promise<Changes | null>
  /** Whoever waits is answered now, and nobody waits any more: the process is about to end. */
  endWaits(): void
  close(): void
}

export interface PresenceNeeds {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock?: () => Instant
  readonly after?: After
  /** Milliseconds after which a tenant that nobody asks about is let go. */
  readonly idleAfter?: number
}

interface Known {
  readonly follower: Follower
  /** Looks around since anybody asked. */
  idle: number
}

/** Idle tenants are looked for so many times in `idleAfter`. */
const LOOKS = 10
/** Snapshots that are taken at once. */
const SNAPSHOTS = 8

export function openPresence({
  store,
  defaultRules,
  clock = Date.now,
  after = machineTimers.after,
  idleAfter = 600_000
}: PresenceNeeds): Presence {
  const tenants = new Map<string, Promise<Follower | null>>()
  const loaded = new Map<string, Known>()
  const snapshots = new Semaphore(SNAPSHOTS)
  let waitsEnded = false
  let closed = false
  let cancelLook = after(idleAfter / LOOKS, lookAround)

  return {
    async view(tenant) {
      return (await followed(tenant))?.view ?? null
    },

    viewAtHand(tenant) {
      const known = loaded.get(tenant)
      if (known === undefined || known.follower.behind) return null
      known.idle = 0
      return known.follower.view
    },

    async changes(tenant, cursor, wait, signal) {
      const until = performance.now() + wait
      let asked = false
      for (;;) {
        const follower = await followed(tenant)
        if (follower === null) return null
        const { view, turns } = follower
        if (!view.reaches(cursor)) {
          if (asked) throw unreached(view, cursor)
          await follower.reachFor(cursor)
          asked = true
          continue
        }
        const { count } = turns
        const changes = await view.changesSince(cursor, (position) => store.log(tenant, position))
        if (changes !== null) return changes
        const left = until - performance.now()
        if (left <= 0 || signal.aborted || waitsEnded) return view.unchanged(cursor)
        if (count === turns.count && !follower.behind) await turns.next(left, signal)
      }
    },

    endWaits() {
      waitsEnded = true
      for (const { follower } of loaded.values()) follower.turns.turn()
    },

    close() {
      closed = true
      cancelLook()
      for (const { follower } of [...loaded.values()]) follower.leave()
    }
  }

  async function followed(tenant: string): Promise<Follower | null> {
    for (;;) {
      if (closed) throw new StoreUnavailable('This process is about to end.')
      const follower = await (tenants.get(tenant) ?? load(tenant))
      await follower?.settled()
      if (follower === null || !follower.gone) {
        const known = loaded.get(tenant)
        if (known !== undefined) known.idle = 0
        return follower
      }
    }
  }

  function load(tenant: string): Promise<Follower | null> {
    const loading = followTenant(tenant, {
      store,
      defaultRules,
      clock,
      after,
      snapshots,
      left: () => forget()
    }).then((follower) => {
      if (follower === null) forget()
      else if (closed) follower.leave()
      else if (!follower.gone) loaded.set(tenant, { follower, idle: 0 })
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
  function lookAround(): void {
    for (const known of [...loaded.values()]) {
      if (known.follower.turns.awaited) known.idle = 0
      else if (++known.idle > LOOKS) known.follower.leave()
    }
    cancelLook = after(idleAfter / LOOKS, lookAround)
  }
}

function unreached({ epoch, inTouch }: TenantView, cursor: Cursor): Error {
  if (!inTouch) return new StoreUnavailable('The cursor is of a log that cannot be asked now.')
  if (cursor.epoch !== epoch) return expired('It belongs to a change log that is no more.')
  return expired('What it rests on is not in the change log (any more).')
}
