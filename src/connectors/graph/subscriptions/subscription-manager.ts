/** Keeps one subscription at Graph for each subscribed mailbox: made or adopted, renewed in its time, deleted in the end. */
import { RemoteError } from '../../../errors.ts'
import type { Timers } from '../../../lib/timers.ts'
import type { CalendarSubscription, SubscribeRequest, SubscriptionListener } from '../../connector.ts'
import type { GraphResponse } from '../client/batch-response.ts'
import { isTransient } from '../errors.ts'
import { DeleteQueue, type PendingDelete } from './delete-queue.ts'
import {
  isConsentMissing,
  malformedResponse,
  type SubscriptionFailure,
  toSubscriptionFailure
} from './errors.ts'
import { ExistingSubscriptions, type ExistingSubscriptionsDeps } from './existing-subscriptions.ts'
import { SubscriptionRateLimiter } from './rate-limiter.ts'
import { deleteRequest } from './requests.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { SubscriptionStates } from './subscription-states.ts'
import { type SubscriptionTask, SubscriptionTasks } from './subscription-tasks.ts'

export interface SubscriptionManagerDeps extends ExistingSubscriptionsDeps {
  readonly timers: Timers
}

const callTimeoutMs = 60_000
/** Milliseconds after the list was read: by then every calendar that needs a subscription has requested one. */
const orphanDelayMs = 600_000
/** Who closes waits so long. What takes longer (ten thousand do) goes on while the process lives. */
const closeWaitMs = 5_000
const maxCloseMs = 600_000
/** So many mailboxes in a batch that all lack the permission: then the application does. */
const minUnanimous = 3

export class SubscriptionManager {
  readonly #deps: SubscriptionManagerDeps
  readonly #states: SubscriptionStates
  readonly #existing: ExistingSubscriptions
  readonly #limiter: SubscriptionRateLimiter
  readonly #deletes: DeleteQueue
  readonly #tasks: SubscriptionTasks
  readonly #ending = new AbortController()
  #orphansAt = Number.POSITIVE_INFINITY
  #batchesInFlight = 0
  #isListing = false
  /** Whether all calls of the batch whose answers are looked at lack the permission. */
  #isUnanimous = false
  #wake: { readonly at: number; readonly cancel: () => void } | null = null
  /** Whose call met what fails for the whole application: only it can tell that it holds no more. */
  #recoveryProbe: SubscriptionState | null = null
  #closing: Promise<void> | null = null
  #onClosed: (() => void) | null = null

  constructor(deps: SubscriptionManagerDeps) {
    this.#deps = deps
    this.#states = new SubscriptionStates(deps.timers, deps.clock)
    this.#existing = new ExistingSubscriptions(deps, this.#states)
    this.#limiter = new SubscriptionRateLimiter(deps.timers)
    this.#deletes = new DeleteQueue((state) => this.#states.released(state))
    this.#tasks = new SubscriptionTasks({
      ...deps,
      states: this.#states,
      existing: this.#existing,
      onFailure: (state, failure) => this.#onFailure(state, failure)
    })
  }

  subscribe(request: SubscribeRequest, listener: SubscriptionListener): CalendarSubscription {
    const state = this.#states.add(request, listener)
    this.#wakeAt(this.#deps.timers.now())
    return {
      onNotification: (event) => {
        if (state.isStopped) return
        state.onNotification(event)
        if (event !== 'changed') this.#wakeAt(this.#deps.timers.now())
      },
      stop: () => {
        if (state.isStopped) return
        this.#states.stop(state)
        // What comes of a call that is in flight is deleted when it is known.
        if (!state.isBusy) this.#release(state)
      }
    }
  }

  /** Waits a little until what was stopped is deleted at Graph. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      const { timers } = this.#deps
      const cancels = [timers.after(closeWaitMs, resolve), timers.after(maxCloseMs, () => this.#onClosed?.())]
      this.#onClosed = () => {
        for (const cancel of cancels) cancel()
        this.#wake?.cancel()
        this.#ending.abort()
        resolve()
      }
      this.#work()
    })
    return this.#closing
  }

  #wakeAt(at: number): void {
    if (this.#ending.signal.aborted || at === Number.POSITIVE_INFINITY) return
    if (this.#wake !== null && this.#wake.at <= at) return
    this.#wake?.cancel()
    const { timers } = this.#deps
    this.#wake = { at, cancel: timers.after(Math.max(0, at - timers.now()), () => this.#work()) }
  }

  /** Sends what is due and may be sent, and sees to it that it is called again in time. */
  #work(): void {
    this.#wake?.cancel()
    this.#wake = null
    if (this.#ending.signal.aborted) return
    if (this.#onClosed !== null && this.#deletes.isEmpty && !this.#states.isEnding) {
      this.#onClosed()
      return
    }
    const now = this.#deps.timers.now()
    if (now < this.#limiter.readyAt) {
      // Calendars that were added meanwhile are included.
      if (this.#limiter.failure !== null) this.#states.setInactive(this.#limiter.failure)
      this.#wakeAt(this.#limiter.readyAt)
      return
    }
    this.#states.review()
    const isOpen = this.#onClosed === null
    if (isOpen && !this.#existing.isRead && !this.#isListing && this.#states.size > 0) void this.#list()
    // A batch in flight ends with work.
    const capacity = this.#limiter.capacity(this.#batchesInFlight)
    if (capacity === 0) return
    const isCalling = isOpen && this.#existing.isRead
    if (isCalling && now >= this.#orphansAt) this.#deleteOrphans()
    const tasks = this.#nextTasks(now, capacity, isCalling)
    if (tasks.length > 0) {
      void this.#send(tasks)
      this.#wakeAt(this.#limiter.readyAt)
    } else if (isCalling) this.#wakeAt(Math.min(this.#states.nextAt(), this.#orphansAt))
  }

  /** Deletes take turns with the others; while the application fails, the probe goes first and alone. */
  #nextTasks(now: number, capacity: number, isCalling: boolean): SubscriptionTask[] {
    const isProbing = capacity === 1
    const tasks = isProbing ? [] : this.#deletes.take(capacity / 2).map((each) => this.#deleteTask(each))
    if (isCalling) {
      const due = isProbing
        ? this.#states.anyOf(this.#recoveryProbe)
        : this.#states.due(now, capacity - tasks.length)
      for (const state of due) {
        if (state.id === null) this.#adopt(state)
        tasks.push(this.#tasks.taskFor(state))
      }
    }
    tasks.push(...this.#deletes.take(capacity - tasks.length).map((each) => this.#deleteTask(each)))
    return tasks
  }

  async #list(): Promise<void> {
    this.#isListing = true
    const timeout = AbortSignal.timeout(5 * callTimeoutMs)
    const error = await this.#existing.read(AbortSignal.any([this.#ending.signal, timeout]))
    this.#isListing = false
    if (this.#ending.signal.aborted) return
    if (error !== null)
      this.#onApplicationError({ ...toSubscriptionFailure(error), isApplicationWide: true }, null)
    else {
      this.#onRecovered()
      this.#orphansAt = this.#deps.timers.now() + orphanDelayMs
    }
    this.#work()
  }

  /** Takes what Graph holds already for a calendar; the call that follows renews it. */
  #adopt(state: SubscriptionState): void {
    const { held, others } = this.#existing.take(state)
    if (held === null) return void state.obsolete.push(...others)
    state.adopt(held, this.#deps.clock())
    for (const id of others) this.#deletes.add(state.mailbox, id)
  }

  #deleteOrphans(): void {
    this.#orphansAt = Number.POSITIVE_INFINITY
    for (const { mailbox, id } of this.#existing.takeOrphans()) this.#deletes.add(mailbox ?? id, id)
  }

  #release(state: SubscriptionState): void {
    for (const id of state.obsolete.splice(0)) this.#deletes.add(state.mailbox, id)
    if (state.id === null) this.#states.released(state)
    else this.#deletes.add(state.mailbox, state.id, state)
    this.#wakeAt(this.#deps.timers.now())
  }

  #deleteTask(pending: PendingDelete): SubscriptionTask {
    const request = deleteRequest(pending.mailbox, pending.id)
    return { state: null, request, onResponse: (response) => this.#onDeleted(pending, response) }
  }

  async #send(tasks: readonly SubscriptionTask[]): Promise<void> {
    this.#batchesInFlight += 1
    this.#limiter.onSent(tasks.length)
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(callTimeoutMs)])
    const requests = tasks.map(({ request }) => request)
    const responses = await this.#deps.client.send(requests, signal)
    this.#batchesInFlight -= 1
    if (this.#ending.signal.aborted) return
    const failuresBefore = this.#limiter.failures
    const isProbe = this.#limiter.failure?.error.code === 'consent_missing'
    this.#isUnanimous = responses.every(isConsentMissing) && (isProbe || tasks.length >= minUnanimous)
    let isAnswered = false
    for (const [index, { state, onResponse }] of tasks.entries()) {
      const response = responses[index] ?? malformedResponse
      isAnswered ||= !(response instanceof RemoteError) && !response.isWholeBatch
      if (state !== null) state.isBusy = false
      onResponse(response)
      if (state?.isStopped) this.#release(state)
    }
    const probe = this.#recoveryProbe
    const hasProbed = probe === null || probe.isStopped || tasks.some(({ state }) => state === probe)
    if (isAnswered && hasProbed && this.#limiter.failures === failuresBefore) this.#onRecovered()
    this.#work()
  }

  #onDeleted(pending: PendingDelete, response: GraphResponse | RemoteError): void {
    this.#deletes.onResponse(pending, response)
    if (response instanceof RemoteError) {
      if (response.scope === 'connection') this.#onApplicationError(toSubscriptionFailure(response), null)
    } else if (isTransient(response)) this.#limiter.hold(response.retryAfterMs)
  }

  #onFailure(state: SubscriptionState, failure: SubscriptionFailure): void {
    if (failure.isApplicationWide) {
      this.#onApplicationError(failure, state)
      return
    }
    // The next probe is another's, lest one mailbox without the permission be taken for all.
    if (this.#isUnanimous) {
      const shared: SubscriptionFailure = { ...failure, isApplicationWide: true, retryPolicy: 'application' }
      this.#onApplicationError(shared, null)
      return
    }
    state.onFailure(failure)
    if (failure.error.code === 'throttled') this.#limiter.hold(failure.error.retryAfter)
  }

  #onApplicationError(failure: SubscriptionFailure, by: SubscriptionState | null): void {
    if (this.#limiter.failure === null || this.#recoveryProbe?.isStopped) this.#recoveryProbe = by
    this.#limiter.onApplicationError(failure)
    this.#states.setInactive(failure)
  }

  #onRecovered(): void {
    this.#recoveryProbe = null
    if (this.#limiter.recover()) this.#states.setActive()
  }
}
