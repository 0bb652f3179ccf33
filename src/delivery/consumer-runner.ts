/**
 * Works one consumer: what its users are to have against what it acknowledged. Newest wins, one send in flight for each user, and no
 * history: after an outage of an hour each user costs one send.
 */
import { RequestError } from '../errors.ts'
import { pauseUntil } from '../lib/pause-until.ts'
import { type Log, redactError } from '../lib/redact-error.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import type { Changes } from '../status/changes.ts'
import { requireCursor } from '../status/cursor.ts'
import type { StatusFeeds } from '../status/subscribe.ts'
import type { ConsumerProgress } from '../storage/consumers.ts'
import { AcknowledgedStates } from './acknowledged-states.ts'
import { type ConsumerPeer, type Delivered, unanswered } from './consumer.ts'
import { initialProgress, progressAfterFailure, progressAfterSuccess } from './consumer-progress.ts'
import { DeliveryError, toDeliveryError } from './delivery-error.ts'
import { DeliveryQueue } from './delivery-queue.ts'
import { Pacer } from './pacer.ts'
import { ProgressSaver, type ProgressSaverDeps } from './progress-saver.ts'
import { RefreshSchedule } from './refresh-schedule.ts'
import { type TakenUser, WantedStates, type WantedStatesDeps } from './wanted-states.ts'

/** Milliseconds after a failed read of the store. */
const RETRY_MS = 1_000
/** Milliseconds without a send after which the consumer is asked whether it is there. */
const IDLE_PING_MS = 3_600_000
/** One user's failures in a row: until the next attempt. */
const USER_RETRY_MS = [30_000, 120_000, 600_000]
const REFRESH_CHECK_MS = 1_000

export interface ConsumerRunnerDeps extends WantedStatesDeps, ProgressSaverDeps {
  /** `onStateLost`: see PeerOptions. */
  readonly openPeer: (onStateLost: () => void) => ConsumerPeer
  readonly feeds: StatusFeeds
  readonly log: Log
}

export class ConsumerRunner {
  readonly #deps: ConsumerRunnerDeps
  readonly #peer: ConsumerPeer
  readonly #states = new AcknowledgedStates()
  readonly #wanted: WantedStates
  readonly #saver: ProgressSaver
  readonly #pacer: Pacer
  readonly #abort = new AbortController()
  readonly #sends = new Set<Promise<void>>()
  readonly #refreshes = new RefreshSchedule()
  #queue = new DeliveryQueue(null)
  #progress: ConsumerProgress
  #wake = new AbortController()
  /** On the timers' scale: nothing is sent before. */
  #notBefore = 0
  #lastSentAt: number
  #running: Promise<unknown> = Promise.resolve()

  constructor(deps: ConsumerRunnerDeps) {
    this.#deps = deps
    this.#progress = initialProgress(deps.clock())
    this.#wanted = new WantedStates(deps, this.#states)
    this.#saver = new ProgressSaver(deps, this.#states, () => this.progress())
    this.#pacer = new Pacer(deps.common.perSecond, deps.timers.now())
    this.#lastSentAt = deps.timers.now()
    this.#peer = deps.openPeer(() => this.#onStateLost())
  }

  get version(): string {
    return this.#deps.record.version
  }

  start(): void {
    this.#running = this.#run().catch((error) => {
      if (!this.#abort.signal.aborted)
        this.#deps.log.error({ ...this.#where, ...redactError(error) }, 'a consumer stopped')
    })
  }

  /** How far it is now. */
  progress(): ConsumerProgress {
    return {
      ...this.#progress,
      cursor: this.#queue.cursor,
      behindSince: this.#queue.behindSince,
      savedAt: this.#deps.clock(),
      users: this.#deps.kind.keeps === 'states' ? this.#states.count() : this.#progress.users
    }
  }

  /** Resolves when nothing is sent any more, and what was acknowledged is saved. */
  async close(): Promise<void> {
    this.#abort.abort()
    this.#wake.abort()
    await this.#running
    await Promise.all(this.#sends)
    await this.#saver.save().catch(() => {})
    await this.#peer.close().catch(() => {})
  }

  get #where() {
    return { tenant: this.#deps.tenant, consumer: this.#deps.record.id }
  }

  async #run(): Promise<void> {
    await this.#load()
    if (this.#progress.state === 'disabled') return
    await Promise.all([
      this.#follow(),
      this.#sendLoop(),
      this.#saver.run(this.#abort.signal),
      this.#refreshLoop()
    ])
  }

  async #load(): Promise<void> {
    const { store, tenant, record, kind, timers, clock } = this.#deps
    const { signal } = this.#abort
    for (let isLoaded = false; !isLoaded && !signal.aborted; ) {
      try {
        this.#progress = (await store.progress(tenant, record.id)) ?? this.#progress
        if (kind.keeps === 'states') this.#states.load(await store.deliveries(tenant, record.id))
        isLoaded = true
      } catch {
        // The store is away.
        await pauseUntil(RETRY_MS, signal, timers.after)
      }
    }
    for (const { user, extension, refreshAt } of this.#states.refreshes()) {
      this.#refreshes.set(user, extension, timers.now() + Math.max(0, refreshAt - clock()))
    }
    this.#queue = new DeliveryQueue(kind.keeps === 'cursor' ? this.#progress.cursor : null)
  }

  /** Puts what changes into the queue. A consumer of states begins with everybody: only differences are sent. */
  async #follow(): Promise<void> {
    const { feeds, tenant, common, kind } = this.#deps
    const { signal } = this.#abort
    const audience = { sensitive: common.sensitive, unmaskedUser: null }
    const format = { by: 'user', language: null, audience } as const
    let cursor = kind.keeps === 'cursor' ? this.#queue.cursor : null
    while (!signal.aborted && this.#progress.state !== 'disabled') {
      try {
        const from = cursor === null ? null : requireCursor(cursor)
        for await (const batch of await feeds.subscribe({ tenant, cursor: from, format, signal })) {
          await this.#enqueue(batch, cursor === null)
          cursor = batch.cursor
        }
      } catch (error) {
        if (error instanceof RequestError && error.code === 'not_found') return
        // Of a cursor that expired, or is none, everybody is sent.
        if (error instanceof RequestError) cursor = null
      }
      await pauseUntil(RETRY_MS, signal, this.#deps.timers.after)
    }
  }

  async #enqueue({ cursor, changes }: Changes, isEverybody: boolean): Promise<void> {
    const users: { user: string; extension: string }[] = []
    await forEachInSlices(changes, (json) => users.push(JSON.parse(json)))
    // Who is no longer there, and was, is not in a batch of everybody.
    if (isEverybody) {
      const there = new Set(users.map(({ user }) => user))
      for (const [user, extension] of this.#states.set())
        if (!there.has(user)) users.push({ user, extension })
    }
    this.#queue.addBatch(cursor, users, this.#deps.clock())
    // Nothing to send is acknowledged at once.
    this.#queue.acknowledge([])
    this.#saver.markChanged()
    this.#wakeUp()
  }

  async #sendLoop(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted && this.#progress.state !== 'disabled') {
      const waitMs = await this.#sendNext()
      if (waitMs > 0 && !signal.aborted) {
        await pauseUntil(waitMs, this.#wake.signal, this.#deps.timers.after)
        if (!signal.aborted) this.#wake = new AbortController()
      }
    }
  }

  /** Begins the next send, where there is one; else the milliseconds until there may be. */
  async #sendNext(): Promise<number> {
    const { kind, timers } = this.#deps
    const now = timers.now()
    if (this.#sends.size >= (this.#progress.failures > 0 ? 1 : kind.maxSendsAtOnce)) return IDLE_PING_MS
    if (now < this.#notBefore) return this.#notBefore - now
    const isIdle = now - this.#lastSentAt >= IDLE_PING_MS
    if (this.#progress.state === 'unverified' || isIdle) {
      this.#launch([], (signal) => this.#peer.ping(signal).then(() => []))
      return 0
    }
    const taken = await this.#wanted.take(this.#queue, timers.now())
    if (taken.length === 0) {
      const deferred = this.#queue.nextDeferred - timers.now()
      return Math.max(1, Math.min(deferred, this.#lastSentAt + IDLE_PING_MS - now))
    }
    for (let waitMs = this.#pacer.take(timers.now()); waitMs > 0; waitMs = this.#pacer.take(timers.now())) {
      await pauseUntil(waitMs, this.#abort.signal, timers.after)
      if (this.#abort.signal.aborted) return 0
    }
    const previousCursor = this.#queue.cursor
    const cursor = this.#queue.cursorAfter(taken.map(({ queued }) => queued)) ?? ''
    this.#launch(taken, (signal) =>
      this.#peer.send(
        taken.map(({ wanted }) => wanted),
        { cursor, previousCursor, signal }
      )
    )
    return 0
  }

  #launch(taken: readonly TakenUser[], call: (signal: AbortSignal) => Promise<readonly Delivered[]>): void {
    const { timers, kind } = this.#deps
    this.#lastSentAt = timers.now()
    const deadline = new AbortController()
    const signal = AbortSignal.any([this.#abort.signal, deadline.signal])
    const sending = call(signal)
      .finally(timers.after(kind.sendTimeoutMs, () => deadline.abort()))
      .then(
        (delivered) => this.#onDelivered(taken, delivered),
        (error: unknown) => this.#onFailed(taken, error, deadline.signal)
      )
      .finally(() => {
        this.#sends.delete(sending)
        this.#wakeUp()
      })
    this.#sends.add(sending)
  }

  #onDelivered(taken: readonly TakenUser[], delivered: readonly Delivered[]): void {
    const { clock, timers, kind } = this.#deps
    const byUser = new Map(delivered.map((one) => [one.user, one]))
    for (const { queued, wanted } of taken) {
      const one = byUser.get(queued.user) ?? unanswered(queued.user)
      if (kind.keeps === 'states') this.#states.record(wanted, one, clock())
      this.#refreshes.delete(queued.user)
      if (one.outcome === 'failed') {
        const delayMs = USER_RETRY_MS[Math.min(queued.failures, USER_RETRY_MS.length - 1)]!
        this.#queue.defer(queued, timers.now() + delayMs)
        continue
      }
      if (one.refreshAfterMs !== undefined) {
        this.#refreshes.set(queued.user, wanted.extension, timers.now() + one.refreshAfterMs)
      }
      this.#queue.acknowledge([queued])
    }
    this.#progress = progressAfterSuccess(this.#progress, clock())
    if (kind.keeps === 'cursor') this.#countAll()
    this.#saver.markChanged()
  }

  #onFailed(taken: readonly TakenUser[], error: unknown, deadline: AbortSignal): void {
    this.#queue.putBack(taken.map(({ queued }) => queued))
    if (this.#abort.signal.aborted) return
    const { kind, clock, timers, log } = this.#deps
    const failure = toDeliveryError(error, deadline)
    if (!(error instanceof DeliveryError) && !deadline.aborted) {
      log.error({ ...this.#where, ...redactError(error) }, 'a consumer was not sent as it should: a defect')
    }
    const { progress, delayMs } = progressAfterFailure(this.#progress, failure, kind, clock())
    if (progress.state !== this.#progress.state)
      log.warn({ ...this.#where, state: progress.state, code: failure.code }, 'a consumer fails')
    this.#progress = progress
    this.#notBefore = timers.now() + delayMs * (0.9 + Math.random() / 5)
    this.#saver.markChanged()
  }

  /** Of a consumer that is sent changes, everybody but those outstanding is as it should be. */
  #countAll(): void {
    const view = this.#deps.statusService.loadedView(this.#deps.tenant)
    if (view === null) return
    const all = view.moment().users.length
    this.#progress = {
      ...this.#progress,
      users: { ok: Math.max(0, all - this.#queue.size), sent: 0, failed: 0, takenOver: 0 }
    }
  }

  /** Everything that was set is sent again: the consumer may have lost it. */
  #onStateLost(): void {
    this.#queue.force(this.#states.set(), this.#deps.clock())
    this.#wakeUp()
  }

  async #refreshLoop(): Promise<void> {
    const { timers, clock } = this.#deps
    while (!this.#abort.signal.aborted && this.#progress.state !== 'disabled') {
      await pauseUntil(REFRESH_CHECK_MS, this.#abort.signal, timers.after)
      const due = this.#refreshes.takeDue(timers.now())
      if (due.length === 0) continue
      this.#queue.force(due, clock())
      this.#wakeUp()
    }
  }

  #wakeUp(): void {
    this.#wake.abort()
  }
}
