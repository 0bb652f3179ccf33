/** Finds which tenants there are: when other shards are owned, and every minute, for another process may create one. */
import { type Log, redactError } from '../lib/redact-error.ts'
import { forEachInSlices } from '../lib/time-slices.ts'
import type { Timers } from '../lib/timers.ts'
import { eachPage } from '../storage/page.ts'
import type { Store } from '../storage/store.ts'

interface DiscoveryDeps {
  readonly store: Store
  readonly timers: Timers
  readonly log: Log
  /** Called for each tenant. */
  readonly onFound: (tenant: string) => void
  /** Called after all of them. */
  readonly onDone: () => void
}

const intervalMs = 60_000
/** After one that failed. */
const retryMs = 5_000
const tenantsPerPage = 500

export class TenantDiscovery {
  readonly #deps: DiscoveryDeps
  #isRunning = false
  #runAgain = false
  #closed = false
  #cancel: () => void

  constructor(deps: DiscoveryDeps) {
    this.#deps = deps
    this.#cancel = deps.timers.after(intervalMs, () => this.#runScheduled())
  }

  /** Resolves when every tenant was named. */
  async run(): Promise<void> {
    const { store, onFound, onDone } = this.#deps
    for await (const tenants of eachPage(tenantsPerPage, (page) => store.tenants(page))) {
      if (this.#closed) return
      await forEachInSlices(tenants, ({ id }) => onFound(id))
      if (this.#closed) return
    }
    if (!this.#closed) onDone()
  }

  /** At the next turn of the loop, and again after one that is running. */
  runSoon(): void {
    this.#runAgain = true
    if (!this.#isRunning) this.#schedule(0)
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  #runScheduled(): void {
    this.#isRunning = true
    this.#runAgain = false
    void this.run().then(
      () => this.#scheduleNext(this.#runAgain ? 0 : intervalMs),
      (error) => {
        this.#deps.log.warn({ ...redactError(error) }, 'the tenants could not be listed; trying again')
        this.#scheduleNext(retryMs)
      }
    )
  }

  #scheduleNext(waitMs: number): void {
    this.#isRunning = false
    this.#schedule(waitMs)
  }

  #schedule(waitMs: number): void {
    this.#cancel()
    if (!this.#closed) this.#cancel = this.#deps.timers.after(waitMs, () => this.#runScheduled())
  }
}
