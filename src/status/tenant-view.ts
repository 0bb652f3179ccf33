/** What holds for everybody of one tenant, in memory: statuses, and what changed since a cursor. */
import type { Instant } from '../domain/calendar-event.ts'
import { statusAt } from '../domain/status.ts'
import { syncStateAt } from '../domain/sync-state.ts'
import { type Cause, causeKey } from '../domain/timeline.ts'
import type { LogEntry, TenantSnapshot, UserRecord } from '../storage/store.ts'
import { CURSOR_LIFETIME_MS, type Cursor, cursorExpired, formatCursor } from './cursor.ts'
import { isSameEntry, recentEntries } from './recent-entries.ts'
import type { Status } from './status-members.ts'
import { type CachedStatuses, type StatusesResponse, writeStatuses } from './statuses-response.ts'
import { openTransitionClock } from './transition-clock.ts'
import { statusJson, type TenantContext, toStatus, type UserState, userStateOf } from './user-state.ts'

export interface Changes {
  readonly cursor: string
  /** Each a Status, or `{user, removed: true}`, as JSON. */
  readonly changes: readonly string[]
  /** See `TenantView.inTouch`. */
  readonly isCurrent: boolean
}

export interface StatusFilter {
  readonly diversion?: ReadonlySet<string>
  readonly phone?: ReadonlySet<string>
  /** Extensions and numbers. */
  readonly extension?: ReadonlySet<string>
}

/** Clocks of replicas, and what they hear, differ by less. */
const MAX_CLOCK_SKEW_MS = 60_000

export interface TenantView {
  /** The identity of the change log that the view follows. */
  readonly epoch: string
  /** How much of the log is in the view. */
  readonly position: number
  /** When the entry at that position was logged. */
  readonly loggedAt: Instant
  readonly context: TenantContext
  /** False while the store may hold what is not in the view: what it answers was true when the store was last heard. */
  readonly isCurrent: boolean
  user(user: string): UserState | null
  /** The cached answer to `GET statuses`: the same bytes from every view at the same position, at the same instant. */
  statuses(): StatusesResponse
  statusesAt(filter: StatusFilter, at: Instant): Status[]
  /** The present Status as JSON. */
  status(user: string): string | null
  /** Whether the cursor's log is the view's, and is in it so far. Of positions out of memory `changesSince` says the rest. */
  reaches(cursor: Cursor): boolean
  /**
   * What changed since a cursor that it reaches, or null when nothing did. Throws RequestError for an expired one. `log`
   * gives entries that are out of memory.
   */
  changesSince(
    cursor: Cursor,
    log: (after: number) => Promise<readonly LogEntry[] | null>
  ): Promise<Changes | null>
  /** What to answer where `changesSince` found nothing. */
  unchanged(cursor: Cursor): Changes
  /** When time alone next turns something: for whoever waits. */
  readonly nextTransition: Instant
  /** The log grew by this entry; `records` are its users as they are now, null for those who are gone. */
  apply(entry: LogEntry, records: ReadonlyMap<string, UserRecord | null>): void
  /** The log grew by these entries, all that lie between the view and the snapshot. */
  catchUp(entries: readonly LogEntry[], snapshot: TenantSnapshot, context: TenantContext): void
  /** Records that were saved without any visible difference. */
  confirm(records: readonly UserRecord[]): void
}

export interface TenantViewDeps {
  readonly snapshot: TenantSnapshot
  readonly context: TenantContext
  readonly clock: () => Instant
  /** Called whenever a change was applied or a border was passed. */
  readonly onChange: () => void
  readonly isCurrent: () => boolean
}

export function openTenantView({
  snapshot,
  context: firstScene,
  clock,
  onChange: turned,
  isCurrent: inTouch
}: TenantViewDeps): TenantView {
  const { epoch } = snapshot
  let scene = firstScene
  let { position, loggedAt } = snapshot
  const people = new Map<string, UserState>()
  let sortedIds: string[] | null = null
  const grounds = new Map<string, Cause>()
  const recent = recentEntries(position, loggedAt)
  let cached: CachedStatuses | null = null
  /** The instant of the last answer. */
  let lastAt = 0
  /** A calendar became stale while the store could not say whether it was confirmed meanwhile. */
  let uncertain = false

  for (const record of snapshot.users) people.set(record.user.id, userStateOf(record, scene, shareCause))
  const passage = openTransitionClock({
    users: people,
    context: () => scene,
    start: clock(),
    onPassed(stale) {
      if (stale && !inTouch()) uncertain = true
      cached = null
      turned()
    }
  })

  return {
    epoch,
    get position() {
      return position
    },
    get loggedAt() {
      return loggedAt
    },
    get context() {
      return scene
    },
    get isCurrent() {
      return inTouch()
    },
    get nextTransition() {
      return passage.next
    },
    user: (user) => people.get(user) ?? null,
    statuses,
    status: (user) => {
      const person = people.get(user)
      return person === undefined ? null : statusJson(person, scene, passage.advance(clock()))
    },
    statusesAt,
    reaches: (one) => one.epoch === epoch && one.position <= position && recent.mayContain(one),
    changesSince,
    unchanged: (cursor) => changesUpTo(cursor, Math.max(cursor.at, passage.now), []),
    apply(entry, records) {
      const since = Math.min(entry.at, passage.now) - MAX_CLOCK_SKEW_MS
      for (const [user, record] of records) {
        recent.addUser(entry.position, user)
        if (record === null) remove(user)
        else put(userStateOf(record, scene, shareCause), since)
      }
      moveTo(entry.position, entry.at)
    },
    catchUp(entries, fresh, freshScene) {
      const since = entries.reduce((least, { at }) => Math.min(least, at), passage.now) - MAX_CLOCK_SKEW_MS
      const before = scene
      scene = freshScene
      const named = new Set<string>()
      let all = false
      for (const { position: place, at, users } of entries) {
        if (users === 'all') all = true
        if (place < fresh.position) recent.addEntry(place, at)
        for (const user of users === 'all' ? [users] : users) {
          recent.addUser(place, user)
          named.add(user)
        }
      }
      const there = new Set(fresh.users.map(({ user }) => user.id))
      for (const user of people.keys()) {
        if (there.has(user)) continue
        if (!named.has(user)) recent.addUser(fresh.position, user)
        remove(user)
      }
      for (const record of fresh.users) {
        const { id } = record.user
        if (all || named.has(id)) put(userStateOf(record, scene, shareCause), since)
        else confirmOne(record, before)
      }
      moveTo(fresh.position, fresh.loggedAt)
    },
    confirm(records) {
      for (const record of records) if (people.has(record.user.id)) confirmOne(record, scene)
    }
  }

  function put(person: UserState, since: Instant): void {
    if (!people.has(person.id)) sortedIds = null
    people.set(person.id, person)
    passage.plan(person, since)
  }

  /** The view may have heard of the confirmation too late, and said that the calendar was stale. */
  function confirmOne(record: UserRecord, before: TenantContext): void {
    const known = people.get(record.user.id)
    put(userStateOf(record, scene, shareCause), Infinity)
    if (known === undefined) return
    const said = syncStateAt(known.sync, before.staleAfter, passage.now)
    const is = syncStateAt(record.sync, scene.staleAfter, passage.now)
    if (said.state !== is.state || said.since !== is.since) passage.recordNow(known.id)
  }

  function remove(user: string): void {
    if (people.delete(user)) sortedIds = null
    passage.forget(user)
  }

  function moveTo(next: number, at: Instant): void {
    if (next > position) recent.addEntry(next, at)
    position = next
    loggedAt = at
    cached = null
    turned()
  }

  function shareCause(ground: Cause): Cause {
    const key = causeKey(ground)
    const known = grounds.get(key)
    if (known !== undefined) return known
    grounds.set(key, ground)
    return ground
  }

  function usersInOrder(): string[] {
    sortedIds ??= [...people.keys()].sort()
    return sortedIds
  }

  function statuses(): StatusesResponse {
    const now = passage.advance(clock())
    if (uncertain) clearUncertain()
    if (cached === null || now >= cached.validUntil) {
      cached = writeStatuses({
        epoch,
        position,
        uncertain,
        lastTransition: passage.last,
        loggedAt: loggedAt,
        minAt: lastAt,
        now,
        list: usersInOrder().map((user) => statusJson(people.get(user)!, scene, now))
      })
      lastAt = cached.at
    }
    return cached
  }

  function clearUncertain(): void {
    if (!inTouch()) return
    uncertain = false
    cached = null
  }

  function statusesAt({ diversion, phone, extension }: StatusFilter, at: Instant): Status[] {
    const found: Status[] = []
    for (const user of usersInOrder()) {
      const person = people.get(user)!
      if (
        extension &&
        !extension.has(person.extension) &&
        !person.numbers.some((one) => extension.has(one))
      ) {
        continue
      }
      const moment = statusAt(person.effective, at)
      if (phone && !phone.has(moment.phone)) continue
      const status = toStatus(person, moment, scene, clock())
      if (!diversion || diversion.has(status.diversion)) found.push(status)
    }
    return found
  }

  async function changesSince(
    cursor: Cursor,
    log: (after: number) => Promise<readonly LogEntry[] | null>
  ): Promise<Changes | null> {
    if (cursor.at < passage.advance(clock()) - CURSOR_LIFETIME_MS)
      throw cursorExpired('It is older than 24 hours.')
    const users = new Set<string>()
    if (cursor.position < recent.completeAfter) {
      const entries = await log(Math.max(0, cursor.position - 1))
      if (entries === null) throw cursorExpired('The change log does not go back so far any more.')
      for (const { position: place, at, users: those } of entries) {
        if (place > cursor.position) addUsers(users, those)
        else if (!isSameEntry(cursor, at))
          throw cursorExpired('What it rests on was lost from the change log.')
      }
    }
    // Below here nothing is awaited: position, people and borders are of one moment.
    const now = Math.max(passage.advance(clock()), cursor.at)
    for (const user of recent.usersBetween(cursor.position, position))
      addUsers(users, user === 'all' ? 'all' : [user])
    for (const user of passage.between(cursor.at, now)) users.add(user)
    if (cursor.uncertain && inTouch())
      for (const { id, sync } of people.values()) if (sync.enabled) users.add(id)
    if (users.size === 0) return null
    const changes = [...users].map((user) => {
      const person = people.get(user)
      return person === undefined ? JSON.stringify({ user, removed: true }) : statusJson(person, scene, now)
    })
    return changesUpTo(cursor, now, changes)
  }

  function changesUpTo(cursor: Cursor, at: Instant, changes: readonly string[]): Changes {
    if (uncertain) clearUncertain()
    const next = { epoch, position, loggedAt, at, uncertain: !inTouch() && (uncertain || cursor.uncertain) }
    return { cursor: formatCursor(next), changes, isCurrent: inTouch() }
  }

  function addUsers(users: Set<string>, those: readonly string[] | 'all'): void {
    for (const user of those === 'all' ? people.keys() : those) users.add(user)
  }
}
