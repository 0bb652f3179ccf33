/** The queue in memory: tenants take turns, batch by batch, so that no tenant waits for the length of another's queue. */
import type { Timers } from '../../lib/timers.ts'
import {
  BatchCancelled,
  type BatchResult,
  BatchTimeout,
  type BatchWorker,
  type Delay,
  type Priority,
  type SyncQueue
} from './queue.ts'
import { TenantQueue } from './tenant-queue.ts'

export interface QueueLimits {
  /** Batches that are read at the same time, of all tenants; at most half of them of tenants that failed last. */
  readonly maxRunning: number
  /** Batches of one tenant: 1 until it has answered, and again after it failed as a whole. */
  readonly maxRunningPerTenant: number
  /** Targets that wait in one tenant's queue. */
  readonly maxWaitingPerTenant: number
  /** Milliseconds that one batch may take. */
  readonly deadlineMs: number
  /** Milliseconds that a worker has, once it was aborted, to say what came of it; then its slot is freed. */
  readonly graceMs: number
}

/** Reads wait for the network, so slots are cheap, and there are enough for a hundred calendar systems that hang. */
export const queueLimits: QueueLimits = {
  maxRunning: 256,
  maxRunningPerTenant: 16,
  maxWaitingPerTenant: 100_000,
  deadlineMs: 60_000,
  graceMs: 2_000
}

/** A batch without a result is read again: a calendar with notifications would not be read otherwise. */
const noResultDelay: Delay = { delayMs: 5_000, source: 'own' }

/**
 * Batches that start in one turn of the loop. A tenant's first batch signs in, which may take ten milliseconds of CPU; API calls
 * must get their turn between them.
 */
const maxStartsPerTurn = 4

export class FairQueue implements SyncQueue {
  readonly #worker: BatchWorker
  readonly #limits: QueueLimits
  readonly #timers: Timers
  readonly #queues = new Map<string, TenantQueue>()
  /** Tenants whose last batch was answered: several of their batches may run. */
  readonly #answering = new Set<string>()
  /** Tenants of whom a batch could be taken at once, in the order of their turns. */
  readonly #runnable = new Set<TenantQueue>()
  /** Those among them that failed last. They wait apart: if they hang, they must not hold every slot. */
  readonly #runnableFailed = new Set<TenantQueue>()
  readonly #running = new Set<Promise<void>>()
  #runningRetries = 0
  #isRetryNext = false
  #startsLeft = maxStartsPerTurn
  #nextTurn: NodeJS.Immediate | null = null
  #closed = false

  constructor(worker: BatchWorker, limits: QueueLimits, timers: Timers) {
    this.#worker = worker
    this.#limits = limits
    this.#timers = timers
  }

  async add(tenant: string, targets: readonly string[], priority: Priority): Promise<number> {
    if (this.#closed || targets.length === 0) return 0
    const queue = this.#queues.get(tenant) ?? this.#create(tenant)
    if (priority === 'now') queue.endPause()
    let added = 0
    for (const target of targets) if (queue.enqueue(target, priority)) added += 1
    this.#update(queue)
    return added
  }

  async whenDone(tenant: string, targets: readonly string[]): Promise<boolean> {
    return this.#queues.get(tenant)?.whenDone(targets) ?? true
  }

  resume(tenant: string): void {
    const queue = this.#queues.get(tenant)
    if (queue === undefined) return
    queue.endPause()
    this.#update(queue)
  }

  async drop(tenant: string): Promise<void> {
    const queue = this.#queues.get(tenant)
    if (queue !== undefined) this.#drop(queue)
  }

  depth(): { readonly waiting: number; readonly running: number } {
    let waiting = 0
    for (const queue of this.#queues.values()) waiting += queue.waiting
    return { waiting, running: this.#running.size }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#nextTurn !== null) clearImmediate(this.#nextTurn)
    for (const queue of [...this.#queues.values()]) this.#drop(queue)
    await Promise.all(this.#running)
  }

  #create(tenant: string): TenantQueue {
    const queue = new TenantQueue(tenant, this.#limits.maxWaitingPerTenant, this.#timers, () =>
      this.#update(queue)
    )
    this.#queues.set(tenant, queue)
    return queue
  }

  #drop(queue: TenantQueue): void {
    this.#queues.delete(queue.tenant)
    this.#answering.delete(queue.tenant)
    this.#runnable.delete(queue)
    this.#runnableFailed.delete(queue)
    queue.drop(new BatchCancelled('the tenant was dropped'))
  }

  /** Brings a tenant's turn and its timer up to date, then starts what there is room for. */
  #update(queue: TenantQueue): void {
    if (this.#queues.get(queue.tenant) === queue) this.#updateRunnable(queue)
    this.#start()
  }

  #updateRunnable(queue: TenantQueue): void {
    const maxRunning = this.#answering.has(queue.tenant) ? this.#limits.maxRunningPerTenant : 1
    const [own, other] = queue.lastFailed
      ? [this.#runnableFailed, this.#runnable]
      : [this.#runnable, this.#runnableFailed]
    other.delete(queue)
    // A tenant that waits for its turn already keeps its place.
    if (queue.isRunnable && queue.running.size < maxRunning) own.add(queue)
    else own.delete(queue)
    queue.reschedule()
    if (queue.isEmpty) this.#queues.delete(queue.tenant)
  }

  #start(): void {
    while (!this.#closed && this.#running.size < this.#limits.maxRunning) {
      if (this.#startsLeft === 0) return
      const queue = this.#next()
      if (queue === undefined) return
      this.#startsLeft -= 1
      this.#nextTurn ??= setImmediate(() => {
        this.#nextTurn = null
        this.#startsLeft = maxStartsPerTurn
        this.#start()
      })
      this.#startBatch(queue)
    }
  }

  #startBatch(queue: TenantQueue): void {
    const batch = queue.take(Math.max(1, this.#worker.batchSize(queue.tenant)))
    const abort = new AbortController()
    queue.running.add(abort)
    const retries = queue.lastFailed ? 1 : 0
    this.#runningRetries += retries
    // Removed and added at the end: the next slot is another tenant's.
    this.#runnable.delete(queue)
    this.#runnableFailed.delete(queue)
    this.#updateRunnable(queue)
    const run: Promise<void> = this.#run(queue, batch, abort).then(() => {
      this.#running.delete(run)
      this.#runningRetries -= retries
      this.#update(queue)
    })
    this.#running.add(run)
  }

  /** Tenants that failed take turns with those that did not, within their half of the slots. */
  #next(): TenantQueue | undefined {
    const queue = this.#runnable.values().next().value
    const mayRetry = 2 * this.#runningRetries < this.#limits.maxRunning
    const retry = mayRetry ? this.#runnableFailed.values().next().value : undefined
    this.#isRetryNext = !this.#isRetryNext
    return this.#isRetryNext ? (retry ?? queue) : (queue ?? retry)
  }

  async #run(queue: TenantQueue, batch: readonly string[], abort: AbortController): Promise<void> {
    const result = await this.#readBatch(queue.tenant, batch, abort)
    queue.running.delete(abort)
    queue.release(batch)
    if (this.#queues.get(queue.tenant) !== queue) return
    this.#applyResult(queue, batch, result)
    queue.complete(batch)
  }

  /** The worker's result; null when there was none in time. It does not reject: a worker's error is such a null. */
  #readBatch(tenant: string, batch: readonly string[], abort: AbortController): Promise<BatchResult | null> {
    const { deadlineMs, graceMs } = this.#limits
    return new Promise((resolve) => {
      let cancel = this.#timers.after(deadlineMs, () =>
        abort.abort(new BatchTimeout(`${deadlineMs} ms have passed`))
      )
      abort.signal.addEventListener('abort', () => {
        cancel()
        cancel = this.#timers.after(graceMs, () => resolve(null))
      })
      const settle = (result: BatchResult | null) => {
        cancel()
        resolve(result)
      }
      Promise.resolve()
        .then(() => this.#worker.read(tenant, batch, abort.signal))
        .then(settle, () => settle(null))
    })
  }

  #applyResult(queue: TenantQueue, batch: readonly string[], result: BatchResult | null): void {
    queue.lastFailed = result?.tenant !== null
    if (queue.lastFailed) this.#answering.delete(queue.tenant)
    else {
      this.#answering.add(queue.tenant)
      queue.endPause()
    }
    if (result === null) for (const target of batch) queue.delay(target, noResultDelay)
    else for (const [target, delay] of result.targets) queue.delay(target, delay)
    if (result === null || result.tenant === null) return
    queue.pause(result.tenant)
    for (const target of batch) queue.enqueue(target, 'poll')
  }
}
