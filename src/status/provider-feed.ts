/**
 * The changes of all tenants in one feed, with one cursor however many tenants there are.
 *
 * Each process lists which tenant changed after which tenant's cursor; a place in that list is all that a cursor has to hold. In another
 * process, and after a restart, the cursor's instant counts: every tenant gives what it logged, and what began or ended, since a
 * while before that instant. Then some users may be given again, as they are now; nobody is left out.
 */
import { randomUUID } from 'node:crypto'
import type { Instant } from '../domain/calendar-event.ts'
import { RequestError } from '../errors.ts'
import { pauseUntil } from '../lib/pause-until.ts'
import { type After, machineTimers } from '../lib/timers.ts'
import { eachPage } from '../storage/page.ts'
import type { Store } from '../storage/store.ts'
import type { Changes } from './changes.ts'
import { type Cursor, requireCursor, requireRecentCursor } from './cursor.ts'
import { formatProviderCursor, type ProviderCursor, requireProviderCursor } from './provider-cursor.ts'
import type { StatusService, WaitOptions } from './status-service.ts'
import type { Batches, StatusFeeds } from './subscribe.ts'
import { type StatusFormat, tenantFormat } from './view-moment.ts'

/** Tenants are listed again so often, because another process may have made one. */
const DISCOVERY_INTERVAL_MS = 15_000
const TENANTS_PER_PAGE = 500
const RETRY_MS = 1_000
/** So many changed tenants are listed; who is further behind goes on by the instant. */
const MAX_MARKS = 200_000
/** About so many changes are in one answer: no tenant's are divided. */
const MAX_CHANGES = 5_000
/** Clocks of processes, and when a change is logged and when it arrives, differ by less. */
const MAX_DELAY_MS = 300_000
/** Milliseconds without a caller after which no tenant is followed any more. */
const IDLE_AFTER_MS = 600_000
/** Milliseconds after which a quiet stream is given a newer cursor. */
const CHECKPOINT_MS = 600_000

/** What changed in a tenant. */
interface Mark {
  readonly tenant: string
  /** Since this cursor; null: everybody, or the tenant is gone. */
  readonly from: Cursor | null
  readonly at: Instant
}

export interface ProviderFeedDeps {
  readonly statusService: Pick<StatusService, 'changes' | 'cursorAt' | 'view'>
  readonly feeds: StatusFeeds
  /** The ids of all tenants. */
  readonly listTenants: () => AsyncIterable<string>
  readonly clock: () => Instant
  readonly after: After
}

export function openProviderFeed({
  store,
  ...deps
}: Pick<ProviderFeedDeps, 'statusService' | 'feeds' | 'clock'> & {
  readonly store: Pick<Store, 'tenants'>
}): ProviderFeed {
  return new ProviderFeed({ ...deps, listTenants: () => eachTenant(store), after: machineTimers.after })
}

async function* eachTenant(store: Pick<Store, 'tenants'>): AsyncGenerator<string> {
  for await (const page of eachPage(TENANTS_PER_PAGE, (page) => store.tenants(page))) {
    for (const { id } of page) yield id
  }
}

export class ProviderFeed {
  readonly #deps: ProviderFeedDeps
  readonly #process = randomUUID()
  #marks: Mark[] = []
  /** The place of the first mark. */
  #first = 0
  readonly #followed = new Map<string, AbortController>()
  readonly #waiters = new Set<() => void>()
  /** Resolves when every tenant is known; null while nobody asks. */
  #started: Promise<void> | null = null
  #callers = 0
  #cancelDiscovery = () => {}
  #cancelIdle = () => {}
  #isReleasing = false

  constructor(deps: ProviderFeedDeps) {
    this.#deps = deps
  }

  /** As `StatusService.changes`; without a cursor nothing but the present one. Rejects with RequestError or StoreUnavailable. */
  async changes(cursor: ProviderCursor | null, options: WaitOptions): Promise<Changes> {
    this.#callers++
    this.#cancelIdle()
    try {
      return await this.#changes(cursor, options)
    } finally {
      if (--this.#callers === 0) this.#cancelIdle = this.#deps.after(IDLE_AFTER_MS, () => this.#stop())
    }
  }

  /** Batches without end: the first at once. Rejects as `changes` does. */
  async subscribe(
    cursor: ProviderCursor | null,
    options: Required<Pick<WaitOptions, 'signal' | 'format'>>
  ): Promise<Batches> {
    const first = await this.changes(cursor, { ...options, waitMs: 0 })
    return this.#batchesAfter(first, options)
  }

  async *#batchesAfter(
    first: Changes,
    options: Required<Pick<WaitOptions, 'signal' | 'format'>>
  ): AsyncGenerator<Changes> {
    for (let batch = first; !options.signal.aborted && !this.#isReleasing; ) {
      yield batch
      batch = await this.changes(requireProviderCursor(batch.cursor), { ...options, waitMs: CHECKPOINT_MS })
    }
  }

  releaseWaiters(): void {
    this.#isReleasing = true
    for (const wake of [...this.#waiters]) wake()
  }

  close(): void {
    this.releaseWaiters()
    this.#cancelIdle()
    this.#stop()
  }

  async #changes(
    cursor: ProviderCursor | null,
    { waitMs, signal, format = tenantFormat }: WaitOptions
  ): Promise<Changes> {
    const { clock } = this.#deps
    this.#started ??= this.#start()
    await this.#started
    if (cursor === null) return this.#answer([], this.#end, clock())
    requireRecentCursor(cursor, clock())
    const isOurs = cursor.process === this.#process && cursor.place <= this.#end
    if (!isOurs || cursor.place < this.#first) return this.#sinceInstant(cursor.at - MAX_DELAY_MS, format)
    const until = performance.now() + waitMs
    for (;;) {
      const answer = await this.#sincePlace(cursor.place, format)
      const left = until - performance.now()
      if (answer.changes.length > 0 || left <= 0 || signal.aborted || this.#isReleasing) return answer
      if (requireProviderCursor(answer.cursor).place === this.#end) await this.#wait(left, signal)
    }
  }

  get #end(): number {
    return this.#first + this.#marks.length
  }

  /** What the list has after the place. A tenant is given as it is now, so its further marks in the same answer say nothing new. */
  async #sincePlace(place: number, format: StatusFormat): Promise<Changes> {
    const now = this.#deps.clock()
    const marks = this.#marks.slice(place - this.#first)
    const given = new Set<string>()
    const changes: string[] = []
    for (const [index, mark] of marks.entries()) {
      if (given.has(mark.tenant)) continue
      given.add(mark.tenant)
      changes.push(...(await this.#changesOf(mark, format)))
      if (changes.length >= MAX_CHANGES) return this.#answer(changes, place + index + 1, mark.at)
    }
    return this.#answer(changes, place + marks.length, now)
  }

  async #sinceInstant(instant: Instant, format: StatusFormat): Promise<Changes> {
    const { clock, statusService } = this.#deps
    const place = this.#end
    const now = clock()
    const changes: string[] = []
    for (const tenant of [...this.#followed.keys()]) {
      const from = await statusService.cursorAt(tenant, instant)
      if (from === 'gone') continue
      const mark = { tenant, from: from === 'trimmed' ? null : from }
      changes.push(...(await this.#changesOf(mark, format)))
    }
    return this.#answer(changes, place, now)
  }

  async #changesOf(
    { tenant, from }: Pick<Mark, 'tenant' | 'from'>,
    format: StatusFormat
  ): Promise<readonly string[]> {
    const found = await this.#find(tenant, from, format)
    const prefix = `{"tenant":${JSON.stringify(tenant)},`
    if (found === null) return [`${prefix}"removed":true}`]
    return found.changes.map((json) => prefix + json.slice(1))
  }

  /** Null when the tenant is gone. */
  async #find(tenant: string, from: Cursor | null, format: StatusFormat): Promise<Changes | null> {
    const { statusService } = this.#deps
    const signal = AbortSignal.abort()
    try {
      if (from !== null) return await statusService.changes(tenant, from, { waitMs: 0, signal, format })
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'cursor_expired') throw error
    }
    return (await statusService.view(tenant))?.everybody(format) ?? null
  }

  #answer(changes: readonly string[], place: number, at: Instant): Changes {
    return { cursor: formatProviderCursor({ process: this.#process, place, at }), changes, isCurrent: true }
  }

  async #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    const wake = () => woken.abort()
    this.#waiters.add(wake)
    await pauseUntil(milliseconds, AbortSignal.any([woken.signal, signal]), this.#deps.after)
    this.#waiters.delete(wake)
  }

  #mark(mark: Omit<Mark, 'at'>): void {
    this.#marks.push({ ...mark, at: this.#deps.clock() })
    if (this.#marks.length > MAX_MARKS) {
      const dropped = MAX_MARKS / 2
      this.#marks = this.#marks.slice(dropped)
      this.#first += dropped
    }
    for (const wake of [...this.#waiters]) wake()
  }

  async #start(): Promise<void> {
    const since = this.#deps.clock()
    try {
      await this.#discover(since)
    } catch (error) {
      this.#stop()
      throw error
    }
    this.#scheduleDiscovery(since)
  }

  async #discover(since: Instant): Promise<void> {
    for await (const tenant of this.#deps.listTenants()) {
      if (this.#followed.has(tenant)) continue
      const abort = new AbortController()
      this.#followed.set(tenant, abort)
      void this.#follow(tenant, since - MAX_DELAY_MS, abort.signal)
    }
  }

  #scheduleDiscovery(since: Instant): void {
    this.#cancelDiscovery = this.#deps.after(DISCOVERY_INTERVAL_MS, () => {
      const next = this.#deps.clock()
      void this.#discover(since).then(
        () => this.#started !== null && this.#scheduleDiscovery(next),
        () => this.#started !== null && this.#scheduleDiscovery(since)
      )
    })
  }

  /** Lists each change of the tenant until it is gone. */
  async #follow(tenant: string, since: Instant, signal: AbortSignal): Promise<void> {
    let from: Cursor | null | undefined
    while (!signal.aborted) {
      try {
        from ??= await this.#cursorSince(tenant, since)
        if (from === undefined) break
        if (from === null) this.#mark({ tenant, from })
        for await (const batch of await this.#deps.feeds.subscribe({ tenant, cursor: from, signal })) {
          if (batch.changes.length > 0 && from !== null) this.#mark({ tenant, from })
          from = requireCursor(batch.cursor)
        }
        await pauseUntil(RETRY_MS, signal, this.#deps.after)
      } catch (error) {
        if (error instanceof RequestError && error.code === 'not_found') break
        // Of a cursor that expired everybody is given; while the store is away the cursor stays.
        if (error instanceof RequestError) from = null
        await pauseUntil(RETRY_MS, signal, this.#deps.after)
      }
    }
    if (signal.aborted) return
    this.#followed.delete(tenant)
    this.#mark({ tenant, from: null })
  }

  /** Undefined when there is no such tenant; null: everybody. */
  async #cursorSince(tenant: string, since: Instant): Promise<Cursor | null | undefined> {
    const found = await this.#deps.statusService.cursorAt(tenant, since)
    return found === 'gone' ? undefined : found === 'trimmed' ? null : found
  }

  #stop(): void {
    this.#started = null
    this.#cancelDiscovery()
    for (const abort of this.#followed.values()) abort.abort()
    this.#followed.clear()
    // Places of before mean nothing in a list that begins anew.
    this.#first += this.#marks.length + 1
    this.#marks = []
  }
}
