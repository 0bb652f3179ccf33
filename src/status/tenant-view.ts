/** The view of one tenant in memory: the Status of every user, and the changes since a cursor. */
import type { Instant } from '../domain/calendar-event.ts'
import { collectInSlices, nextSlice } from '../lib/time-slices.ts'
import type { LogEntry, TenantSnapshot } from '../storage/store.ts'
import { unmaskedAudience } from './audience.ts'
import type { Changes } from './changes.ts'
import { type Cursor, formatCursor, requireRecentCursor } from './cursor.ts'
import { markUnseen } from './masked-changes.ts'
import { namedUsers, type ReadLog, RecentEntries } from './recent-entries.ts'
import { StatusesCache } from './statuses-cache.ts'
import { type StatusesResponse, writeStatuses } from './statuses-response.ts'
import {
  createCauseSharing,
  type ShownRecord,
  type TenantContext,
  type UserState,
  userStateOf
} from './user-state.ts'
import {
  compareContents,
  findSynced,
  findTurned,
  hasSameSync,
  loadContents,
  shareFormat,
  type ViewContents,
  type ViewContentsOptions
} from './view-contents.ts'
import { type StatusFormat, tenantFormat, ViewMoment } from './view-moment.ts'

export interface TenantViewDeps {
  readonly snapshot: TenantSnapshot
  readonly context: TenantContext
  readonly clock: () => Instant
  /** Called whenever a change was applied or transitions were passed. */
  readonly onChange: () => void
  /** False while the store may hold what is not in the view. */
  readonly isCurrent: () => boolean
}

/** Clocks of replicas, and when they receive a change, differ by less. */
const MAX_CLOCK_SKEW_MS = 60_000

export class TenantView {
  /** The identity of the change log that the view follows. */
  readonly epoch: string
  readonly #deps: Omit<TenantViewDeps, 'snapshot'>
  readonly #shareCause = createCauseSharing()
  readonly #recent: RecentEntries
  readonly #answers = new StatusesCache()
  #contents!: ViewContents
  #position: number
  #loggedAt: Instant
  /** The instant of the last answer. */
  #lastAt: Instant = 0
  /** A calendar became stale while the store could not say whether it was confirmed meanwhile. */
  #isUncertain = false
  #settling: Promise<void> | null = null

  static async open({ snapshot, ...deps }: TenantViewDeps): Promise<TenantView> {
    const view = new TenantView(snapshot, deps)
    view.#contents = await loadContents(snapshot, view.#loadOptions(deps.context, deps.clock()))
    return view
  }

  private constructor(snapshot: TenantSnapshot, deps: Omit<TenantViewDeps, 'snapshot'>) {
    this.#deps = deps
    this.epoch = snapshot.epoch
    this.#position = snapshot.position
    this.#loggedAt = snapshot.loggedAt
    this.#recent = new RecentEntries(snapshot.position, snapshot.loggedAt)
  }

  /** How much of the log is in the view. */
  get position(): number {
    return this.#position
  }

  /** When the entry at that position was logged. */
  get loggedAt(): Instant {
    return this.#loggedAt
  }

  get context(): TenantContext {
    return this.#contents.context
  }

  /** False while the store may hold what is not in the view: what it answers was true when the store was last reached. */
  get isCurrent(): boolean {
    return this.#deps.isCurrent()
  }

  /** When time alone may next change something: long polls wait until then. */
  get nextTransition(): Instant {
    return this.#contents.clock.next
  }

  /** Passes the transitions that are due. False: they are many, `settle` passes the rest. */
  advance(): boolean {
    return this.#contents.clock.advance(this.#deps.clock())
  }

  /** Resolves when all transitions are passed that are due now. */
  settle(): Promise<void> {
    if (this.advance()) return Promise.resolve()
    this.#settling ??= this.#advanceInSlices().finally(() => {
      this.#settling = null
    })
    return this.#settling
  }

  user(id: string): UserState | null {
    return this.#contents.users.get(id) ?? null
  }

  /** The present Status as JSON. */
  status(id: string, audience = unmaskedAudience): string | null {
    const user = this.user(id)
    return user && this.moment().in({ language: null, audience }).renderUser(user)
  }

  /** What the view shows now. */
  moment(): ViewMoment {
    this.advance()
    return this.#presentMoment()
  }

  #presentMoment(): ViewMoment {
    const { users, context, clock } = this.#contents
    const { now } = clock
    const isPresent = () => this.#contents.clock === clock && clock.now === now
    return new ViewMoment(users.inOrder(), context, now, isPresent)
  }

  /** The answer to `GET statuses`, where it is kept and still holds. */
  keptStatuses(format: StatusFormat): StatusesResponse | null {
    this.#clearUncertain()
    if (!this.advance()) return null
    return this.#answers.get(shareFormat(format, this.#contents), this.#contents.clock.now)
  }

  /** The answer to `GET statuses`: the same bytes from every view at the same position, at the same instant. */
  async statuses(format: StatusFormat = tenantFormat): Promise<StatusesResponse> {
    await this.settle()
    const shared = shareFormat(format, this.#contents)
    return this.keptStatuses(shared) ?? this.#answers.render(shared, () => this.#renderStatuses(shared))
  }

  /** Whether the cursor's log is the view's, and is in it so far. Of positions out of memory `changesSince` says the rest. */
  reaches(cursor: Cursor): boolean {
    return cursor.epoch === this.epoch && cursor.position <= this.#position && this.#recent.mayContain(cursor)
  }

  /**
   * What changed since a cursor that the view reaches, or null when nothing did. Throws RequestError for an expired one.
   * `readLog` gives entries that are out of memory.
   */
  async changesSince(cursor: Cursor, format: StatusFormat, readLog: ReadLog): Promise<Changes | null> {
    await this.settle()
    requireRecentCursor(cursor, this.#contents.clock.now)
    const older = await this.#recent.readOlder(cursor, readLog)
    while (!this.advance()) await this.settle()
    // Nothing is awaited until all that the answer is made of is taken: it is of one moment.
    const moment = this.#momentFrom(cursor.at)
    const entries = [
      ...older.filter(({ position }) => position <= this.#position),
      ...this.#recent.between(cursor.position, this.#position)
    ]
    const passed = this.#contents.clock.between(cursor.at, moment.now)
    const mayHaveSynced = cursor.uncertain && this.isCurrent
    const answer = this.#cursorAt(moment.now, cursor)
    const turned = passed ?? [await findTurned(moment, cursor.at)]
    const synced = mayHaveSynced ? [await findSynced(moment)] : []
    const changed = { since: cursor.at, entries, turned: [...turned, ...synced] }
    const changes = await moment.renderChanges(changed, format)
    return changes.length === 0 ? null : { ...answer, changes }
  }

  /** Everybody as they are now, with the cursor from which to go on. */
  async everybody(format: StatusFormat): Promise<Changes> {
    while (!this.advance()) await this.settle()
    const moment = this.#presentMoment()
    const place = this.#cursorAt(moment.now, { uncertain: this.#isUncertain })
    return { ...place, changes: await moment.renderAll(format) }
  }

  /** What to answer where `changesSince` found nothing. */
  unchanged(cursor: Cursor): Changes {
    return { ...this.#cursorAt(Math.max(cursor.at, this.#contents.clock.now), cursor), changes: [] }
  }

  /**
   * The log grew by these entries; `records` are their users as the last entry left them (null for those who are gone), and
   * others that were saved without any visible difference.
   */
  apply(entries: readonly LogEntry[], records: ReadonlyMap<string, ShownRecord | null>): void {
    const { users, clock, context } = this.#contents
    const since = entries.reduce((least, { at }) => Math.min(least, at), clock.now) - MAX_CLOCK_SKEW_MS
    const named = new Set(entries.flatMap(namedUsers))
    const synced: string[] = []
    const next: UserState[] = []
    for (const [id, record] of records) {
      const known = users.get(id)
      const options = { at: clock.now, plannedAt: known?.plannedAt }
      if (record === null) users.remove(id)
      else if (named.has(id) || known !== undefined)
        next.push(userStateOf(record, context, this.#shareCause, options))
      if (record === null || known === undefined || named.has(id)) continue
      if (!hasSameSync(known, context, record, context, clock.now)) synced.push(id)
    }
    const applied = markUnseen(entries, next, this.#contents)
    users.putAll(next)
    for (const user of next) clock.planAnew(user, named.has(user.id) ? since : Infinity)
    clock.recordNow(synced)
    for (const entry of applied) this.#recent.add(entry)
    for (const { position, at } of entries.slice(-1)) this.#moveTo(position, at)
  }

  /** The log grew by these entries, all that lie between the view and the snapshot: every user is made anew, in slices. */
  async rebuild(
    entries: readonly LogEntry[],
    snapshot: TenantSnapshot,
    context: TenantContext
  ): Promise<void> {
    const before = this.#contents
    const next = await loadContents(snapshot, this.#loadOptions(context, before.clock.now))
    const named = await collectInSlices(entries.map(namedUsers), (user) => user)
    const isAll = entries.some(({ users }) => users === 'all')
    const { vacated, synced } = await compareContents(before, next, (user) => named.has(user))
    while (!next.clock.advance(before.clock.now)) await nextSlice()
    this.#contents = next
    for (const entry of entries) this.#recent.add(entry)
    this.#recent.addVacated(snapshot, vacated)
    next.clock.recordNow(isAll ? [] : synced)
    this.#moveTo(snapshot.position, snapshot.loggedAt)
  }

  #loadOptions(context: TenantContext, start: Instant): ViewContentsOptions {
    const onPassed: ViewContentsOptions['onPassed'] = (stale, clock) => {
      // Of contents that are being made nothing is shown yet.
      if (this.#contents?.clock !== clock) return
      if (stale && !this.isCurrent) this.#isUncertain = true
      this.#answers.clear()
      this.#deps.onChange()
    }
    return { context, start, shareCause: this.#shareCause, onPassed }
  }

  #moveTo(position: number, at: Instant): void {
    ;[this.#position, this.#loggedAt] = [position, at]
    this.#answers.clear()
    this.#deps.onChange()
  }

  async #advanceInSlices(): Promise<void> {
    do await nextSlice()
    while (!this.advance())
  }

  /** The present moment, or the instant where that is later. */
  #momentFrom(instant: Instant): ViewMoment {
    const { now, users, context } = this.#presentMoment()
    if (now >= instant) return this.#presentMoment()
    return new ViewMoment(users, context, instant, () => false)
  }

  async #renderStatuses(format: StatusFormat): Promise<StatusesResponse> {
    while (!this.advance()) await this.settle()
    this.#clearUncertain()
    const moment = this.#presentMoment()
    const parts = {
      epoch: this.epoch,
      position: this.#position,
      uncertain: this.#isUncertain,
      lastTransition: this.#contents.clock.last,
      loggedAt: this.#loggedAt,
      minAt: this.#lastAt,
      now: moment.now
    }
    const answer = await writeStatuses({ ...parts, list: await moment.renderAll(format) })
    this.#lastAt = Math.max(this.#lastAt, answer.at)
    return answer
  }

  #cursorAt(at: Instant, from: Pick<Cursor, 'uncertain'>): Pick<Changes, 'cursor' | 'isCurrent'> {
    this.#clearUncertain()
    const { isCurrent } = this
    const uncertain = !isCurrent && (this.#isUncertain || from.uncertain)
    const place = { epoch: this.epoch, position: this.#position, loggedAt: this.#loggedAt }
    return { cursor: formatCursor({ ...place, at, uncertain }), isCurrent }
  }

  #clearUncertain(): void {
    if (!this.#isUncertain || !this.isCurrent) return
    this.#isUncertain = false
    this.#answers.clear()
  }
}
