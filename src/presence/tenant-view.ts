/** What holds for everybody of one tenant, in memory: statuses, and what changed since a cursor. */
import { createHash } from 'node:crypto'
import type { Instant } from '../core/calendar-event.ts'
import { momentAt } from '../core/status.ts'
import { type Ground, groundKey } from '../core/timeline.ts'
import { formatInstant } from '../instant.ts'
import type { LogEntry, TenantSnapshot, UserRecord } from '../store/store.ts'
import { bordersInTime } from './borders.ts'
import { CURSOR_LIFE, type Cursor, expired, writeCursor } from './cursor.ts'
import { type Journal, journal } from './journal.ts'
import { borderAfter, type Person, personOf, type Scene, type Status, shownAs, statusJson } from './person.ts'

export interface Answer {
  readonly body: Buffer
  /** Equal for equal bytes, on every replica. */
  readonly etag: string
}

export interface Changes {
  readonly cursor: string
  /** Each a Status, or `{user, removed: true}`, as JSON. */
  readonly changes: readonly string[]
}

export interface Filter {
  readonly diversion?: ReadonlySet<string>
  readonly phone?: ReadonlySet<string>
  /** Extensions and numbers. */
  readonly extension?: ReadonlySet<string>
}

/** Positions and borders kept in memory; who asks for older ones is answered from the store, or by looking at all. */
const MOST_MARKS = 20_000
/** An unchanged answer is renewed so often, so that its cursor does not expire while nothing happens. */
const RENEWAL = CURSOR_LIFE / 2
/** A clock that was set back farther than this starts the borders anew. */
const CLOCK_WAVERS = 1_000

export interface TenantView {
  /** The identity of the change log that the view follows. */
  readonly epoch: string
  readonly scene: Scene
  person(user: string): Person | null
  /** The cached answer to `GET statuses`. */
  statuses(): Answer
  statusesAt(filter: Filter, at: Instant): Status[]
  /** The present Status as JSON. */
  status(user: string): string | null
  /** Throws RequestError for a cursor that is malformed or expired. `log` gives entries that are out of memory. */
  /** Null when nothing changed. */
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
  /** The log grew by an entry that may show in everybody's Status. */
  applyAll(entry: LogEntry, snapshot: TenantSnapshot, scene: Scene): void
  /** Records that were saved without any visible difference. */
  confirm(records: readonly UserRecord[]): void
}

/** `turned` is called whenever a change was applied or a border was passed. */
export function openTenantView(
  snapshot: TenantSnapshot,
  firstScene: Scene,
  clock: () => Instant,
  turned: () => void
): TenantView {
  const { epoch } = snapshot
  let scene = firstScene
  let position = snapshot.position
  const people = new Map<string, Person>()
  let order: string[] | null = null
  const grounds = new Map<string, Ground>()
  let advancedTo = clock()
  /** Since when the answer holds: the last change, or the last border that was passed. */
  let holdsSince = advancedTo
  let borders = bordersInTime()
  const changed: Journal<string | 'all'> = journal(position, MOST_MARKS)
  let passed: Journal<string> = journal(advancedTo, MOST_MARKS)
  let answer: (Answer & { readonly at: Instant }) | null = null

  for (const record of snapshot.users) hold(personOf(record, scene, share))

  return {
    epoch,
    get scene() {
      return scene
    },
    get nextBorder() {
      return borders.next
    },
    person: (user) => people.get(user) ?? null,
    statuses,
    status: (user) => {
      const person = people.get(user)
      return person === undefined ? null : statusJson(person, scene, advance(clock()))
    },
    statusesAt,
    changesSince,
    unchanged: ({ at }) => ({
      cursor: writeCursor({ epoch, position, at: Math.max(at, advancedTo) }),
      changes: []
    }),
    apply(entry, records) {
      const now = advance(clock())
      for (const [user, record] of records) {
        changed.add(entry.position, user)
        if (record === null) drop(user)
        else hold(personOf(record, scene, share), now)
      }
      moveTo(entry.position, now)
    },
    applyAll(entry, fresh, freshScene) {
      const now = advance(clock())
      scene = freshScene
      const there = new Set(fresh.users.map(({ user }) => user.id))
      for (const user of people.keys()) {
        if (there.has(user)) continue
        changed.add(entry.position, user)
        drop(user)
      }
      for (const record of fresh.users) hold(personOf(record, scene, share), now)
      changed.add(entry.position, 'all')
      moveTo(entry.position, now)
    },
    confirm(records) {
      for (const record of records) {
        if (people.has(record.user.id)) hold(personOf(record, scene, share))
      }
    }
  }

  function hold(person: Person, from: Instant = advancedTo): void {
    if (!people.has(person.id)) order = null
    people.set(person.id, person)
    planBorder(person, borderAfter(person, scene, from))
  }

  function planBorder(person: Person, border: Instant): void {
    person.border = border
    borders.plan(person.id, border)
  }

  function drop(user: string): void {
    if (people.delete(user)) order = null
    borders.forget(user)
  }

  function moveTo(next: number, now: Instant): void {
    position = next
    holdsSince = now
    answer = null
    turned()
  }

  function share(ground: Ground): Ground {
    const key = groundKey(ground)
    const known = grounds.get(key)
    if (known !== undefined) return known
    grounds.set(key, ground)
    return ground
  }

  /** Passes the borders up to now, and notes whose they were. Answers the instant to compute for. */
  function advance(now: Instant): Instant {
    if (now < advancedTo - CLOCK_WAVERS) return startBordersAnew(now)
    if (now <= advancedTo) return advancedTo
    advancedTo = now
    if (borders.next > now) return now
    const crossed: { at: Instant; user: string }[] = []
    for (const user of borders.due(now)) {
      const person = people.get(user)
      if (person === undefined) continue
      let last: Instant | null = null
      let next = person.border
      for (; next <= now; next = borderAfter(person, scene, next)) last = next
      planBorder(person, next)
      if (last !== null) crossed.push({ at: last, user })
    }
    if (crossed.length === 0) return now
    crossed.sort((a, b) => a.at - b.at)
    for (const { at, user } of crossed) passed.add(at, user)
    holdsSince = Math.max(holdsSince, crossed.at(-1)!.at)
    answer = null
    turned()
    return now
  }

  function startBordersAnew(now: Instant): Instant {
    advancedTo = now
    holdsSince = now
    answer = null
    borders = bordersInTime()
    passed = journal(now, MOST_MARKS)
    for (const person of people.values()) planBorder(person, borderAfter(person, scene, now))
    return now
  }

  function inOrder(): string[] {
    order ??= [...people.keys()].sort()
    return order
  }

  function statuses(): Answer {
    const now = advance(clock())
    if (now - holdsSince > RENEWAL) {
      holdsSince = now
      answer = null
    }
    if (answer !== null) return answer
    const at = holdsSince
    const list = inOrder().map((user) => statusJson(people.get(user)!, scene, now))
    const head = { at: formatInstant(at), cursor: writeCursor({ epoch, position, at }) }
    const body = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"statuses":[${list.join(',')}]}`)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    answer = { at, body, etag }
    return answer
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
      const moment = momentAt(person.laid, at)
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
    if (cursor.epoch !== epoch) throw expired('It belongs to a change log that is no more.')
    if (cursor.position > position) throw expired('It is ahead of the change log.')
    const clockNow = advance(clock())
    if (cursor.at < clockNow - CURSOR_LIFE) throw expired('It is older than 24 hours.')
    const users = new Set<string>()
    if (cursor.position < changed.completeAfter) {
      const entries = await log(cursor.position)
      if (entries === null) throw expired('The change log does not go back so far any more.')
      for (const entry of entries) mark(users, entry.users)
    }
    // Below here nothing is awaited: position, people and borders are of one moment.
    const now = Math.max(advance(clock()), cursor.at)
    for (const user of changed.between(cursor.position, position))
      mark(users, user === 'all' ? 'all' : [user])
    for (const user of bordersBetween(cursor.at, now)) users.add(user)
    if (users.size === 0) return null
    const changes = [...users].map((user) => {
      const person = people.get(user)
      return person === undefined ? JSON.stringify({ user, removed: true }) : statusJson(person, scene, now)
    })
    return { cursor: writeCursor({ epoch, position, at: now }), changes }
  }

  function mark(users: Set<string>, those: readonly string[] | 'all'): void {
    for (const user of those === 'all' ? people.keys() : those) users.add(user)
  }

  function bordersBetween(after: Instant, upTo: Instant): Iterable<string> {
    if (after >= passed.completeAfter && upTo <= advancedTo) return passed.between(after, upTo)
    return inOrder().filter((user) => borderAfter(people.get(user)!, scene, after) <= upTo)
  }
}
