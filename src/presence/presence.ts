/** The views of the tenants that somebody asks for: loaded at the first question, then kept by the change log. */
import type { Instant } from '../core/calendar-event.ts'
import type { RuleSet } from '../core/rule-set.ts'
import type { Feed, Store, UserRecord } from '../store/store.ts'
import type { Cursor } from './cursor.ts'
import { sceneOf } from './person.ts'
import { type Changes, openTenantView, type TenantView } from './tenant-view.ts'

export interface Presence {
  /** Null when there is no such tenant. Everything that this process wrote before the call is in the view. */
  view(tenant: string): Promise<TenantView | null>
  /** The same at once, where it is loaded and nothing waits to be taken in; else null. For calls that are polled. */
  viewAtHand(tenant: string): TenantView | null
  /**
   * What changed since the cursor, as soon as there is something, or (then empty) when `wait` milliseconds have
   * passed or the signal is aborted. Null when there is no such tenant.
   */
  changes(tenant: string, cursor: Cursor, wait: number, signal: AbortSignal): Promise<Changes | null>
  close(): void
}

export interface PresenceNeeds {
  readonly store: Store
  /** What holds for a tenant without rules. */
  readonly defaultRules: RuleSet
  readonly clock?: () => Instant
}

/** A timer is set no farther ahead: the clock may be set, and Node's timers end at 2³¹ ms. */
const LONGEST_TIMER = 60_000

interface Followed {
  readonly view: TenantView
  /** Resolves when all that was heard so far is in the view. */
  caughtUp: Promise<void>
  /** How much was heard that is not in the view yet. */
  behind: number
  readonly waiting: Set<() => void>
  /** How often anything has turned, so that a turn between looking and waiting is not slept through. */
  turns: number
  timer: NodeJS.Timeout | null
  /** It follows no longer: the tenant was removed, or the store failed it. Whoever asks again loads another. */
  gone: boolean
}

export function openPresence({ store, defaultRules, clock = Date.now }: PresenceNeeds): Presence {
  const tenants = new Map<string, Promise<Followed | null>>()
  const loaded = new Map<string, Followed>()
  const stops = new Set<() => void>()

  return {
    async view(tenant) {
      return (await followedNow(tenant))?.view ?? null
    },

    viewAtHand(tenant) {
      const followed = loaded.get(tenant)
      return followed === undefined || followed.behind > 0 ? null : followed.view
    },

    async changes(tenant, cursor, wait, signal) {
      const until = performance.now() + wait
      for (;;) {
        const followed = await followedNow(tenant)
        if (followed === null) return null
        const { turns } = followed
        const changes = await followed.view.changesSince(cursor, (after) => store.log(tenant, after))
        if (changes !== null) return changes
        const left = until - performance.now()
        if (left <= 0 || signal.aborted) return followed.view.unchanged(cursor)
        if (turns === followed.turns) await nextTurn(followed, left, signal)
      }
    },

    close() {
      for (const stop of stops) stop()
      stops.clear()
      tenants.clear()
      loaded.clear()
    }
  }

  async function followedNow(tenant: string): Promise<Followed | null> {
    for (;;) {
      const followed = await follow(tenant)
      await followed?.caughtUp
      if (!followed?.gone) return followed
    }
  }

  function follow(tenant: string): Promise<Followed | null> {
    const known = tenants.get(tenant)
    if (known !== undefined) return known
    const loading = load(tenant)
    tenants.set(tenant, loading)
    const forget = () => {
      if (tenants.get(tenant) === loading) tenants.delete(tenant)
    }
    loading.then((followed) => followed === null && forget(), forget)
    return loading
  }

  async function load(tenant: string): Promise<Followed | null> {
    let followed: Followed | null = null
    const early: Feed[] = []
    const stop = store.follow(tenant, (feed) => {
      if (followed === null) early.push(feed)
      else hear(followed, feed)
    })
    stops.add(stop)
    try {
      const snapshot = await store.snapshot(tenant)
      if (snapshot !== null) {
        const view = openTenantView(
          snapshot,
          sceneOf(snapshot, defaultRules),
          clock,
          () => followed && turn(followed)
        )
        followed = {
          view,
          caughtUp: Promise.resolve(),
          behind: 0,
          waiting: new Set(),
          turns: 0,
          timer: null,
          gone: false
        }
        for (const feed of early) {
          if (feed.kind !== 'logged' || feed.entry.position > snapshot.position) hear(followed, feed)
        }
        if (!followed.gone) loaded.set(tenant, followed)
        return followed
      }
    } catch (error) {
      stop()
      stops.delete(stop)
      throw error
    }
    stop()
    stops.delete(stop)
    return null

    function hear(to: Followed, feed: Feed): void {
      to.behind++
      to.caughtUp = to.caughtUp.then(async () => {
        // A view that could not take in what it heard is true no longer: the next question loads another.
        await take(to, feed).catch(() => leave(to))
        to.behind--
      })
    }

    async function take(to: Followed, feed: Feed): Promise<void> {
      if (to.gone) return
      if (feed.kind === 'tenant removed' || feed.kind === 'gap') leave(to)
      else if (feed.kind === 'quiet') to.view.confirm(await present(feed.users))
      else if (feed.entry.users === 'all') {
        const fresh = await store.snapshot(tenant)
        if (fresh === null || fresh.epoch !== to.view.epoch) leave(to)
        else to.view.applyAll(feed.entry, fresh, sceneOf(fresh, defaultRules))
      } else {
        const { users } = feed.entry
        const records = await store.records(tenant, users)
        to.view.apply(feed.entry, new Map(users.map((user, index) => [user, records[index] ?? null])))
      }
    }

    async function present(users: readonly string[]): Promise<UserRecord[]> {
      return (await store.records(tenant, users)).filter((record) => record !== null)
    }

    function leave(to: Followed): void {
      to.gone = true
      turn(to)
      stop()
      stops.delete(stop)
      tenants.delete(tenant)
      loaded.delete(tenant)
    }
  }

  /** Waits for an entry of the log, a border in time, the end of the wait, or the consumer's leaving. */
  async function nextTurn(followed: Followed, milliseconds: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done, { once: true })
      followed.waiting.add(done)
      armTimer(followed)
      function done(): void {
        clearTimeout(timeout)
        signal.removeEventListener('abort', done)
        followed.waiting.delete(done)
        resolve()
      }
    })
  }

  function turn(followed: Followed): void {
    followed.turns++
    for (const done of [...followed.waiting]) done()
  }

  /** One timer for each tenant, and only while somebody waits: idle tenants cost nothing. */
  function armTimer(followed: Followed): void {
    if (followed.timer !== null) clearTimeout(followed.timer)
    const left = Math.max(1, Math.min(followed.view.nextBorder - clock(), LONGEST_TIMER))
    followed.timer = setTimeout(() => {
      followed.timer = null
      turn(followed)
    }, left)
    followed.timer.unref()
  }
}
