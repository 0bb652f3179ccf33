/** What holds for everybody of one tenant, in memory: statuses, and what changed since a cursor. */
import type { Instant } from '../domain/calendar-event.ts'
import { statusAt } from '../domain/status.ts'
import { syncStateAt } from '../domain/sync-state.ts'
import { type Cause, causeKey } from '../domain/timeline.ts'
import type { LogEntry, TenantSnapshot, UserRecord } from '../storage/store.ts'
import { CURSOR_LIFE, type Cursor, expired, writeCursor } from './cursor.ts'
import { recentLog, restsOn } from './recent-entries.ts'
import { type Answer, type KeptAnswer, writeAnswer } from './statuses-response.ts'
import { openPassage } from './transition-clock.ts'
import { type Person, personOf, type Scene, type Status, shownAs, statusJson } from './user-state.ts'

export interface Changes {
  readonly cursor: string
  /** Each a Status, or `{user, removed: true}`, as JSON. */
  readonly changes: readonly string[]
  /** See `TenantView.inTouch`. */
  readonly inTouch: boolean
}

export interface Filter {
  readonly diversion?: ReadonlySet<string>
  readonly phone?: ReadonlySet<string>
  /** Extensions and numbers. */
  readonly extension?: ReadonlySet<string>
}

/** Clocks of replicas, and what they hear, differ by less. */
const APART = 60_000

export interface TenantView {
  /** The identity of the change log that the view follows. */
  readonly epoch: string
  /** How much of the log is in the view. */
  readonly position: number
  /** When the entry at that position was logged. */
  readonly loggedAt: Instant
  readonly scene: Scene
  /** False while the store may hold what is not in the view: what it answers was true when the store was last heard. */
  readonly inTouch: boolean
  person(user: string): Person | null
  /** The cached answer to `GET statuses`: the same bytes from every view at the same position, at the same instant. */
  statuses(): Answer
  statusesAt(filter: Filter, at: Instant): Status[]
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
  readonly nextBorder: Instant
  /** The log grew by this entry; `records` are its users as they are now, null for those who are gone. */
  apply(entry: LogEntry, records: ReadonlyMap<string, UserRecord | null>): void
  /** The log grew by these entries, all that lie between the view and the snapshot. */
  catchUp(entries: readonly LogEntry[], snapshot: TenantSnapshot, scene: Scene): void
  /** Records that were saved without any visible difference. */
  confirm(records: readonly UserRecord[]): void
}

export interface ViewNeeds {
  readonly snapshot: TenantSnapshot
  readonly scene: Scene
  readonly clock: () => Instant
  /** Called whenever a change was applied or a border was passed. */
  readonly turned: () => void
  readonly inTouch: () => boolean
}

export function openTenantView({
  snapshot,
  scene: firstScene,
  clock,
  turned,
  inTouch
}: ViewNeeds): TenantView {
  const { epoch } = snapshot
  let scene = firstScene
  let { position, loggedAt } = snapshot
  const people = new Map<string, Person>()
  let order: string[] | null = null
  const grounds = new Map<string, Cause>()
  const recent = recentLog(position, loggedAt)
  let answer: KeptAnswer | null = null
  /** The instant of the last answer. */
  let answered = 0
  /** A calendar became stale while the store could not say whether it was confirmed meanwhile. */
  let unsure = false

  for (const record of snapshot.users) people.set(record.user.id, personOf(record, scene, share))
  const passage = openPassage({
    people,
    scene: () => scene,
    start: clock(),
    passed(stale) {
      if (stale && !inTouch()) unsure = true
      answer = null
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
    get scene() {
      return scene
    },
    get inTouch() {
      return inTouch()
    },
    get nextBorder() {
      return passage.next
    },
    person: (user) => people.get(user) ?? null,
    statuses,
    status: (user) => {
      const person = people.get(user)
      return person === undefined ? null : statusJson(person, scene, passage.advance(clock()))
    },
    statusesAt,
    reaches: (one) => one.epoch === epoch && one.position <= position && recent.mayHold(one),
    changesSince,
    unchanged: (cursor) => changesUpTo(cursor, Math.max(cursor.at, passage.now), []),
    apply(entry, records) {
      const since = Math.min(entry.at, passage.now) - APART
      for (const [user, record] of records) {
        recent.changed(entry.position, user)
        if (record === null) drop(user)
        else hold(personOf(record, scene, share), since)
      }
      moveTo(entry.position, entry.at)
    },
    catchUp(entries, fresh, freshScene) {
      const since = entries.reduce((least, { at }) => Math.min(least, at), passage.now) - APART
      const before = scene
      scene = freshScene
      const named = new Set<string>()
      let all = false
      for (const { position: place, at, users } of entries) {
        if (users === 'all') all = true
        if (place < fresh.position) recent.grew(place, at)
        for (const user of users === 'all' ? [users] : users) {
          recent.changed(place, user)
          named.add(user)
        }
      }
      const there = new Set(fresh.users.map(({ user }) => user.id))
      for (const user of people.keys()) {
        if (there.has(user)) continue
        if (!named.has(user)) recent.changed(fresh.position, user)
        drop(user)
      }
      for (const record of fresh.users) {
        const { id } = record.user
        if (all || named.has(id)) hold(personOf(record, scene, share), since)
        else confirmOne(record, before)
      }
      moveTo(fresh.position, fresh.loggedAt)
    },
    confirm(records) {
      for (const record of records) if (people.has(record.user.id)) confirmOne(record, scene)
    }
  }

  function hold(person: Person, since: Instant): void {
    if (!people.has(person.id)) order = null
    people.set(person.id, person)
    passage.plan(person, since)
  }

  /** The view may have heard of the confirmation too late, and said that the calendar was stale. */
  function confirmOne(record: UserRecord, before: Scene): void {
    const known = people.get(record.user.id)
    hold(personOf(record, scene, share), Infinity)
    if (known === undefined) return
    const said = syncStateAt(known.sync, before.staleAfter, passage.now)
    const is = syncStateAt(record.sync, scene.staleAfter, passage.now)
    if (said.state !== is.state || said.since !== is.since) passage.note(known.id)
  }

  function drop(user: string): void {
    if (people.delete(user)) order = null
    passage.forget(user)
  }

  function moveTo(next: number, at: Instant): void {
    if (next > position) recent.grew(next, at)
    position = next
    loggedAt = at
    answer = null
    turned()
  }

  function share(ground: Cause): Cause {
    const key = causeKey(ground)
    const known = grounds.get(key)
    if (known !== undefined) return known
    grounds.set(key, ground)
    return ground
  }

  function inOrder(): string[] {
    order ??= [...people.keys()].sort()
    return order
  }

  function statuses(): Answer {
    const now = passage.advance(clock())
    if (unsure) sureAgain()
    if (answer === null || now >= answer.until) {
      answer = writeAnswer({
        epoch,
        position,
        unsure,
        border: passage.last,
        logged: loggedAt,
        least: answered,
        now,
        list: inOrder().map((user) => statusJson(people.get(user)!, scene, now))
      })
      answered = answer.at
    }
    return answer
  }

  function sureAgain(): void {
    if (!inTouch()) return
    unsure = false
    answer = null
  }

  function statusesAt({ diversion, phone, extension }: Filter, at: Instant): Status[] {
    const found: Status[] = []
    for (const user of inOrder()) {
      const person = people.get(user)!
      if (
        extension &&
        !extension.has(person.extension) &&
        !person.numbers.some((one) => extension.has(one))
      ) {
        continue
      }
      const moment = statusAt(person.laid, at)
      if (phone && !phone.has(moment.phone)) continue
      const status = shownAs(person, moment, scene, at)
      if (!diversion || diversion.has(status.diversion)) found.push(status)
    }
    return found
  }

  async function changesSince(
    cursor: Cursor,
    log: (after: number) => Promise<readonly LogEntry[] | null>
  ): Promise<Changes | null> {
    if (cursor.at < passage.advance(clock()) - CURSOR_LIFE) throw expired('It is older than 24 hours.')
    const users = new Set<string>()
    if (cursor.position < recent.completeAfter) {
      const entries = await log(Math.max(0, cursor.position - 1))
      if (entries === null) throw expired('The change log does not go back so far any more.')
      for (const { position: place, at, users: those } of entries) {
        if (place > cursor.position) mark(users, those)
        else if (!restsOn(cursor, at)) throw expired('What it rests on was lost from the change log.')
      }
    }
    // Below here nothing is awaited: position, people and borders are of one moment.
    const now = Math.max(passage.advance(clock()), cursor.at)
    for (const user of recent.between(cursor.position, position)) mark(users, user === 'all' ? 'all' : [user])
    for (const user of passage.between(cursor.at, now)) users.add(user)
    if (cursor.unsure && inTouch())
      for (const { id, sync } of people.values()) if (sync.enabled) users.add(id)
    if (users.size === 0) return null
    const changes = [...users].map((user) => {
      const person = people.get(user)
      return person === undefined ? JSON.stringify({ user, removed: true }) : statusJson(person, scene, now)
    })
    return changesUpTo(cursor, now, changes)
  }

  function changesUpTo(cursor: Cursor, at: Instant, changes: readonly string[]): Changes {
    if (unsure) sureAgain()
    const next = { epoch, position, logged: loggedAt, at, unsure: !inTouch() && (unsure || cursor.unsure) }
    return { cursor: writeCursor(next), changes, inTouch: inTouch() }
  }

  function mark(users: Set<string>, those: readonly string[] | 'all'): void {
    for (const user of those === 'all' ? people.keys() : those) users.add(user)
  }
}
